//! O-14: `private_key_jwt`, and the client modules of the FAPI 2 plan that concern it.

use oidc::jose::{ClientAlgorithm, KeySet, KeySetError};
use oidc::params::Params;
use oidc::token::client_assertion::{AssertionError, ClientAssertion, TYPE, VerifiedAssertion};
use serde_json::{Value, json};

use crate::client_keys::{ClientKey, b64, with};
use crate::support::{ISSUER, now};

fn claims() -> Value {
    let at = now().timestamp();
    json!({ "iss": "metrics", "sub": "metrics", "aud": ISSUER, "jti": "a1", "iat": at, "exp": at + 60 })
}

fn set(keys: &[(&str, &ClientKey)]) -> KeySet {
    let keys: Vec<Value> = keys
        .iter()
        .map(|(kid, key)| with(key.jwk(), &json!({ "kid": kid, "alg": key.algorithm.as_str() })))
        .collect();
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).expect("a set")
}

fn verify_with(
    assertion: &str,
    keys: &KeySet,
    allowed: &[ClientAlgorithm],
) -> Result<VerifiedAssertion, AssertionError> {
    ClientAssertion::parse(assertion)?.verify("metrics", allowed, keys, ISSUER, now())
}

fn outcome(result: &Result<VerifiedAssertion, AssertionError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(AssertionError::UnknownKey) => "unknown key",
        Err(AssertionError::Refused(error)) => error.code().as_str(),
    }
}

#[test]
fn o14_assertions_by_every_algorithm_hold() {
    for algorithm in ClientAlgorithm::ALL {
        let key = ClientKey::new(algorithm);
        let keys = set(&[("k1", &key)]);
        for header in [
            json!({ "alg": algorithm.as_str(), "kid": "k1" }),
            json!({ "alg": algorithm.as_str() }),
            json!({ "alg": algorithm.as_str(), "typ": "JWT" }),
            json!({ "alg": algorithm.as_str(), "typ": "client-authentication+jwt" }),
        ] {
            let assertion = key.sign(&header.to_string(), &claims().to_string());
            let verified = verify_with(&assertion, &keys, &[algorithm]).expect("the valid twin");
            assert!(verified.remember_until().timestamp() > now().timestamp() + 60);
        }
        // RFC 9864: by every name that discovery lists.
        for name in algorithm.names() {
            let assertion = key.sign(&json!({ "alg": name }).to_string(), &claims().to_string());
            assert!(verify_with(&assertion, &keys, &[algorithm]).is_ok(), "{name}");
        }
        let others: Vec<_> = ClientAlgorithm::ALL.into_iter().filter(|other| *other != algorithm).collect();
        let assertion = key.sign(&json!({ "alg": algorithm.as_str() }).to_string(), &claims().to_string());
        assert_eq!(
            outcome(&verify_with(&assertion, &keys, &others)),
            "invalid_client",
            "not the registered one"
        );
    }
}

