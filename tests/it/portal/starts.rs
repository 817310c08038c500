//! Where tiles lead: into the app, to its sign-in page, to the page of device codes, or nowhere, and what is said beforehand.

use crate::support::app::{Browser, TestApp, oidc_settings};
use gatehouse::domain::{
    connection::{Connection, OidcConnection},
    user::Role,
};
use oidc::GrantType;
use reqwest::StatusCode;

async fn with(settings: OidcConnection) -> (TestApp, Browser) {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    let settings = OidcConnection { initiate_login_uri: String::new(), ..settings };
    app.app("metrics", Connection::Oidc(Box::new(settings)), &group).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    (app, browser)
}

const TILE: &str = "href=\"/launch/metrics\"";

/// JC-7: where the app has no start address, the tile opens its sign-in page and says beforehand that it may ask.
#[tokio::test]
async fn jc7_a_tile_opens_the_sign_in_page_and_says_so() {
    let (_app, browser) =
        with(OidcConnection { sign_in_url: "https://rp.example/sign-in?x=1".into(), ..oidc_settings() })
            .await;
    let portal = browser.get("/").await;
    assert!(portal.text.contains(TILE) && portal.text.contains("You may be asked to choose “Sign in with "));
    let launched = browser.get("/launch/metrics").await;
    assert_eq!(
        (launched.status, launched.location()),
        (StatusCode::SEE_OTHER, "https://rp.example/sign-in?x=1"),
        "without anything about the person"
    );
}

#[tokio::test]
async fn jc7_no_tile_leads_to_a_dead_end() {
    let (_app, browser) = with(oidc_settings()).await;
    let portal = browser.get("/").await;
    assert!(!portal.text.contains(TILE), "{}", portal.text);
    assert!(portal.text.contains("Open it at its own address and choose “Sign in with "));

    let device = OidcConnection { grant_types: vec![GrantType::DeviceCode], ..oidc_settings() };
    let (_app, browser) = with(device).await;
    assert!(browser.get("/").await.text.contains("Enter the code that your device shows."));
    let launched = browser.get("/launch/metrics").await;
    assert!(launched.location().ends_with("/device"), "{}", launched.location());

    let service = OidcConnection { grant_types: vec![GrantType::ClientCredentials], ..oidc_settings() };
    let (_app, browser) = with(service).await;
    let portal = browser.get("/").await;
    assert!(!portal.text.contains("metrics") && portal.text.contains("No apps yet"), "{}", portal.text);
    let asked = browser.get("/launch/metrics").await;
    assert_eq!(asked.status, StatusCode::NOT_FOUND, "for an old link");
}
