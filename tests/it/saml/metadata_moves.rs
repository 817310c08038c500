//! Metadata from another address, about another entity, or with another format of the name. Does not own fetching it
//! (`metadata_fetching`) or reviewing what it changes (`metadata_source`).

use super::{
    gateway,
    metadata_source::{SP, crm, descriptor, known, refresh, refused, saml, settings, source},
};
use crate::support::{
    app::system,
    metadata::{Descriptor, MetadataServer, Reply},
};
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{Connection, SamlConnection},
    },
    service::{
        self,
        sp_metadata::{self, Refreshed},
    },
};

#[tokio::test]
async fn another_place_or_entity_begins_anew() {
    let server = MetadataServer::start().await;
    let (app, ..) = gateway(settings(source(&format!("{}/sp", server.url)))).await;
    server.put("/sp", descriptor().xml());
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let save = async |change: &dyn Fn(&mut SamlConnection)| {
        let now = crm(&app).await;
        let mut saml = saml(&app).await;
        change(&mut saml);
        let draft = AppDraft { connection: Connection::Saml(Box::new(saml)), ..AppDraft::of(&now) };
        service::apps::update(&app.ctx, &system(), now.clone(), now.version, draft).await.expect("saved");
    };
    save(&|saml| saml.skew_seconds = 60).await;
    assert!(known(&app).await.document.is_some(), "other settings change nothing here");
    save(&|saml| saml.sp_entity_id = "https://else.example".into()).await;
    assert_eq!(known(&app).await.document, None, "of another entity nothing is known");
    assert_eq!(refused(&app).await, "metadata_entity");
    save(&|saml| saml.metadata_source = Some(source(&format!("{}/other", server.url)))).await;
    assert_eq!(known(&app).await.progress.trouble, None, "nor of another place");
    save(&|saml| saml.metadata_source = None).await;
    assert_eq!(sp_metadata::look(&app.ctx, &system(), &crm(&app).await).await.expect("answered"), None);
    let id = crm(&app).await.id;
    assert_eq!(sp_metadata::refresh_now(&app.ctx, &system(), id).await.expect("answered"), Refreshed::Busy);
}

#[tokio::test]
async fn s_35_another_address_in_the_file_keeps_what_is_good_until_it_answers() {
    let server = MetadataServer::start().await;
    let (app, ..) = gateway(settings(source(&format!("{}/sp", server.url)))).await;
    server.put("/sp", descriptor().xml());
    assert_eq!(refresh(&app).await, Refreshed::Same);
    let before = saml(&app).await;
    let (one, two) = (format!("{}/sp", server.url), format!("{}/moved", server.url));
    for urls in [serde_json::json!(two), serde_json::json!([one, two])] {
        let entry = serde_json::json!({"apps": [{"slug": "crm", "saml": {"sp_metadata_url": urls}}]});
        let document = service::organisation::document(entry).expect("a document");
        let options = service::organisation::ApplyOptions::default();
        service::organisation::apply(&app.ctx, &system(), &document, options).await.expect("applied");
        let after = saml(&app).await;
        assert_ne!(after.metadata_source, before.metadata_source);
        assert_eq!(
            (&after.sp_entity_id, &after.acs_urls, &after.sp_certificates),
            (&before.sp_entity_id, &before.acs_urls, &before.sp_certificates)
        );
    }
    server.reply("/sp", Reply { status: 500, headers: Vec::new(), body: Vec::new() });
    assert_eq!(refused(&app).await, "metadata_status", "nothing answers there, and the app goes on");
    server.put("/moved", Descriptor::new(SP, "https://sp.example/moved").xml());
    assert_eq!(refresh(&app).await, Refreshed::Waits, "what comes from there is looked at first");
    assert_eq!(saml(&app).await.acs_urls, before.acs_urls);
}

#[tokio::test]
async fn another_format_of_the_name_waits_and_is_approved() {
    const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    const ANY: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    let server = MetadataServer::start().await;
    let (app, ..) = gateway(settings(source(&format!("{}/sp", server.url)))).await;
    let with = |formats: &[&str]| {
        let all = formats
            .iter()
            .fold(String::new(), |all, one| all + "<md:NameIDFormat>" + one + "</md:NameIDFormat>");
        let xml = descriptor().xml();
        let place = xml.find("<md:AssertionConsumerService").expect("an address");
        format!("{}{all}{}", &xml[..place], &xml[place..])
    };
    for fits in [&[][..], &[EMAIL], &[PERSISTENT, EMAIL], &[PERSISTENT, ANY], &["urn:example:unknown"]] {
        server.put("/sp", with(fits));
        assert_eq!(refresh(&app).await, Refreshed::Same, "{fits:?}");
    }
    server.put("/sp", with(&[PERSISTENT]));
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let pending =
        sp_metadata::pending(&app.ctx, &crm(&app).await, &known(&app).await).await.expect("answered");
    let pending = pending.expect("something waits");
    assert_eq!(pending.fields(), "NameID format");
    let now = crm(&app).await;
    sp_metadata::approve(&app.ctx, &system(), &now, now.version, &pending.digest).await.expect("approved");
    assert_eq!(saml(&app).await.name_id_format.as_str(), "persistent");
    assert_eq!(refresh(&app).await, Refreshed::Same);
}
