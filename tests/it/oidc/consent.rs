//! Consent: asked for third-party clients, remembered, asked again when more is wanted, and taken back.

use super::{Gateway, REDIRECT, json, query, text};
use crate::support::app::{Browser, Page, TestApp, oidc_settings, system};
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{ValueMapping, ValueSource},
    },
    id::AppId,
    service::{apps, audit},
    store::{audit::AuditFilter, page::PageRequest},
};
use reqwest::StatusCode;

/// A gateway whose client is somebody else's.
async fn third_party() -> Gateway {
    let mut settings = oidc_settings();
    settings.first_party = false;
    settings.claims = vec![ValueMapping::new("costTeam", ValueSource::Constant("blue".into()))];
    Gateway::with(TestApp::new().await, settings).await
}

impl Gateway {
    /// Begins a sign-on and answers the address of the question.
    async fn asked(&self, browser: &Browser, more: &[(&str, &str)]) -> String {
        let page = browser.get(&self.authorize(more)).await;
        assert!(page.location().starts_with("/login/consent?flow="), "{more:?}: {}", page.location());
        page.location().to_owned()
    }

    async fn app_id(&self) -> AppId {
        apps::find(&self.app.ctx, &system(), "metrics").await.expect("the app").id
    }
}

/// Says `allow` or `cancel` to the question at this address, and answers the page that goes to the client.
pub(super) async fn answer(browser: &Browser, question: &str, said: &str) -> Page {
    let flow = question.rsplit('=').next().expect("a flow");
    let asked = browser.get(question).await.field("asked").expect("what is asked");
    let fields = [("flow", flow), ("asked", asked.as_str()), ("answer", said)];
    let after = browser.submit(question, "/login/consent", &fields).await;
    browser.leave(&after).await
}

#[tokio::test]
async fn o39_a_third_party_client_is_allowed_once_and_remembered() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let none = [("prompt", "none")];
    assert_eq!(gateway.told(&browser, &none).await, "consent_required", "O-18");
    let question = gateway.asked(&browser, &[]).await;
    let page = browser.get(&question).await;
    for shown in ["METRICS", "Your work email", "Your groups", "costTeam", "maya@fernhill.example"] {
        assert!(page.text.contains(shown), "{shown}");
    }
    let on = question.replace("/login/consent?flow=", "/login/continue/");
    assert_eq!(browser.get(&on).await.location(), question, "there is no way round the question");
    let flow = question.rsplit('=').next().expect("a flow");
    let forged = browser.post("/login/consent", &[("flow", flow), ("answer", "allow")]).await;
    assert!(forged.status.is_client_error(), "without the form’s token");
    for asked in ["", "something-else"] {
        let fields = [("flow", flow), ("asked", asked), ("answer", "allow")];
        let after = browser.submit(&question, "/login/consent", &fields).await;
        assert_eq!(browser.leave(&after).await.location(), question, "it isn’t what was shown");
    }
    let left = answer(&browser, &question, "allow").await;
    assert!(left.location().starts_with(REDIRECT), "{}", left.location());
    assert_eq!(gateway.redeem(&query(left.location())["code"]).await.status, StatusCode::OK);
    assert_eq!(gateway.told(&browser, &none).await, "", "remembered");
    assert_eq!(gateway.told(&browser, &[]).await, "");
    assert_eq!(gateway.told(&browser, &[("scope", "openid email")]).await, "", "less is covered");
    let filter = AuditFilter { event_type: Some(EventType::OauthConsentGrant), ..AuditFilter::default() };
    let events = audit::list(&gateway.app.ctx, &system(), &filter, PageRequest::default()).await;
    let events = events.expect("events").items;
    let [granted] = events.as_slice() else { panic!("one event: {events:?}") };
    assert!(granted.details["released"].as_str().is_some_and(|names| names.contains("costTeam")));
}

#[tokio::test]
async fn o39_consent_is_asked_again_when_more_is_wanted_or_the_client_says_so() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let question = gateway.asked(&browser, &[("scope", "openid email")]).await;
    answer(&browser, &question, "allow").await;
    for more in [
        ("scope", "openid email phone"),
        ("claims", r#"{"id_token":{"phone_number":null}}"#),
        ("prompt", "consent"),
    ] {
        let scoped = if more.0 == "scope" { vec![more] } else { vec![("scope", "openid email"), more] };
        gateway.asked(&browser, &scoped).await;
    }
    let silent = [("prompt", "none"), ("scope", "openid email phone")];
    assert_eq!(gateway.told(&browser, &silent).await, "consent_required");
    let again = gateway.asked(&browser, &[("prompt", "consent"), ("scope", "openid email")]).await;
    let left = answer(&browser, &again, "allow").await;
    assert!(query(left.location()).contains_key("code"), "asked once in one sign-on");
}

