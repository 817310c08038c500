//! How long an ID token may say who is meant (O-22).

use super::{Gateway, REDIRECT, claims, query, text};
use crate::support::app::{PASSWORD, TestApp, oidc_settings};
use chrono::TimeDelta;
use gatehouse::domain::connection::OidcConnection;
use reqwest::StatusCode;

/// A gateway whose ID tokens live a minute.
async fn gateway() -> Gateway {
    Gateway::with(TestApp::new().await, OidcConnection { id_token_seconds: 60, ..oidc_settings() }).await
}

#[tokio::test]
async fn o22_an_expired_hint_names_nobody_at_sign_on() {
    let gateway = gateway().await;
    let browser = gateway.signed_in().await;
    let hint = text(&gateway.tokens(&browser, &[]).await, "id_token");
    let silent = [("prompt", "none"), ("id_token_hint", hint.as_str())];
    gateway.app.ctx.clock.advance(TimeDelta::seconds(59));
    assert_eq!(gateway.told(&browser, &silent).await, "", "the valid twin");
    gateway.app.ctx.clock.advance(TimeDelta::seconds(1));
    assert_eq!(gateway.told(&browser, &silent).await, "login_required", "RFC 7519 §4.1.4: on or after exp");
    assert_eq!(gateway.told(&browser, &[("prompt", "none")]).await, "", "without it nobody is meant");
    // Where somebody can be asked, it counts as none: whoever is signed in is answered about.
    let asked = browser.get(&gateway.authorize(&[("id_token_hint", &hint)])).await;
    assert!(query(asked.location()).contains_key("code"), "{}", asked.location());
}

#[tokio::test]
async fn o22_whom_a_hint_named_when_the_request_came_is_meant_until_it_is_answered() {
    let gateway = gateway().await;
    let hint = text(&gateway.tokens(&gateway.signed_in().await, &[]).await, "id_token");
    let address = gateway.authorize(&[("id_token_hint", &hint)]);
    for (who, told) in [("tomas", "error"), ("maya", "code")] {
        let browser = gateway.app.browser();
        let fresh = text(&gateway.tokens(&gateway.signed_in().await, &[]).await, "id_token");
        let login = browser.get(&address.replace(&hint, &fresh)).await;
        gateway.app.ctx.clock.advance(TimeDelta::seconds(90));
        let after = browser.sign_in_from(login.location(), who, PASSWORD).await;
        let left = browser.leave(&after).await;
        assert!(left.location().starts_with(REDIRECT), "{who}: {} {}", left.status, left.location());
        assert!(query(left.location()).contains_key(told), "{who}: {}", left.location());
    }
}

#[tokio::test]
async fn o22_an_expired_hint_is_taken_at_logout() {
    let gateway = gateway().await;
    let browser = gateway.signed_in().await;
    let hint = text(&gateway.tokens(&browser, &[]).await, "id_token");
    gateway.app.ctx.clock.advance(TimeDelta::minutes(10));
    assert!(claims(&hint)["exp"].as_i64().expect("a time") < gateway.app.ctx.now().timestamp());
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://rp.example/bye")];
    let address = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let forged = address.replace(&hint, &hint[..hint.len() - 4]);
    assert_eq!(browser.get(&format!("/oauth2/logout?{forged}")).await.status, StatusCode::OK, "asked first");
    let done = browser.get(&format!("/oauth2/logout?{address}")).await;
    assert!(done.location().starts_with("https://rp.example/bye"), "{} {}", done.status, done.location());
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER, "signed out");
}
