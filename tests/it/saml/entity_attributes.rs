//! Entity attributes that an app's metadata announces: which rows they release, and when they count. Does not own keys for
//! encryption (`announced`).

use super::{
    announced::{crm, issued, proposed, save},
    fill, gateway,
    metadata_source::{descriptor, known, refresh, saml, settings as fetched, source},
    settings::values,
};
use crate::support::{
    app::{TestApp, saml_settings, system},
    metadata::{MetadataServer, Pair},
};
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{EntityAttribute, MetadataSource, SamlConnection, ValueMapping, ValueSource},
    },
    service::{
        self,
        overview::{AuditFilter, PageRequest},
        simulator::{self, Verdict},
        sp_metadata::{self, Refreshed},
    },
};

/// The name of categories.
pub(super) const CATEGORY: &str = "http://macedir.org/entity-category";
/// One category.
pub(super) const R_AND_S: &str = "http://refeds.org/category/research-and-scholarship";

/// The same metadata, saying this of the entity.
fn saying(values: &[&str]) -> String {
    descriptor().holding("", &extensions(values)).xml()
}

/// It alone, in canonical form.
fn extensions(values: &[&str]) -> String {
    let one = |value: &&str| format!("<saml:AttributeValue>{value}</saml:AttributeValue>");
    let values = values.iter().map(one).collect::<Vec<_>>().concat();
    format!(
        "<md:Extensions><mdattr:EntityAttributes xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\">\
         <saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"{CATEGORY}\" \
         NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">{values}</saml:Attribute>\
         </mdattr:EntityAttributes></md:Extensions>"
    )
}

/// `email` for research alone, `name` for everybody.
fn conditional() -> SamlConnection {
    let row = |name: &str, from: &str| ValueMapping::new(name, ValueSource::Source(from.into()));
    let only_for =
        vec![EntityAttribute::new(CATEGORY, R_AND_S), EntityAttribute::new("urn:example:assurance", "high")];
    SamlConnection {
        attributes: vec![ValueMapping { only_for, ..row("email", "email") }, row("name", "display_name")],
        ..saml_settings()
    }
}

#[tokio::test]
async fn iip_idp03_a_row_is_released_to_apps_of_which_the_metadata_says_so() {
    let (app, maya, _) = gateway(conditional()).await;
    for (number, (said, released)) in
        [(&[][..], false), (&["other"], false), (&[R_AND_S], true), (&["other", R_AND_S], true)]
            .into_iter()
            .enumerate()
    {
        let xml = if said.is_empty() { descriptor().xml() } else { saying(said) };
        save(&app, proposed(&app, &conditional(), &xml).connection).await;
        let xml = issued(&app, &format!("_r{number}")).await;
        assert_eq!(values(&xml, "email").len(), usize::from(released), "{said:?}: {xml}");
        assert_eq!(values(&xml, "name").len(), 1, "the others go out as ever");
        let simulated =
            simulator::simulate(&app.ctx, &system(), &crm(&app).await, &maya, None).await.expect("answered");
        let check = simulated.checks.iter().find(|check| check.name == "attribute_withheld");
        assert_eq!(check.is_none(), released, "{:?}", simulated.checks);
        if let Some(check) = check {
            assert_eq!(check.verdict, Verdict::Warning);
            assert!(
                check.words.contains("“email” is withheld") && check.words.contains("REFEDS Research"),
                "{check:?}"
            );
        }
    }
    let filter = AuditFilter { event_type: Some(EventType::SsoAuth), ..AuditFilter::default() };
    let events =
        service::audit::list(&app.ctx, &system(), &filter, PageRequest::first(10)).await.expect("events");
    let told = |event| serde_json::to_string(event).expect("JSON").contains("withheld.email");
    let withheld: Vec<bool> = events.items.iter().map(told).collect();
    assert_eq!(
        (withheld.len(), withheld.iter().filter(|told| **told).count()),
        (4, 2),
        "an admin sees why it is missing"
    );
}

