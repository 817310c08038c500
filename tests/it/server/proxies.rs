//! Whose address counts behind proxies, and that one IPv6 network counts once.

use crate::support::app::{Browser, PASSWORD, TestApp, system};
use gatehouse::{
    domain::user::Role,
    service,
    store::{audit::AuditFilter, page::PageRequest},
    web::Limits,
};
use reqwest::{Method, StatusCode};

/// The address under which a request with these `X-Forwarded-For` headers is remembered.
async fn remembered(app: &TestApp, forwarded: &[&str]) -> String {
    let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
    let page = app.browser().send(Method::GET, "/oauth2/authorize?client_id=nobody", &headers, "").await;
    let reference = page.reference().unwrap_or_else(|| panic!("no reference: {}", page.text));
    let event = service::audit::find(&app.ctx, &system(), &reference).await.expect("an event");
    event.client_ip.expect("an address")
}

#[tokio::test]
async fn o34_only_trusted_proxies_are_believed_and_only_from_the_right() {
    let app = TestApp::behind(&["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"], Limits::default()).await;
    for (forwarded, address, why) in [
        (&["203.0.113.7"][..], "203.0.113.7", "what the proxy adds"),
        (&["203.0.113.7, 10.1.2.3"], "203.0.113.7", "through two of ours"),
        (&["6.6.6.6, 203.0.113.7"], "203.0.113.7", "what the client wrote before is no address of it"),
        (&["127.0.0.1, 203.0.113.7, 10.1.2.3"], "203.0.113.7", "nor when it names a proxy"),
        (&["6.6.6.6", "203.0.113.7"], "203.0.113.7", "a second header is the right-hand end"),
        (&["6.6.6.6, 203.0.113.7, fd00::1"], "203.0.113.7", "over IPv6 between proxies"),
        (&["203.0.113.7:4711"], "203.0.113.7", "with a port"),
        (&["[2001:db8::7]:4711"], "2001:db8::7", "with a port in IPv6"),
        (&["::ffff:203.0.113.7"], "203.0.113.7", "IPv4 in IPv6 clothes"),
        (&["10.9.9.9, 10.1.2.3"], "10.9.9.9", "all of them ours: the farthest"),
        (&["6.6.6.6, nonsense, 10.1.2.3"], "10.1.2.3", "nothing is read past what can't be"),
        (&["6.6.6.6, "], "127.0.0.1", "an empty one can't be read"),
        (&[], "127.0.0.1", "no header"),
    ] {
        assert_eq!(remembered(&app, forwarded).await, address, "{why}: {forwarded:?}");
    }
}

#[tokio::test]
async fn o34_without_trusted_proxies_the_header_is_nothing() {
    let app = TestApp::new().await;
    assert_eq!(remembered(&app, &["203.0.113.7"]).await, "127.0.0.1");
    let elsewhere = TestApp::behind(&["10.0.0.0/8"], Limits::default()).await;
    assert_eq!(remembered(&elsewhere, &["203.0.113.7, 10.1.2.3"]).await, "127.0.0.1");
}

async fn try_password(browser: &Browser, address: &str, password: &str) -> StatusCode {
    let page = browser.get("/login/password?username=maya").await;
    let csrf = page.field("csrf").expect("a form");
    let fields = [("csrf", csrf.as_str()), ("username", "maya"), ("password", password)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", address)];
    browser.send(Method::POST, "/login/password", &headers, &body).await.status
}

#[tokio::test]
async fn w07_one_ipv6_network_is_one_guesser_however_many_addresses_it_has() {
    let app = TestApp::behind(&["127.0.0.1/32"], Limits::default()).await;
    app.person("tomas", Role::Owner).await;
    app.person("maya", Role::None).await;
    for number in 1..=5 {
        let status = try_password(&app.browser(), &format!("2001:db8:1:2:{number}::{number}"), "wrong").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "guess {number}");
    }
    let same = try_password(&app.browser(), "2001:db8:1:2:ffff::1", PASSWORD).await;
    assert_eq!(same, StatusCode::TOO_MANY_REQUESTS, "the /64 waits, also with the right password");
    let next_door = try_password(&app.browser(), "2001:db8:1:3::1", PASSWORD).await;
    assert_eq!(next_door, StatusCode::SEE_OTHER, "another network doesn't");
    let filter = AuditFilter { q: "2001:db8:1:2:ffff::1".into(), ..AuditFilter::default() };
    let events =
        service::audit::list(&app.ctx, &system(), &filter, PageRequest::default()).await.expect("events");
    assert_eq!(events.total, 1, "the trail has the whole address");
}
