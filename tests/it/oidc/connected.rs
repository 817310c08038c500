//! Apps that stay connected: listed for their person and for an admin, and ended there.

use super::{Gateway, json, text};
use crate::support::{
    app::{Browser, TestApp, oidc_settings, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{audit::EventType, connection::OidcConnection, user::Role},
    service::{
        apps, consents,
        grants::{self, Place},
    },
};
use oidc::GrantType;
use reqwest::StatusCode;
use std::collections::BTreeSet;

fn settings() -> OidcConnection {
    OidcConnection {
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode],
        ..oidc_settings()
    }
}

impl Gateway {
    /// Connects a device of the confidential client; answers its tokens.
    async fn device(&self, browser: &Browser) -> serde_json::Value {
        let basic = self.basic();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        let begun = self
            .app
            .browser()
            .send(reqwest::Method::POST, "/oauth2/device_authorization", &headers, "scope=openid")
            .await;
        let codes = json(&begun);
        super::devices::say(browser, &text(&codes, "user_code"), "yes").await;
        let grant = GrantType::DeviceCode.as_str();
        let fields = [("grant_type", grant), ("device_code", &*text(&codes, "device_code"))];
        json(&self.token(&fields).await)
    }

    async fn connected(&self) -> Vec<grants::Connected> {
        grants::of_user(&self.app.ctx, self.maya.id).await.expect("a list")
    }
}

async fn devices_and_apps_are_listed_and_ended(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, settings()).await;
    let browser = gateway.signed_in().await;
    assert!(!browser.get("/account").await.text.contains("stay connected"));
    let first = json(&gateway.redeem(&gateway.code(&browser).await).await);
    gateway.app.ctx.clock.advance(TimeDelta::minutes(20));
    let second = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let device = gateway.device(&browser).await;
    let other = gateway.device(&browser).await;
    let connected = gateway.connected().await;
    assert_eq!(connected.len(), 3, "two devices, and one browser for two sign-ons: {connected:?}");
    let in_browser = connected.iter().find(|one| matches!(one.place, Place::Browser(_))).expect("listed");
    assert_eq!(in_browser.since, gateway.app.ctx.now() - TimeDelta::minutes(20));
    assert_eq!(in_browser.used_at, Some(gateway.app.ctx.now()));
    let account = browser.get("/account").await.text;
    assert!(account.contains("Apps that stay connected") && account.contains("A device at 127.0.0.1"));
    assert!(account.contains("Since 20 min ago, last used just now."), "{account}");

    // Ending one device leaves the other, and the browser.
    let refresh =
        async |tokens: &serde_json::Value| gateway.refresh(&text(tokens, "refresh_token")).await.status;
    let ids: Vec<String> = connected
        .iter()
        .filter(|one| matches!(&one.place, Place::Device(address) if address == "127.0.0.1"))
        .map(|one| one.id.to_string())
        .collect();
    let done = browser.submit("/account", &format!("/account/grants/{}/end", ids[0]), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let (one, two) = (refresh(&device).await, refresh(&other).await);
    assert_eq!([one, two].iter().filter(|status| **status == StatusCode::OK).count(), 1, "{one} {two}");
    // Ending the browser ends both of its sign-ons.
    let action = format!("/account/grants/{}/end", in_browser.id);
    browser.submit("/account", &action, &[]).await;
    for tokens in [&first, &second] {
        assert_eq!(refresh(tokens).await, StatusCode::BAD_REQUEST);
        assert_eq!(gateway.userinfo(&text(tokens, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(gateway.connected().await.len(), 1);
    let again = browser.submit("/account", &action, &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "it was over");
    let events = gateway.events(EventType::OauthGrantEnd).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let ended: BTreeSet<_> = events.iter().map(|event| event.details["grants_ended"].to_string()).collect();
    assert_eq!(ended, ["\"1\"", "\"2\""].map(str::to_owned).into());
}

#[tokio::test]
async fn devices_and_apps_are_listed_and_ended_sqlite() {
    devices_and_apps_are_listed_and_ended(Kind::Sqlite).await;
}

#[tokio::test]
async fn devices_and_apps_are_listed_and_ended_postgres() {
    devices_and_apps_are_listed_and_ended(Kind::Postgres).await;
}

#[tokio::test]
async fn w16_nobody_ends_what_is_another_persons() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let browser = gateway.signed_in().await;
    let tokens = gateway.device(&browser).await;
    let id = gateway.connected().await.remove(0).id;
    gateway.app.person("ines", Role::None).await;
    let stranger = gateway.app.browser();
    stranger.sign_in("ines").await;
    let action = format!("/account/grants/{id}/end");
    let tried = stranger.submit("/account", &action, &[]).await;
    assert_eq!(tried.status, StatusCode::SEE_OTHER);
    let person = format!("/admin/users/{}", gateway.maya.id);
    let grants = format!("{person}/grants");
    let tried = stranger.submit("/account", &grants, &[("grant", &id.to_string())]).await;
    assert!(tried.status.is_client_error(), "{}", tried.status);
    let forged = browser.post(&action, &[]).await;
    assert!(forged.status.is_client_error(), "W-01: {}", forged.status);
    for role in [Role::Auditor, Role::Helpdesk] {
        let name = role.as_str();
        gateway.app.person(name, role).await;
        let admin = gateway.app.browser();
        admin.sign_in(name).await;
        let page = admin.get(&person).await.text;
        assert!(page.contains("Connected apps") && page.contains("A device at 127.0.0.1"), "{name}");
        assert_eq!(page.contains(&grants), role == Role::Helpdesk, "{name}: the button");
        let refresh = gateway.connected().await.len();
        assert_eq!(refresh, 1, "nobody ended it yet");
        let done = admin.submit("/account", &grants, &[("grant", &id.to_string())]).await;
        let expected = if role == Role::Helpdesk { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(done.status, expected, "{name}");
    }
    assert_eq!(gateway.refresh(&text(&tokens, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    assert!(gateway.connected().await.is_empty());
}

#[tokio::test]
async fn o10_revoking_ends_what_hangs_on_no_consent_and_no_session() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let browser = gateway.signed_in().await;
    let tokens = gateway.device(&browser).await;
    let app = apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
    // A first-party app: nobody was asked, so that there is no consent to take back.
    let revoke = async || {
        let caller = system();
        consents::revoke_for(&gateway.app.ctx, &caller, gateway.maya.id, app.id).await.expect("answers")
    };
    assert!(revoke().await.is_some());
    assert_eq!(gateway.refresh(&text(&tokens, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    assert!(revoke().await.is_none(), "nothing is left");
    assert_eq!(gateway.events(EventType::OauthConsentRevoke).await.len(), 1);
}
