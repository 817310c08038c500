//! Assertions of clients: what is wrong with one is refused at every endpoint.

use super::driver::{Fapi, PAR, TOKEN, refused, with};
use crate::{
    oidc::conformance::suite::NONCE,
    support::{app::Page, client_key::ClientKey},
};
use gatehouse::domain::connection::AssertionAlgorithm;
use reqwest::StatusCode;
use serde_json::{Value, json as value};

/// Redeems a code with an assertion.
async fn redeem_by(fapi: &Fapi, code: &str, assertion: &str) -> Page {
    let proof = fapi.proof(&fapi.client.bound, TOKEN, &value!({}));
    fapi.post_by(assertion, TOKEN, Fapi::redemption(&fapi.client, code, &[]), &[&proof]).await
}

/// Such an assertion gets no tokens; the code is still good for a proper one.
async fn fails_at_the_token_endpoint(fapi: &Fapi, all: &[Value]) {
    let code = fapi.code(&fapi.client, &[]).await;
    for claims in all {
        let assertion = fapi.assertion(&fapi.client, claims);
        refused(&redeem_by(fapi, &code, &assertion).await, &["invalid_client"]);
    }
    let good = redeem_by(fapi, &code, &fapi.assertion(&fapi.client, &value!({}))).await;
    fapi.tokens(&fapi.client, &good, Some(NONCE)).await;
}

/// Such an assertion pushes nothing; a proper one does.
async fn fails_at_the_par_endpoint(fapi: &Fapi, all: &[Value]) {
    for claims in all {
        refused(&fapi.push_by(&fapi.client, claims).await, &["invalid_client"]);
    }
    Fapi::reference(&fapi.push_by(&fapi.client, &value!({})).await);
}

/// A client that must push and whose tokens are bound has the profile’s algorithms, whether one is registered or not.
#[tokio::test]
async fn ensure_signed_client_assertion_with_rs256_fails() {
    let fapi = Fapi::new().await;
    let named = fapi
        .register("named", ClientKey::rsa(), |settings| {
            settings.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::PS256);
        })
        .await;
    for client in [&fapi.client2, &named] {
        let code = fapi.code(client, &[]).await;
        for (algorithm, path) in [("RS256", PAR), ("RS256", TOKEN), ("PS256", TOKEN)] {
            let header = value!({ "alg": algorithm, "kid": "k1" });
            let assertion = client.key.sign(&header, &fapi.assertion_claims(client));
            let fields = match path {
                PAR => Fapi::request(client, &[]),
                _ => Fapi::redemption(client, &code, &[]),
            };
            let proof = fapi.proof(&client.bound, path, &value!({}));
            let page = fapi.post_by(&assertion, path, fields, &[&proof]).await;
            if algorithm == "RS256" {
                refused(&page, &["invalid_client"]);
            } else {
                assert_eq!(page.status, StatusCode::OK, "the valid twin: {}", page.text);
            }
        }
    }
}

#[tokio::test]
async fn ensure_client_assertion_in_token_endpoint() {
    let fapi = Fapi::new().await;
    let code = fapi.code(&fapi.client, &[]).await;
    let expected = ["invalid_client", "invalid_request"];
    for more in [vec![], vec![("client_id", "client")], vec![("client_id", "client"), ("client_secret", "x")]]
    {
        let proof = fapi.proof(&fapi.client.bound, TOKEN, &value!({}));
        let fields = Fapi::redemption(&fapi.client, &code, &more);
        refused(&fapi.post(TOKEN, &fields, &[&proof]).await, &expected);
    }
    let good = redeem_by(&fapi, &code, &fapi.assertion(&fapi.client, &value!({}))).await;
    fapi.tokens(&fapi.client, &good, Some(NONCE)).await;
}

#[tokio::test]
async fn ensure_client_assertion_with_exp_is_5_minutes_in_past_fails() {
    let fapi = Fapi::new().await;
    let now = fapi.now();
    let ended = value!({ "exp": now - 300, "iat": now - 360, "nbf": now - 360 });
    fails_at_the_token_endpoint(&fapi, &[ended, value!({ "exp": null })]).await;
}

#[tokio::test]
async fn ensure_client_assertion_with_wrong_aud_fails() {
    let fapi = Fapi::new().await;
    let wrong = ["https://suite.example/invalid", "client", ""].map(|aud| value!({ "aud": aud }));
    fails_at_the_token_endpoint(&fapi, &wrong).await;
    fails_at_the_token_endpoint(&fapi, &[value!({ "aud": null })]).await;
}

#[tokio::test]
async fn ensure_client_assertion_with_no_sub_fails() {
    let fapi = Fapi::new().await;
    fails_at_the_token_endpoint(&fapi, &[value!({ "sub": null }), value!({ "sub": "" })]).await;
}

/// FAPI 2.0 §5.3.2.1: one audience, as text.
#[tokio::test]
async fn par_test_array_as_audience_fails() {
    let fapi = Fapi::new().await;
    let issuer = fapi.app.url.as_str();
    let lists = [value!([issuer]), value!([issuer, fapi.address(PAR), fapi.address(TOKEN)])];
    fails_at_the_par_endpoint(&fapi, &lists.map(|aud| value!({ "aud": aud }))).await;
}

/// FAPI 2.0 §5.3.2.1: only the issuer.
#[tokio::test]
async fn par_test_par_endpoint_url_as_audience_fails() {
    let fapi = Fapi::new().await;
    fails_at_the_par_endpoint(&fapi, &[value!({ "aud": fapi.address(PAR) })]).await;
}

/// As for the address of pushes.
#[tokio::test]
async fn par_test_token_endpoint_url_as_audience_fails() {
    let fapi = Fapi::new().await;
    fails_at_the_par_endpoint(&fapi, &[value!({ "aud": fapi.address(TOKEN) })]).await;
}

#[tokio::test]
async fn par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted() {
    let fapi = Fapi::new().await;
    let ahead = fapi.now() + 8;
    for claims in [value!({ "nbf": ahead }), value!({ "nbf": ahead, "iat": ahead })] {
        Fapi::reference(&fapi.push_by(&fapi.client, &claims).await);
    }
}

#[tokio::test]
async fn par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails() {
    let fapi = Fapi::new().await;
    let ahead = fapi.now() + 61;
    let claims = value!({ "nbf": ahead, "exp": ahead + 60 });
    fails_at_the_par_endpoint(&fapi, &[claims.clone(), with(claims, &value!({ "iat": ahead }))]).await;
}
