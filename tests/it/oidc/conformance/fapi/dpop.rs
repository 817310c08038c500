//! Codes bound to a key, and the times of a proof. What is wrong with proofs is in `proofs`.

use super::driver::{Client, Fapi, PAR, TOKEN, refused};
use crate::{
    oidc::{json, text},
    support::{app::Page, client_key::ClientKey},
};
use reqwest::StatusCode;
use serde_json::{Value, json as value};

/// A flow whose proofs all hold these claims as well.
async fn flow_with(fapi: &Fapi, more: impl Fn(i64) -> Value) {
    let client = &fapi.client;
    let code = fapi.code(client, &[]).await;
    let proof = fapi.proof(&client.bound, TOKEN, &more(fapi.now()));
    let answer = fapi.redeem_by(client, &code, &[], &[&proof]).await;
    let tokens = fapi.tokens(client, &answer, Some(crate::oidc::conformance::suite::NONCE)).await;
    let proof = fapi.resource_proof(&client.bound, &tokens.access, &more(fapi.now()));
    let page = fapi.userinfo(&format!("DPoP {}", tokens.access), &[&proof]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
}

#[tokio::test]
async fn check_dpop_proof_nbf_exp() {
    let fapi = Fapi::new().await;
    flow_with(&fapi, |now| value!({ "nbf": now, "exp": now + 300 })).await;
}

#[tokio::test]
async fn ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    let fapi = Fapi::new().await;
    flow_with(&fapi, |now| value!({ "iat": now - 10 })).await;
}

#[tokio::test]
async fn ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    let fapi = Fapi::new().await;
    flow_with(&fapi, |now| value!({ "iat": now + 10 })).await;
}

/// A code for a request that was pushed like this.
async fn code_of(fapi: &Fapi, client: &Client, pushed: &Page) -> String {
    let fields = fapi.authorized(client, &Fapi::reference(pushed)).await;
    fields["code"].clone()
}

/// Redeems a code with a proof by this key.
async fn redeem(fapi: &Fapi, code: &str, key: &ClientKey) -> Page {
    let proof = fapi.proof(key, TOKEN, &value!({}));
    fapi.redeem_by(&fapi.client, code, &[], &[&proof]).await
}

#[tokio::test]
async fn ensure_mismatched_dpop_jkt_fails() {
    let fapi = Fapi::new().await;
    let (key, other) = (&fapi.client.bound, ClientKey::new());
    for (named, taken) in [(other.thumbprint(), false), (key.thumbprint(), true)] {
        let proof = fapi.proof(key, PAR, &value!({}));
        let page = fapi.push(&fapi.client, &[("dpop_jkt", &named)], &[&proof]).await;
        if taken {
            Fapi::reference(&page);
        } else {
            refused(&page, &["invalid_request", "invalid_dpop_proof"]);
        }
    }
}

#[tokio::test]
async fn ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    let fapi = Fapi::new().await;
    let proof = fapi.proof(&fapi.client.bound, PAR, &value!({}));
    let code = code_of(&fapi, &fapi.client, &fapi.push(&fapi.client, &[], &[&proof]).await).await;
    refused(&redeem(&fapi, &code, &ClientKey::new()).await, &["invalid_grant", "invalid_dpop_proof"]);
}

#[tokio::test]
async fn ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    let fapi = Fapi::new().await;
    let named = fapi.client.bound.thumbprint();
    let code = fapi.code(&fapi.client, &[("dpop_jkt", &named)]).await;
    refused(&redeem(&fapi, &code, &ClientKey::new()).await, &["invalid_grant", "invalid_dpop_proof"]);
}

#[tokio::test]
async fn ensure_dpopproof_at_par_endpoint_binding_success() {
    let fapi = Fapi::new().await;
    let proof = fapi.proof(&fapi.client.bound, PAR, &value!({}));
    let code = code_of(&fapi, &fapi.client, &fapi.push(&fapi.client, &[], &[&proof]).await).await;
    let answer = redeem(&fapi, &code, &fapi.client.bound).await;
    assert_eq!(text(&json(&answer), "token_type"), "DPoP");
}

#[tokio::test]
async fn ensure_dpop_auth_code_binding_success() {
    let fapi = Fapi::new().await;
    let named = fapi.client.bound.thumbprint();
    let code = fapi.code(&fapi.client, &[("dpop_jkt", &named)]).await;
    let answer = redeem(&fapi, &code, &fapi.client.bound).await;
    assert_eq!(text(&json(&answer), "token_type"), "DPoP");
}

#[tokio::test]
async fn ensure_holder_of_key_required() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let bare = fapi.redeem_by(&fapi.client, &code, &[], &[]).await;
    refused(&bare, &["invalid_request", "invalid_grant", "invalid_dpop_proof"]);
    assert!(json(&bare).get("access_token").is_none());
    // The valid twin, and what it got is good for its key only.
    let code = fapi.code(&fapi.client, &[]).await;
    let answer = fapi.redeem(&fapi.client, &code).await;
    let access = text(&json(&answer), "access_token");
    let bearer = fapi.userinfo(&format!("Bearer {access}"), &[]).await;
    assert_eq!(bearer.status, StatusCode::UNAUTHORIZED);
}
