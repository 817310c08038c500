//! Tiles, favourites, launch, and the hand-over page.

mod start_links;
mod starts;

use crate::support::{
    app::{TestApp, bookmark, oidc_settings, saml_settings},
    database::Kind,
};
use gatehouse::domain::{connection::Connection, user::Role};
use reqwest::{Method, StatusCode};

async fn people_see_and_open_what_their_groups_have(kind: Kind) {
    let app = TestApp::on(kind).await;
    let maya = app.person("maya", Role::None).await;
    app.person("tomas", Role::Owner).await;
    let group = app.group("Growth", &[maya.id]).await;
    let nobody = app.group("Nobody", &[]).await;
    app.app("wiki", bookmark("https://wiki.example/start"), &group).await;
    app.app("secret", bookmark("https://secret.example/"), &nobody).await;
    app.app("metrics", Connection::Oidc(Box::new(oidc_settings())), &group).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &group).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let portal = browser.get("/").await;
    for slug in ["wiki", "metrics", "crm"] {
        assert!(portal.text.contains(&format!("/launch/{slug}")), "{slug}");
    }
    assert!(!portal.text.contains("secret"), "implicit deny");

    let opened = browser.get("/launch/wiki").await;
    assert_eq!((opened.status, opened.location()), (StatusCode::SEE_OTHER, "https://wiki.example/start"));
    let started = browser.get("/launch/metrics").await;
    let location = url::Url::parse(started.location()).expect("an address");
    let query: std::collections::HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(query["iss"], app.url);
    assert_eq!(query["login_hint"], "maya@fernhill.example");
    let posted = browser.get("/launch/crm").await;
    assert_eq!(posted.action().as_deref(), Some("https://sp.example/acs"));
    assert!(posted.field("SAMLResponse").is_some());

    let denied = browser.get("/launch/secret").await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let reference = denied.reference().expect("a reference");
    let shown_again = browser.get(&format!("/error/{reference}")).await;
    assert_eq!(shown_again.status, StatusCode::FORBIDDEN);
    let stranger = app.browser().get(&format!("/error/{reference}")).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND, "a reference is no key to somebody's page");
    let event = gatehouse::service::audit::find(&app.ctx, &crate::support::app::system(), &reference)
        .await
        .expect("the admin finds it");
    assert_eq!(event.error_code.as_deref(), Some("not_assigned"));
    assert_eq!(event.initiated_by.username.as_deref(), Some("maya"));
}

#[tokio::test]
async fn people_see_and_open_what_their_groups_have_sqlite() {
    people_see_and_open_what_their_groups_have(Kind::Sqlite).await;
}

#[tokio::test]
async fn people_see_and_open_what_their_groups_have_postgres() {
    people_see_and_open_what_their_groups_have(Kind::Postgres).await;
}

#[tokio::test]
async fn s29_a_link_on_another_site_does_not_start_an_app_by_itself() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let group = app.group("Growth", &[maya.id]).await;
    app.app("crm", Connection::Saml(Box::new(saml_settings())), &group).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    for path in ["/launch/crm", "/saml2/crm"] {
        let asked = browser.send(Method::GET, path, &[("sec-fetch-site", "cross-site")], "").await;
        assert_eq!(asked.status, StatusCode::OK);
        assert!(asked.field("SAMLResponse").is_none(), "{path}: nothing is issued");
        assert!(asked.field("csrf").is_some(), "{path}: the person is asked");
        let own = browser.send(Method::GET, path, &[("sec-fetch-site", "same-origin")], "").await;
        assert!(own.field("SAMLResponse").is_some(), "{path}: the valid twin");
    }
}

#[tokio::test]
async fn favourites_search_and_categories_work_without_script() {
    let app = TestApp::new().await;
    let maya = app.person("maya", Role::None).await;
    app.person("tomas", Role::Owner).await;
    let group = app.group("Growth", &[maya.id]).await;
    app.app("wiki", bookmark("https://wiki.example/"), &group).await;
    app.app("travel", bookmark("https://travel.example/"), &group).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    let starred = browser.submit("/", "/favourites/wiki", &[("favourite", "add")]).await;
    assert_eq!(starred.location(), "/");
    assert!(browser.get("/").await.text.contains("Favourites"));
    let found = browser.get("/?q=trav").await.text;
    assert!(found.contains("/launch/travel") && !found.contains("/launch/wiki"));
    let missing = browser.submit("/", "/favourites/nothing", &[("favourite", "add")]).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}
