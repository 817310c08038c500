//! Issued tokens, checked by an independent library and by the vectors of the RFCs.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use oidc::access_token::{self, AccessTokenClaims, Audience};
use oidc::id_token::{self, IdTokenClaims, at_hash};
use oidc::jwks::thumbprint;
use oidc::params::Params;
use oidc::token_value::PresentedToken;
use oidc::{SignError, Signer as _, SigningAlgorithm};
use openssl::bn::BigNum;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use crate::support::{ISSUER, key_set, now, signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// RFC 7638 §3.1.
const RFC_7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

pub fn rfc_7638_key() -> PKey<Public> {
    let n = BigNum::from_slice(&bytes(RFC_7638_N)).expect("a number");
    let e = BigNum::from_slice(&bytes("AQAB")).expect("a number");
    Rsa::from_public_components(n, e).and_then(PKey::from_rsa).expect("a key")
}

pub fn rfc_8037_key() -> PKey<Public> {
    let x = bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    PKey::public_key_from_raw_bytes(&x, Id::ED25519).expect("a key")
}

#[test]
fn thumbprints_of_the_rfcs() {
    let rsa = thumbprint(&rfc_7638_key(), SigningAlgorithm::Rs256).expect("RSA");
    assert_eq!(rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638 §3.1");
    let ed = thumbprint(&rfc_8037_key(), SigningAlgorithm::EdDsa).expect("Ed25519");
    assert_eq!(ed, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 Appendix A.3");
}

#[test]
fn at_hash_of_openid_connect_core_appendix_a_3() {
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(at_hash(token, SigningAlgorithm::Rs256).expect("SHA-256"), "77QmUPtjPfzWtF2AnpK9RQ");
    let ed = at_hash(token, SigningAlgorithm::EdDsa).expect("SHA-512");
    assert_eq!(bytes(&ed).len(), 32, "half of SHA-512");
}

#[test]
fn an_independent_library_verifies_every_algorithm_by_the_published_jwks() {
    let published: jsonwebtoken::jwk::JwkSet =
        serde_json::from_value(key_set().to_json()).expect("their types read our document");
    let claims = IdTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "maya".to_owned(),
        aud: "metrics".to_owned(),
        exp: 4_000_000_000,
        iat: now().timestamp(),
        nonce: Some("n".to_owned()),
        ..IdTokenClaims::default()
    };
    for (algorithm, theirs) in [
        (SigningAlgorithm::Rs256, Algorithm::RS256),
        (SigningAlgorithm::Es256, Algorithm::ES256),
        (SigningAlgorithm::EdDsa, Algorithm::EdDSA),
    ] {
        let token = id_token::issue(&claims, signer(algorithm)).expect("signs");
        let header = jsonwebtoken::decode_header(&token).expect("a header");
        assert_eq!((header.alg, header.typ.as_deref()), (theirs, Some("JWT")));
        assert_eq!(header.kid.as_deref(), Some(signer(algorithm).kid()));
        let key = published.find(&header.kid.expect("a kid")).expect("published");
        let mut validation = Validation::new(theirs);
        validation.set_audience(&["metrics"]);
        validation.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(key).expect("a key");
        let decoded = decode::<Value>(&token, &key, &validation).expect("verifies");
        assert_eq!(decoded.claims["sub"], "maya");
        let (message, _) = token.rsplit_once('.').expect("three parts");
        assert!(decode::<Value>(format!("{message}.AAAA"), &key, &validation).is_err(), "control");
    }
}

#[test]
fn claims_about_a_person_cannot_replace_those_of_the_protocol() {
    let mut claims = IdTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "maya".to_owned(),
        aud: "metrics".to_owned(),
        acr: Some(String::new()),
        ..IdTokenClaims::default()
    };
    for (name, value) in
        [("sub", json!("root")), ("exp", json!(9)), ("nonce", json!("x")), ("email", json!("m"))]
    {
        claims.additional.insert(name.to_owned(), value);
    }
    let token = id_token::issue(&claims, signer(SigningAlgorithm::Es256)).expect("signs");
    let payload = bytes(token.split('.').nth(1).expect("three parts"));
    let text = String::from_utf8(payload).expect("UTF-8");
    assert_eq!(
        text,
        r#"{"iss":"https://id.fernhill.example","sub":"maya","aud":"metrics","exp":0,"iat":0,"email":"m"}"#
    );
}

/// An access token about somebody in so many groups.
fn access_token_with(groups: usize) -> Result<String, SignError> {
    let names: Vec<String> = (0..groups).map(|n| format!("Group number {n:04} of many")).collect();
    let claims = AccessTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "maya".to_owned(),
        aud: Audience::of(&[], ISSUER),
        exp: now().timestamp() + 900,
        iat: now().timestamp(),
        jti: "j".to_owned(),
        client_id: "metrics".to_owned(),
        scope: "openid groups".to_owned(),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        cnf: None,
        additional: json!({ "groups": names }).as_object().cloned().unwrap_or_default(),
    };
    access_token::issue(&claims, signer(SigningAlgorithm::Es256))
}

#[test]
fn o_36_whatever_access_token_is_issued_is_taken_back() {
    for groups in [0, 300, 450] {
        let token = access_token_with(groups).expect("short enough");
        assert!(matches!(PresentedToken::parse(&token), Some(PresentedToken::Jwt(_))), "{groups}");
        let assertion = "a".repeat(8 * 1024);
        let body = format!("token={token}&token_type_hint=access_token&client_assertion={assertion}");
        assert_eq!(Params::parse(&body).expect("short enough").get("token"), Some(token.as_str()));
    }
    assert!(access_token_with(450).expect("short enough").len() > 16 * 1024);
    assert!(matches!(access_token_with(700), Err(SignError::TooLong(_))));
}
