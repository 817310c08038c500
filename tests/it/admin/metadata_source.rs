//! Metadata by address in the console: set, fetched, approved, dismissed, and an app added by it.

use super::{as_owner, follow, upload};
use crate::support::{
    app::{TestApp, saml_settings, system},
    metadata::{Descriptor, MetadataServer, Pair},
};
use gatehouse::{
    domain::{
        connection::{Connection, MetadataApply, SamlConnection},
        user::Role,
    },
    service,
};
use reqwest::StatusCode;

const SSO: &str = "/admin/apps/crm/sso";
const SOURCE: &str = "/admin/apps/crm/sso/source";

async fn saml_of(app: &TestApp, slug: &str) -> SamlConnection {
    let found = service::apps::find(&app.ctx, &system(), slug).await.expect("there");
    found.connection.saml().expect("SAML").clone()
}

#[tokio::test]
async fn a_source_is_set_and_its_changes_are_approved_or_dismissed() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let server = MetadataServer::start().await;
    let sp = Descriptor::new("https://sp.example/metadata", "https://sp.example/acs");
    server.put("/sp", sp.xml());
    let url = format!("{}/sp", server.url);

    let page =
        follow(&owner, owner.submit(SSO, SOURCE, &[("action", "save"), ("sp_metadata_url", &url)]).await)
            .await;
    assert!(
        page.text.contains("Fetched. Nothing changes.") && page.text.contains("Up to date"),
        "{}",
        page.text
    );
    assert!(page.text.contains(&url));

    let key = Pair::new();
    server.put("/sp", sp.clone().with(&[&key.certificate]).xml());
    let page = follow(&owner, owner.submit(SSO, SOURCE, &[("action", "fetch")]).await).await;
    assert!(
        page.text.contains("Its metadata changed") && page.text.contains("Signing certificates"),
        "{}",
        page.text
    );
    assert_eq!(saml_of(&app, "crm").await.sp_certificates, Vec::<String>::new());
    let home = owner.get("/admin").await.text;
    assert!(
        home.contains("CRM’s metadata changed") && home.contains("The metadata of one app needs you."),
        "{home}"
    );
    let digest = page.field("digest").expect("named");

    // Who may only look sees it and can't approve.
    app.person("ana", Role::Auditor).await;
    let auditor = app.browser();
    auditor.sign_in("ana").await;
    let seen = auditor.get(SSO).await.text;
    assert!(seen.contains("Its metadata changed") && !seen.contains("value=\"approve\""), "{seen}");

    let wrong = owner.submit(SSO, SOURCE, &[("action", "approve"), ("digest", "another")]).await;
    assert_eq!(wrong.status, StatusCode::CONFLICT, "{}", wrong.text);
    let approve = [("action", "approve"), ("digest", digest.as_str())];
    let page = follow(&owner, owner.submit(SSO, SOURCE, &approve).await).await;
    assert!(!page.text.contains("Its metadata changed"), "{}", page.text);
    assert_eq!(saml_of(&app, "crm").await.sp_certificates, [key.certificate]);
    assert!(page.text.contains("On file"), "the certificate is shown with its end");

    server.put("/sp", sp.xml());
    let page = follow(&owner, owner.submit(SSO, SOURCE, &[("action", "fetch")]).await).await;
    let digest = page.field("digest").expect("it waits");
    let page =
        follow(&owner, owner.submit(SSO, SOURCE, &[("action", "dismiss"), ("digest", &digest)]).await).await;
    assert!(page.text.contains("Dismissed.") && !page.text.contains("Its metadata changed"), "{}", page.text);
    let events = owner.get("/admin/audit").await.text;
    assert!(events.contains("Metadata approved") && events.contains("Metadata dismissed"), "{events}");

    // Gone, it is said in words, and what was agreed stays.
    server.reply("/sp", crate::support::metadata::Reply { status: 404, ..Default::default() });
    let page = follow(&owner, owner.submit(SSO, SOURCE, &[("action", "fetch")]).await).await;
    assert!(
        page.text.contains("answered with status 404") && page.text.contains("Failing since"),
        "{}",
        page.text
    );
    assert!(owner.get("/admin").await.text.contains("CRM’s metadata can’t be used"));
    let page =
        follow(&owner, owner.submit(SSO, SOURCE, &[("action", "save"), ("sp_metadata_url", "")]).await).await;
    assert!(page.text.contains("no longer fetched"), "{}", page.text);
    assert_eq!(saml_of(&app, "crm").await.metadata_source, None);
}