#[test]
fn o14_claims_that_do_not_hold_are_refused() {
    let key = ClientKey::new(ClientAlgorithm::Es256);
    let keys = set(&[("k1", &key)]);
    let header = json!({ "alg": "ES256", "kid": "k1" }).to_string();
    let at = |seconds: i64| now().timestamp() + seconds;
    let cases = [
        ("no iss", json!({ "iss": null })),
        ("iss is another client", json!({ "iss": "other" })),
        ("no sub", json!({ "sub": null })),
        ("empty sub", json!({ "sub": "" })),
        ("sub is another client", json!({ "sub": "other" })),
        ("both are another client", json!({ "iss": "other", "sub": "other" })),
        ("no aud", json!({ "aud": null })),
        ("aud is another server", json!({ "aud": "https://other.example" })),
        ("aud is the token endpoint", json!({ "aud": format!("{ISSUER}/oauth2/token") })),
        ("aud is the PAR endpoint", json!({ "aud": format!("{ISSUER}/oauth2/par") })),
        ("aud with a slash", json!({ "aud": format!("{ISSUER}/") })),
        ("aud as a list", json!({ "aud": [ISSUER] })),
        ("aud as a list of two", json!({ "aud": [ISSUER, "https://other.example"] })),
        ("no jti", json!({ "jti": null })),
        ("empty jti", json!({ "jti": "" })),
        ("jti without end", json!({ "jti": "j".repeat(256) })),
        ("no exp", json!({ "exp": null })),
        ("exp 5 minutes ago", json!({ "exp": at(-300) })),
        ("exp now", json!({ "exp": at(0) })),
        ("exp now, with a fraction", json!({ "exp": at_fraction(0) })),
        ("exp in an hour", json!({ "exp": at(3600) })),
        ("exp beyond the calendar", json!({ "exp": i64::MAX })),
        ("nbf in over 60 s", json!({ "nbf": at(61) })),
        ("iat in over 60 s", json!({ "iat": at(61) })),
    ];
    for (name, change) in cases {
        let assertion = key.sign(&header, &with(claims(), &change).to_string());
        let result = ClientAssertion::parse(&assertion)
            .map_err(AssertionError::from)
            .and_then(|read| read.verify("metrics", &ClientAlgorithm::FAPI, &keys, ISSUER, now()));
        assert_eq!(outcome(&result), "invalid_client", "{name}");
    }
    for (name, change) in [
        ("as it is", json!({})),
        ("nbf in 8 s", json!({ "nbf": at(8) })),
        ("iat in 8 s", json!({ "iat": at(8) })),
        ("no iat", json!({ "iat": null })),
        ("exp in 5 minutes", json!({ "exp": at(300) })),
        ("more claims", json!({ "x": [1] })),
        // RFC 7519 §2: a NumericDate may have a fraction.
        (
            "times with fractions",
            json!({ "exp": at_fraction(60), "iat": at_fraction(-1), "nbf": at_fraction(-1) }),
        ),
    ] {
        let assertion = key.sign(&header, &with(claims(), &change).to_string());
        assert_eq!(outcome(&verify_with(&assertion, &keys, &ClientAlgorithm::FAPI)), "accepted", "{name}");
    }
}

/// A time that far from now, and half a second.
fn at_fraction(seconds: i64) -> Value {
    serde_json::from_str(&format!("{}.5", now().timestamp() + seconds - 1)).expect("a number")
}

