//! What somebody who is not signed in can use up, and what they can't.

use super::{House, events};
use crate::support::app::TestApp;
use chrono::TimeDelta;
use gatehouse::{domain::audit::EventType, domain::throttle::STRANGER_STOPS, web::Limits};
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
