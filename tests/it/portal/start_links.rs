//! Places in an app: launched by their name, and by nothing that a stranger writes.

use crate::support::{
    app::{Browser, PASSWORD, Page, TestApp, oidc_settings, saml_settings, system},
    database::Kind,
};
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{Connection, OidcConnection, SamlConnection, StartLink},
        user::Role,
    },
    service::{apps, audit},
};
use reqwest::{Method, StatusCode};
use std::collections::HashMap;

fn link(name: &str, label: &str, target: &str) -> StartLink {
    StartLink { name: name.into(), label: label.into(), target: target.into() }
}

fn saml() -> SamlConnection {
    SamlConnection {
        default_relay_state: "/home".into(),
        start_links: vec![
            link("reports", "Weekly & monthly", "/reports?week=1&a=<b>"),
            link("team", "Team", "team-7"),
        ],
        ..saml_settings()
    }
}

fn oidc() -> OidcConnection {
    OidcConnection {
        initiate_login_uri: "https://rp.example/login?tenant=1".into(),
        start_links: vec![link("board", "My board", "https://rp.example/boards/1?x=a&y=b#top")],
        ..oidc_settings()
    }
}

/// A gateway with Maya, who has `crm` by SAML and `metrics` by OpenID Connect.
async fn gateway(kind: Kind) -> TestApp {
    let app = TestApp::on(kind).await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml())), &group).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc())), &group).await;
    app
}

async fn signed_in(app: &TestApp) -> Browser {
    let browser = app.browser();
    browser.sign_in("maya").await;
    browser
}

fn relay_state(page: &Page) -> Option<String> {
    assert!(page.field("SAMLResponse").is_some(), "{} {}", page.status, page.text);
    page.field("RelayState")
}

async fn a_link_leads_where_the_settings_say(kind: Kind) {
    let app = gateway(kind).await;
    let browser = signed_in(&app).await;
    for (path, state) in [
        ("/launch/crm", "/home"),
        ("/launch/crm/reports", "/reports?week=1&a=<b>"),
        ("/launch/crm/team", "team-7"),
        // S-24: what the address brings along is passed over.
        ("/launch/crm/team?RelayState=https%3A%2F%2Fevil.example", "team-7"),
        ("/launch/crm?RelayState=%2Fevil&link=reports", "/home"),
        ("/saml2/crm?RelayState=%2Fevil", "/home"),
    ] {
        assert_eq!(relay_state(&browser.get(path).await).as_deref(), Some(state), "{path}");
    }
    let started = browser.get("/launch/metrics/board?target_link_uri=https%3A%2F%2Fevil.example").await;
    assert_eq!(started.status, StatusCode::SEE_OTHER);
    let query = |page: &Page| -> HashMap<String, String> {
        url::Url::parse(page.location()).expect("an address").query_pairs().into_owned().collect()
    };
    let told = query(&started);
    assert_eq!(told["target_link_uri"], "https://rp.example/boards/1?x=a&y=b#top");
    assert_eq!((told["iss"].as_str(), told["tenant"].as_str()), (app.url.as_str(), "1"));
    assert!(!query(&browser.get("/launch/metrics").await).contains_key("target_link_uri"));

    // Somebody who signs in first arrives at the same place.
    let stranger = app.browser();
    assert_eq!(stranger.get("/launch/crm/reports").await.status, StatusCode::SEE_OTHER);
    let first = stranger.get("/launch/crm/reports").await;
    let after = stranger.sign_in_from(first.location(), "maya", PASSWORD).await;
    let arrived = stranger.leave(&after).await;
    assert_eq!(relay_state(&arrived).as_deref(), Some("/reports?week=1&a=<b>"));
}

