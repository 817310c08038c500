//! What somebody who is not signed in can use up, and what they can't.

use super::{AUTHORIZE, House, authn_request, events};
use crate::support::app::{PASSWORD, TestApp};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use gatehouse::{
    domain::audit::EventType,
    domain::{
        sign_on::{SIGN_ON_LIFETIME, STRANGERS_PER_NETWORK},
        throttle::STRANGER_STOPS,
    },
    web::Limits,
};
use reqwest::{Method, StatusCode};

const UNKNOWN: &str = "/oauth2/authorize?client_id=nobody";

#[tokio::test]
async fn a_flood_of_stopped_sign_ons_does_not_fill_the_audit_trail() {
    let app = TestApp::behind(&["127.0.0.1/32"], Limits::default()).await;
    House::fill(&app).await;
    let browser = app.browser();
    let ask = async |address: &str| {
        browser.send(Method::GET, UNKNOWN, &[("x-forwarded-for", address)], "").await.status
    };
    let limit = usize::try_from(STRANGER_STOPS.tries).expect("small");
    for number in 0..limit {
        // One network, however many addresses it has.
        let status = ask(&format!("2001:db8::{number:x}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "stop {number} is told");
    }
    assert_eq!(ask("2001:db8::1").await, StatusCode::TOO_MANY_REQUESTS);
    let kept = crate::support::count_events(&app, EventType::SsoAuth).await;
    assert_eq!(kept, limit, "no event over the limit");

    assert_eq!(ask("203.0.113.7").await, StatusCode::NOT_FOUND, "another network is told");
    let maya = app.browser();
    maya.sign_in("maya").await;
    let status = maya.send(Method::GET, UNKNOWN, &[("x-forwarded-for", "2001:db8::1")], "").await.status;
    assert_eq!(status, StatusCode::NOT_FOUND, "who is signed in is told");
    app.ctx.clock.advance(STRANGER_STOPS.wait + TimeDelta::seconds(1));
    assert_eq!(ask("2001:db8::1").await, StatusCode::NOT_FOUND, "never for good");
    let last = events(&app, EventType::SsoAuth, false).await;
    assert_eq!(last[0].client_ip.as_deref(), Some("2001:db8::1"));
}

#[tokio::test]
async fn strangers_of_one_network_keep_so_many_sign_ons_under_way_and_no_more() {
    let app = TestApp::behind(&["127.0.0.1/32"], Limits::default()).await;
    House::fill(&app).await;
    let known = app.browser();
    known.sign_in("maya").await;
    known.submit("/logout", "/logout", &[]).await;
    let stranger = app.browser();
    let (here, elsewhere) = ([("x-forwarded-for", "2001:db8::1")], [("x-forwarded-for", "203.0.113.7")]);
    let mut last = String::new();
    for number in 0..STRANGERS_PER_NETWORK {
        let address = format!("2001:db8::{number:x}");
        let page = stranger.send(Method::GET, AUTHORIZE, &[("x-forwarded-for", &address)], "").await;
        assert!(page.location().starts_with("/login?flow="), "sign-on {number}: {}", page.status);
        page.location().clone_into(&mut last);
    }
    let encoded = STANDARD.encode(authn_request(&app, "_r1"));
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLRequest", &encoded).finish();
    let form = [("content-type", "application/x-www-form-urlencoded"), here[0]];
    let saml = async || stranger.send(Method::POST, "/saml2/crm", &form, &body).await;
    for _ in 0..3 {
        let full = stranger.send(Method::GET, AUTHORIZE, &here, "").await;
        assert_eq!(full.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(full.text.contains("Too many"), "{}", full.text);
        assert_eq!(saml().await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let said = events(&app, EventType::SsoAuth, false).await;
    assert_eq!(said.len(), 1, "said once a window");
    assert_eq!(said[0].error_code.as_deref(), Some("too_many_sign_ons"));

    let page = stranger.send(Method::GET, AUTHORIZE, &elsewhere, "").await;
    assert!(page.location().starts_with("/login?flow="), "another network");
    let page = known.send(Method::GET, AUTHORIZE, &here, "").await;
    assert!(page.location().starts_with("/login?flow="), "a browser in which somebody signed in before");
    let after = stranger.sign_in_from(&last, "maya", PASSWORD).await;
    assert!(stranger.leave(&after).await.location().contains("code="), "what is under way goes on");
    let other = app.browser();
    let page = other.send(Method::GET, AUTHORIZE, &here, "").await;
    assert!(page.location().starts_with("/login?flow="), "a finished one makes room");
    let page = other.send(Method::GET, AUTHORIZE, &here, "").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "for one");
    app.ctx.clock.advance(SIGN_ON_LIFETIME);
    assert_eq!(other.send(Method::GET, AUTHORIZE, &here, "").await.status, StatusCode::SEE_OTHER);
}
