//! O-42 as a table: every way to get or use a token, against every state of person, app, consent and session. Each cell is tried
//! on a gateway of its own, beside the twin in which nothing happened. The client is a third party's, so that consent counts.

use super::{Gateway, consent::answer, json, query, text};
use crate::support::{
    app::{Browser, PASSWORD, Page, TestApp, oidc_settings, system},
    client_key::{ClientKey, ath},
    database::Kind,
};
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use gatehouse::{
    domain::{
        app::AppDraft,
        connection::{OidcConnection, RefreshTokenRotation},
        user::UserState,
    },
    service,
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};
use serde_json::json as value;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What becomes of person, app, consent or session.
type Change = for<'a> fn(&'a Gateway, &'a Browser) -> BoxFuture<'a, ()>;

/// What still is: tokens of the person, the client, and a sign-on in the same browser.
#[derive(Clone, Copy)]
struct Good {
    tokens: bool,
    client: bool,
    sign_on: bool,
}

const ALL: Good = Good { tokens: true, client: true, sign_on: true };
/// What was given is gone; the browser’s session and the client go on.
const TOKENS_END: Good = Good { tokens: false, ..ALL };
/// Nothing of the person is left.
const PERSON_OUT: Good = Good { sign_on: false, ..TOKENS_END };
const CLIENT_OUT: Good = Good { client: false, ..PERSON_OUT };

fn set_state(gateway: &Gateway, state: UserState) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        service::users::set_state(&gateway.app.ctx, &system(), gateway.maya.id, state).await.expect("set");
    })
}

/// The states: name, how it comes about, what is still good.
const STATES: [(&str, Change, Good); 14] = [
    ("as it was", |_, _| Box::pin(async {}), ALL),
    ("suspended", |g, _| set_state(g, UserState::Suspended), PERSON_OUT),
    ("staged", |g, _| set_state(g, UserState::Staged), PERSON_OUT),
    (
        "password set by an admin",
        |g, _| {
            Box::pin(async move {
                let new = "a quite different phrase".to_owned();
                service::users::set_password(&g.app.ctx, &system(), g.maya.id, new).await.expect("set");
            })
        },
        PERSON_OUT,
    ),
    (
        "sessions ended",
        |g, _| {
            Box::pin(async move {
                service::users::end_sessions(&g.app.ctx, &system(), g.maya.id).await.expect("ended");
            })
        },
        PERSON_OUT,
    ),
    (
        "out of the group",
        |g, _| {
            Box::pin(async move {
                let group = service::groups::all(&g.app.ctx, &system()).await.expect("groups").remove(0);
                service::groups::set_member(&g.app.ctx, &system(), group.id, g.maya.id, false)
                    .await
                    .expect("out");
            })
        },
        PERSON_OUT,
    ),
    (
        "group gone",
        |g, _| {
            Box::pin(async move {
                let group = service::groups::all(&g.app.ctx, &system()).await.expect("groups").remove(0);
                service::groups::delete(&g.app.ctx, &system(), group.id).await.expect("gone");
            })
        },
        PERSON_OUT,
    ),
    (
        "app paused",
        |g, _| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                let draft = AppDraft { active: false, ..AppDraft::of(&app) };
                let version = app.version;
                service::apps::update(&g.app.ctx, &system(), app, version, draft).await.expect("paused");
            })
        },
        CLIENT_OUT,
    ),
    (
        "app gone",
        |g, _| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                service::apps::delete(&g.app.ctx, &system(), app).await.expect("gone");
            })
        },
        CLIENT_OUT,
    ),
    (
        "account gone",
        |g, _| {
            Box::pin(async move {
                service::users::delete(&g.app.ctx, &system(), g.maya.id).await.expect("gone");
            })
        },
        PERSON_OUT,
    ),
    (
        "password changed by the person",
        |_, browser| {
            Box::pin(async move {
                let fields = [("current_password", PASSWORD), ("new_password", "a quite different phrase")];
                let done = browser.submit("/account", "/account", &fields).await;
                assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
            })
        },
        TOKENS_END,
    ),
    (
        "signed out",
        |_, browser| {
            Box::pin(async move {
                browser.submit("/logout", "/logout", &[]).await;
            })
        },
        PERSON_OUT,
    ),
    (
        "consent revoked by the person",
        |g, browser| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                let done = browser.submit("/account", &format!("/account/apps/{}/revoke", app.id), &[]).await;
                assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
            })
        },
        PERSON_OUT,
    ),
    (
        "consent revoked by an admin",
        |g, _| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                service::consents::revoke_for(&g.app.ctx, &system(), g.maya.id, app.id)
                    .await
                    .expect("revoked");
            })
        },
        PERSON_OUT,
    ),
];

