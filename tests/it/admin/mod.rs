//! The console by its forms, against the running gateway. Does not own the services' own tests.

mod aggregate;
mod apps;
mod audit;
mod certificate;
mod metadata_source;
mod people;
mod preview;
mod recordings;
mod routes;
mod saml_advanced;
mod sign_on;
mod stale;

use crate::support::app::{Browser, Page, TestApp};
use gatehouse::domain::user::Role;
use reqwest::{Method, StatusCode};

/// A gateway and the browser of its owner, signed in.
pub async fn as_owner() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let browser = app.browser();
    let after = browser.sign_in("tomas").await;
    assert_eq!(after.status, StatusCode::SEE_OTHER, "{}", after.text);
    (app, browser)
}

/// Posts a `multipart/form-data` form, with the token of `page`.
pub async fn upload(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
    const EDGE: &str = "edge-of-a-test-form";
    let page = browser.get(page).await;
    let csrf = page.field("csrf").expect("the page has a form");
    let version = page.field("version").unwrap_or_default();
    let mut body = String::new();
    for (name, value) in
        [("csrf", csrf.as_str()), ("version", version.as_str())].into_iter().chain(fields.iter().copied())
    {
        let file = if name == "metadata_file" { "; filename=\"sp.xml\"" } else { "" };
        let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_str(), value, "\r\n"]);
    }
    body.extend(["--", EDGE, "--\r\n"]);
    let kind = format!("multipart/form-data; boundary={EDGE}");
    browser.send(Method::POST, action, &[("content-type", &kind)], &body).await
}

/// Follows a redirect and answers the page behind it.
pub async fn follow(browser: &Browser, page: Page) -> Page {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    let next = browser.get(page.location()).await;
    assert_eq!(next.status, StatusCode::OK, "{}: {}", page.location(), next.text);
    next
}

/// The metadata of a service provider.
pub fn sp_metadata(entity_id: &str, acs: &str) -> String {
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"><SPSSODescriptor
        protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService index="0"
        Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{acs}"/></SPSSODescriptor></EntityDescriptor>"#
    )
}
