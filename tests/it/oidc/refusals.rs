//! Wrong secrets and tokens are told in the audit trail, and can't fill it.

use super::{Gateway, json, text};
use crate::support::{
    app::{TestApp, oidc_settings, system},
    count_events, hold_writer,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        audit::{AuditEvent, EventType},
        connection::{ClientAuth, OidcConnection},
        throttle::{CLIENT, STRANGER_STOPS},
        user::Role,
    },
    service::{self, organisation::api_tokens},
    store::{audit::AuditFilter, page::PageRequest},
    web::Limits,
};
use reqwest::{Method, StatusCode};

async fn behind_a_proxy() -> Gateway {
    Gateway::with(TestApp::behind(&["127.0.0.1/32"], Limits::default()).await, oidc_settings()).await
}

async fn last(app: &TestApp, event_type: EventType) -> AuditEvent {
    let filter = AuditFilter { event_type: Some(event_type), success: Some(false), ..AuditFilter::default() };
    let events = service::audit::list(&app.ctx, &system(), &filter, PageRequest::default()).await;
    events.expect("events").items.remove(0)
}

#[tokio::test]
async fn o13_wrong_secrets_of_a_network_stop_being_looked_at() {
    let gateway = behind_a_proxy().await;
    let browser = gateway.app.browser();
    let ask = async |authorization: &str, address: &str| {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", authorization),
            ("x-forwarded-for", address),
        ];
        let page = browser.send(Method::POST, "/oauth2/token", &headers, "grant_type=refresh_token").await;
        (page.status, text(&json(&page), "error"))
    };
    let refused = (StatusCode::UNAUTHORIZED, "invalid_client".to_owned());
    let wrong = "Basic bWV0cmljczp3cm9uZw==";
    // All of them are there before the first is counted; so is the right one, which comes last.
    let held = hold_writer(&gateway.app).await;
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        drop(held);
    };
    let guesses = futures_util::future::join_all((0..60).map(|_| ask(wrong, "192.0.2.1")));
    let right = async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        ask(&gateway.basic(), "192.0.2.1").await
    };
    let (answers, right, ()) = tokio::join!(guesses, right, release);
    assert_eq!(right, refused, "too many guesses were before it");
    assert!(answers.iter().all(|answer| *answer == refused), "{answers:?}");
    let counted = usize::try_from(CLIENT.tries).expect("small");
    assert_eq!(count_events(&gateway.app, EventType::OauthTokenRefuse).await, counted, "the counter decides");
    assert_eq!(ask(&gateway.basic(), "192.0.2.1").await, refused, "even the right one waits");
    let (status, error) = ask(&gateway.basic(), "192.0.2.2").await;
    assert_eq!(
        (status, error.as_str()),
        (StatusCode::BAD_REQUEST, "invalid_request"),
        "elsewhere it is right"
    );
    gateway.app.ctx.clock.advance(CLIENT.wait + TimeDelta::seconds(1));
    let (status, _) = ask(&gateway.basic(), "192.0.2.1").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "never for good");
}

/// The status of an introspection, which writes nothing for who is right.
async fn introspect(app: &TestApp, authorization: &str) -> StatusCode {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", authorization)];
    app.browser().send(Method::POST, "/oauth2/introspect", &headers, "token=none").await.status
}

#[tokio::test]
async fn o13_right_secrets_wait_for_nobody() {
    let gateway = Gateway::new().await;
    let (wrong, right) = ("Basic bWV0cmljczp3cm9uZw==", gateway.basic());
    let held = hold_writer(&gateway.app).await;
    // One fewer than the limit, all waiting to be counted as long as the writer is held.
    let guesses = (1..CLIENT.tries).map(|_| introspect(&gateway.app, wrong));
    let guesses = futures_util::future::join_all(guesses);
    let meanwhile = async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let all = futures_util::future::join_all((0..50).map(|_| introspect(&gateway.app, &right)));
        // The writer is held for twice as long.
        let answers = tokio::time::timeout(std::time::Duration::from_secs(10), all).await;
        drop(held);
        answers.expect("they wait neither for each other nor for wrong ones")
    };
    let (refused, answers) = tokio::join!(guesses, meanwhile);
    assert_eq!(answers, [StatusCode::OK; 50]);
    assert!(refused.iter().all(|status| *status == StatusCode::UNAUTHORIZED), "{refused:?}");
    assert_eq!(introspect(&gateway.app, &right).await, StatusCode::OK, "one try is left");
    assert_eq!(introspect(&gateway.app, wrong).await, StatusCode::UNAUTHORIZED);
    assert_eq!(introspect(&gateway.app, &right).await, StatusCode::UNAUTHORIZED, "now it is full");
}

#[tokio::test]
async fn the_last_use_of_a_secret_is_noted() {
    let gateway = Gateway::new().await;
    let ctx = &gateway.app.ctx;
    let app = service::apps::find(ctx, &system(), "metrics").await.expect("an app");
    let last_use = async || {
        let secrets = service::client_secrets::of_app(ctx, &system(), &app).await.expect("secrets");
        secrets.first().expect("one").last_used_at
    };
    assert_eq!(introspect(&gateway.app, "Basic bWV0cmljczp3cm9uZw==").await, StatusCode::UNAUTHORIZED);
    assert_eq!(introspect(&gateway.app, &gateway.basic()).await, StatusCode::OK);
    let noted = async {
        while last_use().await != Some(ctx.now()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), noted).await.expect("it is noted");
}

