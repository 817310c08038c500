//! The issuer's keys: published before they sign and after, withdrawn at once in an emergency, the same on every node.

use super::{Gateway, claims, json, text};
use crate::support::{
    app::{Page, TestApp, start, system},
    count_events,
    database::Kind,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::{
    domain::{audit::EventType, key::KeyAlgorithm, user::Role},
    service::{
        issuer_keys::{self, IssuerKey, rotation},
        organisation::api_tokens,
    },
};
use reqwest::{Method, StatusCode};

const RS256: KeyAlgorithm = KeyAlgorithm::Rsa2048;

fn at_day(app: &TestApp, days: i64) -> DateTime<Utc> {
    let now = start() + TimeDelta::days(days);
    app.ctx.clock.advance(now - app.ctx.now());
    now
}

async fn keys(app: &TestApp) -> Vec<IssuerKey> {
    issuer_keys::list(&app.ctx, &system()).await.expect("keys")
}

async fn state(app: &TestApp, alg: &str, state: &str) -> Option<IssuerKey> {
    keys(app).await.into_iter().find(|key| key.alg == alg && key.state == state)
}

async fn jwks(app: &TestApp) -> Vec<String> {
    let page = app.browser().get("/oauth2/jwks").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let set = json(&page);
    let set = set["keys"].as_array().expect("a set");
    for key in set {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{key}");
        }
        assert_eq!(key["use"], "sig");
    }
    set.iter().map(|key| text(key, "kid")).collect()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("base64url");
    text(&serde_json::from_slice(&header).expect("JSON"), "kid")
}

async fn id_token(gateway: &Gateway) -> String {
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    text(&json(&gateway.redeem(&code).await), "id_token")
}

/// Whether somebody who is signed in is signed on without a question by this hint.
async fn hint_holds(gateway: &Gateway, hint: &str) -> bool {
    let browser = gateway.signed_in().await;
    let page = browser.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", hint)])).await;
    page.location().contains("code=")
}

#[tokio::test]
async fn o41_a_key_is_published_before_it_signs_and_until_its_tokens_have_ended() {
    let gateway = Gateway::new().await;
    let app = &gateway.app;
    let first = state(app, "RS256", "active").await.expect("made at the start").kid;
    assert_eq!(rotation::keep(&app.ctx).await.expect("kept"), 0, "nothing to do on the first day");
    at_day(app, 88);
    assert_eq!(rotation::keep(&app.ctx).await.expect("kept"), 3, "one an algorithm");
    let next = state(app, "RS256", "next").await.expect("published");
    assert_eq!(next.signs_from, Some(start() + TimeDelta::days(90)));
    assert!(jwks(app).await.contains(&next.kid) && jwks(app).await.contains(&first));
    assert_eq!(kid(&id_token(&gateway).await), first, "published, and not used yet");

    // The time alone decides who signs: no job has run since.
    at_day(app, 90);
    let token = id_token(&gateway).await;
    assert_eq!(kid(&token), next.kid);
    assert!(jwks(app).await.contains(&first), "what was signed a moment ago still verifies");
    assert_eq!(rotation::keep(&app.ctx).await.expect("kept"), 3, "the switches are stored");
    assert_eq!(rotation::keep(&app.ctx).await.expect("kept"), 0, "once");
    let retired = state(app, "RS256", "retired").await.expect("remembered");
    assert_eq!(
        (retired.kid.as_str(), retired.retired_at),
        (first.as_str(), Some(start() + TimeDelta::days(90)))
    );
    assert!(hint_holds(&gateway, &token).await);
    at_day(app, 98);
    let published = jwks(app).await;
    assert!(!published.contains(&first), "a week later it is gone");
    assert_eq!(published.len(), 3);
}

#[tokio::test]
async fn a_retired_key_that_is_published_still_verifies_hints_and_a_withdrawn_one_does_not() {
    let gateway = Gateway::new().await;
    let token = id_token(&gateway).await;
    let signed_by = kid(&token);
    rotation::rotate(&gateway.app.ctx, &system(), RS256, true).await.expect("switched");
    let after = id_token(&gateway).await;
    assert_ne!(kid(&after), signed_by, "another key signs at once");
    assert!(jwks(&gateway.app).await.contains(&signed_by));
    assert!(hint_holds(&gateway, &token).await, "the valid twin");
    rotation::retire(&gateway.app.ctx, &system(), &signed_by).await.expect("withdrawn");
    assert!(!jwks(&gateway.app).await.contains(&signed_by));
    assert_eq!(claims(&token)["iss"], gateway.app.url, "the same token as before");
    let browser = gateway.signed_in().await;
    let page = browser.get(&gateway.authorize(&[("prompt", "none"), ("id_token_hint", &token)])).await;
    assert!(!page.location().contains("code="), "{}", page.location());
}

/// Emergency: one node withdraws the key and no longer publishes it; another signs with the new one at once, and publishes that
/// one from then on, or after a second.
async fn an_emergency_counts_on_every_node(kind: Kind) {
    let one = TestApp::on(kind).await;
    let two = one.another_node().await;
    let old = state(&one, "ES256", "active").await.expect("a key").kid;
    assert_eq!(jwks(&one).await, jwks(&two).await);
    rotation::retire(&one.ctx, &system(), &old).await.expect("withdrawn");
    let new = state(&two, "ES256", "active").await.expect("a new one").kid;
    assert_ne!(new, old);
    let shows_new = async |node| {
        let published = jwks(node).await;
        published.contains(&new) && !published.contains(&old)
    };
    assert!(shows_new(&one).await, "here at once");
    let third = one.another_node().await;
    assert!(jwks(&two).await.contains(&old), "what others are told is kept, or this tries nothing");
    let signs = issuer_keys::active(&two.ctx, gatehouse::domain::connection::IdTokenAlgorithm::ES256).await;
    let signs = gatehouse::service::oidc::keys::kid(&signs.expect("a key")).expect("a name");
    assert_eq!(signs, new);
    assert!(shows_new(&two).await, "what signs is published");
    rotation::retire(&one.ctx, &system(), &new).await.expect("withdrawn");
    third.ctx.clock.advance(chrono::TimeDelta::seconds(1));
    assert!(!jwks(&third).await.contains(&new), "gone everywhere after a second");
    assert_eq!(count_events(&two, EventType::SigningKeyReplace).await, 2);
}

