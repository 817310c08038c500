//! The device authorization grant over HTTP: codes, the page, polls (RFC 8628).

use super::{Gateway, claims, json, text};
use crate::support::{
    app::{Browser, Page, TestApp, oidc_settings, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{
        connection::{ClientAuth, OidcConnection, ValueMapping, ValueSource},
        throttle::DEVICE_CODE,
        user::{Role, UserState},
    },
    service,
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};
use serde_json::Value;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) fn settings() -> OidcConnection {
    OidcConnection {
        client_auth: ClientAuth::None,
        grant_types: vec![GrantType::DeviceCode, GrantType::RefreshToken],
        redirect_uris: Vec::new(),
        ..oidc_settings()
    }
}

impl Gateway {
    async fn program(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.app.browser().send(Method::POST, path, &headers, &body).await
    }

    pub(super) async fn begin_device(&self) -> Value {
        let fields = [("client_id", "metrics"), ("scope", "openid profile groups")];
        let page = self.program("/oauth2/device_authorization", &fields).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        json(&page)
    }

    pub(super) async fn poll(&self, codes: &Value) -> Page {
        let code = text(codes, "device_code");
        self.program(
            "/oauth2/token",
            &[("grant_type", GRANT), ("client_id", "metrics"), ("device_code", &code)],
        )
        .await
    }
}

fn error(page: &Page) -> String {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.text);
    text(&json(page), "error")
}

/// Types the code and answers the question.
pub(super) async fn say(browser: &Browser, user_code: &str, answer: &str) -> (Page, Page) {
    let question = browser.submit("/device", "/device", &[("user_code", user_code)]).await;
    let csrf = question.field("csrf").unwrap_or_default();
    let code = question.field("user_code").unwrap_or_default();
    let asked = question.field("asked").unwrap_or_default();
    let fields = [("csrf", &*csrf), ("user_code", &code), ("asked", &asked), ("answer", answer)];
    let said = browser.post("/device/answer", &fields).await;
    (question, said)
}