#[test]
fn o14_headers_that_bring_a_key_or_no_signature_are_refused() {
    let key = ClientKey::new(ClientAlgorithm::Rs256);
    let attacker = ClientKey::new(ClientAlgorithm::Rs256);
    let keys = set(&[("k1", &key)]);
    let payload = claims().to_string();
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": "k1" }),
        json!({ "alg": "RS512", "kid": "k1" }),
        json!({ "alg": "RS256", "jwk": attacker.jwk() }),
        json!({ "alg": "RS256", "jku": "https://evil.example/jwks" }),
        json!({ "alg": "RS256", "x5u": "https://evil.example/cert" }),
        json!({ "alg": "RS256", "x5c": ["MIIB"] }),
        json!({ "alg": "RS256", "kid": "k1", "crit": ["exp"] }),
        json!({ "alg": "RS256", "kid": "k1", "b64": false }),
        json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" }),
        json!({ "alg": "RS256", "kid": "k1", "typ": "dpop+jwt" }),
        json!({ "alg": "RS256", "kid": ["k1"] }),
        json!(["RS256", "k1"]),
    ] {
        let assertion = attacker.sign(&header.to_string(), &payload);
        assert!(ClientAssertion::parse(&assertion).is_err(), "{header}");
    }
    // The public key as a shared secret.
    let pem = key.key.public_key_to_pem().expect("PEM");
    let shared = openssl::pkey::PKey::hmac(&pem).expect("a key");
    let message = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"k1"}"#), b64(&payload));
    let mac = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &shared)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
        .expect("a MAC");
    assert!(ClientAssertion::parse(&format!("{message}.{}", b64(mac))).is_err());

    let rs = &[ClientAlgorithm::Rs256];
    let forged = attacker.sign(r#"{"alg":"RS256","kid":"k1"}"#, &payload);
    assert_eq!(outcome(&verify_with(&forged, &keys, rs)), "invalid_client", "another key under its name");
    for kid in ["k2", "../k1", "k1' OR '1'='1", "K1"] {
        let header = json!({ "alg": "RS256", "kid": kid }).to_string();
        assert_eq!(outcome(&verify_with(&key.sign(&header, &payload), &keys, rs)), "unknown key", "{kid}");
    }
    let good = key.sign(r#"{"alg":"RS256","kid":"k1"}"#, &payload);
    assert_eq!(outcome(&verify_with(&good, &keys, rs)), "accepted", "the valid twin");
    for cut in 0..good.len() {
        let result = ClientAssertion::parse(&good[..cut]).map_err(AssertionError::from);
        let result = result.and_then(|read| read.verify("metrics", rs, &keys, ISSUER, now()));
        assert!(result.is_err(), "prefix of {cut}");
    }
}

#[test]
fn o12_o14_the_parameters_of_an_assertion_fit_each_other() {
    let key = ClientKey::new(ClientAlgorithm::EdDsa);
    let assertion = key.sign(r#"{"alg":"EdDSA"}"#, &claims().to_string());
    let read = |pairs: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        ClientAssertion::from_params(&Params::parse(&body).expect("parses"))
            .map(|read| read.map(|read| read.client_id().to_owned()))
            .map_err(|error| error.code().as_str())
    };
    let both = [("client_assertion_type", TYPE), ("client_assertion", assertion.as_str())];
    assert_eq!(read(&both), Ok(Some("metrics".to_owned())), "the valid twin");
    assert_eq!(read(&[both[0], both[1], ("client_id", "metrics")]), Ok(Some("metrics".to_owned())));
    assert_eq!(read(&[("client_id", "metrics")]), Ok(None));
    for pairs in [
        vec![both[0]],
        vec![both[1]],
        vec![both[0], ("client_assertion", "")],
        vec![("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), both[1]],
        vec![both[0], both[1], ("client_id", "other")],
    ] {
        assert_eq!(read(&pairs), Err("invalid_client"), "{pairs:?}");
    }
}

#[test]
fn o14_o25_a_key_set_is_bounded_and_holds_no_private_key() {
    let key = ClientKey::new(ClientAlgorithm::Es256);
    let parse = |value: Value| KeySet::parse(value.to_string().as_bytes()).map(|set| set.iter().count());
    assert_eq!(parse(json!({ "keys": [key.jwk()] })), Ok(1), "the valid twin");
    let mixed = json!([{ "kty": "oct" }, { "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }, key.jwk()]);
    assert_eq!(parse(json!({ "keys": mixed })), Ok(1), "what is not understood is ignored");
    assert_eq!(parse(json!({ "keys": vec![key.jwk(); 33] })), Err(KeySetError::TooMany));
    assert_eq!(parse(json!({ "keys": [] })), Err(KeySetError::NoneUsable));
    assert_eq!(
        parse(json!({ "keys": [with(key.jwk(), &json!({ "d": "AAAA" }))] })),
        Err(KeySetError::Private)
    );
    assert_eq!(
        parse(json!({ "keys": [with(key.jwk(), &json!({ "use": "enc" }))] })),
        Err(KeySetError::NoneUsable)
    );
    assert_eq!(parse(json!([key.jwk()])), Err(KeySetError::Malformed));
    assert_eq!(parse(json!({ "keys": key.jwk() })), Err(KeySetError::Malformed));
    assert_eq!(parse(json!({ "keys": ["a".repeat(70_000)] })), Err(KeySetError::TooLong));
    for weak in [
        json!({ "kty": "RSA", "n": b64([0xFF_u8; 128]), "e": "AQAB" }),
        json!({ "kty": "RSA", "n": b64([0xFF_u8; 256]), "e": "Aw" }),
        json!({ "kty": "RSA", "n": b64([0xFF_u8; 256]), "e": "AQAC" }),
        json!({ "kty": "RSA", "n": b64([0xFF_u8; 256]), "e": b64([0xFF_u8; 8]) }),
        json!({ "kty": "RSA", "n": b64([0xFF_u8; 2048]), "e": "AQAB" }),
        json!({ "kty": "RSA", "n": format!("AA{}", b64([0xFF_u8; 256])), "e": "AQAB" }),
    ] {
        assert_eq!(parse(json!({ "keys": [weak] })), Err(KeySetError::NoneUsable));
    }
}
