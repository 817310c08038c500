//! O-42 as a table: every way to get or use a token, against every state of person, app and session. Each cell is tried on a
//! gateway of its own, beside the twin in which nothing happened.

use super::{Gateway, json, text};
use crate::support::app::{TestApp, oidc_settings, system};
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use gatehouse::{
    domain::{app::AppDraft, connection::OidcConnection, user::UserState},
    service,
};
use oidc::GrantType;
use reqwest::Method;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What becomes of person, app or session.
type Change = fn(&Gateway) -> BoxFuture<'_, ()>;

fn set_state(gateway: &Gateway, state: UserState) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        service::users::set_state(&gateway.app.ctx, &system(), gateway.maya.id, state).await.expect("set");
    })
}

/// The states: name, how it comes about, whether tokens of people are still good, whether the client still is.
const STATES: [(&str, Change, bool, bool); 10] = [
    ("as it was", |_| Box::pin(async {}), true, true),
    ("suspended", |g| set_state(g, UserState::Suspended), false, true),
    ("staged", |g| set_state(g, UserState::Staged), false, true),
    (
        "password set by an admin",
        |g| {
            Box::pin(async move {
                let new = "a quite different phrase".to_owned();
                service::users::set_password(&g.app.ctx, &system(), g.maya.id, new).await.expect("set");
            })
        },
        false,
        true,
    ),
    (
        "sessions ended",
        |g| {
            Box::pin(async move {
                service::users::end_sessions(&g.app.ctx, &system(), g.maya.id).await.expect("ended");
            })
        },
        false,
        true,
    ),
    (
        "out of the group",
        |g| {
            Box::pin(async move {
                let group = service::groups::all(&g.app.ctx, &system()).await.expect("groups").remove(0);
                service::groups::set_member(&g.app.ctx, &system(), group.id, g.maya.id, false)
                    .await
                    .expect("out");
            })
        },
        false,
        true,
    ),
    (
        "group gone",
        |g| {
            Box::pin(async move {
                let group = service::groups::all(&g.app.ctx, &system()).await.expect("groups").remove(0);
                service::groups::delete(&g.app.ctx, &system(), group.id).await.expect("gone");
            })
        },
        false,
        true,
    ),
    (
        "app paused",
        |g| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                let draft = AppDraft { active: false, ..AppDraft::of(&app) };
                let version = app.version;
                service::apps::update(&g.app.ctx, &system(), app, version, draft).await.expect("paused");
            })
        },
        false,
        false,
    ),
    (
        "app gone",
        |g| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                service::apps::delete(&g.app.ctx, &system(), app).await.expect("gone");
            })
        },
        false,
        false,
    ),
    (
        "account gone",
        |g| {
            Box::pin(async move {
                service::users::delete(&g.app.ctx, &system(), g.maya.id).await.expect("gone");
            })
        },
        false,
        true,
    ),
];

impl Gateway {
    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> crate::support::app::Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let basic = self.basic();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
        self.app.browser().send(Method::POST, path, &headers, &body).await
    }
}

#[tokio::test]
async fn o42_every_grant_looks_at_every_state() {
    for (state, change, person_good, client_good) in STATES {
        let settings = OidcConnection {
            grant_types: GrantType::ALL.to_vec(),
            scopes: ["openid", "groups", "read"].map(str::to_owned).to_vec(),
            ..oidc_settings()
        };
        let gateway = Gateway::with(TestApp::new().await, settings).await;
        let browser = gateway.signed_in().await;
        let code_of = async || {
            let page = browser.get(&gateway.authorize(&[("scope", "openid groups")])).await;
            super::query(page.location())["code"].clone()
        };
        let tokens = json(&gateway.redeem(&code_of().await).await);
        let pending = code_of().await;
        let codes = json(&gateway.form("/oauth2/device_authorization", &[("scope", "openid")]).await);
        let question =
            browser.submit("/device", "/device", &[("user_code", &text(&codes, "user_code"))]).await;
        let csrf = question.field("csrf").expect("a question");
        let code = text(&codes, "user_code");
        browser.post("/device/answer", &[("csrf", &csrf), ("user_code", &code), ("answer", "yes")]).await;
        let own = json(&gateway.form("/oauth2/token", &[("grant_type", "client_credentials")]).await);

        change(&gateway).await;
        gateway.app.ctx.clock.advance(TimeDelta::seconds(1));

        let access = text(&tokens, "access_token");
        let ok = |page: &crate::support::app::Page, good: bool, what: &str| {
            assert!(page.status.as_u16() < 500, "{state}: {what}: {}", page.text);
            assert_eq!(page.status.is_success(), good, "{state}: {what}: {} {}", page.status, page.text);
        };
        ok(&gateway.userinfo(&access).await, person_good, "userinfo");
        let told = gateway.introspected(&access).await;
        let active = told.status.is_success() && json(&told)["active"] == true;
        assert_eq!(active, person_good, "{state}: introspection: {}", told.text);
        let device = [("grant_type", DEVICE), ("device_code", &*text(&codes, "device_code"))];
        ok(&gateway.form("/oauth2/token", &device).await, person_good, "device_code");
        ok(&gateway.refresh(&text(&tokens, "refresh_token")).await, person_good, "refresh_token");
        ok(&gateway.redeem(&pending).await, person_good, "authorization_code");
        let service = gateway.form("/oauth2/token", &[("grant_type", "client_credentials")]).await;
        ok(&service, client_good, "client_credentials");
        let told = gateway.introspected(&text(&own, "access_token")).await;
        let active = told.status.is_success() && json(&told)["active"] == true;
        assert_eq!(active, client_good, "{state}: a service’s own token: {}", told.text);
        let fresh = browser.get(&gateway.authorize(&[("prompt", "none"), ("scope", "openid")])).await;
        let answered =
            url::Url::parse(fresh.location()).is_ok_and(|url| url.query_pairs().any(|(n, _)| n == "code"));
        assert_eq!(answered, person_good, "{state}: authorize: {}", fresh.location());
    }
}