#[tokio::test]
async fn user_rejects_authentication_is_told_to_the_client() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let question = gateway.asked(&browser, &[]).await;
    let told = answer(&browser, &question, "cancel").await;
    let told = query(told.location());
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "s1"));
    assert!(!told.contains_key("code"));
    let on = question.replace("/login/consent?flow=", "/login/continue/");
    assert!(browser.get(&on).await.reference().is_some(), "answered once");
    gateway.asked(&browser, &[]).await;
}

#[tokio::test]
async fn o39_an_answer_counts_for_its_browser_and_its_person_only() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let question = gateway.asked(&browser, &[]).await;
    let other = gateway.signed_in().await;
    assert!(other.get(&question).await.location().starts_with("/login"), "another browser’s question");
    let own = gateway.asked(&other, &[]).await;
    let csrf = other.get(&own).await.field("csrf").expect("a form");
    let flow = question.rsplit('=').next().expect("a flow");
    let fields = [("csrf", csrf.as_str()), ("flow", flow), ("answer", "allow")];
    other.post("/login/consent", &fields).await;
    gateway.asked(&browser, &[]).await;
}

#[tokio::test]
async fn a_first_party_client_never_asks() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    assert_eq!(gateway.told(&browser, &[]).await, "");
    assert_eq!(gateway.told(&browser, &[("prompt", "consent")]).await, "");
}

#[tokio::test]
async fn offline_access_needs_the_scope_at_a_third_party_client() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let without = answer(&browser, &gateway.asked(&browser, &[]).await, "allow").await;
    let tokens = json(&gateway.redeem(&query(without.location())["code"]).await);
    assert!(tokens.get("refresh_token").is_none(), "nobody allowed it");
    let offline = [("scope", "openid offline_access")];
    let question = gateway.asked(&browser, &offline).await;
    assert!(browser.get(&question).await.text.contains("while you’re away"));
    let with = answer(&browser, &question, "allow").await;
    let tokens = json(&gateway.redeem(&query(with.location())["code"]).await);
    assert!(tokens["refresh_token"].is_string());
}

#[tokio::test]
async fn o10_a_person_takes_consent_back_and_the_tokens_end() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    let question = gateway.asked(&browser, &[("scope", "openid email offline_access")]).await;
    let left = answer(&browser, &question, "allow").await;
    let tokens = json(&gateway.redeem(&query(left.location())["code"]).await);
    let (access, refresh) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK);
    let account = browser.get("/account").await;
    assert!(account.text.contains("Apps you allowed") && account.text.contains("METRICS"));
    let action = format!("/account/apps/{}/revoke", gateway.app_id().await);
    let done = browser.submit("/account", &action, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(!browser.get("/account").await.text.contains("Apps you allowed"));
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(json(&gateway.refresh(&refresh).await)["error"], "invalid_grant");
    assert_eq!(gateway.told(&browser, &[("prompt", "none")]).await, "consent_required");
}

#[tokio::test]
async fn an_admin_takes_consent_back_for_somebody() {
    let gateway = third_party().await;
    let browser = gateway.signed_in().await;
    answer(&browser, &gateway.asked(&browser, &[]).await, "allow").await;
    let tomas = gateway.app.browser();
    tomas.sign_in("tomas").await;
    let person = format!("/admin/users/{}", gateway.maya.id);
    assert!(tomas.get(&person).await.text.contains("Allowed apps"));
    let app = gateway.app_id().await.to_string();
    let done = tomas.submit(&person, &format!("{person}/consents"), &[("app", &app)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(!tomas.get(&person).await.text.contains("Allowed apps"));
    gateway.asked(&browser, &[]).await;
    let own = format!("{person}/consents");
    let refused = browser.submit("/account", &own, &[("app", &app)]).await;
    assert!(refused.status.is_client_error(), "W-16: not for people without a role: {}", refused.status);
}