#[tokio::test]
async fn an_emergency_counts_on_every_node_sqlite() {
    an_emergency_counts_on_every_node(Kind::Sqlite).await;
}

#[tokio::test]
async fn an_emergency_counts_on_every_node_postgres() {
    an_emergency_counts_on_every_node(Kind::Postgres).await;
}

#[tokio::test]
async fn nodes_that_rotate_at_once_make_one_next_key() {
    let app = TestApp::new().await;
    at_day(&app, 89);
    let runs = (0..6).map(|_| rotation::keep(&app.ctx));
    for run in futures_util::future::join_all(runs).await {
        run.expect("kept");
    }
    let next: Vec<_> = keys(&app).await.into_iter().filter(|key| key.state == "next").collect();
    assert_eq!(next.len(), 3, "{next:?}");
    let refused = rotation::rotate(&app.ctx, &system(), RS256, false).await;
    assert!(refused.expect_err("there is one").to_string().contains("published already"));
    let waiting = state(&app, "RS256", "next").await.expect("there").kid;
    rotation::rotate(&app.ctx, &system(), RS256, true).await.expect("it signs now");
    assert_eq!(state(&app, "RS256", "active").await.expect("one").kid, waiting);
    // A next key that is withdrawn never signed: it is gone, and the calendar publishes another.
    let es = state(&app, "ES256", "next").await.expect("there").kid;
    rotation::retire(&app.ctx, &system(), &es).await.expect("withdrawn");
    assert!(keys(&app).await.iter().all(|key| key.kid != es));
    rotation::keep(&app.ctx).await.expect("kept");
    assert!(state(&app, "ES256", "next").await.is_some());
}

#[tokio::test]
async fn documents_are_cached_by_their_entity_tag() {
    let app = TestApp::new().await;
    for path in
        ["/oauth2/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    {
        let first = app.browser().get(path).await;
        assert_eq!(first.header("cache-control"), Some("public, max-age=300"), "{path}");
        let tag = first.header("etag").expect("a tag").to_owned();
        let unchanged = app.browser().send(Method::GET, path, &[("if-none-match", &tag)], "").await;
        assert_eq!((unchanged.status, unchanged.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        let list = format!("\"other\", W/{tag}");
        let unchanged = app.browser().send(Method::GET, path, &[("if-none-match", &list)], "").await;
        assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED, "{path}");
        let other = app.browser().send(Method::GET, path, &[("if-none-match", "\"other\"")], "").await;
        assert_eq!(other.status, StatusCode::OK, "{path}");
    }
    let before = app.browser().get("/oauth2/jwks").await.header("etag").map(str::to_owned);
    rotation::rotate(&app.ctx, &system(), RS256, false).await.expect("published");
    assert_ne!(app.browser().get("/oauth2/jwks").await.header("etag").map(str::to_owned), before);
}

#[tokio::test]
async fn keys_are_changed_by_api_and_console_by_who_may() {
    let app = TestApp::new().await;
    app.person("tomas", Role::Owner).await;
    let token =
        async |role| api_tokens::create(&app.ctx, &system(), "t", role, None).await.expect("a token").1;
    let (admin, auditor) = (token(Role::Admin).await, token(Role::Auditor).await);
    let call = async |secret: &str, method: Method, path: &str, body: &str| -> Page {
        let bearer = format!("Bearer {secret}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        app.browser().send(method, path, &headers, body).await
    };
    let listed = call(auditor.expose(), Method::GET, "/api/v1/keys", "").await;
    let active = json(&listed)["keys"].as_array().expect("keys").clone();
    assert_eq!(active.len(), 3);
    let rs256 = text(&active[0], "kid");
    for (path, body) in
        [("/api/v1/keys/rotate", "{\"alg\":\"RS256\"}"), (&*format!("/api/v1/keys/{rs256}/retire"), "")]
    {
        let refused = call(auditor.expose(), Method::POST, path, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let rotated = call(admin.expose(), Method::POST, "/api/v1/keys/rotate", "{\"alg\":\"RS256\"}").await;
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.text);
    assert_eq!(json(&rotated)["keys"].as_array().expect("keys").len(), 4);
    let odd = call(admin.expose(), Method::POST, "/api/v1/keys/rotate", "{\"alg\":\"HS256\"}").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let gone = call(admin.expose(), Method::POST, "/api/v1/keys/nonsense/retire", "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);

    let browser = app.browser();
    browser.sign_in("tomas").await;
    let page = browser.get("/admin/keys").await;
    assert!(page.text.contains(&rs256) && page.text.contains("Sign with it now"), "{}", page.text);
    browser.submit("/admin/keys", "/admin/keys/rotate", &[("alg", "RS256"), ("at_once", "1")]).await;
    assert_ne!(state(&app, "RS256", "active").await.expect("one").kid, rs256, "the next one signs");
    let ask = format!("/admin/keys/retire?kid={rs256}");
    assert!(browser.get(&ask).await.text.contains("leaves the JWKS at once"));
    browser.submit(&ask, "/admin/keys/retire", &[("kid", &rs256)]).await;
    assert!(!jwks(&app).await.contains(&rs256));
}
