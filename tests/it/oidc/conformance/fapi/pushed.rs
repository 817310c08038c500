//! Pushed requests: one reference, one sign-on, one client.

use super::driver::{Fapi, PAR, TOKEN, ends_here, refused};
use crate::oidc::conformance::suite::{NONCE, STATE};
use reqwest::{Method, StatusCode};
use serde_json::json as value;
use std::collections::HashMap;

#[tokio::test]
async fn par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let browser = fapi.app.browser();
    let first = fapi.present(&browser, "client", &reference).await;
    assert!(first.location().starts_with("/login?flow="), "{}", first.location());
    let second = fapi.present(&browser, "client", &reference).await;
    let fields = fapi.finish(&browser, &fapi.client, second).await;
    let page = fapi.redeem(&fapi.client, &fields["code"]).await;
    fapi.tokens(&fapi.client, &page, Some(NONCE)).await;
}

#[tokio::test]
async fn par_attempt_reuse_request_uri() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[]).await;
    assert!(fapi.authorized(&fapi.client, &reference).await.contains_key("code"));
    ends_here(&fapi.present(&fapi.browser, "client", &reference).await);
    ends_here(&fapi.present(&fapi.app.browser(), "client", &reference).await);
}

#[tokio::test]
async fn par_attempt_to_use_expired_request_uri() {
    let fapi = Fapi::new().await;
    let (last, late) = (fapi.pushed(&fapi.client, &[]).await, fapi.pushed(&fapi.client, &[]).await);
    fapi.wait(59);
    assert!(fapi.authorized(&fapi.client, &last).await.contains_key("code"));
    fapi.wait(1);
    ends_here(&fapi.present(&fapi.browser, "client", &late).await);
}

#[tokio::test]
async fn par_attempt_to_use_request_uri_for_different_client() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[]).await;
    for other in ["client2", "nobody"] {
        ends_here(&fapi.present(&fapi.browser, other, &reference).await);
    }
    assert!(fapi.authorized(&fapi.client, &reference).await.contains_key("code"), "not spent");
}

#[tokio::test]
async fn par_authorization_request_containing_request_uri_form_param() {
    let fapi = Fapi::new().await;
    let own = fapi.pushed(&fapi.client, &[]).await;
    for inner in [own.as_str(), "urn:ietf:params:oauth:request_uri:x", "https://suite.example/request.jwt"] {
        let page = fapi.push(&fapi.client, &[("request_uri", inner)], &[]).await;
        refused(&page, &["invalid_request"]);
    }
    fapi.pushed(&fapi.client, &[]).await;
}

#[tokio::test]
async fn par_attempt_invalid_http_method() {
    let fapi = Fapi::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let assertion = fapi.assertion(&fapi.client, &value!({}));
        let mut fields = Fapi::request(&fapi.client, &[]);
        fields.push(("client_assertion_type".into(), oidc::token::client_assertion::TYPE.into()));
        fields.push(("client_assertion".into(), assertion));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        for (address, body) in [(PAR.to_owned(), body.as_str()), (format!("{PAR}?{body}"), "")] {
            let page = fapi.app.browser().send(method.clone(), &address, &headers, body).await;
            assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "RFC 9126 §2.3: {method} {}", page.text);
        }
    }
    fapi.pushed(&fapi.client, &[]).await;
}

/// Nothing but the client’s id and the reference stands in the browser’s address.
#[tokio::test]
async fn par_without_duplicate_parameters() {
    let fapi = Fapi::new().await;
    fapi.flow(&fapi.client, &[]).await;
    let twice = Fapi::request(&fapi.client, &[]);
    let twice = [twice.clone(), vec![("scope".into(), "openid".into())]].concat();
    let assertion = fapi.assertion(&fapi.client, &value!({}));
    refused(&fapi.post_by(&assertion, PAR, twice, &[]).await, &["invalid_request"]);
}

#[tokio::test]
async fn par_ensure_pkce_required() {
    let fapi = Fapi::new().await;
    let without = [("code_challenge", "-"), ("code_challenge_method", "-")];
    refused(&fapi.push(&fapi.client, &without, &[]).await, &["invalid_request"]);
    fapi.pushed(&fapi.client, &[]).await;
}

#[tokio::test]
async fn par_plain_pkce_rejected() {
    let fapi = Fapi::new().await;
    let verifier = crate::oidc::VERIFIER;
    for plain in [
        [("code_challenge", verifier), ("code_challenge_method", "plain")],
        // RFC 7636 §4.3: without a method it would be plain.
        [("code_challenge", verifier), ("code_challenge_method", "-")],
    ] {
        refused(&fapi.push(&fapi.client, &plain, &[]).await, &["invalid_request"]);
    }
    let code = fapi.code(&fapi.client, &[]).await;
    let proof = fapi.proof(&fapi.client.bound, TOKEN, &value!({}));
    assert_eq!(fapi.redeem_by(&fapi.client, &code, &[], &[&proof]).await.status, StatusCode::OK);
}

/// Presents a reference with one more parameter beside it, where Maya is signed in.
async fn beside(fapi: &Fapi, reference: &str, name: &str, value: &str) -> HashMap<String, String> {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "client"), ("request_uri", reference), (name, value)])
        .finish();
    let page = fapi.browser.get(&format!("/oauth2/authorize?{query}")).await;
    fapi.answer(&fapi.client, &page)
}

#[tokio::test]
async fn ensure_different_nonce_inside_and_outside_request_object() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let fields = beside(&fapi, &reference, "nonce", "another").await;
    let page = fapi.redeem(&fapi.client, &fields["code"]).await;
    fapi.tokens(&fapi.client, &page, Some(NONCE)).await;
}

#[tokio::test]
async fn ensure_different_state_inside_and_outside_request_object() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let fields = beside(&fapi, &reference, "state", "another").await;
    assert_eq!((fields["state"].as_str(), fields.contains_key("code")), (STATE, true));
}

#[tokio::test]
async fn state_only_outside_request_object_not_used() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[("state", "-")]).await;
    let fields = beside(&fapi, &reference, "state", "another").await;
    assert_eq!((fields.get("state"), fields.contains_key("code")), (None, true));
}

/// The push is refused, so that there is nothing to be completed by what stands in the browser’s address.
#[tokio::test]
async fn ensure_request_object_without_redirect_uri_fails() {
    let fapi = Fapi::new().await;
    let page = fapi.push(&fapi.client, &[("redirect_uri", "-")], &[]).await;
    refused(&page, &["invalid_request"]);
    assert!(crate::oidc::json(&page).get("request_uri").is_none());
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let fields = beside(&fapi, &reference, "redirect_uri", "https://suite.example/other").await;
    assert!(fields.contains_key("code"), "the valid twin, and where it was pushed to");
}
