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
    let plain = TokenResponse::new(&access, 900, &scope);
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
        sub: "01J9Z3N4T5".to_owned(),
        username: Some("maya".to_owned()),
        scope: Scope::parse("openid email").expect("good"),
        issued_at: now(),
        expires_at: now() + chrono::TimeDelta::seconds(900),
        revoked: false,
    };
    let response = introspection::decide(&stored, &presented, &client(), ISSUER, now());
    assert_json_snapshot!(response.to_json());
}
