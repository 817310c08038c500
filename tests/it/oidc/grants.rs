//! Codes and refresh tokens: single use, bound to what they were given for, worthless when the person is.

use super::{Gateway, REDIRECT, VERIFIER, claims, json, query, text};
use crate::support::{
    app::{TestApp, oidc_settings, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{domain::user::UserState, service};
use reqwest::{Method, StatusCode};

async fn a_code_becomes_tokens_and_they_are_renewed(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let answer = browser.get(&gateway.authorize(&[])).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let parameters = query(answer.location());
    assert_eq!((parameters["state"].as_str(), &parameters["iss"]), ("s1", &gateway.app.url));
    let tokens = gateway.redeem(&parameters["code"]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let tokens = json(&tokens);
    assert_eq!(tokens["token_type"], "Bearer");
    let id_token = claims(&text(&tokens, "id_token"));
    assert_eq!(id_token["iss"], gateway.app.url.as_str());
    assert_eq!((&id_token["aud"], &id_token["nonce"]), (&"metrics".into(), &"n1".into()));
    assert_eq!(id_token["sub"], gateway.maya.id.to_string());
    assert!(id_token.get("name").is_none(), "profile claims are asked for at userinfo");
    let info = json(&gateway.userinfo(&text(&tokens, "access_token")).await);
    assert_eq!(info["sub"], id_token["sub"]);
    assert_eq!(info["groups"], serde_json::json!(["Growth"]));
    assert_eq!((&info["name"], &info["email"]), (&"Maya Okafor".into(), &"maya@fernhill.example".into()));

    let renewed = json(&gateway.refresh(&text(&tokens, "refresh_token")).await);
    let renewed_id = claims(&text(&renewed, "id_token"));
    assert_eq!(renewed_id["auth_time"], id_token["auth_time"]);
    assert!(renewed_id.get("nonce").is_none(), "O-28");
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);

    // O-09: the old token again gives it away; everything of the family stops.
    let reused = gateway.refresh(&text(&tokens, "refresh_token")).await;
    assert_eq!((reused.status, &json(&reused)["error"]), (StatusCode::BAD_REQUEST, &"invalid_grant".into()));
    let robbed = gateway.refresh(&text(&renewed, "refresh_token")).await;
    assert_eq!(robbed.status, StatusCode::BAD_REQUEST);
    assert_eq!(gateway.userinfo(&text(&renewed, "access_token")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_becomes_tokens_and_they_are_renewed_sqlite() {
    a_code_becomes_tokens_and_they_are_renewed(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_code_becomes_tokens_and_they_are_renewed_postgres() {
    a_code_becomes_tokens_and_they_are_renewed(Kind::Postgres).await;
}

async fn o06_o09_of_fifty_at_once_one_wins(kind: Kind) {
    let gateway = Gateway::with(TestApp::on(kind).await, oidc_settings()).await;
    let browser = gateway.signed_in().await;
    let code = gateway.code(&browser).await;
    let answers = futures_util::future::join_all((0..50).map(|_| gateway.redeem(&code))).await;
    let won: Vec<_> = answers.iter().filter(|page| page.status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1);
    assert!(answers.iter().all(|page| page.status.as_u16() < 500));
    let access = text(&json(won[0]), "access_token");
    assert_eq!(
        gateway.userinfo(&access).await.status,
        StatusCode::UNAUTHORIZED,
        "a replayed code withdraws its tokens"
    );

    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let refresh = text(&tokens, "refresh_token");
    let answers = futures_util::future::join_all((0..50).map(|_| gateway.refresh(&refresh))).await;
    assert_eq!(answers.iter().filter(|page| page.status == StatusCode::OK).count(), 1);
    assert!(answers.iter().all(|page| page.status.as_u16() < 500));
}

#[tokio::test]
async fn o06_o09_of_fifty_at_once_one_wins_sqlite() {
    o06_o09_of_fifty_at_once_one_wins(Kind::Sqlite).await;
}

#[tokio::test]
async fn o06_o09_of_fifty_at_once_one_wins_postgres() {
    o06_o09_of_fifty_at_once_one_wins(Kind::Postgres).await;
}

#[tokio::test]
async fn o05_a_failed_try_spends_the_code() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let wrong: [[(&str, &str); 2]; 3] = [
        [("redirect_uri", "https://rp.example/other"), ("code_verifier", VERIFIER)],
        [("redirect_uri", REDIRECT), ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")],
        [("redirect_uri", REDIRECT), ("state", "no verifier")],
    ];
    for fields in wrong {
        let code = gateway.code(&browser).await;
        let mut all = vec![("grant_type", "authorization_code"), ("code", code.as_str())];
        all.extend(fields);
        let refused = gateway.token(&all).await;
        assert_eq!(
            (refused.status, &json(&refused)["error"]),
            (StatusCode::BAD_REQUEST, &"invalid_grant".into())
        );
        assert_eq!(gateway.redeem(&code).await.status, StatusCode::BAD_REQUEST, "spent");
    }
    let code = gateway.code(&browser).await;
    gateway.app.ctx.clock.advance(TimeDelta::seconds(61));
    assert_eq!(gateway.redeem(&code).await.status, StatusCode::BAD_REQUEST, "O-07: too late");
    assert_eq!(gateway.redeem(&gateway.code(&browser).await).await.status, StatusCode::OK, "the valid twin");
}

#[tokio::test]
async fn o10_o42_tokens_are_worth_what_the_person_is() {
    type Change = fn(&Gateway) -> futures_util::future::BoxFuture<'_, ()>;
    let changes: [(&str, Change); 5] = [
        ("suspended", |g| {
            Box::pin(async move {
                service::users::set_state(&g.app.ctx, &system(), g.maya.id, UserState::Suspended)
                    .await
                    .expect("done");
            })
        }),
        ("password set", |g| {
            Box::pin(async move {
                let new = "a quite different phrase".to_owned();
                service::users::set_password(&g.app.ctx, &system(), g.maya.id, new).await.expect("done");
            })
        }),
        ("group removed", |g| {
            Box::pin(async move {
                for group in service::groups::all(&g.app.ctx, &system()).await.expect("groups") {
                    service::groups::delete(&g.app.ctx, &system(), group.id).await.expect("done");
                }
            })
        }),
        ("app paused", |g| {
            Box::pin(async move {
                let app = service::apps::find(&g.app.ctx, &system(), "metrics").await.expect("the app");
                let mut draft = gatehouse::domain::app::AppDraft::of(&app);
                draft.active = false;
                let version = app.version;
                service::apps::update(&g.app.ctx, &system(), app, version, draft).await.expect("done");
            })
        }),
        ("account removed", |g| {
            Box::pin(
                async move { service::users::delete(&g.app.ctx, &system(), g.maya.id).await.expect("done") },
            )
        }),
    ];
    for (name, change) in changes {
        let gateway = Gateway::new().await;
        let browser = gateway.signed_in().await;
        let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
        let pending = gateway.code(&browser).await;
        let access = text(&tokens, "access_token");
        assert_eq!(gateway.userinfo(&access).await.status, StatusCode::OK, "{name}: before");
        change(&gateway).await;
        assert_eq!(gateway.userinfo(&access).await.status, StatusCode::UNAUTHORIZED, "{name}: userinfo");
        let refreshed = gateway.refresh(&text(&tokens, "refresh_token")).await;
        assert!(refreshed.status.is_client_error(), "{name}: refresh {}", refreshed.text);
        assert!(gateway.redeem(&pending).await.status.is_client_error(), "{name}: code");
    }
}

#[tokio::test]
async fn w02_signing_out_ends_the_tokens_of_the_session() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    browser.submit("/logout", "/logout", &[]).await;
    assert_eq!(gateway.refresh(&text(&tokens, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(gateway.userinfo(&text(&tokens, "access_token")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn o11_refresh_tokens_end_when_idle_and_absolutely() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let mut refresh = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    for _ in 0..6 {
        gateway.app.ctx.clock.advance(TimeDelta::days(13));
        refresh = text(&json(&gateway.refresh(&refresh).await), "refresh_token");
    }
    gateway.app.ctx.clock.advance(TimeDelta::days(13));
    assert_eq!(gateway.refresh(&refresh).await.status, StatusCode::BAD_REQUEST, "91 days after sign-in");
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let refresh = text(&json(&gateway.redeem(&gateway.code(&browser).await).await), "refresh_token");
    gateway.app.ctx.clock.advance(TimeDelta::days(15));
    assert_eq!(gateway.refresh(&refresh).await.status, StatusCode::BAD_REQUEST, "15 days unused");
}

#[tokio::test]
async fn introspection_and_revocation_are_for_the_tokens_own_client() {
    let gateway = Gateway::new().await;
    let browser = gateway.signed_in().await;
    let tokens = json(&gateway.redeem(&gateway.code(&browser).await).await);
    let access = text(&tokens, "access_token");
    let call = async |path: &str, token: &str, authorization: &str| {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("authorization", authorization)];
        gateway.app.browser().send(Method::POST, path, &headers, &body).await
    };
    let basic = gateway.basic();
    assert_eq!(json(&call("/oauth2/introspect", &access, &basic).await)["active"], true);
    assert_eq!(
        json(&call("/oauth2/introspect", &access[..access.len() - 1], &basic).await)["active"],
        false,
        "O-15"
    );
    assert_eq!(
        call("/oauth2/introspect", &access, "Basic bWV0cmljczp3cm9uZw==").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(call("/oauth2/revoke", &text(&tokens, "refresh_token"), &basic).await.status, StatusCode::OK);
    assert_eq!(json(&call("/oauth2/introspect", &access, &basic).await)["active"], false);
    assert_eq!(gateway.refresh(&text(&tokens, "refresh_token")).await.status, StatusCode::BAD_REQUEST);
}
