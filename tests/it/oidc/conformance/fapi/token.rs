//! Codes and refresh tokens belong to their client, its key and their time; PKCE.

use super::driver::{Client, Fapi, TOKEN, Tokens, refused};
use crate::{
    oidc::{json, text},
    support::{app::Page, client_key::ClientKey},
};
use gatehouse::domain::connection::RefreshTokenRotation;
use reqwest::StatusCode;
use serde_json::json as value;

const VERIFIER_OF_NOBODY: &str = "aBftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXka";

/// The code is good for its own client, as it was sent.
async fn is_good(fapi: &Fapi, code: &str) {
    let page = fapi.redeem(&fapi.client, code).await;
    fapi.tokens(&fapi.client, &page, Some(crate::oidc::conformance::suite::NONCE)).await;
}

/// As the public suite does it: the second client’s id, and its assertion signed with the first one’s key.
#[tokio::test]
async fn ensure_client_id_in_token_endpoint() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let header = value!({ "alg": fapi.client.key.algorithm(), "kid": "k1" });
    let foreign = fapi.client.key.sign(&header, &fapi.assertion_claims(&fapi.client2));
    let own = fapi.assertion(&fapi.client, &value!({}));
    for assertion in [foreign, own] {
        let fields = Fapi::redemption(&fapi.client, &code, &[("client_id", "client2")]);
        let proof = fapi.proof(&fapi.client.bound, TOKEN, &value!({}));
        refused(
            &fapi.post_by(&assertion, TOKEN, fields, &[&proof]).await,
            &["invalid_client", "invalid_grant"],
        );
    }
    is_good(&fapi, &code).await;
}

#[tokio::test]
async fn ensure_authorization_code_is_bound_to_client() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let redirect = fapi.client.redirect.clone();
    for more in [vec![], vec![("redirect_uri", redirect.as_str())]] {
        refused(&fapi.redeem_with(&fapi.client2, &code, &more).await, &["invalid_grant"]);
    }
    let code = fapi.code(&fapi.client, &[]).await;
    is_good(&fapi, &code).await;
}

#[tokio::test]
async fn attempt_reuse_authorization_code_after_one_second() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let tokens = json(&fapi.redeem(&fapi.client, &code).await);
    let access = text(&tokens, "access_token");
    let resource = async || {
        let proof = fapi.resource_proof(&fapi.client.bound, &access, &value!({}));
        fapi.userinfo(&format!("DPoP {access}"), &[&proof]).await.status
    };
    assert_eq!(resource().await, StatusCode::OK);
    fapi.wait(1);
    refused(&fapi.redeem(&fapi.client, &code).await, &["invalid_grant"]);
    assert_eq!(resource().await, StatusCode::UNAUTHORIZED, "RFC 6749 §4.1.2: what was issued ends");
}

/// FAPI 2.0 §5.3.2.1: a code lives 60 seconds at most.
#[tokio::test]
async fn ensure_token_endpoint_fails_with_expired_auth_code() {
    let fapi = Fapi::new().await;
    let (late, last) = (fapi.code(&fapi.client, &[]).await, fapi.code(&fapi.client, &[]).await);
    fapi.wait(59);
    is_good(&fapi, &last).await;
    fapi.wait(1);
    refused(&fapi.redeem(&fapi.client, &late).await, &["invalid_grant"]);
}

#[tokio::test]
async fn ensure_pkce_code_verifier_required() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let page = fapi.redeem_with(&fapi.client, &code, &[("code_verifier", "-")]).await;
    refused(&page, &["invalid_grant", "invalid_request"]);
    let code = fapi.code(&fapi.client, &[]).await;
    is_good(&fapi, &code).await;
}

#[tokio::test]
async fn incorrect_pkce_code_verifier_rejected() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let page = fapi.redeem_with(&fapi.client, &code, &[("code_verifier", VERIFIER_OF_NOBODY)]).await;
    refused(&page, &["invalid_grant"]);
    let code = fapi.code(&fapi.client, &[]).await;
    is_good(&fapi, &code).await;
}

/// A refresh that is answered; a refreshed ID token names no nonce.
async fn refreshed(fapi: &Fapi, client: &Client, token: &str) -> Tokens {
    let proof = fapi.proof(&client.bound, TOKEN, &value!({}));
    let page = fapi.refresh(client, token, &[&proof]).await;
    let tokens = fapi.tokens(client, &page, None).await;
    fapi.resource(client, &tokens).await;
    tokens
}

