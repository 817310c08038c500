//! SAML sign-on over HTTP: what comes in, what goes out, what is refused.

mod announced;
pub mod app_keys;
mod attacks;
mod encrypted_id;
mod entity_attributes;
mod group_names;
mod identifiers;
pub mod logout;
mod metadata_api;
mod metadata_fetching;
mod metadata_moves;
mod metadata_source;
mod own_metadata;
mod recordings;
mod refusals;
mod rollover;
mod settings;
mod shared_entity;
mod sign_on;
mod simulator;
mod values;
mod wishes;

use crate::support::app::{Browser, Page, TestApp, saml_settings};
use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse::domain::{
    app::App,
    connection::{Connection, SamlConnection},
    user::{Role, User},
};

/// A gateway with Maya, who has the SAML app `crm`.
async fn gateway(settings: SamlConnection) -> (TestApp, User, App) {
    let app = TestApp::new().await;
    let (maya, crm) = fill(&app, settings).await;
    (app, maya, crm)
}

async fn fill(app: &TestApp, settings: SamlConnection) -> (User, App) {
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    let (crm, _) = app.app("crm", Connection::Saml(Box::new(settings)), &group).await;
    (maya, crm)
}

/// An AuthnRequest of `crm`, with more attributes and content.
fn request(app: &TestApp, id: &str, attributes: &str, content: &str) -> String {
    let instant = app.ctx.now().format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{instant}\" \
         Destination=\"{}/saml2/crm\" {attributes}><saml:Issuer>{}</saml:Issuer>{content}</samlp:AuthnRequest>",
        app.url,
        saml_settings().sp_entity_id,
    )
}

/// Posts a request as the app's page would.
async fn post(browser: &Browser, xml: &str, relay_state: Option<&str>) -> Page {
    let encoded = STANDARD.encode(xml);
    let mut fields = vec![("SAMLRequest", encoded.as_str())];
    fields.extend(relay_state.map(|state| ("RelayState", state)));
    browser.post("/saml2/crm", &fields).await
}

/// The Response of a page that posts one.
fn response(page: &Page) -> String {
    let encoded = page
        .field("SAMLResponse")
        .unwrap_or_else(|| panic!("no SAMLResponse: {} {}", page.status, page.text));
    String::from_utf8(STANDARD.decode(encoded).expect("base64")).expect("text")
}

/// The second-level status of a Response without assertion.
fn status(xml: &str) -> String {
    let document = roxmltree::Document::parse(xml).expect("XML");
    assert!(!xml.contains("<saml:Assertion"), "a refusal asserts nothing");
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "StatusCode")
        .filter_map(|node| node.attribute("Value"))
        .next_back()
        .and_then(|uri| uri.rsplit(':').next())
        .unwrap_or_default()
        .to_owned()
}