#[tokio::test]
async fn s_24_a_link_leads_where_the_settings_say_sqlite() {
    a_link_leads_where_the_settings_say(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s_24_a_link_leads_where_the_settings_say_postgres() {
    a_link_leads_where_the_settings_say(Kind::Postgres).await;
}

#[tokio::test]
async fn s_24_a_name_that_is_none_leads_nowhere() {
    let app = gateway(Kind::Sqlite).await;
    let browser = signed_in(&app).await;
    for path in [
        "/launch/crm/Reports",
        "/launch/crm/report",
        "/launch/crm/https:%2F%2Fevil.example",
        "/launch/metrics/reports",
    ] {
        let stopped = browser.get(path).await;
        assert_eq!(stopped.status, StatusCode::NOT_FOUND, "{path}");
        assert!(stopped.field("SAMLResponse").is_none() && stopped.location().is_empty(), "{path}");
        let reference = stopped.reference().unwrap_or_else(|| panic!("{path}: {}", stopped.text));
        let event = audit::find(&app.ctx, &system(), &reference).await.expect("the admin finds it");
        assert_eq!(event.error_code.as_deref(), Some("unknown_start_link"), "{path}");
        assert_eq!(browser.get(&format!("/error/{reference}")).await.status, StatusCode::NOT_FOUND);
    }
    for gone in [format!("/launch/crm/{}", "a".repeat(65)), "/launch/crm/reports/more".into()] {
        assert_eq!(browser.get(&gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

#[tokio::test]
async fn s_29_a_link_on_another_site_is_asked_about() {
    let app = gateway(Kind::Sqlite).await;
    let browser = signed_in(&app).await;
    let path = "/launch/crm/reports";
    let asked = browser.send(Method::GET, path, &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.field("SAMLResponse").is_none(), "nothing is issued");
    assert!(
        asked.text.contains("Weekly &#38; monthly") && asked.text.contains("action=\"/launch/crm/reports\""),
        "{}",
        asked.text
    );
    let token = asked.field("csrf").expect("a form of ours");
    let own = [("sec-fetch-site", "same-origin")];
    let said = browser.post(path, &[("csrf", token.as_str())]).await;
    assert!(said.text.contains("/launch/crm/reports"), "the page leaves for the same place: {}", said.text);
    let forged = browser.post(path, &[("csrf", "wrong")]).await;
    assert!(forged.status.is_client_error(), "{}", forged.status);
    let arrived = browser.send(Method::GET, path, &own, "").await;
    assert_eq!(relay_state(&arrived).as_deref(), Some("/reports?week=1&a=<b>"), "the valid twin");
    let none = browser.send(Method::GET, "/launch/crm/evil", &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tiles_offer_their_places_and_are_found_by_them() {
    let app = gateway(Kind::Sqlite).await;
    let browser = signed_in(&app).await;
    let portal = browser.get("/").await.text;
    for path in ["/launch/crm/reports", "/launch/crm/team", "/launch/metrics/board"] {
        assert!(portal.contains(&format!("href=\"{path}\"")), "{path}");
    }
    assert!(
        !portal.contains("team-7") && !portal.contains("rp.example/boards"),
        "where they lead stays here"
    );
    let found = browser.get("/?q=monthly").await.text;
    assert!(found.contains("/launch/crm\"") && !found.contains("/launch/metrics\""));
}

#[tokio::test]
async fn a_link_that_went_while_somebody_signed_in_stops() {
    let app = gateway(Kind::Sqlite).await;
    let stranger = app.browser();
    let first = stranger.get("/launch/crm/reports").await;
    let crm = apps::find(&app.ctx, &system(), "crm").await.expect("the app");
    let fewer = SamlConnection { start_links: Vec::new(), ..saml() };
    let draft = AppDraft { connection: Connection::Saml(Box::new(fewer)), ..AppDraft::of(&crm) };
    let version = crm.version;
    apps::update(&app.ctx, &system(), crm, version, draft).await.expect("saved");
    let after = stranger.sign_in_from(first.location(), "maya", PASSWORD).await;
    let stopped = stranger.leave(&after).await;
    assert_eq!(stopped.status, StatusCode::NOT_FOUND);
    assert!(stopped.field("SAMLResponse").is_none(), "{}", stopped.text);
}
