//! Name, password, sign-out, and what a session is worth afterwards.

use crate::support::{
    app::{PASSWORD, TestApp, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::user::{Role, UserState},
    service,
};
use reqwest::StatusCode;

async fn a_person_signs_in_and_out(kind: Kind) {
    let app = TestApp::on(kind).await;
    app.person("tomas", Role::Owner).await;
    app.person("maya", Role::None).await;
    let browser = app.browser();
    assert_eq!(browser.get("/").await.location(), "/login");
    let signed_in = browser.sign_in("MAYA@fernhill.example").await;
    assert_eq!((signed_in.status, signed_in.location()), (StatusCode::SEE_OTHER, "/"));
    let portal = browser.get("/").await;
    assert_eq!(portal.status, StatusCode::OK);
    assert!(portal.text.contains("Maya"), "{}", portal.text);
    let signed_out = browser.submit("/logout", "/logout", &[]).await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/").await.location(), "/login");
}

#[tokio::test]
async fn a_person_signs_in_and_out_sqlite() {
    a_person_signs_in_and_out(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_person_signs_in_and_out_postgres() {
    a_person_signs_in_and_out(Kind::Postgres).await;
}

#[tokio::test]
async fn w09_unknown_and_known_names_get_the_same_answer() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let mut pages = Vec::new();
    for name in ["tomas", "nobody"] {
        let page = app.browser().sign_in_from("/login", name, "a wrong password").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let csrf = page.field("csrf").expect("a form");
        pages.push(page.text.replace(&csrf, "").replace(name, ""));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(app.browser().sign_in("tomas").await.location(), "/", "and the valid twin signs in");
}

#[tokio::test]
async fn w02_the_session_changes_at_sign_in_and_dies_at_sign_out() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let browser = app.browser();
    let first = browser.sign_in("tomas").await;
    let cookie = |page: &crate::support::app::Page| {
        page.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find(|text| text.starts_with("gatehouse_session="))
            .and_then(|text| text.split(';').next().map(str::to_owned))
            .expect("a session cookie")
    };
    let old = cookie(&first);
    browser.submit("/logout", "/logout", &[]).await;
    let stolen = app.browser().send(reqwest::Method::GET, "/", &[("cookie", &old)], "").await;
    assert_eq!(stolen.location(), "/login", "a cookie of an ended session is worth nothing");
    assert_ne!(old, cookie(&browser.sign_in("tomas").await));
}

#[tokio::test]
async fn sessions_end_when_idle_and_absolutely() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let browser = app.browser();
    browser.sign_in("tomas").await;
    for _ in 0..11 {
        app.ctx.clock.advance(TimeDelta::minutes(60));
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "use keeps it alive");
    }
    app.ctx.clock.advance(TimeDelta::minutes(61));
    assert_eq!(browser.get("/").await.location(), "/login", "but not for ever");
    browser.sign_in("tomas").await;
    app.ctx.clock.advance(TimeDelta::minutes(121));
    assert_eq!(browser.get("/").await.location(), "/login", "and not without use");
}

#[tokio::test]
async fn a_suspended_person_is_out_at_once_and_told_only_after_the_right_password() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let maya = app.person("maya", Role::None).await;
    let browser = app.browser();
    browser.sign_in("maya").await;
    service::users::set_state(&app.ctx, &system(), maya.id, UserState::Suspended).await.expect("suspended");
    assert_eq!(browser.get("/").await.location(), "/login");
    let wrong = app.browser().sign_in_from("/login", "maya", "not the password").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = app.browser().sign_in_from("/login", "maya", PASSWORD).await;
    assert_eq!(right.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn w01_forms_need_their_token_and_our_own_page() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let browser = app.browser();
    browser.sign_in("tomas").await;
    for path in ["/login", "/login/password", "/logout", "/account", "/favourites/x", "/launch/x", "/setup"] {
        let without = browser.post(path, &[("username", "tomas")]).await;
        assert_eq!(without.status, StatusCode::FORBIDDEN, "{path} without a token");
    }
    let token = browser.get("/account").await.field("csrf").expect("a form");
    let body = format!("csrf={token}");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for foreign in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let page = browser.send(reqwest::Method::POST, "/logout", &[kind, foreign], &body).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    let json = browser.send(reqwest::Method::POST, "/logout", &[("content-type", "text/plain")], &body).await;
    assert_eq!(json.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get("/account").await.status, StatusCode::OK, "still signed in");
    let own = browser
        .send(reqwest::Method::POST, "/logout", &[kind, ("sec-fetch-site", "same-origin")], &body)
        .await;
    assert_eq!(own.status, StatusCode::SEE_OTHER, "the valid twin signs out");
}

#[tokio::test]
async fn changing_the_password_ends_other_sessions() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let (here, there) = (app.browser(), app.browser());
    here.sign_in("tomas").await;
    there.sign_in("tomas").await;
    let new = "another long phrase of mine";
    let refused =
        here.submit("/account", "/account", &[("current_password", "wrong"), ("new_password", new)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let changed =
        here.submit("/account", "/account", &[("current_password", PASSWORD), ("new_password", new)]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
    assert_eq!(there.get("/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.browser().sign_in_from("/login", "tomas", new).await.location(), "/");
}

#[tokio::test]
async fn w05_other_hosts_are_misdirected_and_pages_carry_every_header() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let browser = app.browser();
    let other = browser.send(reqwest::Method::GET, "/login", &[("host", "evil.example")], "").await;
    assert_eq!(other.status, StatusCode::MISDIRECTED_REQUEST);
    for path in [
        "/login",
        "/nothing/here",
        "/error/7KQ2-M4XA",
        "/saml2/none",
        "/oauth2/authorize",
        "/setup",
        "/healthz",
    ] {
        let page = browser.get(path).await;
        for name in
            ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"]
        {
            assert!(page.headers.contains_key(name), "{path} lacks {name}");
        }
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        assert!(!matches!(page.status.as_u16(), 307 | 308), "O-30 {path}");
    }
}
