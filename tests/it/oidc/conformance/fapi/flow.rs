//! Discovery, the happy flow, and what a server must put up with.

use super::driver::{Fapi, TOKEN, ends_here, refused};
use crate::{
    oidc::{
        conformance::suite::{NONCE, STATE},
        consent, jose, json, text,
    },
    support::client_key::ClientKey,
};
use reqwest::StatusCode;
use serde_json::{Value, json as value};

fn holds(document: &Value, member: &str, wanted: &[&str]) {
    let list = document[member].as_array().unwrap_or_else(|| panic!("no {member}"));
    for one in wanted {
        assert!(list.iter().any(|entry| entry == one), "{member}: {one} is not among {list:?}");
    }
}

#[tokio::test]
async fn discovery_end_point_verification() {
    let fapi = Fapi::new().await;
    let document = json(&fapi.app.browser().get("/.well-known/openid-configuration").await);
    assert_eq!(document["issuer"], fapi.app.url);
    for (member, path) in [
        ("pushed_authorization_request_endpoint", "/oauth2/par"),
        ("authorization_endpoint", "/oauth2/authorize"),
        ("token_endpoint", TOKEN),
        ("userinfo_endpoint", "/oauth2/userinfo"),
        ("jwks_uri", "/oauth2/jwks"),
    ] {
        assert_eq!(document[member], fapi.address(path), "{member}");
    }
    holds(&document, "token_endpoint_auth_methods_supported", &["private_key_jwt"]);
    holds(&document, "token_endpoint_auth_signing_alg_values_supported", &["PS256", "ES256", "EdDSA"]);
    holds(&document, "id_token_signing_alg_values_supported", &["ES256", "EdDSA"]);
    holds(&document, "response_types_supported", &["code"]);
    holds(&document, "grant_types_supported", &["authorization_code", "refresh_token"]);
    holds(&document, "scopes_supported", &["openid"]);
    // FAPI 2.0 §5.4.1: no other algorithm for proofs; §5.3.2.2: no other method for PKCE.
    let mut proofs: Vec<&str> = document["dpop_signing_alg_values_supported"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    proofs.sort_unstable();
    assert_eq!(proofs, ["ES256", "Ed25519", "EdDSA", "PS256"], "Ed25519 by both its names (RFC 9864)");
    assert_eq!(document["code_challenge_methods_supported"], value!(["S256"]));
    for flag in ["authorization_response_iss_parameter_supported", "claims_parameter_supported"] {
        assert_eq!(document[flag], true, "{flag}");
    }
    let jwks = json(&fapi.app.browser().get("/oauth2/jwks").await);
    for key in jwks["keys"].as_array().expect("keys") {
        let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
        assert!(private.iter().all(|member| key.get(member).is_none()), "a private key: {}", key["kid"]);
    }
}

#[tokio::test]
async fn happy_flow() {
    let fapi = Fapi::new().await;
    let first = fapi.flow(&fapi.client, &[]).await;
    let second = fapi.flow(&fapi.client2, &[]).await;
    assert_ne!(first.access, second.access);
    // By an RSA key, proofs are signed with PS256.
    let key = ClientKey::rsa();
    let code = fapi.code(&fapi.client, &[]).await;
    let proof = fapi.proof(&key, TOKEN, &value!({}));
    let tokens = json(&fapi.redeem_by(&fapi.client, &code, &[], &[&proof]).await);
    let access = text(&tokens, "access_token");
    let proof = fapi.resource_proof(&key, &access, &value!({}));
    assert_eq!(fapi.userinfo(&format!("DPoP {access}"), &[&proof]).await.status, StatusCode::OK);
    // The person signs in on the way, as the module has it.
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let browser = fapi.app.browser();
    let page = fapi.present(&browser, &fapi.client.id, &reference).await;
    assert!(page.location().starts_with("/login?flow="), "{}", page.location());
    let fields = fapi.finish(&browser, &fapi.client, page).await;
    assert_eq!(fapi.redeem(&fapi.client, &fields["code"]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn user_rejects_authentication() {
    let fapi = Fapi::new().await;
    let asking = fapi.register("asking", ClientKey::new(), |settings| settings.first_party = false).await;
    for (said, came) in [("cancel", "error"), ("allow", "code")] {
        let reference = fapi.pushed(&asking, &[]).await;
        let page = fapi.present(&fapi.browser, &asking.id, &reference).await;
        assert!(page.location().starts_with("/login/consent?flow="), "{}", page.location());
        let left = consent::answer(&fapi.browser, page.location(), said).await;
        let fields = fapi.answer(&asking, &left);
        assert_eq!(fields["state"], STATE);
        assert!(fields.contains_key(came), "{said}: {fields:?}");
        if came == "error" {
            assert_eq!(fields["error"], "access_denied", "RFC 6749 §4.1.2.1");
        }
    }
}

#[tokio::test]
async fn ensure_authorization_request_without_state_success() {
    let fapi = Fapi::new().await;
    let reference = fapi.pushed(&fapi.client, &[("state", "-")]).await;
    let fields = fapi.authorized(&fapi.client, &reference).await;
    assert!(!fields.contains_key("state"), "{fields:?}");
    let page = fapi.redeem(&fapi.client, &fields["code"]).await;
    fapi.tokens(&fapi.client, &page, Some(NONCE)).await;
}

#[tokio::test]
async fn ensure_authorization_request_without_nonce_success() {
    let fapi = Fapi::new().await;
    let tokens = fapi.flow(&fapi.client, &[("nonce", "-")]).await;
    assert!(tokens.id.get("nonce").is_none());
}

#[tokio::test]
async fn ensure_authorization_request_with_64_char_nonce_success() {
    let fapi = Fapi::new().await;
    let nonce = "aB3-_.~9".repeat(8);
    assert_eq!(fapi.flow(&fapi.client, &[("nonce", &nonce)]).await.id["nonce"], nonce);
}

/// Echoed here; the module would take a clean refusal as well.
#[tokio::test]
async fn ensure_authorization_request_with_long_nonce() {
    let fapi = Fapi::new().await;
    let nonce = "aB3-_.~9".repeat(48);
    assert_eq!(
        (nonce.len(), &fapi.flow(&fapi.client, &[("nonce", &nonce)]).await.id["nonce"]),
        (384, &nonce.as_str().into())
    );
    let beyond = fapi.push(&fapi.client, &[("nonce", &"n".repeat(10_000))], &[]).await;
    refused(&beyond, &["invalid_request"]);
}

/// As for the nonce.
#[tokio::test]
async fn ensure_authorization_request_with_long_state() {
    let fapi = Fapi::new().await;
    let state = "aB3-_.~9".repeat(125);
    let reference = fapi.pushed(&fapi.client, &[("state", &state)]).await;
    let fields = fapi.authorized(&fapi.client, &reference).await;
    assert_eq!((state.len(), &fields["state"]), (1000, &state));
    let beyond = fapi.push(&fapi.client, &[("state", &"s".repeat(10_000))], &[]).await;
    refused(&beyond, &["invalid_request"]);
}

#[tokio::test]
async fn ensure_other_scope_order_succeeds() {
    let fapi = Fapi::new().await;
    let mut granted = Vec::new();
    for scope in ["openid email profile", "profile email openid"] {
        let tokens = fapi.flow(&fapi.client, &[("scope", scope)]).await;
        granted.push(fapi.resource(&fapi.client, &tokens).await);
    }
    assert_eq!(granted[0], granted[1]);
    assert_eq!(granted[0]["email"], "maya@fernhill.example");
}

#[tokio::test]
async fn test_claims_parameter_identity_claims() {
    let fapi = Fapi::new().await;
    let asked = value!({ "email": null, "given_name": { "essential": true }, "family_name": null });
    let claims = value!({ "id_token": asked, "userinfo": asked }).to_string();
    let code = fapi.code(&fapi.client, &[("claims", &claims)]).await;
    let answer = json(&fapi.redeem(&fapi.client, &code).await);
    let jwks = json(&fapi.app.browser().get("/oauth2/jwks").await);
    let id = jose::proven(&text(&answer, "id_token"), &jwks).claims;
    let access = text(&answer, "access_token");
    let proof = fapi.resource_proof(&fapi.client.bound, &access, &value!({}));
    let told = json(&fapi.userinfo(&format!("DPoP {access}"), &[&proof]).await);
    for place in [&id, &told] {
        assert_eq!(place["email"], "maya@fernhill.example", "{place}");
        assert_eq!((&place["given_name"], &place["family_name"]), (&"Maya".into(), &"Okafor".into()));
    }
    assert_eq!(id["sub"], told["sub"]);
    let without = fapi.flow(&fapi.client, &[]).await;
    assert!(fapi.resource(&fapi.client, &without).await.get("email").is_none(), "the valid twin");
}

#[tokio::test]
async fn access_token_type_header_case_sensitivity() {
    let fapi = Fapi::new().await;
    let tokens = fapi.flow(&fapi.client, &[]).await;
    for scheme in ["dpop", "DPOP", "DpOp", "DPoP"] {
        let proof = fapi.resource_proof(&fapi.client.bound, &tokens.access, &value!({}));
        let page = fapi.userinfo(&format!("{scheme} {}", tokens.access), &[&proof]).await;
        assert_eq!(page.status, StatusCode::OK, "{scheme}: {}", page.text);
    }
    for scheme in ["bearer", "Bearer"] {
        let proof = fapi.resource_proof(&fapi.client.bound, &tokens.access, &value!({}));
        let page = fapi.userinfo(&format!("{scheme} {}", tokens.access), &[&proof]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "RFC 9449 §7.2: {scheme}");
    }
}

#[tokio::test]
async fn ensure_unsigned_authorization_request_without_using_par_fails() {
    let fapi = Fapi::new().await;
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(Fapi::request(&fapi.client, &[]))
        .finish();
    let page = fapi.browser.get(&format!("/oauth2/authorize?{query}")).await;
    let fields = fapi.answer(&fapi.client, &page);
    assert_eq!((fields["error"].as_str(), fields["state"].as_str()), ("invalid_request", STATE));
    fapi.flow(&fapi.client, &[]).await;
}

#[tokio::test]
async fn ensure_response_type_code_idtoken_fails() {
    let fapi = Fapi::new().await;
    let page = fapi.push(&fapi.client, &[("response_type", "code id_token")], &[]).await;
    refused(&page, &["unsupported_response_type", "invalid_request", "unauthorized_client"]);
    fapi.flow(&fapi.client, &[]).await;
}

#[tokio::test]
async fn ensure_response_type_token_fails() {
    let fapi = Fapi::new().await;
    let page = fapi.push(&fapi.client, &[("response_type", "token")], &[]).await;
    refused(&page, &["unsupported_response_type", "invalid_request", "unauthorized_client"]);
    fapi.flow(&fapi.client, &[]).await;
}

/// Nobody is sent to an address that isn’t registered, neither by a push nor by what stands beside its reference.
#[tokio::test]
async fn ensure_registered_redirect_uri() {
    let fapi = Fapi::new().await;
    let other = format!("{}/other", fapi.client.redirect);
    refused(
        &fapi.push(&fapi.client, &[("redirect_uri", &other)], &[]).await,
        &["invalid_request", "invalid_redirect_uri"],
    );
    let reference = fapi.pushed(&fapi.client, &[]).await;
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "client"), ("request_uri", &*reference), ("redirect_uri", &*other)])
        .finish();
    let page = fapi.browser.get(&format!("/oauth2/authorize?{query}")).await;
    assert!(fapi.answer(&fapi.client, &page).contains_key("code"), "to the registered one");
    let bare = fapi.browser.get(&format!("/oauth2/authorize?client_id=client&redirect_uri={other}")).await;
    ends_here(&bare);
}

/// RFC 9126 §2.4 lets a server take other addresses from clients that authenticate; ours are exact everywhere.
#[tokio::test]
async fn plain_fapi_tolerate_unregistered_redirect_uri() {
    let fapi = Fapi::new().await;
    for other in [
        format!("{}?dummy1=lorem&dummy2=ipsum", fapi.client.redirect),
        fapi.client.redirect.to_uppercase(),
        fapi.client2.redirect.clone(),
    ] {
        let page = fapi.push(&fapi.client, &[("redirect_uri", &other)], &[]).await;
        refused(&page, &["invalid_request", "invalid_redirect_uri"]);
    }
    fapi.flow(&fapi.client, &[]).await;
}

#[tokio::test]
async fn ensure_redirect_uri_in_authorization_request() {
    let fapi = Fapi::new().await;
    refused(&fapi.push(&fapi.client, &[("redirect_uri", "-")], &[]).await, &["invalid_request"]);
    fapi.flow(&fapi.client, &[]).await;
}
