//! O-10: a grant is worth no more than its client's registration and its person's consent allow at its next use.

use super::{Gateway, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    database::Kind,
};
use gatehouse::{
    domain::{
        app::AppDraft,
        audit::{AuditEvent, EventType},
        connection::{AccessTokenFormat, Connection, OidcConnection},
    },
    service::{self, audit},
    store::{audit::AuditFilter, page::PageRequest},
};
use oidc::GrantType;
use reqwest::StatusCode;
use serde_json::Value;

const ONE: &str = "https://one.fernhill.example/";
const TWO: &str = "https://two.fernhill.example/";
const OFFLINE: &str = "openid email groups offline_access";

fn settings() -> OidcConnection {
    OidcConnection {
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode],
        scopes: OFFLINE.split(' ').map(str::to_owned).collect(),
        resources: vec![ONE.into(), TWO.into()],
        ..oidc_settings()
    }
}

impl Gateway {
    /// Changes the settings of the client.
    pub(super) async fn reregister(&self, change: impl FnOnce(&mut OidcConnection)) {
        let app = service::apps::find(&self.app.ctx, &system(), "metrics").await.expect("the app");
        let mut settings = app.connection.oidc().expect("OIDC").clone();
        change(&mut settings);
        let draft = AppDraft { connection: Connection::Oidc(Box::new(settings)), ..AppDraft::of(&app) };
        let version = app.version;
        service::apps::update(&self.app.ctx, &system(), app, version, draft).await.expect("saved");
    }

    pub(super) async fn events(&self, event_type: EventType) -> Vec<AuditEvent> {
        let (caller, filter) = (system(), AuditFilter::default());
        let all = audit::list(&self.app.ctx, &caller, &filter, PageRequest::first(200)).await;
        all.expect("events").items.into_iter().filter(|event| event.event_type == event_type).collect()
    }
}

/// What a use of a grant comes to: its scope, or the error.
fn came(page: &Page) -> String {
    let body = json(page);
    let scope = body["scope"].as_str().map(str::to_owned);
    let refresh = if body["refresh_token"].is_string() { " +refresh" } else { "" };
    match scope {
        Some(scope) if page.status.is_success() => format!("{scope}{refresh}"),
        _ => format!("{} {}", page.status.as_u16(), body["error"].as_str().unwrap_or_default()),
    }
}

async fn scope_of_active(gateway: &Gateway, token: &str) -> String {
    let told = json(&gateway.introspected(token).await);
    if told["active"] == true { text(&told, "scope") } else { "inactive".into() }
}

type Change = fn(&mut OidcConnection);

/// A change, and what is left: userinfo, access token, refresh token, refresh, code; and the cause of the refusal.
type Row = (&'static str, Change, [&'static str; 5], Option<&'static str>);

const GONE: &str = "400 invalid_grant";
const NO_TOKEN: &str = "401 invalid_token";

const ROWS: [Row; 6] = [
    (
        "as it was",
        |_| (),
        [
            "sub email groups",
            OFFLINE,
            OFFLINE,
            "openid email groups offline_access +refresh",
            "openid email groups offline_access +refresh",
        ],
        None,
    ),
    (
        "a scope went",
        |oidc| oidc.scopes.retain(|scope| scope != "email"),
        [
            "sub groups",
            "openid groups offline_access",
            "openid groups offline_access",
            "openid groups offline_access +refresh",
            "openid groups offline_access +refresh",
        ],
        None,
    ),
    (
        "offline access went",
        |oidc| oidc.scopes.retain(|scope| scope != "offline_access"),
        ["sub email groups", "openid email groups", "inactive", GONE, "openid email groups"],
        Some("offline_removed"),
    ),
    (
        "refresh tokens went",
        |oidc| oidc.set_grant(GrantType::RefreshToken, false),
        ["sub email groups", OFFLINE, "inactive", "400 unauthorized_client", OFFLINE],
        Some("unauthorized_client"),
    ),
    (
        "the code grant went",
        |oidc| oidc.set_grant(GrantType::AuthorizationCode, false),
        [NO_TOKEN, "inactive", "inactive", GONE, "400 unauthorized_client"],
        Some("grant_type_removed"),
    ),
    (
        "it is somebody else’s now",
        |oidc| oidc.first_party = false,
        [NO_TOKEN, "inactive", "inactive", GONE, GONE],
        Some("consent_missing"),
    ),
];

