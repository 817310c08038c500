//! The one module of the Config OP plan: the whole discovery document, and the keys it leads to.

use super::suite::{Mode, Suite};
use crate::oidc::json;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every member that a document of ours may hold, with what it must be.
const MEMBERS: &[(&str, Kind)] = &[
    ("issuer", Kind::Address),
    ("authorization_endpoint", Kind::Address),
    ("token_endpoint", Kind::Address),
    ("userinfo_endpoint", Kind::Address),
    ("jwks_uri", Kind::Address),
    ("revocation_endpoint", Kind::Address),
    ("introspection_endpoint", Kind::Address),
    ("end_session_endpoint", Kind::Address),
    ("pushed_authorization_request_endpoint", Kind::Address),
    ("device_authorization_endpoint", Kind::Address),
    ("scopes_supported", Kind::Words),
    ("claims_supported", Kind::Words),
    ("claim_types_supported", Kind::Words),
    ("response_types_supported", Kind::Words),
    ("response_modes_supported", Kind::Words),
    ("grant_types_supported", Kind::Words),
    ("subject_types_supported", Kind::Words),
    ("id_token_signing_alg_values_supported", Kind::Words),
    ("userinfo_signing_alg_values_supported", Kind::Words),
    ("token_endpoint_auth_methods_supported", Kind::Words),
    ("token_endpoint_auth_signing_alg_values_supported", Kind::Words),
    ("revocation_endpoint_auth_methods_supported", Kind::Words),
    ("revocation_endpoint_auth_signing_alg_values_supported", Kind::Words),
    ("introspection_endpoint_auth_methods_supported", Kind::Words),
    ("introspection_endpoint_auth_signing_alg_values_supported", Kind::Words),
    ("code_challenge_methods_supported", Kind::Words),
    ("prompt_values_supported", Kind::Words),
    ("acr_values_supported", Kind::Words),
    ("ui_locales_supported", Kind::Words),
    ("dpop_signing_alg_values_supported", Kind::Words),
    ("claims_parameter_supported", Kind::Flag),
    ("request_parameter_supported", Kind::Flag),
    ("request_uri_parameter_supported", Kind::Flag),
    ("require_pushed_authorization_requests", Kind::Flag),
    ("authorization_response_iss_parameter_supported", Kind::Flag),
    ("frontchannel_logout_supported", Kind::Flag),
    ("frontchannel_logout_session_supported", Kind::Flag),
    ("backchannel_logout_supported", Kind::Flag),
    ("backchannel_logout_session_supported", Kind::Flag),
];

#[derive(Clone, Copy)]
enum Kind {
    Address,
    Words,
    Flag,
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let suite = Suite::new(Mode::Default).await;
    let page = suite.app.browser().get("/.well-known/openid-configuration").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let document = json(&page);
    let members = document.as_object().expect("an object");
    for (name, value) in members {
        let (_, kind) = MEMBERS.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}?"));
        match kind {
            Kind::Address => {
                let address = url::Url::parse(value.as_str().expect("a text")).expect("an address");
                // The rule is https; loopback is what a test has (the public URL is refused otherwise).
                assert_eq!((address.scheme(), address.host_str()), ("http", Some("127.0.0.1")), "{name}");
                assert!(address.query().is_none() && address.fragment().is_none(), "{name}");
                assert!(value.as_str().is_some_and(|text| text.starts_with(&suite.app.url)), "{name}");
            }
            Kind::Words => {
                let list = words(value);
                let distinct: BTreeSet<&str> = list.iter().copied().collect();
                assert!(!list.is_empty() && distinct.len() == list.len(), "{name}: {value}");
            }
            Kind::Flag => assert!(value.is_boolean(), "{name}"),
        }
    }
    assert_eq!(document["issuer"], suite.app.url, "to the byte, where the document is");
    for required in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "scopes_supported",
        "claims_supported",
        "grant_types_supported",
    ] {
        assert!(members.contains_key(required), "{required}");
    }
    assert_eq!(words(&document["response_types_supported"]), ["code"]);
    let algorithms = words(&document["id_token_signing_alg_values_supported"]);
    assert!(algorithms.contains(&"RS256") && !algorithms.contains(&"none"));
    assert!(words(&document["scopes_supported"]).contains(&"openid"));
    assert!(words(&document["grant_types_supported"]).contains(&"authorization_code"));
    assert_eq!(words(&document["code_challenge_methods_supported"]), ["S256"]);
    let jwks = json(&suite.app.browser().get("/oauth2/jwks").await);
    let keys = jwks["keys"].as_array().expect("keys");
    let names: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    assert_eq!(names.len(), keys.len(), "every key has its own name");
    for algorithm in algorithms {
        assert!(keys.iter().any(|key| key["alg"] == algorithm), "a key for {algorithm}");
    }
}

/// What is said to be there is there: every endpoint answers, and not as an unknown address does.
#[tokio::test]
async fn every_endpoint_that_is_named_answers() {
    let suite = Suite::new(Mode::Default).await;
    let document = json(&suite.app.browser().get("/.well-known/openid-configuration").await);
    for (name, value) in document.as_object().expect("an object") {
        if !name.ends_with("_endpoint") {
            continue;
        }
        let address = value.as_str().expect("a text");
        let get = suite.app.browser().send(Method::GET, address, &[], "").await;
        let post = suite.app.browser().post(address, &[]).await;
        for page in [get, post] {
            // A request for no known client ends on a page of its own, with a reference.
            assert!(page.status != StatusCode::NOT_FOUND || page.reference().is_some(), "{name}");
            assert!(page.status.as_u16() < 500, "{name}");
        }
    }
    // RFC 8414 §3: the same, where OAuth clients look.
    let same = json(&suite.app.browser().get("/.well-known/oauth-authorization-server").await);
    assert_eq!(same, document);
}
