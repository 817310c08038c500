//! What tokens are still worth: introspection when access is lost, replays when rows are cleared away.

use super::{Gateway, json, text};
use crate::support::{
    app::{Page, TestApp, oidc_settings, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    domain::{connection::OidcConnection, user::UserState},
    service::{self, assignments::Assignee},
    store::housekeeping::Purged,
};
use oidc::GrantType;
use reqwest::{Method, StatusCode};

async fn introspect(gateway: &Gateway, token: &str) -> serde_json::Value {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("authorization", &*gateway.basic())];
    let page: Page = gateway.app.browser().send(Method::POST, "/oauth2/introspect", &headers, &body).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    json(&page)
}

#[tokio::test]
async fn o42_a_token_of_somebody_who_lost_access_is_inactive() {
    let gateway = Gateway::new().await;
    let ctx = &gateway.app.ctx;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let both = [text(&tokens, "access_token"), text(&tokens, "refresh_token")];
    let assert_active = async |active: bool, when: &str| {
        for token in &both {
            let answer = introspect(&gateway, token).await;
            assert_eq!(answer["active"], active, "{when}: {answer}");
            // RFC 7662 §2.2: of an inactive token nothing else is said.
            assert_eq!(answer.as_object().expect("an object").len() > 1, active, "{when}: {answer}");
        }
    };
    assert_active(true, "at first").await;
    let group = service::groups::all(ctx, &system()).await.expect("groups").remove(0);
    service::groups::set_member(ctx, &system(), group.id, gateway.maya.id, false).await.expect("left");
    assert_active(false, "she left the group").await;
    service::groups::set_member(ctx, &system(), group.id, gateway.maya.id, true).await.expect("joined");
    assert_active(true, "back in the group").await;
    let app = service::apps::find(ctx, &system(), "metrics").await.expect("the app");
    service::assignments::set(ctx, &system(), &app, Assignee::Group(group.id), false).await.expect("unbound");
    assert_active(false, "the group is unbound").await;
    service::assignments::set(ctx, &system(), &app, Assignee::User(gateway.maya.id), true)
        .await
        .expect("by hand");
    assert_active(true, "chosen by hand").await;
    service::users::set_state(ctx, &system(), gateway.maya.id, UserState::Suspended)
        .await
        .expect("suspended");
    assert_active(false, "suspended").await;
}

async fn purge(app: &TestApp) -> Purged {
    service::housekeeping::purge(&app.ctx).await.expect("purged")
}

/// A used code that comes again withdraws what came from it (O-06): it must be known for as long as that lives, and no longer.
async fn o06_a_used_code_is_known_until_its_tokens_end(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let (used, left) = (gateway.code(&browser).await, gateway.code(&browser).await);
    let tokens = json(&gateway.redeem(&used).await);
    gateway.app.ctx.clock.advance(TimeDelta::minutes(30));
    let purged = purge(&gateway.app).await;
    assert_eq!(purged.authorization_codes, 1, "only the one that nobody used");
    assert_eq!(gateway.redeem(&left).await.status, StatusCode::BAD_REQUEST);
    let access = text(&tokens, "access_token");
    let before = gateway.refresh(&text(&tokens, "refresh_token")).await;
    let renewed = text(&json(&before), "access_token");
    assert_eq!(gateway.userinfo(&renewed).await.status, StatusCode::OK, "the family lives");
    assert_eq!(gateway.redeem(&used).await.status, StatusCode::BAD_REQUEST, "replayed after the clearing");
    for token in [access, renewed] {
        assert_eq!(gateway.userinfo(&token).await.status, StatusCode::UNAUTHORIZED, "and told by it");
    }
    let is_known = async || {
        let hash = gatehouse::keyring::secret_hash(&used);
        let mut conn = gateway.app.ctx.db.read().await.expect("a connection");
        gatehouse::store::authorization_codes::get(&mut conn, &hash).await.expect("answers").is_some()
    };
    assert!(is_known().await);
    gateway.app.ctx.clock.advance(TimeDelta::days(91));
    let purged = purge(&gateway.app).await;
    assert_eq!(purged.token_families, 2);
    assert!(!is_known().await, "it goes with its family");
}

#[tokio::test]
async fn o06_a_used_code_is_known_until_its_tokens_end_sqlite() {
    o06_a_used_code_is_known_until_its_tokens_end(Kind::Sqlite).await;
}

#[tokio::test]
async fn o06_a_used_code_is_known_until_its_tokens_end_postgres() {
    o06_a_used_code_is_known_until_its_tokens_end(Kind::Postgres).await;
}

#[tokio::test]
async fn o06_a_grant_without_refresh_tokens_ends_with_the_session() {
    let only = OidcConnection { grant_types: vec![GrantType::AuthorizationCode], ..oidc_settings() };
    for (settings, gone) in [(only, 1), (oidc_settings(), 0)] {
        let gateway = Gateway::with(TestApp::new().await, settings).await;
        let browser = gateway.signed_in().await;
        let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
        assert_eq!(tokens.get("refresh_token").is_some(), gone == 0);
        // A session lasts twelve hours, and a code that was made in its last second is redeemed a little later.
        gateway.app.ctx.clock.advance(TimeDelta::hours(12));
        assert_eq!(purge(&gateway.app).await.token_families, 0, "the last access token may live yet");
        gateway.app.ctx.clock.advance(TimeDelta::hours(2));
        assert_eq!(purge(&gateway.app).await.token_families, gone);
    }
}