impl Gateway {
    async fn form(&self, path: &str, fields: &[(&str, &str)], proof: Option<&str>) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let basic = self.basic();
        let mut headers = vec![FORM, ("authorization", basic.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        self.app.browser().send(Method::POST, path, &headers, &body).await
    }

    fn proof_of(&self, key: &ClientKey, method: &str, path: &str, more: &serde_json::Value) -> String {
        key.proof(method, &format!("{}{path}", self.app.url), self.app.ctx.now(), more)
    }

    /// A code of the browser, after the question of the first time.
    async fn allowed_code(&self, browser: &Browser) -> String {
        let mut page = browser.get(&self.authorize(&[("scope", "openid groups offline_access")])).await;
        if page.location().starts_with("/login/consent") {
            page = answer(browser, page.location(), "allow").await;
        }
        query(page.location())["code"].clone()
    }
}

async fn o42_every_grant_looks_at_every_state(kind: Kind, refresh_token_rotation: RefreshTokenRotation) {
    for (state, change, good) in STATES {
        let settings = OidcConnection {
            grant_types: GrantType::ALL.to_vec(),
            scopes: ["openid", "groups", "offline_access", "read"].map(str::to_owned).to_vec(),
            first_party: false,
            refresh_token_rotation,
            ..oidc_settings()
        };
        let gateway = Gateway::with(TestApp::on(kind).await, settings).await;
        let browser = gateway.signed_in().await;
        let tokens = json(&gateway.redeem(&gateway.allowed_code(&browser).await).await);
        let key = ClientKey::new();
        let proven = || gateway.proof_of(&key, "POST", "/oauth2/token", &value!({}));
        let code = gateway.allowed_code(&browser).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", super::REDIRECT),
            ("code_verifier", super::VERIFIER),
        ];
        let bound = json(&gateway.form("/oauth2/token", &fields, Some(&proven())).await);
        let pending = gateway.allowed_code(&browser).await;
        let begin = [("scope", "openid offline_access")];
        let codes = json(&gateway.form("/oauth2/device_authorization", &begin, None).await);
        super::devices::say(&browser, &text(&codes, "user_code"), "yes").await;
        let own = json(&gateway.form("/oauth2/token", &[("grant_type", "client_credentials")], None).await);
        if refresh_token_rotation == RefreshTokenRotation::Never {
            assert_eq!(gateway.refresh(&text(&tokens, "refresh_token")).await.status, StatusCode::OK);
        }

        change(&gateway, &browser).await;
        gateway.app.ctx.clock.advance(TimeDelta::seconds(1));

        let ok = |page: &Page, good: bool, what: &str| {
            assert!(page.status.as_u16() < 500, "{state}: {what}: {}", page.text);
            assert_eq!(page.status.is_success(), good, "{state}: {what}: {} {}", page.status, page.text);
        };
        let active = async |token: &str| {
            let told = gateway.introspected(token).await;
            told.status.is_success() && json(&told)["active"] == true
        };
        for (tokens, what) in [(&tokens, "bearer"), (&bound, "bound")] {
            for name in ["access_token", "refresh_token"] {
                assert_eq!(active(&text(tokens, name)).await, good.tokens, "{state}: {what} {name}");
            }
        }
        ok(&gateway.userinfo(&text(&tokens, "access_token")).await, good.tokens, "userinfo");
        let access = text(&bound, "access_token");
        let proof = gateway.proof_of(&key, "GET", "/oauth2/userinfo", &ath(&access));
        let dpop = format!("DPoP {access}");
        let headers = [("authorization", dpop.as_str()), ("dpop", proof.as_str())];
        let page = gateway.app.browser().send(Method::GET, "/oauth2/userinfo", &headers, "").await;
        ok(&page, good.tokens, "userinfo with a proof");
        let device =
            [("grant_type", GrantType::DeviceCode.as_str()), ("device_code", &*text(&codes, "device_code"))];
        ok(&gateway.form("/oauth2/token", &device, None).await, good.tokens, "device_code");
        // One that stays was used before, and is used twice.
        for _ in 0..if refresh_token_rotation == RefreshTokenRotation::Never { 2 } else { 1 } {
            ok(&gateway.refresh(&text(&tokens, "refresh_token")).await, good.tokens, "refresh_token");
        }
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*text(&bound, "refresh_token"))];
        let refreshed = gateway.form("/oauth2/token", &refresh, Some(&proven())).await;
        ok(&refreshed, good.tokens, "refresh_token with a proof");
        ok(&gateway.redeem(&pending).await, good.tokens, "authorization_code");
        for proof in [None, Some(proven())] {
            let grant = [("grant_type", "client_credentials")];
            let service = gateway.form("/oauth2/token", &grant, proof.as_deref()).await;
            ok(&service, good.client, "client_credentials");
        }
        assert_eq!(active(&text(&own, "access_token")).await, good.client, "{state}: a service’s own token");
        let fresh = browser.get(&gateway.authorize(&[("prompt", "none"), ("scope", "openid")])).await;
        let answered =
            url::Url::parse(fresh.location()).is_ok_and(|url| url.query_pairs().any(|(n, _)| n == "code"));
        assert_eq!(answered, good.sign_on, "{state}: authorize: {}", fresh.location());
    }
}

#[tokio::test]
async fn o42_every_grant_looks_at_every_state_sqlite() {
    o42_every_grant_looks_at_every_state(Kind::Sqlite, RefreshTokenRotation::EveryUse).await;
}

#[tokio::test]
async fn o42_every_grant_looks_at_every_state_postgres() {
    o42_every_grant_looks_at_every_state(Kind::Postgres, RefreshTokenRotation::EveryUse).await;
}

/// On one database: what it writes is tried on both in `rotation`.
#[tokio::test]
async fn o42_a_token_that_stays_looks_at_every_state() {
    o42_every_grant_looks_at_every_state(Kind::Sqlite, RefreshTokenRotation::Never).await;
}
