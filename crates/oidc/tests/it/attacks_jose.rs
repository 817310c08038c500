//! O-15, O-22, O-37 and O-41: tokens and keys.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use oidc::id_token::hint::{HintError, HintExpiry, verify_hint};
use oidc::id_token::{self, IdTokenClaims};
use oidc::jwks::{Jwk, JwkSet};
use oidc::token_value::{AccessToken, AuthorizationCode, RefreshToken};
use oidc::{OpensslSigner, SignError, Signer, SigningAlgorithm};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use serde_json::json;

use crate::support::{CountingRng, ISSUER, jwk, key_set, now, private_key, signer};

fn claims() -> IdTokenClaims {
    IdTokenClaims {
        iss: ISSUER.to_owned(),
        sub: "01J9Z3".to_owned(),
        aud: "metrics".to_owned(),
        exp: now().timestamp() + 300,
        iat: now().timestamp(),
        sid: Some("s1".to_owned()),
        ..IdTokenClaims::default()
    }
}

fn token(algorithm: SigningAlgorithm) -> String {
    id_token::issue(&claims(), signer(algorithm)).expect("signs")
}

fn accepts(token: &str) -> Result<(), HintError> {
    let client = Some("metrics");
    verify_hint(token, ISSUER, client, &key_set(), HintExpiry::EnforcedAt(now())).map(|hint| {
        assert_eq!((hint.sub(), hint.client_id(), hint.sid()), ("01J9Z3", "metrics", Some("s1")));
    })
}

