//! Two apps of one service provider: the same entity ID, and nothing else between them.

use super::{
    fill,
    logout::{House, deliver},
    request, response,
};
use crate::support::{
    app::{TestApp, saml_settings, system},
    database::Kind,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::{
    domain::connection::{AcsUrl, Connection, NameIdFormat, SamlConnection},
    service::{
        self,
        organisation::{self, ApplyOptions},
    },
};
use reqwest::StatusCode;
use saml::Binding;
use serde_json::json;

/// The app `crm-eu`: the entity of `crm`, at another reply address.
fn of_europe() -> SamlConnection {
    SamlConnection {
        acs_urls: vec![AcsUrl { url: "https://sp.example/eu/acs".into(), index: 0, default: true }],
        name_id_format: NameIdFormat::Persistent,
        ..saml_settings()
    }
}

fn attribute_of(xml: &str, element: &str, attribute: &str) -> String {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let node = document.descendants().find(|node| node.tag_name().name() == element).expect(element);
    node.attribute(attribute).expect(attribute).to_owned()
}

fn text_of(xml: &str, element: &str) -> String {
    let document = roxmltree::Document::parse(xml).expect("XML");
    let node = document.descendants().find(|node| node.tag_name().name() == element).expect(element);
    node.text().unwrap_or_default().to_owned()
}

async fn each_answers_for_itself(kind: Kind) {
    let app = TestApp::on(kind).await;
    let crm = SamlConnection { name_id_format: NameIdFormat::Persistent, ..saml_settings() };
    let (maya, _) = fill(&app, crm).await;
    let europe = app.group("Europe", &[maya.id]).await;
    app.app("crm-eu", Connection::Saml(Box::new(of_europe())), &europe).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    // Without a destination the very same message fits both.
    let destination = format!("Destination=\"{}/saml2/crm\"", app.url);
    let xml = request(&app, "_r1", "", "").replace(&destination, "");
    let encoded = STANDARD.encode(&xml);
    let post = |slug: &'static str| {
        let (browser, encoded) = (&browser, &encoded);
        async move { browser.post(&format!("/saml2/{slug}"), &[("SAMLRequest", encoded)]).await }
    };
    let (at_crm, at_europe) = (post("crm").await, post("crm-eu").await);
    assert_eq!(at_crm.action().as_deref(), Some("https://sp.example/acs"));
    assert_eq!(at_europe.action().as_deref(), Some("https://sp.example/eu/acs"));
    let (crm, europe) = (response(&at_crm), response(&at_europe));
    for (slug, xml) in [("crm", &crm), ("crm-eu", &europe)] {
        assert_eq!(text_of(xml, "Issuer"), format!("{}/saml2/{slug}/metadata", app.url));
        assert_eq!(text_of(xml, "Audience"), "https://sp.example/metadata");
        assert_eq!(attribute_of(xml, "NameID", "NameQualifier"), text_of(xml, "Issuer"));
        assert_eq!(attribute_of(xml, "NameID", "SPNameQualifier"), "https://sp.example/metadata");
    }
    assert_ne!(text_of(&crm, "NameID"), text_of(&europe, "NameID"), "pairwise is by app");
    assert_ne!(text_of(&crm, "X509Certificate"), text_of(&europe, "X509Certificate"), "a key of its own");
    for slug in ["crm", "crm-eu"] {
        let again = post(slug).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "S-26: {slug} answers once");
        assert!(again.field("SAMLResponse").is_none());
        let event = service::audit::find(&app.ctx, &system(), &again.reference().expect("one")).await;
        assert_eq!(event.expect("an event").error_code.as_deref(), Some("request_replayed"));
    }
}

#[tokio::test]
async fn s26_a_request_counts_once_at_each_app_of_an_entity_sqlite() {
    each_answers_for_itself(Kind::Sqlite).await;
}

#[tokio::test]
async fn s26_a_request_counts_once_at_each_app_of_an_entity_postgres() {
    each_answers_for_itself(Kind::Postgres).await;
}

#[tokio::test]
async fn who_signs_out_at_one_is_signed_out_of_the_other_by_its_own_address() {
    let house = House::new().await;
    let home = "https://pay.example";
    let pay = house.sp_at("pay", home, &["redirect"], "persistent").await;
    let second = house.sp_at("pay-eu", home, &["redirect"], "persistent").await;
    let (app, browser) = (&house.app, house.signed_in().await);
    let (here, there) = (pay.sign_on(&browser).await, second.sign_on(&browser).await);
    // What one knows the person by says nothing at the other.
    let stray = second.request(app, Binding::HttpRedirect, &here).await;
    deliver(&browser, &stray.message).await;
    assert!(house.is_in(&browser).await, "nobody of that name at this app");
    let asked = pay.request(app, Binding::HttpRedirect, &here).await;
    let page = deliver(&browser, &asked.message).await;
    assert!(!house.is_in(&browser).await);
    let page = super::logout::follow(&browser, page).await;
    let told = second.take(app, &page).await;
    assert!(told.names(&there.name_id, &format!("{}/saml2/pay-eu/metadata", app.url)));
}

#[tokio::test]
async fn the_console_says_which_apps_share_an_entity_id() {
    let app = TestApp::new().await;
    let (maya, _) = fill(&app, saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("tomas").await;
    let alone = browser.get("/admin/apps/crm/sso").await;
    assert!(alone.status.is_success() && !alone.text.contains("Shared with"), "{}", alone.text);
    let europe = app.group("Europe", &[maya.id]).await;
    app.app("crm-eu", Connection::Saml(Box::new(of_europe())), &europe).await;
    let shared = browser.get("/admin/apps/crm/sso").await.text;
    assert!(shared.contains("Shared with") && shared.contains("href=\"/admin/apps/crm-eu/sso\""), "{shared}");
    assert!(!shared.contains(">CRM (crm)</a>"), "not itself");
}

/// Heap has one entity ID for every account.
async fn heap_twice(kind: Kind) {
    let app = TestApp::on(kind).await;
    fill(&app, saml_settings()).await;
    let browser = app.browser();
    browser.sign_in("tomas").await;
    for (heap_id, path) in [("1111111111", "heap"), ("2222222222", "heap-2")] {
        let new = "/admin/apps/new/heap";
        let fields = [("label", "Heap"), ("show_in_portal", "on"), ("parameters.heap_id", heap_id)];
        let added = browser.submit(new, new, &fields).await;
        assert_eq!(added.location(), format!("/admin/apps/{path}/sso"), "{}", added.text);
    }
    // By file as well: two more, and once more the same.
    let file = json!({ "apps": [
        { "slug": "heap-a", "connector": "heap", "parameters": { "heap_id": "3333333333" } },
        { "slug": "heap-b", "connector": "heap", "parameters": { "heap_id": "4444444444" } },
    ] });
    for changes in [2, 0] {
        let document = organisation::document(file.clone()).expect("a document");
        let applied = organisation::apply(&app.ctx, &system(), &document, ApplyOptions::default()).await;
        assert_eq!(applied.expect("applied").changes.len(), changes);
    }
    let page = browser.get("/admin/apps/heap-b/sso").await.text;
    for other in ["heap", "heap-2", "heap-a"] {
        assert!(page.contains(&format!("href=\"/admin/apps/{other}/sso\"")), "{other}: {page}");
    }
}

#[tokio::test]
async fn heap_of_the_catalogue_is_added_for_each_account_sqlite() {
    heap_twice(Kind::Sqlite).await;
}

#[tokio::test]
async fn heap_of_the_catalogue_is_added_for_each_account_postgres() {
    heap_twice(Kind::Postgres).await;
}