async fn o10_registration_counts_at_the_next_use(kind: Kind) {
    for (name, change, [info, access, refresh, refreshed, redeemed], cause) in ROWS {
        let gateway = Gateway::with(TestApp::on(kind).await, settings()).await;
        let browser = gateway.signed_in().await;
        let code = async || {
            let page = browser.get(&gateway.authorize(&[("scope", OFFLINE)])).await;
            super::query(page.location())["code"].clone()
        };
        let tokens = json(&gateway.redeem(&code().await).await);
        let pending = code().await;
        let (one, two) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        gateway.reregister(change).await;
        assert_eq!(told(&gateway.userinfo(&one).await), info, "{name}: userinfo");
        assert_eq!(scope_of_active(&gateway, &one).await, access, "{name}: the access token");
        assert_eq!(scope_of_active(&gateway, &two).await, refresh, "{name}: the refresh token");
        assert_eq!(came(&gateway.refresh(&two).await), refreshed, "{name}: refresh");
        let last = gateway.events(EventType::OauthTokenRefuse).await.into_iter().next();
        assert_eq!(last.as_ref().and_then(|event| event.error_code.as_deref()), cause, "{name}");
        let words = last.and_then(|event| event.error_message).unwrap_or_default();
        assert_eq!(words.is_empty(), cause.is_none(), "{name}: {words}");
        assert_eq!(came(&gateway.redeem(&pending).await), redeemed, "{name}: code");
    }
}

