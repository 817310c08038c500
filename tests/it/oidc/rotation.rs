//! O-09 for clients whose refresh tokens stay the same (FAPI 2.0 §5.3.2.1): what such a token is worth, what still ends it, and
//! changing over with tokens that are out.

use super::{Gateway, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    client_key::ClientKey,
    database::Kind,
};
use chrono::TimeDelta;
use futures_util::future::join_all;
use gatehouse::{
    domain::{
        audit::EventType,
        connection::{ClientAuth, OidcConnection, RefreshTokenRotation},
        user::Role,
    },
    service::{self, grants},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as value};

fn kept() -> OidcConnection {
    OidcConnection { refresh_token_rotation: RefreshTokenRotation::Never, ..oidc_settings() }
}

impl Gateway {
    /// What a refresh is answered with, and which token it names.
    async fn renewed(&self, token: &str) -> (Value, String) {
        let page = self.refresh(token).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let tokens = json(&page);
        let refresh = text(&tokens, "refresh_token");
        (tokens, refresh)
    }

    async fn is_over(&self, token: &str, why: &str) {
        let page = self.refresh(token).await;
        assert_eq!(
            (page.status, &json(&page)["error"]),
            (StatusCode::BAD_REQUEST, &"invalid_grant".into()),
            "{why}"
        );
    }

    fn passes(&self, time: TimeDelta) {
        self.app.ctx.clock.advance(time);
    }

    async fn rotates(&self, rotation: RefreshTokenRotation) {
        self.reregister(|settings| settings.refresh_token_rotation = rotation).await;
    }
}

async fn o09_a_token_that_stays_is_good_again(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, kept()).await;
    let browser = gateway.signed_in().await;
    let first = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let token = text(&first, "refresh_token");
    gateway.passes(TimeDelta::minutes(10));
    let (second, same) = gateway.renewed(&token).await;
    assert_eq!(same, token, "RFC 6749 §6: no new one");
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!((&second["scope"], &second["token_type"]), (&first["scope"], &first["token_type"]));
    assert!(second["id_token"].is_string());
    for tokens in [&first, &second] {
        assert_eq!(gateway.userinfo(&text(tokens, "access_token")).await.status, StatusCode::OK);
    }

    // Any number at once: none is a thief, and each is told.
    let issued = gateway.events(EventType::OauthTokenIssue).await.len();
    let all = join_all((0..12).map(|_| gateway.renewed(&token))).await;
    assert!(all.iter().all(|(_, same)| *same == token));
    assert_eq!(gateway.events(EventType::OauthTokenIssue).await.len(), issued + 12);
    assert!(gateway.events(EventType::OauthTokenRevoke).await.is_empty());

    // What is told of the person is as it is now.
    let group = service::groups::all(&gateway.app.ctx, &system()).await.expect("groups").remove(0);
    let draft = gatehouse::domain::group::GroupDraft { name: "Sales".into(), description: String::new() };
    let (ctx, version) = (&gateway.app.ctx, group.version);
    service::groups::update(ctx, &system(), group.id, version, draft).await.expect("renamed");
    let (third, _) = gateway.renewed(&token).await;
    let told = json(&gateway.userinfo(&text(&third, "access_token")).await);
    assert_eq!(told["groups"], value!(["Sales"]));

    // When it was last used stays known after its access tokens are gone.
    let used = gateway.app.ctx.now();
    gateway.passes(TimeDelta::hours(30));
    service::housekeeping::purge(&gateway.app.ctx).await.expect("purged");
    let connected = grants::of_user(&gateway.app.ctx, gateway.maya.id).await.expect("a list");
    assert_eq!((connected.len(), connected[0].used_at), (1, Some(used)));
}

#[tokio::test]
async fn o09_a_token_that_stays_is_good_again_sqlite() {
    o09_a_token_that_stays_is_good_again(Kind::Sqlite).await;
}

#[tokio::test]
async fn o09_a_token_that_stays_is_good_again_postgres() {
    o09_a_token_that_stays_is_good_again(Kind::Postgres).await;
}

