//! Snapshots of everything that is issued, with a fixed clock and generator and the public keys of RFCs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_json_snapshot;
use oidc::discovery::{Capabilities, document};
use oidc::id_token::{self, IdTokenClaims, at_hash};
use oidc::introspection::{self, StoredToken};
use oidc::jwks::{Jwk, JwkSet};
use oidc::token::response::{ErrorResponse, TokenResponse};
use oidc::token_value::{AccessToken, PresentedToken, RefreshToken};
use oidc::{ErrorCode, ProtocolError, Scope, SigningAlgorithm};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use serde_json::Value;

use crate::support::{CountingRng, ISSUER, client, now, signer};
use crate::tokens::{rfc_7638_key, rfc_8037_key};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn discovery() {
    let capabilities = Capabilities {
        acr_values: vec!["urn:gatehouse:acr:mfa".to_owned()],
        ui_locales: vec!["en".to_owned()],
        ..Capabilities::default()
    };
    assert_json_snapshot!(document(ISSUER, &capabilities));
    assert!(document(ISSUER, &Capabilities::default()).get("acr_values_supported").is_none());
}

#[test]
fn jwks() {
    // RFC 7517 Appendix A.1.
    let coordinate = |text: &str| BigNum::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url"));
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
    let x = coordinate("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4").expect("a number");
    let y = coordinate("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM").expect("a number");
    let ec = EcKey::from_public_key_affine_coordinates(&group, &x, &y).and_then(PKey::from_ec_key);
    let set = JwkSet::new([
        Jwk::new(None, &rfc_7638_key(), SigningAlgorithm::Rs256).expect("RSA"),
        Jwk::new(Some("1"), &ec.expect("a key"), SigningAlgorithm::Es256).expect("EC"),
        Jwk::new(None, &rfc_8037_key(), SigningAlgorithm::EdDsa).expect("Ed25519"),
    ]);
    assert_json_snapshot!(set.to_json());
}

#[test]
fn token_responses() {
    let rng = &mut CountingRng(0);
    let scope = Scope::parse("openid email").expect("good");
    let access = AccessToken::generate(rng);
    let plain = TokenResponse::new(access.expose(), 900, &scope);
    let full =
        plain.clone().with_refresh_token(&RefreshToken::generate(rng)).with_id_token("a.b.c".to_owned());
    assert!(!format!("{full:?}").contains("gh"), "no token is printed");
    assert_json_snapshot!([plain.to_json(), full.to_json()]);
}

#[test]
fn token_errors() {
    let errors = [
        ProtocolError::invalid_client("unknown"),
        ProtocolError::invalid_grant("expired"),
        ProtocolError::new(ErrorCode::UnsupportedGrantType, "the grant type is not supported"),
        ProtocolError::new(ErrorCode::TemporarilyUnavailable, "try again later"),
    ];
    let responses: Vec<_> = errors
        .iter()
        .map(ErrorResponse::new)
        .map(|response| serde_json::json!([response.status, response.www_authenticate, response.body]))
        .collect();
    assert_json_snapshot!(responses);
}

#[test]
fn id_token() {
    let access = AccessToken::generate(&mut CountingRng(0));
    let mut claims = IdTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "01J9Z3N4T5".to_owned(),
        aud: "metrics".to_owned(),
        exp: now().timestamp() + i64::from(client().lifetimes.id_token_seconds),
        iat: now().timestamp(),
        auth_time: Some(now().timestamp() - 30),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        at_hash: at_hash(access.expose(), SigningAlgorithm::Es256).ok(),
        acr: Some("urn:gatehouse:acr:mfa".to_owned()),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        sid: Some("s-1".to_owned()),
        ..IdTokenClaims::default()
    };
    claims.additional.insert("groups".to_owned(), serde_json::json!(["Growth"]));
    let token = id_token::issue(&claims, signer(SigningAlgorithm::Es256)).expect("signs");
    assert_json_snapshot!([part(&token, 0), part(&token, 1)]);
}

#[test]
fn introspection() {
    let presented = PresentedToken::Access(AccessToken::generate(&mut CountingRng(0)));
    let stored = StoredToken {
        client_id: "metrics".to_owned(),
        audience: Vec::new(),
        key_thumbprint: None,
        sub: "01J9Z3N4T5".to_owned(),
        username: Some("maya".to_owned()),
        scope: Scope::parse("openid email").expect("good"),
        issued_at: Some(now()),
        expires_at: now() + chrono::TimeDelta::seconds(900),
        revoked: false,
    };
    let response = introspection::decide(&stored, &presented, &client(), ISSUER, now());
    assert_json_snapshot!(response.to_json());
}

#[test]
fn o_36_introspection_of_a_bound_token_is_for_its_client_and_its_resource_server() {
    let presented = PresentedToken::Access(AccessToken::generate(&mut CountingRng(0)));
    let stored = StoredToken {
        client_id: "metrics".to_owned(),
        audience: vec!["https://api.example/".to_owned()],
        key_thumbprint: Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned()),
        sub: "01J9Z3N4T5".to_owned(),
        username: None,
        scope: Scope::parse("read").expect("good"),
        issued_at: Some(now()),
        expires_at: now() + chrono::TimeDelta::seconds(900),
        revoked: false,
    };
    let ask =
        |caller: &oidc::Client| introspection::decide(&stored, &presented, caller, ISSUER, now()).to_json();
    assert_json_snapshot!(ask(&client()));
    let mut server = client();
    server.client_id = "api".to_owned();
    server.serves_resources = vec!["https://api.example/".to_owned()];
    assert_eq!(ask(&server)["active"], false, "people sign in there: it is no mere resource server");
    server.grant_types = vec![oidc::GrantType::ClientCredentials];
    assert_eq!(ask(&server)["active"], true);
    server.resources = std::mem::take(&mut server.serves_resources);
    assert_eq!(ask(&server)["active"], false, "it may get such tokens, but it is not their server");
    server.serves_resources = vec!["https://other.example/".to_owned()];
    assert_eq!(ask(&server)["active"], false, "a token for somebody else");
}

#[test]
fn access_token_jwt() {
    use oidc::access_token::{AccessTokenClaims, Audience, Confirmation, issue};
    let mut claims = AccessTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "01J9Z3N4T5".to_owned(),
        aud: Audience::of(&["https://api.example/".to_owned()], ISSUER),
        exp: now().timestamp() + 900,
        iat: now().timestamp(),
        jti: "j1".to_owned(),
        client_id: "metrics".to_owned(),
        scope: "openid groups".to_owned(),
        auth_time: Some(now().timestamp() - 30),
        acr: None,
        amr: vec!["pwd".to_owned()],
        cnf: Some(Confirmation { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned() }),
        additional: serde_json::Map::new(),
    };
    claims.additional.insert("groups".to_owned(), serde_json::json!(["Growth"]));
    claims.additional.insert("sub".to_owned(), "somebody else".into());
    claims.additional.insert("scope".to_owned(), "admin".into());
    let token = issue(&claims, signer(SigningAlgorithm::Es256)).expect("signs");
    assert_json_snapshot!([part(&token, 0), part(&token, 1)]);
    let none = Audience::of(&[], ISSUER);
    assert_eq!(serde_json::to_value(none).expect("JSON"), ISSUER);
}