/// A token with our payload, a header of the attacker's making, signed by our RSA key.
fn with_header(header: &str) -> String {
    let payload = serde_json::to_vec(&claims()).expect("serialises");
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signer(SigningAlgorithm::Rs256).sign(message.as_bytes()).expect("signs");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn o_15_twin_our_tokens_verify() {
    for algorithm in SigningAlgorithm::ALL {
        assert_eq!(accepts(&token(algorithm)), Ok(()), "{algorithm}");
    }
    assert_eq!(accepts(&with_header(r#"{"alg":"RS256","kid":"key-RS256","typ":"JWT"}"#)), Ok(()));
}

#[test]
fn o_15_hostile_headers_are_refused_quickly() {
    let deep = format!(
        r#"{{"alg":"RS256","kid":"key-RS256","typ":"JWT","x":{}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let headers = [
        r#"{"alg":"none","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"None","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"RS512","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"PS256","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"ES256","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","p2c":1000000000,"p2s":"x","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"RS256","kid":"key-RS256","typ":"JWT","crit":["exp"]}"#,
        r#"{"alg":"RS256","kid":"key-RS256","typ":"JWT","crit":[]}"#,
        r#"{"alg":"RS256","kid":"key-RS256","typ":"JWT","b64":false}"#,
        r#"{"alg":"RS256","alg":"RS256","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"RS256","kid":"key-ES256","kid":"key-RS256","typ":"JWT"}"#,
        r#"{"alg":"RS256","typ":"JWT"}"#,
        r#"{"alg":"RS256","kid":"../../key","typ":"JWT"}"#,
        r#"{"alg":"RS256","kid":"key-RS256"}"#,
        r#"["RS256","key-RS256","JWT"]"#,
        "",
        &deep,
    ];
    let started = Instant::now();
    for header in headers {
        assert!(accepts(&with_header(header)).is_err(), "{header:.80}");
    }
    assert!(started.elapsed().as_secs() < 10, "each must be cheap");
}

#[test]
fn o_15_broken_signatures_are_refused() {
    let rs = token(SigningAlgorithm::Rs256);
    let (message, signature) = rs.rsplit_once('.').expect("three parts");
    for bad in [
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{}", &signature[..signature.len() - 4]),
        format!("{message}.{signature}AAAA"),
        format!("{message}.{signature}="),
        format!("{rs}.x"),
        format!(".{rs}"),
        rs.replace('.', ".."),
        "a".repeat(20_000),
        String::new(),
    ] {
        assert!(accepts(&bad).is_err(), "{bad:.80}");
    }
    let es = token(SigningAlgorithm::Es256);
    let (message, signature) = es.rsplit_once('.').expect("three parts");
    let raw = URL_SAFE_NO_PAD.decode(signature).expect("ours");
    assert_eq!(raw.len(), 64, "r and s, not DER");
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order = openssl::bn::BigNum::from_hex_str(order).expect("hex").to_vec();
    let zero = [0_u8; 32];
    let hostile: [Vec<u8>; 8] = [
        [zero, zero].concat(),
        [&zero[..], &raw[32..]].concat(),
        [&raw[..32], &zero[..]].concat(),
        [&order[..], &raw[32..]].concat(),
        [order.clone(), order.clone()].concat(),
        [&[0][..], &raw[..]].concat(),
        raw[..63].to_vec(),
        [&[0][..], &raw[..32], &[0], &raw[32..]].concat(),
    ];
    for bytes in hostile {
        assert!(accepts(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))).is_err());
    }
}

#[test]
fn o_15_weak_and_foreign_keys_are_refused() {
    let weak = Rsa::generate(1024).and_then(PKey::from_rsa).expect("a key");
    let p384 = EcGroup::from_curve_name(Nid::SECP384R1).and_then(|group| EcKey::generate(&group));
    let p384 = p384.and_then(PKey::from_ec_key).expect("a key");
    for (key, algorithm) in [
        (weak, SigningAlgorithm::Rs256),
        (p384, SigningAlgorithm::Es256),
        (private_key(SigningAlgorithm::EdDsa), SigningAlgorithm::Es256),
        (private_key(SigningAlgorithm::Es256), SigningAlgorithm::Rs256),
    ] {
        assert!(matches!(Jwk::new(None, &key, algorithm), Err(SignError::WrongKey(_))));
        assert!(matches!(OpensslSigner::new("k", key, algorithm), Err(SignError::WrongKey(_))));
    }
}

#[test]
fn o_15_opaque_tokens_need_their_full_length() {
    let token = AccessToken::generate(&mut CountingRng(0));
    let text = token.expose();
    for length in 0..text.len() {
        assert!(AccessToken::parse(&text[..length]).is_err(), "{length}");
    }
    for bad in [format!("{text}A"), format!("{text}="), format!(" {text}"), text.replace("gha_", "GHA_")] {
        assert!(AccessToken::parse(&bad).is_err(), "{bad}");
    }
    // The last character has two unused bits: other spellings of the same bytes are not the token.
    assert!(AccessToken::parse(&text.replace("Hh8", "Hh9")).is_err());
    assert!(AccessToken::parse(text).is_ok(), "twin");
}

#[test]
fn o_22_hints_of_others_are_refused() {
    let rs = signer(SigningAlgorithm::Rs256);
    let issue = |claims: &IdTokenClaims| id_token::issue(claims, rs).expect("signs");
    let verify = |token: &str, client, expiry| {
        verify_hint(token, ISSUER, client, &key_set(), expiry).map(|hint| hint.sub().to_owned())
    };
    let late = HintExpiry::EnforcedAt(now() + TimeDelta::seconds(300));
    let good = issue(&claims());
    assert_eq!(verify(&good, Some("other"), HintExpiry::Tolerated), Err(HintError::WrongAudience));
    assert_eq!(verify(&good, Some("metrics"), late), Err(HintError::Expired));
    assert!(verify(&good, Some("metrics"), HintExpiry::Tolerated).is_ok(), "tolerated at logout");
    assert!(verify(&good, None, HintExpiry::EnforcedAt(now())).is_ok(), "twin");

    let foreign_issuer = issue(&IdTokenClaims { iss: format!("{ISSUER}/"), ..claims() });
    assert_eq!(verify(&foreign_issuer, None, HintExpiry::Tolerated), Err(HintError::WrongIssuer));

    let forger = OpensslSigner::new(rs.kid(), private_key(SigningAlgorithm::Rs256), SigningAlgorithm::Rs256);
    let forged = id_token::issue(&claims(), &forger.expect("fits")).expect("signs");
    assert!(verify(&forged, None, HintExpiry::Tolerated).is_err());

    let (_, rest) = good.split_once('.').expect("three parts");
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"key-RS256","typ":"JWT"}"#);
    assert!(verify(&format!("{none}.{rest}"), None, HintExpiry::Tolerated).is_err());
    let unsigned = format!("{none}.{}.", rest.split_once('.').expect("two parts").0);
    assert!(verify(&unsigned, None, HintExpiry::Tolerated).is_err());

    let embedded =
        jwk(&OpensslSigner::new("x", private_key(SigningAlgorithm::Rs256), SigningAlgorithm::Rs256)
            .expect("fits"));
    let header = json!({ "alg": "RS256", "kid": "x", "typ": "JWT", "jwk": embedded.to_json(), "jku": "https://evil.example/" });
    assert!(verify(&with_header(&header.to_string()), None, HintExpiry::Tolerated).is_err());
    assert!(verify_hint(&good, ISSUER, None, &JwkSet::default(), HintExpiry::Tolerated).is_err());
}

#[test]
fn o_37_other_types_do_not_pass_for_id_tokens() {
    for typ in ["at+jwt", "logout+jwt", "jwt", "application/at+jwt", "dpop+jwt"] {
        let header = json!({ "alg": "RS256", "kid": "key-RS256", "typ": typ });
        assert!(accepts(&with_header(&header.to_string())).is_err(), "{typ}");
    }
    let access = AccessToken::generate(&mut CountingRng(0));
    assert!(accepts(access.expose()).is_err());
    let id_token = token(SigningAlgorithm::Es256);
    assert!(AccessToken::parse(&id_token).is_err());
    assert!(RefreshToken::parse(&id_token).is_err() && AuthorizationCode::parse(&id_token).is_err());
}

#[test]
fn o_41_the_jwks_holds_public_members_and_distinct_kids() {
    let document = key_set().to_json();
    let keys = document["keys"].as_array().expect("a list");
    assert_eq!(keys.len(), 3);
    for key in keys {
        let members: Vec<&str> = key.as_object().expect("an object").keys().map(String::as_str).collect();
        for member in &members {
            assert!(["kid", "use", "alg", "kty", "n", "e", "crv", "x", "y"].contains(member), "{member}");
        }
        assert!(["kid", "use", "alg", "kty"].iter().all(|member| members.contains(member)));
    }
    // A private key goes in, only its public half can come out.
    let rs = signer(SigningAlgorithm::Rs256);
    let private = URL_SAFE_NO_PAD.encode(rs.key().rsa().expect("RSA").d().to_vec());
    assert!(!document.to_string().contains(&private));
    let twice = JwkSet::new([jwk(rs), jwk(rs)]);
    assert_eq!(twice.iter().count(), 1, "distinct kids");
    let discovery = oidc::discovery::document(ISSUER, &oidc::discovery::Capabilities::default());
    for private_member in ["d", "p", "q", "k", "dp", "dq", "qi"] {
        assert!(discovery.get(private_member).is_none());
    }
}