/// O-11: each use moves the idle limit, never the absolute one.
async fn o11_a_token_that_stays_ends_when_idle_and_absolutely(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, kept()).await;
    let browser = gateway.signed_in().await;
    let token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let ends = async || json(&gateway.introspected(&token).await)["exp"].as_i64();
    let begun = gateway.app.ctx.now();
    let after = |days| Some((begun + TimeDelta::days(days)).timestamp());
    assert_eq!(ends().await, after(14));
    for turn in 1..=6 {
        gateway.passes(TimeDelta::days(13));
        gateway.renewed(&token).await;
        assert_eq!(ends().await, after((turn * 13 + 14).min(90)), "turn {turn}");
        service::housekeeping::purge(&gateway.app.ctx).await.expect("purged");
    }
    let told = json(&gateway.introspected(&token).await);
    assert!(
        told["active"] == true && told["iat"].is_null(),
        "RFC 7662 §2.2: when it was originally issued: {told}"
    );
    gateway.passes(TimeDelta::days(13));
    gateway.is_over(&token, "91 days after sign-in").await;

    let token =
        text(&json(&gateway.redeem(&gateway.code(&gateway.signed_in().await).await).await), "refresh_token");
    gateway.passes(TimeDelta::days(13));
    gateway.renewed(&token).await;
    gateway.passes(TimeDelta::days(14));
    gateway.is_over(&token, "14 days unused").await;
}

#[tokio::test]
async fn o11_a_token_that_stays_ends_when_idle_and_absolutely_sqlite() {
    o11_a_token_that_stays_ends_when_idle_and_absolutely(Kind::Sqlite).await;
}

#[tokio::test]
async fn o11_a_token_that_stays_ends_when_idle_and_absolutely_postgres() {
    o11_a_token_that_stays_ends_when_idle_and_absolutely(Kind::Postgres).await;
}

/// Changing over: what was exchanged before shows a theft as before, and what stayed is exchanged at its next use.
async fn o09_a_client_changes_over_and_back(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let begin = async || text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let (first, other) = (begin().await, begin().await);
    let (_, second) = gateway.renewed(&first).await;
    assert_ne!(second, first);

    gateway.rotates(RefreshTokenRotation::Never).await;
    for _ in 0..3 {
        assert_eq!(gateway.renewed(&second).await.1, second);
    }
    assert_eq!(gateway.renewed(&other).await.1, other);
    let (last, _) = gateway.renewed(&second).await;
    gateway.is_over(&first, "it was exchanged before").await;
    gateway.is_over(&second, "and its coming back ends the family").await;
    let access = text(&last, "access_token");
    assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gateway.events(EventType::OauthTokenRevoke).await.len(), 1);

    gateway.rotates(RefreshTokenRotation::EveryUse).await;
    let (_, next) = gateway.renewed(&other).await;
    assert_ne!(next, other, "exchanged again");
    gateway.renewed(&next).await;
    gateway.is_over(&other, "from now on that is a theft").await;
    gateway.is_over(&next, "the family is over").await;
    assert_eq!(gateway.events(EventType::OauthTokenRevoke).await.len(), 2);
}

#[tokio::test]
async fn o09_a_client_changes_over_and_back_sqlite() {
    o09_a_client_changes_over_and_back(Kind::Sqlite).await;
}

#[tokio::test]
async fn o09_a_client_changes_over_and_back_postgres() {
    o09_a_client_changes_over_and_back(Kind::Postgres).await;
}

/// What ends a family ends a token that stays: the client, a code that comes back, the loss of the grant.
#[tokio::test]
async fn o09_what_ends_a_family_ends_a_token_that_stays() {
    let gateway = Gateway::with(TestApp::new().await, kept()).await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    let token = text(&json(&gateway.redeem(&code).await), "refresh_token");
    gateway.renewed(&token).await;
    assert_eq!(gateway.redeem(&code).await.status, StatusCode::BAD_REQUEST, "O-06");
    gateway.is_over(&token, "its code came back").await;

    let token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let (tokens, _) = gateway.renewed(&token).await;
    let (body, basic) = (format!("token={token}"), gateway.basic());
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("authorization", basic.as_str())];
    let revoked = gateway.app.browser().send(Method::POST, "/oauth2/revoke", &headers, &body).await;
    assert_eq!(revoked.status, StatusCode::OK, "RFC 7009");
    gateway.is_over(&token, "revoked").await;
    assert_eq!(gateway.userinfo(&text(&tokens, "access_token")).await.status, StatusCode::UNAUTHORIZED);

    let token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    let grants = |on: bool| move |c: &mut OidcConnection| c.set_grant(oidc::GrantType::RefreshToken, on);
    gateway.reregister(grants(false)).await;
    assert_eq!(
        gateway.refresh(&token).await.status,
        StatusCode::BAD_REQUEST,
        "O-10: not the client’s any more"
    );
    gateway.reregister(grants(true)).await;
    gateway.renewed(&token).await;
}