#[tokio::test]
async fn refresh_token() {
    let fapi = Fapi::new().await;
    let mut last = String::new();
    for client in [&fapi.client, &fapi.client2] {
        let first = fapi.flow(client, &[]).await;
        fapi.wait(30);
        let second = refreshed(&fapi, client, &first.refresh).await;
        for claim in ["iss", "sub", "aud"] {
            assert_eq!(second.id[claim], first.id[claim], "Core §12.2: {claim}");
        }
        assert_ne!(second.access, first.access);
        // FAPI 2.0 §5.3.2.1: no rotation, and a client whose answer was lost can ask again. The public module compares, and
        // tries the token before after 30 seconds where another one came.
        assert_eq!(second.refresh, first.refresh);
        fapi.wait(30);
        let third = refreshed(&fapi, client, &first.refresh).await;
        assert_eq!((&third.id["sub"], &third.refresh), (&first.id["sub"], &first.refresh));
        assert_ne!(third.access, second.access);
        fapi.resource(client, &second).await;
        last = third.refresh;
        let own = fapi.assertion(client, &value!({}));
        let fields = |token: &str| {
            vec![
                ("grant_type".to_owned(), "refresh_token".to_owned()),
                ("refresh_token".to_owned(), token.to_owned()),
            ]
        };
        let proof = |key: &ClientKey| fapi.proof(key, TOKEN, &value!({}));
        let nobody: Page = fapi.post(TOKEN, &fields(&last), &[&proof(&client.bound)]).await;
        refused(&nobody, &["invalid_client", "invalid_request"]);
        // Without a proof the module takes no other words than these.
        let bare = fapi.post_by(&own, TOKEN, fields(&last), &[]).await;
        refused(&bare, &["invalid_grant", "invalid_request", "invalid_client"]);
        // RFC 9449 §5: a client that authenticated may prove another key; what it gets is bound to that one.
        let other = ClientKey::new();
        let tokens = json(&fapi.refresh(client, &last, &[&proof(&other)]).await);
        let access = text(&tokens, "access_token");
        let resource = async |key: &ClientKey| {
            let proof = fapi.resource_proof(key, &access, &value!({}));
            fapi.userinfo(&format!("DPoP {access}"), &[&proof]).await.status
        };
        assert_eq!(resource(&client.bound).await, StatusCode::UNAUTHORIZED);
        assert_eq!(resource(&other).await, StatusCode::OK);
        assert_eq!(text(&tokens, "refresh_token"), last);
    }
    // The second client’s token, by the first client with either key.
    for key in [&fapi.client.bound, &fapi.client2.bound] {
        let proof = fapi.proof(key, TOKEN, &value!({}));
        refused(&fapi.refresh(&fapi.client, &last, &[&proof]).await, &["invalid_grant"]);
    }
    refreshed(&fapi, &fapi.client2, &last).await;
}

/// A client of the profile whose tokens are rotated all the same: one whose answer was lost asks again with the token before, for
/// as long as the grace is.
#[tokio::test]
async fn refresh_token_with_a_grace() {
    let fapi = Fapi::new().await;
    let client = fapi
        .register("rotating", ClientKey::new(), |settings| {
            (settings.refresh_token_rotation, settings.refresh_grace_seconds) =
                (RefreshTokenRotation::EveryUse, 10);
        })
        .await;
    let first = fapi.flow(&client, &[]).await;
    fapi.wait(30);
    let second = refreshed(&fapi, &client, &first.refresh).await;
    fapi.wait(9);
    let third = refreshed(&fapi, &client, &first.refresh).await;
    assert!(second.refresh != first.refresh && third.refresh != second.refresh);
    fapi.wait(2);
    let proof = fapi.proof(&client.bound, TOKEN, &value!({}));
    refused(&fapi.refresh(&client, &first.refresh, &[&proof]).await, &["invalid_grant"]);
    let proof = fapi.proof(&client.bound, TOKEN, &value!({}));
    refused(&fapi.refresh(&client, &third.refresh, &[&proof]).await, &["invalid_grant"]);
}