#[tokio::test]
async fn what_a_source_may_not_be_is_said_beside_its_field() {
    let (app, owner) = as_owner().await;
    let growth = app.group("Growth", &[]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &growth).await;
    let fields = [
        ("action", "save"),
        ("sp_metadata_url", "javascript:alert(1)"),
        ("sp_metadata_max_valid_days", "0"),
        ("sp_metadata_apply", "signed"),
    ];
    let refused = owner.submit(SSO, SOURCE, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for id in ["sp_metadata_url-error", "sp_metadata_max_valid_days-error", "sp_metadata_apply-error"] {
        assert!(refused.text.contains(&format!("id=\"{id}\"")), "{id}: {}", refused.text);
    }
    assert!(refused.text.contains("javascript:alert(1)</textarea>"), "what was typed is kept");
    let pair = Pair::new();
    let fields = [
        ("action", "save"),
        ("sp_metadata_url", "https://127.0.0.1:1/x\nhttps://127.0.0.1:1/y"),
        ("sp_metadata_mdq", "on"),
        ("sp_metadata_certificate", pair.certificate.as_str()),
        ("sp_metadata_apply", "signed"),
    ];
    let page = follow(&owner, owner.submit(SSO, SOURCE, &fields).await).await;
    assert!(page.text.contains("Never fetched"), "{}", page.text);
    let source = saml_of(&app, "crm").await.metadata_source.expect("kept");
    assert_eq!((source.urls.len(), source.mdq, source.apply), (2, true, MetadataApply::Signed));
    assert_eq!(source.certificates, [pair.certificate]);
}

#[tokio::test]
async fn an_app_is_added_from_an_address_or_a_metadata_service() {
    let (app, owner) = as_owner().await;
    let server = MetadataServer::start().await;
    let sp = Descriptor::new("https://sp.example/metadata", "https://sp.example/acs");
    server.put("/sp", sp.xml());
    let new = "/admin/apps/new/custom-saml";
    let url = format!("{}/sp", server.url);
    let added = upload(&owner, new, new, &[("label", "CRM"), ("sp_metadata_url", &url)]).await;
    assert_eq!(added.location(), SSO, "{}", added.text);
    let saved = saml_of(&app, "crm").await;
    assert_eq!((saved.sp_entity_id.as_str(), saved.acs_urls.len()), ("https://sp.example/metadata", 1));
    assert_eq!(saved.metadata_source.expect("fetched from now on").urls, [url]);

    let other = Descriptor::new("https://hr.example/saml", "https://hr.example/acs");
    server.put("/mdq/entities/https%3A%2F%2Fhr.example%2Fsaml", other.xml());
    let base = format!("{}/mdq", server.url);
    let mut fields = vec![("label", "HR"), ("sp_metadata_url", base.as_str()), ("sp_metadata_mdq", "on")];
    let refused = upload(&owner, new, new, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "whom to ask for is missing");
    fields.push(("sp_entity_id", "https://hr.example/saml"));
    let added = upload(&owner, new, new, &fields).await;
    assert_eq!(added.location(), "/admin/apps/hr/sso", "{}", added.text);
    assert_eq!(saml_of(&app, "hr").await.acs_urls[0].url, "https://hr.example/acs");

    let gone = format!("{}/nothing", server.url);
    let refused = upload(&owner, new, new, &[("label", "Gone"), ("sp_metadata_url", &gone)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("answered with status 404"), "{}", refused.text);
    assert_eq!(refused.field("sp_metadata_url"), Some(gone));
}