/// A token request of the public client, with a proof by this key.
async fn by_key(gateway: &Gateway, fields: &[(&str, &str)], key: Option<&ClientKey>) -> Page {
    let app = &gateway.app;
    let nonce = service::oidc::dpop::current_nonce(&app.ctx);
    let address = format!("{}/oauth2/token", app.url);
    let proof = key.map(|key| key.proof("POST", &address, app.ctx.now(), &value!({ "nonce": nonce })));
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
    let fields = fields.iter().chain(&[("client_id", "metrics")]);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await
}

/// RFC 9700 §4.14.2: the token of a public client stays while it is bound to a key. One from before the client had to prove
/// one is exchanged once more, so that a theft of it shows.
#[tokio::test]
async fn o09_a_public_client_keeps_what_is_bound() {
    let public = OidcConnection { client_auth: ClientAuth::None, ..oidc_settings() };
    let gateway = Gateway::with(TestApp::new().await, public).await;
    let code = gateway.code(&gateway.signed_in().await).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", super::REDIRECT),
        ("code_verifier", super::VERIFIER),
    ];
    let bearer = text(&json(&by_key(&gateway, &fields, None).await), "refresh_token");
    gateway
        .reregister(|c| {
            (c.refresh_token_rotation, c.dpop_bound_access_tokens) = (RefreshTokenRotation::Never, true);
        })
        .await;
    let (key, other) = (ClientKey::new(), ClientKey::new());
    let refresh = async |token: &str, key: Option<&ClientKey>| {
        let page = by_key(&gateway, &[("grant_type", "refresh_token"), ("refresh_token", token)], key).await;
        json(&page)["refresh_token"].as_str().map(str::to_owned)
    };
    let bound = refresh(&bearer, Some(&key)).await.expect("exchanged");
    assert_ne!(bound, bearer);
    for _ in 0..2 {
        assert_eq!(refresh(&bound, Some(&key)).await.as_ref(), Some(&bound));
        assert_eq!(refresh(&bound, Some(&other)).await, None, "O-10: by another key");
        assert_eq!(refresh(&bound, None).await, None, "without one");
    }
    assert_eq!(refresh(&bearer, Some(&other)).await, None, "whoever found the first one");
    assert_eq!(refresh(&bound, Some(&key)).await, None, "ends the family");
}

/// The first proof binds a token that stays, for everybody who comes later or at once.
async fn o43_the_first_proof_binds_a_token_that_stays(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, kept()).await;
    let browser = gateway.signed_in().await;
    for _ in 0..4 {
        let token = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
        let keys = [ClientKey::new(), ClientKey::new()];
        let refresh = async |key: Option<&ClientKey>| {
            let address = format!("{}/oauth2/token", gateway.app.url);
            let proof = key.map(|key| key.proof("POST", &address, gateway.app.ctx.now(), &value!({})));
            let basic = gateway.basic();
            let mut headers = vec![
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", basic.as_str()),
            ];
            headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
            let body = format!("grant_type=refresh_token&refresh_token={token}");
            gateway.app.browser().send(Method::POST, "/oauth2/token", &headers, &body).await.status
        };
        let (one, two) = tokio::join!(refresh(Some(&keys[0])), refresh(Some(&keys[1])));
        let (bound, late) = if one == StatusCode::OK { (&keys[0], &keys[1]) } else { (&keys[1], &keys[0]) };
        assert_eq!([one, two].iter().filter(|status| **status == StatusCode::OK).count(), 1, "{one} {two}");
        assert_eq!(refresh(Some(bound)).await, StatusCode::OK);
        assert_eq!(refresh(Some(late)).await, StatusCode::BAD_REQUEST);
        assert_eq!(refresh(None).await, StatusCode::BAD_REQUEST);
        let (one, two) = tokio::join!(refresh(Some(bound)), refresh(Some(bound)));
        assert_eq!((one, two), (StatusCode::OK, StatusCode::OK));
    }
    assert!(gateway.events(EventType::OauthTokenRevoke).await.is_empty());
}