async fn a_device_gets_tokens_once_its_person_said_yes(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, settings()).await;
    let codes = gateway.begin_device().await;
    assert_eq!(text(&codes, "verification_uri"), format!("{}/device", gateway.app.url));
    assert_eq!(error(&gateway.poll(&codes).await), "authorization_pending");
    assert_eq!(error(&gateway.poll(&codes).await), "slow_down");
    gateway.app.ctx.clock.advance(TimeDelta::seconds(6));
    assert_eq!(error(&gateway.poll(&codes).await), "slow_down", "ten seconds from now on");
    gateway.app.ctx.clock.advance(TimeDelta::seconds(16));
    assert_eq!(error(&gateway.poll(&codes).await), "authorization_pending");
    let browser = gateway.signed_in().await;
    let typed = text(&codes, "user_code").to_lowercase().replace('-', " ");
    let (question, said) = say(&browser, &typed, "yes").await;
    assert!(
        question.text.contains("METRICS") && question.text.contains("in front of you"),
        "{}",
        question.text
    );
    assert!(question.text.contains(&text(&codes, "user_code")));
    assert!(said.text.contains("Connected"), "{}", said.text);
    let tokens = gateway.poll(&codes).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    let tokens = json(&tokens);
    assert_eq!(claims(&text(&tokens, "id_token"))["sub"], gateway.maya.id.to_string());
    let access = text(&tokens, "access_token");
    assert_eq!(json(&gateway.userinfo(&access).await)["groups"], serde_json::json!(["Growth"]));
    // The code again gives the first tokens away.
    assert_eq!(error(&gateway.poll(&codes).await), "invalid_grant");
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    let (again, _) = say(&browser, &typed, "yes").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody waits any more");
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_person_said_yes_sqlite() {
    a_device_gets_tokens_once_its_person_said_yes(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_person_said_yes_postgres() {
    a_device_gets_tokens_once_its_person_said_yes(Kind::Postgres).await;
}

#[tokio::test]
async fn a_device_is_told_no_by_the_person_the_clock_and_the_policy() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let browser = gateway.signed_in().await;
    let codes = gateway.begin_device().await;
    let (_, said) = say(&browser, &text(&codes, "user_code"), "no").await;
    assert!(said.text.contains("Not connected"), "{}", said.text);
    assert_eq!(error(&gateway.poll(&codes).await), "access_denied");

    let codes = gateway.begin_device().await;
    gateway.app.ctx.clock.advance(TimeDelta::seconds(600));
    let (late, _) = say(&browser, &text(&codes, "user_code"), "yes").await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(error(&gateway.poll(&codes).await), "expired_token");

    gateway.app.person("ines", Role::None).await;
    let stranger = gateway.app.browser();
    stranger.sign_in("ines").await;
    let codes = gateway.begin_device().await;
    let (_, said) = say(&stranger, &text(&codes, "user_code"), "yes").await;
    assert_eq!(said.status, StatusCode::FORBIDDEN);
    assert_eq!(error(&gateway.poll(&codes).await), "access_denied");

    // O-42: suspended between yes and the next poll.
    let codes = gateway.begin_device().await;
    say(&browser, &text(&codes, "user_code"), "yes").await;
    let ctx = &gateway.app.ctx;
    service::users::set_state(ctx, &system(), gateway.maya.id, UserState::Suspended).await.expect("done");
    assert_eq!(error(&gateway.poll(&codes).await), "invalid_grant");
}

#[tokio::test]
async fn o07_user_codes_cannot_be_guessed_and_are_asked_of_the_signed_in_only() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let codes = gateway.begin_device().await;
    let stranger =
        gateway.app.browser().get(&format!("/device?user_code={}", text(&codes, "user_code"))).await;
    assert!(stranger.location().starts_with("/login?"), "{}", stranger.location());
    let browser = gateway.signed_in().await;
    let filled = browser.get(&format!("/device?user_code={}", text(&codes, "user_code"))).await;
    assert_eq!(
        filled.field("user_code").as_deref(),
        Some(&*text(&codes, "user_code")),
        "filled in, not answered"
    );
    let mut last = StatusCode::OK;
    for _ in 0..11 {
        last = browser.submit("/device", "/device", &[("user_code", "BBBB-BBBB")]).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let right = browser.submit("/device", "/device", &[("user_code", &text(&codes, "user_code"))]).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right one as well");
    // W-01: no answer without the form's token.
    let forged =
        browser.post("/device/answer", &[("user_code", &text(&codes, "user_code")), ("answer", "yes")]).await;
    assert!(forged.status.is_client_error());
    gateway.app.ctx.clock.advance(TimeDelta::seconds(6));
    assert_eq!(error(&gateway.poll(&codes).await), "authorization_pending");
}

#[tokio::test]
async fn o07_answers_are_tries_too_and_right_codes_are_none() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let browser = gateway.signed_in().await;
    // More devices than tries: who types right codes is never slowed down.
    for _ in 0..DEVICE_CODE.tries {
        let codes = gateway.begin_device().await;
        let (_, said) = say(&browser, &text(&codes, "user_code"), "no").await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.text);
    }
    let codes = gateway.begin_device().await;
    let question = browser.submit("/device", "/device", &[("user_code", &text(&codes, "user_code"))]).await;
    let csrf = question.field("csrf").expect("a token");
    let answer = async |code: &str| {
        let fields = [("csrf", csrf.as_str()), ("user_code", code), ("answer", "yes")];
        browser.post("/device/answer", &fields).await.status
    };
    for _ in 0..DEVICE_CODE.tries {
        assert_eq!(answer("BBBB-BBBB").await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(answer(&text(&codes, "user_code")).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(error(&gateway.poll(&codes).await), "authorization_pending", "nothing was said");
    // Somebody else in the same office goes on.
    gateway.app.person("ines", Role::None).await;
    let colleague = gateway.app.browser();
    colleague.sign_in("ines").await;
    let wrong = colleague.submit("/device", "/device", &[("user_code", "BBBB-BBBB")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn o36_a_device_code_is_for_its_client_and_its_grant() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let codes = gateway.begin_device().await;
    let group = service::groups::all(&gateway.app.ctx, &system()).await.expect("groups").remove(0);
    let other = OidcConnection { client_id: "other".into(), ..settings() };
    gateway.app.app("other", gatehouse::domain::connection::Connection::Oidc(Box::new(other)), &group).await;
    let device_code = text(&codes, "device_code");
    let fields = [("grant_type", GRANT), ("client_id", "other"), ("device_code", device_code.as_str())];
    assert_eq!(error(&gateway.program("/oauth2/token", &fields).await), "invalid_grant");
    let code_only = Gateway::new().await;
    let basic = code_only.basic();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let refused = code_only
        .app
        .browser()
        .send(Method::POST, "/oauth2/device_authorization", &headers, "scope=openid")
        .await;
    assert_eq!(error(&refused), "unauthorized_client");
}

#[tokio::test]
async fn o39_saying_yes_to_the_device_of_a_third_party_allows_what_was_shown() {
    let claims = vec![ValueMapping::new("costTeam", ValueSource::Constant("blue".into()))];
    let theirs = OidcConnection { first_party: false, claims, ..settings() };
    let gateway = Gateway::with(TestApp::new().await, theirs).await;
    let browser = gateway.signed_in().await;
    let codes = gateway.begin_device().await;
    let user_code = text(&codes, "user_code");
    // Nothing is allowed by an answer to something that was not shown.
    let question = browser.submit("/device", "/device", &[("user_code", &user_code)]).await;
    assert!(question.text.contains("who you are, your name, your groups, costTeam"), "{}", question.text);
    let csrf = question.field("csrf").expect("a form");
    let unseen = [("csrf", &*csrf), ("user_code", &user_code), ("answer", "yes")];
    let unseen = browser.post("/device/answer", &unseen).await;
    assert_eq!(unseen.status, StatusCode::CONFLICT, "{}", unseen.text);
    assert_eq!(error(&gateway.poll(&codes).await), "authorization_pending");
    assert!(!browser.get("/account").await.text.contains("Apps you allowed"));
    // The valid twin.
    gateway.app.ctx.clock.advance(TimeDelta::seconds(6));
    let (_, said) = say(&browser, &user_code, "yes").await;
    assert!(said.text.contains("Connected"), "{}", said.text);
    let tokens = json(&gateway.poll(&codes).await);
    assert!(tokens.get("refresh_token").is_none(), "it asked for no offline access");
    let access = text(&tokens, "access_token");
    assert_eq!(json(&gateway.userinfo(&access).await)["costTeam"], "blue");
    let account = browser.get("/account").await;
    assert!(
        account.text.contains("Apps you allowed") && account.text.contains("costTeam"),
        "{}",
        account.text
    );
    // Taking it back ends the device.
    let app = service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
    let done = browser.submit("/account", &format!("/account/apps/{}/revoke", app.id), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    // A no allows nothing.
    let codes = gateway.begin_device().await;
    say(&browser, &text(&codes, "user_code"), "no").await;
    assert!(!browser.get("/account").await.text.contains("Apps you allowed"));
}