/// The claims beside those that come with profile, or the error.
fn told(page: &Page) -> String {
    let body = json(page);
    if !page.status.is_success() {
        return format!("{} {}", page.status.as_u16(), text(&body, "error"));
    }
    ["sub", "email", "groups"]
        .into_iter()
        .filter(|name| body.get(name).is_some())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn o10_registration_counts_at_the_next_use_sqlite() {
    o10_registration_counts_at_the_next_use(Kind::Sqlite).await;
}

#[tokio::test]
async fn o10_registration_counts_at_the_next_use_postgres() {
    o10_registration_counts_at_the_next_use(Kind::Postgres).await;
}

#[tokio::test]
async fn o10_what_was_narrowed_is_wide_again_when_the_client_is() {
    let gateway = Gateway::with(TestApp::new().await, settings()).await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    gateway.reregister(|oidc| oidc.scopes.retain(|scope| scope != "email")).await;
    let renewed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    assert_eq!(renewed["scope"], "openid groups");
    gateway.reregister(|oidc| oidc.scopes.push("email".into())).await;
    let again = json(&gateway.refresh(&text(&renewed, "refresh_token")).await);
    assert_eq!(again["scope"], "openid email groups", "what the person granted");
    assert_eq!(json(&gateway.userinfo(&text(&renewed, "access_token")).await).get("email"), None);
    let gone = [("grant_type", "refresh_token"), ("refresh_token", &*text(&again, "refresh_token"))];
    gateway.reregister(|oidc| oidc.scopes.retain(|scope| scope != "email")).await;
    let only = gateway.token(&[gone.as_slice(), &[("scope", "email")]].concat()).await;
    assert_eq!(came(&only), "400 invalid_scope", "nothing is left of what it asks for");
    assert_eq!(gateway.token(&gone).await.status, StatusCode::OK, "and nothing was spent by asking");
}

#[tokio::test]
async fn o10_a_sign_in_without_openid_is_none() {
    let device = OidcConnection {
        scopes: vec!["openid".into(), "email".into()],
        first_party: true,
        ..super::devices::settings()
    };
    let gateway = Gateway::with(TestApp::new().await, device).await;
    let browser = gateway.signed_in().await;
    let codes = gateway.begin_device().await;
    super::devices::say(&browser, &text(&codes, "user_code"), "yes").await;
    gateway.reregister(|oidc| oidc.scopes.retain(|scope| scope != "openid")).await;
    assert_eq!(came(&gateway.poll(&codes).await), GONE);
    let last = gateway.events(EventType::OauthTokenRefuse).await.remove(0);
    assert_eq!(last.error_code.as_deref(), Some("scope_removed"));
    gateway.reregister(|oidc| oidc.scopes.push("openid".into())).await;
    assert_eq!(gateway.poll(&codes).await.status, StatusCode::OK, "the valid twin");
}

#[tokio::test]
async fn o36_a_resource_that_went_is_in_no_token() {
    for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
        let settings = OidcConnection { access_token_format: format, ..settings() };
        let gateway = Gateway::with(TestApp::new().await, settings).await;
        let browser = gateway.signed_in().await;
        let code = async || {
            let address = format!("{}&resource={TWO}", gateway.authorize(&[("resource", ONE)]));
            super::query(browser.get(&address).await.location())["code"].clone()
        };
        let tokens = json(&gateway.redeem(&code().await).await);
        let pending = code().await;
        let access = text(&tokens, "access_token");
        let audience = async || json(&gateway.introspected(&access).await)["aud"].clone();
        assert_eq!(audience().await, serde_json::json!([ONE, TWO]));
        gateway.reregister(|oidc| oidc.resources.retain(|resource| resource != ONE)).await;
        assert_eq!(audience().await, TWO);
        let renewed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
        assert_eq!(json(&gateway.introspected(&text(&renewed, "access_token")).await)["aud"], TWO);
        gateway.reregister(|oidc| oidc.resources.clear()).await;
        assert_eq!(json(&gateway.introspected(&access).await)["active"], false);
        // Not even a token for the issuer: nobody granted one.
        let refused = gateway.refresh(&text(&renewed, "refresh_token")).await;
        assert_eq!(came(&refused), "400 invalid_target");
        assert_eq!(came(&gateway.redeem(&pending).await), "400 invalid_target");
    }
}

#[tokio::test]
async fn o10_tokens_of_a_service_shrink_with_its_registration() {
    let service = OidcConnection {
        grant_types: vec![GrantType::ClientCredentials],
        scopes: vec!["read".into(), "write".into()],
        resources: vec![ONE.into(), TWO.into()],
        ..oidc_settings()
    };
    let gateway = Gateway::with(TestApp::new().await, service).await;
    let fields = [("grant_type", "client_credentials"), ("resource", ONE), ("resource", TWO)];
    let access = text(&json(&gateway.token(&fields).await), "access_token");
    let told = async || -> Value { json(&gateway.introspected(&access).await) };
    assert_eq!(
        (&told().await["scope"], &told().await["aud"]),
        (&"read write".into(), &serde_json::json!([ONE, TWO]))
    );
    gateway.reregister(|oidc| (oidc.scopes, oidc.resources) = (vec!["read".into()], vec![TWO.into()])).await;
    assert_eq!((&told().await["scope"], &told().await["aud"]), (&"read".into(), &TWO.into()));
    gateway.reregister(|oidc| oidc.resources.clear()).await;
    assert_eq!(told().await["active"], false, "for nobody is not for the issuer");
    gateway.reregister(|oidc| oidc.resources.push(ONE.into())).await;
    assert_eq!(told().await["active"], true);
    gateway.reregister(|oidc| oidc.scopes = vec!["admin".into()]).await;
    assert_eq!(told().await["active"], false, "nothing is left of its scope");
}