#[tokio::test]
async fn iip_idp03_what_is_fetched_releases_more_only_once_it_is_approved() {
    let app = TestApp::new().await;
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    let settings =
        SamlConnection { metadata_source: Some(source(&format!("{}/sp", server.url))), ..conditional() };
    fill(&app, settings).await;
    assert_eq!(refresh(&app).await, Refreshed::Same);
    server.put("/sp", saying(&["other", R_AND_S]));
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(values(&issued(&app, "_r1").await, "email").is_empty());
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    let row = pending
        .rows
        .iter()
        .find(|row| row.field == "Entity attributes that release more")
        .expect("it is said");
    assert_eq!(row.from_metadata, "REFEDS Research and Scholarship");
    assert_eq!(pending.fields(), "Entity attributes that release more, Unsigned entity attributes");
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert_eq!(values(&issued(&app, "_r2").await, "email"), ["maya@fernhill.example"]);
    // What is no longer said is withheld at once.
    server.put("/sp", saying(&["other"]));
    assert_eq!(refresh(&app).await, Refreshed::Applied);
    assert!(values(&issued(&app, "_r3").await, "email").is_empty());
}

/// The category first, the row that waits for it afterwards: what is released then, and how the refresh went.
async fn category_first(app: &TestApp, server: &MetadataServer, said: String) -> (Refreshed, usize) {
    assert_eq!(refresh(app).await, Refreshed::Same);
    server.put("/sp", said);
    let outcome = refresh(app).await;
    let rows = conditional().attributes;
    save(app, SamlConnection { attributes: rows, ..saml(app).await }).await;
    let xml = issued(app, "_r1").await;
    assert_eq!(values(&xml, "name").len(), 1, "the others go out as ever");
    (outcome, values(&xml, "email").len())
}

#[tokio::test]
async fn iip_idp03_what_is_claimed_unsigned_releases_no_row_that_comes_later() {
    let server = MetadataServer::start().await;
    server.put("/sp", descriptor().xml());
    let (app, ..) = gateway(fetched(source(&format!("{}/sp", server.url)))).await;
    let (outcome, released) = category_first(&app, &server, saying(&[R_AND_S])).await;
    assert_eq!((outcome, released), (Refreshed::Waits, 0));
    let shown = crm(&app).await;
    // The row that came meanwhile makes more of it: it is shown so, and what was shown before is not approved.
    let stale = known(&app).await.progress.waiting.expect("waits").digest;
    let refused = sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &stale).await;
    assert!(matches!(refused, Err(service::ServiceError::Stale)), "{refused:?}");
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    assert!(values(&issued(&app, "_r2").await, "email").is_empty());
    let shown = crm(&app).await;
    let pending =
        sp_metadata::pending(&app.ctx, &shown, &known(&app).await).await.expect("read").expect("waits");
    assert_eq!(pending.fields(), "Entity attributes that release more");
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &pending.digest)
        .await
        .expect("approved");
    assert_eq!(values(&issued(&app, "_r3").await, "email"), ["maya@fernhill.example"]);
}

#[tokio::test]
async fn iip_idp03_what_a_source_signs_is_on_file_for_rows_that_come_later() {
    let (pair, server) = (Pair::new(), MetadataServer::start().await);
    let signed = MetadataSource {
        certificates: vec![pair.certificate.clone()],
        ..source(&format!("{}/sp", server.url))
    };
    server.put("/sp", descriptor().signed(&pair));
    let (app, ..) = gateway(fetched(signed)).await;
    let said = descriptor().holding("", &extensions(&[R_AND_S])).signed(&pair);
    let (outcome, released) = category_first(&app, &server, said).await;
    assert_eq!((outcome, released), (Refreshed::Applied, 1));
}

#[tokio::test]
async fn iip_idp03_the_first_unsigned_document_does_not_settle_what_the_app_is() {
    let server = MetadataServer::start().await;
    server.put("/sp", saying(&[R_AND_S]));
    let blank = SamlConnection {
        sp_entity_id: saml_settings().sp_entity_id,
        metadata_source: Some(source(&format!("{}/sp", server.url))),
        ..SamlConnection::default()
    };
    let (app, ..) = gateway(blank).await;
    assert_eq!(refresh(&app).await, Refreshed::Waits);
    let saved = saml(&app).await;
    assert_eq!((saved.acs_urls.len(), saved.entity_attributes.len()), (1, 0), "addresses are there");
    assert_eq!(known(&app).await.progress.waiting.map(|waiting| waiting.since), Some(app.ctx.now()));
    let shown = crm(&app).await;
    let digest = known(&app).await.progress.waiting.expect("waits").digest;
    sp_metadata::approve(&app.ctx, &system(), &shown, shown.version, &digest).await.expect("approved");
    assert_eq!(saml(&app).await.entity_attributes, [EntityAttribute::new(CATEGORY, R_AND_S)]);
}