#[tokio::test]
async fn o13_nodes_that_are_guessed_at_together_share_the_limit() {
    let gateway = Gateway::new().await;
    let (one, two) = (&gateway.app, gateway.app.another_node().await);
    let wrong = "Basic bWV0cmljczp3cm9uZw==";
    let guesses = (0..40).flat_map(|_| [introspect(one, wrong), introspect(&two, wrong)]);
    let answers = futures_util::future::join_all(guesses).await;
    assert!(answers.iter().all(|status| *status == StatusCode::UNAUTHORIZED), "{answers:?}");
    let counted = usize::try_from(CLIENT.tries).expect("small");
    assert_eq!(count_events(one, EventType::OauthTokenRefuse).await, counted, "the shared counter decides");
    for node in [one, &two] {
        assert_eq!(introspect(node, &gateway.basic()).await, StatusCode::UNAUTHORIZED, "it is full on both");
    }
}

#[tokio::test]
async fn o12_strangers_cannot_fill_the_audit_trail() {
    let settings = OidcConnection { client_auth: ClientAuth::None, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::behind(&["127.0.0.1/32"], Limits::default()).await, settings).await;
    let browser = gateway.app.browser();
    let post = async |body: &str, address: &str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", address)];
        browser.send(Method::POST, "/oauth2/token", &headers, body).await.status
    };
    let told = async || count_events(&gateway.app, EventType::OauthTokenRefuse).await;
    let (few, limit) = (
        usize::try_from(CLIENT.tries).expect("small"),
        usize::try_from(STRANGER_STOPS.tries).expect("small"),
    );
    for number in 0..few + 20 {
        let body = format!("grant_type=refresh_token&client_id=nobody{number}&client_secret=guess");
        assert_eq!(post(&body, "192.0.2.1").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(told().await, few, "ids that nobody has are counted as one");
    for _ in 0..limit + 20 {
        let status = post("grant_type=refresh_token&client_id=metrics", "192.0.2.2").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(told().await, few + limit, "in the name of a public client");
    // At the authorization endpoint, without a session.
    let asks = [[("response_type", "token")], [("prompt", "none")]];
    for (place, more) in asks.iter().enumerate() {
        let address = format!("198.51.100.{place}");
        let headers = [("x-forwarded-for", address.as_str())];
        for _ in 0..limit + 20 {
            let page = browser.send(Method::GET, &gateway.authorize(more), &headers, "").await;
            assert!(page.location().contains("error="), "{}", page.location());
        }
        let stopped = count_events(&gateway.app, EventType::SsoAuth).await;
        assert_eq!(stopped, limit * (place + 1), "{more:?}");
    }
}

#[tokio::test]
async fn w21_a_wrong_api_token_is_an_event_and_a_flood_of_them_is_not() {
    let app = TestApp::behind(&["127.0.0.1/32"], Limits::default()).await;
    let (_, good) =
        api_tokens::create(&app.ctx, &system(), "ci", Role::Auditor, None).await.expect("a token");
    let day = Some(TimeDelta::days(1));
    let (_, ends) =
        api_tokens::create(&app.ctx, &system(), "old", Role::Auditor, day).await.expect("a token");
    let browser = app.browser();
    let ask = async |token: &str, address: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("x-forwarded-for", address)];
        browser.send(Method::GET, "/api/v1/organisation/export", &headers, "").await.status
    };
    assert_eq!(ask(ends.expose(), "192.0.2.1").await, StatusCode::OK);
    assert_eq!(count_events(&app, EventType::RequestRefused).await, 0, "a good token is no refusal");
    app.ctx.clock.advance(TimeDelta::days(1));
    assert_eq!(ask(ends.expose(), "192.0.2.1").await, StatusCode::UNAUTHORIZED);
    let event = last(&app, EventType::RequestRefused).await;
    assert_eq!(event.error_code.as_deref(), Some("invalid_token"));
    assert_eq!(event.client_ip.as_deref(), Some("192.0.2.1"));
    assert_eq!(event.resource.expect("the token").name, "old", "an expired one is known by its name");
    let limit = usize::try_from(STRANGER_STOPS.tries).expect("small");
    for number in 0..limit + 20 {
        let guess = format!("ghp_{number:043}");
        assert_eq!(ask(&guess, "192.0.2.1").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(count_events(&app, EventType::RequestRefused).await, limit);
    assert_eq!(ask(good.expose(), "192.0.2.1").await, StatusCode::OK, "who has a good one isn't kept out");
    app.ctx.clock.advance(TimeDelta::seconds(1));
    assert_eq!(ask("no-token-of-ours", "192.0.2.2").await, StatusCode::UNAUTHORIZED);
    assert_eq!(count_events(&app, EventType::RequestRefused).await, limit + 1, "another network is told");
    assert_eq!(last(&app, EventType::RequestRefused).await.client_ip.as_deref(), Some("192.0.2.2"));
}

#[tokio::test]
async fn o31_a_wrong_access_token_is_an_event_and_a_flood_of_them_is_not() {
    let gateway = Gateway::new().await;
    let app = &gateway.app;
    let browser = gateway.signed_in().await;
    let access = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "access_token");
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK);
    assert_eq!(app.browser().get("/oauth2/userinfo").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(count_events(app, EventType::OauthTokenRefuse).await, 0, "no token is no wrong token");
    app.ctx.clock.advance(TimeDelta::hours(2));
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let event = last(app, EventType::OauthTokenRefuse).await;
    assert_eq!(event.error_code.as_deref(), Some("invalid_token"));
    let words = event.error_message.expect("words");
    assert!(words.contains("“metrics”") && words.contains("expired"), "{words}");
    let limit = usize::try_from(STRANGER_STOPS.tries).expect("small");
    for _ in 0..limit + 20 {
        assert_eq!(gateway.userinfo("guessed").await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(count_events(app, EventType::OauthTokenRefuse).await, limit);
    let renewed = gateway.signed_in().await;
    let access = text(&json(&gateway.redeem(&gateway.code(&renewed).await).await), "access_token");
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK, "a good one is taken meanwhile");
}
