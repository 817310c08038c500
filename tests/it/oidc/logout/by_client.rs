//! Nobody is signed out by another site's form: the person is asked, and only our own page's answer counts.

use crate::oidc::{Gateway, json, query, text};
use crate::support::app::{Browser, Page};
use gatehouse::domain::{audit::EventType, throttle::STRANGER_STOPS};
use reqwest::{Method, StatusCode};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A form that a page of another site posts.
async fn post_from_elsewhere(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [FORM, ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    browser.send(Method::POST, path, &headers, &body).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account").await.status == StatusCode::OK
}

#[tokio::test]
async fn o23_a_form_of_another_site_ends_no_session() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let csrf = browser.get("/logout").await.field("csrf").expect("a form");
    let without = post_from_elsewhere(&browser, "/logout", &[]).await;
    assert_eq!(without.status, StatusCode::FORBIDDEN);
    let stolen = post_from_elsewhere(&browser, "/logout", &[("csrf", &csrf)]).await;
    assert_eq!(stolen.status, StatusCode::FORBIDDEN, "even with the token of our form");
    let guessed = browser.post("/logout", &[("csrf", "guessed")]).await;
    assert_eq!(guessed.status, StatusCode::FORBIDDEN);
    assert!(is_signed_in(&browser).await);
    let own = browser.post("/logout", &[("csrf", &csrf)]).await;
    assert_eq!(own.location(), "/logout", "the valid twin: {}", own.text);
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn o23_a_logout_request_that_is_posted_from_elsewhere_is_asked_about() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tomas = gateway.app.browser();
    tomas.sign_in("tomas").await;
    let maya_hint = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "id_token");
    let address = "https://rp.example/bye";

    // Browsers keep `SameSite=Lax` cookies from such a form: it is sent on as a GET, which asks.
    let bare = post_from_elsewhere(&gateway.app.browser(), "/oauth2/logout", &[("state", "s1")]).await;
    assert_eq!((bare.status, bare.location()), (StatusCode::SEE_OTHER, "/oauth2/logout?state=s1"));
    assert!(!bare.headers.contains_key("set-cookie"), "the cookies that it may have are left alone");
    // Even from a browser that sends them: nobody is named, somebody else is, or the words can't be read.
    for (browser, fields) in [
        (&browser, vec![]),
        (&browser, vec![("client_id", "metrics"), ("post_logout_redirect_uri", address)]),
        (&browser, vec![("id_token_hint", "not.a.token")]),
        (&tomas, vec![("id_token_hint", maya_hint.as_str()), ("post_logout_redirect_uri", address)]),
    ] {
        let page = post_from_elsewhere(browser, "/oauth2/logout", &fields).await;
        assert_eq!(page.status, StatusCode::OK, "asked first: {fields:?} {}", page.location());
        assert!(page.field("csrf").is_some(), "{fields:?}");
        assert!(is_signed_in(browser).await, "{fields:?}");
    }
    let fields =
        [("id_token_hint", maya_hint.as_str()), ("post_logout_redirect_uri", address), ("state", "s2")];
    let done = post_from_elsewhere(&browser, "/oauth2/logout", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "the valid twin: her own ID token asks for it");
    assert!(done.location().starts_with(address), "{}", done.location());
    assert_eq!(query(done.location())["state"], "s2");
    assert!(!is_signed_in(&browser).await);
}

/// A logout request that can't do what its client meant is an event with cause and fix, and the page names it.
#[tokio::test]
async fn o23_logout_requests_that_are_wrong_leave_a_trace() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let hint = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "id_token");
    let evil = "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F";
    for (query, code, app) in [
        (format!("id_token_hint={hint}&{evil}"), "logout_redirect_uri", true),
        (format!("client_id=metrics&{evil}"), "logout_redirect_uri", true),
        ("id_token_hint=garbage".to_owned(), "logout_hint", false),
        (format!("id_token_hint={hint}&client_id=other"), "logout_client", true),
        ("client_id=nobody".to_owned(), "logout_client", false),
        ("state=a&state=b".to_owned(), "logout_unreadable", false),
    ] {
        // Events of one instant have no order.
        gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(1));
        let before = gateway.events(EventType::SsoLogout).await.len();
        let page = browser.get(&format!("/oauth2/logout?{query}")).await;
        let events = gateway.events(EventType::SsoLogout).await;
        assert_eq!(events.len(), before + 1, "{query}");
        let event = &events[0];
        assert_eq!(event.error_code.as_deref(), Some(code), "{query}: {event:?}");
        assert_eq!(event.application.is_some(), app, "{query}");
        let reference = event.reference.as_deref().expect("a reference");
        assert!(page.text.contains(reference), "{query}: {}", page.text);
        assert!(is_signed_in(&browser).await, "{query}");
    }
    // Strangers leave some, not any number.
    let stranger = gateway.app.browser();
    let is_kept = async || {
        gateway.app.ctx.clock.advance(chrono::TimeDelta::milliseconds(1));
        stranger.get("/oauth2/logout?id_token_hint=x").await;
        gateway.events(EventType::SsoLogout).await[0].timestamp == gateway.app.ctx.now()
    };
    assert!(is_kept().await);
    for _ in 0..STRANGER_STOPS.tries {
        stranger.get("/oauth2/logout?id_token_hint=x").await;
    }
    assert!(!is_kept().await, "not any number");
    // The valid twin leaves the event of the sign-out alone.
    gateway.app.ctx.clock.advance(chrono::TimeDelta::seconds(1));
    let done = browser.get(&format!("/oauth2/logout?id_token_hint={hint}")).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(gateway.events(EventType::SsoLogout).await[0].timestamp < gateway.app.ctx.now());
}

/// O-23: without a hint, `client_id` and the person's own yes lead back to a registered address.
#[tokio::test]
async fn o23_a_confirmed_logout_by_client_id_returns_to_the_app() {
    for (address, returns) in [("https://rp.example/bye", true), ("https://evil.example/", false)] {
        let gateway = Gateway::new().await;
        let browser = gateway.signed_in().await;
        let fields = [("client_id", "metrics"), ("post_logout_redirect_uri", address), ("state", "s9")];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let asked = browser.get(&format!("/oauth2/logout?{query}")).await;
        assert!(is_signed_in(&browser).await, "asked first");
        let (csrf, request) =
            (asked.field("csrf").expect("a form"), asked.field("request").expect("its words"));
        let done = browser.post("/logout", &[("csrf", &csrf), ("request", &request)]).await;
        assert!(!is_signed_in(&browser).await);
        assert_eq!(done.text.contains("https://rp.example/bye?state=s9"), returns, "{}", done.text);
        assert!(!done.text.contains("evil.example"), "{}", done.text);
    }
}