#[tokio::test]
async fn o43_the_first_proof_binds_a_token_that_stays_sqlite() {
    o43_the_first_proof_binds_a_token_that_stays(Kind::Sqlite).await;
}

#[tokio::test]
async fn o43_the_first_proof_binds_a_token_that_stays_postgres() {
    o43_the_first_proof_binds_a_token_that_stays(Kind::Postgres).await;
}

/// RFC 9700 §4.14.2 at each way to save a client.
#[tokio::test]
async fn o09_only_a_client_that_proves_something_may_keep_its_token() {
    const SSO: &str = "/admin/apps/metrics/sso";
    let gateway = Gateway::with(TestApp::new().await, oidc_settings()).await;
    let rotation = async || {
        let app = service::apps::find(&gateway.app.ctx, &system(), "metrics").await.expect("the app");
        app.connection.oidc().expect("OIDC").refresh_token_rotation
    };
    let apply = async |client_auth: &str, bound: bool| {
        let oidc = value!({
            "redirect_uris": [super::REDIRECT], "client_auth": client_auth,
            "dpop_bound_access_tokens": bound, "refresh_token_rotation": "never",
        });
        let body = value!({ "apps": [{ "slug": "metrics", "oidc": oidc }] });
        let path = "/api/v1/organisation/apply";
        gateway.api(Role::Owner, Method::POST, path, &body).await
    };
    let refused = apply("none", false).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("apps[0].oidc.refresh_token_rotation"), "{}", refused.text);
    assert!(refused.text.contains("a secret or key"), "{}", refused.text);
    assert_eq!(rotation().await, RefreshTokenRotation::EveryUse);
    let taken = apply("none", true).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let taken = apply("client_secret_basic", false).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    assert_eq!(rotation().await, RefreshTokenRotation::Never);
    let export = gateway.api(Role::Auditor, Method::GET, "/api/v1/organisation/export", &Value::Null).await;
    assert_eq!(json(&export)["apps"][0]["oidc"]["refresh_token_rotation"], "never");
    let body = value!({ "user": "maya" });
    let simulated = gateway.api(Role::Auditor, Method::POST, "/api/v1/apps/metrics/simulate", &body).await;
    assert!(simulated.text.contains("and keeps it until it ends"), "{}", simulated.text);

    // In the console: the whole form as it is drawn, with one field changed.
    let owner = gateway.app.browser();
    owner.sign_in("tomas").await;
    let form = async |client_auth: &str, rotation: &str, bound: bool| {
        let mut fields = vec![
            ("redirect_uris", super::REDIRECT),
            ("client_auth", client_auth),
            ("id_token_alg", "RS256"),
            ("require_pkce", "on"),
            ("refresh_token", "on"),
            ("more", "on"),
            ("scopes", "openid profile email groups offline_access"),
            ("first_party", "on"),
            ("query", "on"),
            ("access_token_format", "opaque"),
            ("access_token_seconds", "900"),
            ("id_token_seconds", "900"),
            ("refresh_token_rotation", rotation),
            ("refresh_grace_seconds", "0"),
            ("refresh_idle_seconds", "1209600"),
            ("refresh_absolute_seconds", "7776000"),
            ("subject_type", "public"),
        ];
        if bound {
            fields.push(("dpop_bound", "on"));
        }
        owner.submit(SSO, SSO, &fields).await
    };
    let page = owner.get(SSO).await;
    assert!(page.text.contains("<option value=\"never\" selected>"), "as it is stored: {}", page.text);
    let refused = form("none", "never", false).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("id=\"refresh_token_rotation-error\""), "{}", refused.text);
    assert!(refused.text.contains("never changes is only for an app that proves itself"), "{}", refused.text);
    assert!(refused.text.contains("<details class=\"more mt-6\" open>"), "the field is to be seen");
    let unknown = form("client_secret_basic", "sometimes", false).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(form("client_secret_basic", "every_use", false).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rotation().await, RefreshTokenRotation::EveryUse);
    assert_eq!(form("client_secret_basic", "never", false).await.status, StatusCode::SEE_OTHER);
    assert_eq!(rotation().await, RefreshTokenRotation::Never);
    let changed = gateway.events(EventType::ApplicationUpdate).await;
    assert!(changed.iter().any(|event| event.changes.iter().any(|c| c.field == "refresh_token_rotation")));
}
