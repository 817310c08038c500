//! O-43: every case of the `dpop-negative-tests` of the FAPI 2 plan, each beside a proof that holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use oidc::ProtocolError;
use oidc::dpop::{self, ProofContext, UnverifiedProof, VerifiedProof};
use oidc::jose::{ClientAlgorithm, PublicKey};
use serde_json::{Value, json};

use crate::client_keys::{ClientKey, b64, with};
use crate::support::now;

const ADDRESS: &str = "https://id.fernhill.example/oauth2/token";
const TOKEN: &str = "gha_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn header(key: &ClientKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.algorithm.as_str(), "jwk": key.jwk() })
}

fn claims() -> Value {
    json!({
        "jti": "e1j3V_bKic8-LAEB",
        "htm": "POST",
        "htu": ADDRESS,
        "iat": now().timestamp(),
        "ath": b64(openssl::sha::sha256(TOKEN.as_bytes())),
    })
}

fn context(nonces: &[String]) -> ProofContext<'_> {
    ProofContext {
        method: "POST",
        address: ADDRESS,
        access_token: Some(TOKEN),
        nonces,
        nonce_required: false,
        now: now(),
    }
}

fn verify(proof: &str) -> Result<VerifiedProof, ProtocolError> {
    UnverifiedProof::parse(proof)?.verify(&context(&[]))
}

fn made(key: &ClientKey, of_header: &Value, of_claims: &Value) -> String {
    key.sign(&with(header(key), of_header).to_string(), &with(claims(), of_claims).to_string())
}

fn code(result: Result<VerifiedProof, ProtocolError>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{}: {}", error.code(), error.description()),
    }
}

#[test]
fn o43_proofs_by_every_algorithm_hold_and_name_their_key() {
    for algorithm in dpop::ALGORITHMS {
        let key = ClientKey::new(algorithm);
        let proof = verify(&made(&key, &json!({}), &json!({}))).expect("the valid twin");
        let jwk = PublicKey::parse(key.jwk().to_string().as_bytes()).expect("a key");
        assert_eq!(proof.thumbprint(), jwk.thumbprint(), "{algorithm}");
        assert!(dpop::is_thumbprint(proof.thumbprint()));
        assert!(proof.remember_until() > now() + TimeDelta::seconds(60));
        // RFC 9864: by every name that discovery and challenge list.
        for name in algorithm.names() {
            assert!(verify(&made(&key, &json!({ "alg": name }), &json!({}))).is_ok(), "{name}");
            assert!(dpop::CHALLENGE_ALGORITHMS.split(' ').any(|listed| listed == *name), "{name}");
        }
    }
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638_and_rfc_8037() {
    let rsa = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    let key = PublicKey::parse(rsa.to_string().as_bytes()).expect("the example");
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let key = PublicKey::parse(okp.to_string().as_bytes()).expect("the example");
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn o43_the_cases_of_the_plan_are_refused() {
    let key = ClientKey::new(ClientAlgorithm::Es256);
    let other = ClientKey::new(ClientAlgorithm::Es256);
    let rsa = ClientKey::new(ClientAlgorithm::Rs256);
    let good = made(&key, &json!({}), &json!({}));
    let (message, signature) = good.rsplit_once('.').expect("three parts");
    let at = |seconds: i64| now().timestamp() + seconds;
    let with_private = |member: &str| {
        let mut jwk = key.jwk();
        jwk[member] = "AAAA".into();
        made(&key, &json!({ "jwk": jwk }), &json!({}))
    };
    let cases: Vec<(&str, String)> = vec![
        ("not a JWT", "thisIsNotAJWT".to_owned()),
        ("empty", String::new()),
        ("two proofs in one header", format!("{good}, {good}")),
        ("no typ", made(&key, &json!({ "typ": null }), &json!({}))),
        ("wrong typ", made(&key, &json!({ "typ": "JWT" }), &json!({}))),
        ("typ in capitals", made(&key, &json!({ "typ": "DPOP+JWT" }), &json!({}))),
        ("no alg", made(&key, &json!({ "alg": null }), &json!({}))),
        ("alg none", made(&key, &json!({ "alg": "none" }), &json!({}))),
        ("alg none, unsigned", {
            let header = with(header(&key), &json!({ "alg": "none" })).to_string();
            format!("{}.{}.", b64(header), b64(claims().to_string()))
        }),
        ("alg HS256", made(&key, &json!({ "alg": "HS256" }), &json!({}))),
        ("alg RS256", made(&rsa, &json!({}), &json!({}))),
        ("alg of another kind of key", made(&key, &json!({ "alg": "EdDSA" }), &json!({}))),
        ("no jwk", made(&key, &json!({ "jwk": null }), &json!({}))),
        ("a kid for a jwk", made(&key, &json!({ "jwk": null, "kid": "k" }), &json!({}))),
        ("jwk as a list", made(&key, &json!({ "jwk": ["EC", "P-256"] }), &json!({}))),
        ("jwk of another key", made(&key, &json!({ "jwk": other.jwk() }), &json!({}))),
        ("private key in jwk", with_private("d")),
        ("RSA factor in jwk", with_private("p")),
        ("shared key in jwk", with_private("k")),
        (
            "key for encryption",
            made(&key, &json!({ "jwk": with(key.jwk(), &json!({ "use": "enc" })) }), &json!({})),
        ),
        ("point not on the curve", {
            let jwk = with(key.jwk(), &json!({ "x": b64([1_u8; 32]) }));
            made(&key, &json!({ "jwk": jwk }), &json!({}))
        }),
        ("critical extension", made(&key, &json!({ "crit": ["exp"] }), &json!({}))),
        ("detached payload", made(&key, &json!({ "b64": false }), &json!({}))),
        ("signature cut", format!("{message}.{}", &signature[..signature.len() - 4])),
        ("signature of zeros", format!("{message}.{}", b64([0_u8; 64]))),
        ("no signature", format!("{message}.")),
        ("signature of another key", {
            let header = header(&key).to_string();
            other.sign(&header, &claims().to_string())
        }),
        ("no jti", made(&key, &json!({}), &json!({ "jti": null }))),
        ("empty jti", made(&key, &json!({}), &json!({ "jti": "" }))),
        ("jti of 129", made(&key, &json!({}), &json!({ "jti": "j".repeat(129) }))),
        ("jti a number", made(&key, &json!({}), &json!({ "jti": 7 }))),
        ("no htm", made(&key, &json!({}), &json!({ "htm": null }))),
        ("wrong htm", made(&key, &json!({}), &json!({ "htm": "GET" }))),
        ("htm in small letters", made(&key, &json!({}), &json!({ "htm": "post" }))),
        ("no htu", made(&key, &json!({}), &json!({ "htu": null }))),
        ("other htu", made(&key, &json!({}), &json!({ "htu": "https://id.fernhill.example/oauth2/par" }))),
        ("no iat", made(&key, &json!({}), &json!({ "iat": null }))),
        ("iat a text", made(&key, &json!({}), &json!({ "iat": "1800000000" }))),
        ("iat an hour ago", made(&key, &json!({}), &json!({ "iat": at(-3600) }))),
        ("iat in an hour", made(&key, &json!({}), &json!({ "iat": at(3600) }))),
        ("iat 61 s ago", made(&key, &json!({}), &json!({ "iat": at(-61) }))),
        ("iat without measure", made(&key, &json!({}), &json!({ "iat": 1e300 }))),
        ("nbf in an hour", made(&key, &json!({}), &json!({ "nbf": at(3600) }))),
        ("exp an hour ago", made(&key, &json!({}), &json!({ "exp": at(-3600) }))),
        ("no ath", made(&key, &json!({}), &json!({ "ath": null }))),
        ("wrong ath", made(&key, &json!({}), &json!({ "ath": b64(openssl::sha::sha256(b"another")) }))),
        ("ath in hex", made(&key, &json!({}), &json!({ "ath": "00".repeat(32) }))),
        ("claims as a list", key.sign(&header(&key).to_string(), "[1]")),
        ("jti twice", {
            let twice = claims().to_string().replacen('{', "{\"jti\":\"another\",", 1);
            key.sign(&header(&key).to_string(), &twice)
        }),
        ("too long", "a.".repeat(10_000)),
    ];
    for (name, proof) in &cases {
        let answer = code(verify(proof));
        assert!(answer.starts_with("invalid_dpop_proof: "), "{name}: {answer}");
    }
    assert_eq!(code(verify(&good)), "accepted", "the valid twin");
    assert_eq!(
        dpop::single(&[&good, &good]).map(|_| ()).expect_err("two headers").code().as_str(),
        "invalid_dpop_proof"
    );
    assert_eq!(dpop::single(&[&good]).expect("one").expect("there"), good);
    assert!(dpop::single(&[]).expect("none").is_none());
}

#[test]
fn o43_what_the_plan_wants_tolerated_is_accepted() {
    let key = ClientKey::new(ClientAlgorithm::Es256);
    let at = |seconds: i64| now().timestamp() + seconds;
    let cases: Vec<(&str, String)> = vec![
        ("iat 10 s before", made(&key, &json!({}), &json!({ "iat": at(-10) }))),
        ("iat 10 s after", made(&key, &json!({}), &json!({ "iat": at(10) }))),
        ("iat with a fraction", made(&key, &json!({}), &json!({ "iat": 1_800_000_000.5 }))),
        ("nbf and exp", made(&key, &json!({}), &json!({ "nbf": at(0), "exp": at(60) }))),
        ("htu with a query", made(&key, &json!({}), &json!({ "htu": format!("{ADDRESS}?a=b") }))),
        ("htu with a fragment", made(&key, &json!({}), &json!({ "htu": format!("{ADDRESS}#f") }))),
        (
            "host and scheme in capitals",
            made(&key, &json!({}), &json!({ "htu": "HTTPS://ID.FERNHILL.EXAMPLE/oauth2/token" })),
        ),
        (
            "default port",
            made(&key, &json!({}), &json!({ "htu": "https://id.fernhill.example:443/oauth2/token" })),
        ),
        ("more claims", made(&key, &json!({}), &json!({ "sub": "x", "iss": "y", "custom": { "a": [1] } }))),
        (
            "a named key",
            made(
                &key,
                &json!({ "jwk": with(key.jwk(), &json!({ "kid": "k", "use": "sig", "alg": "ES256" })) }),
                &json!({}),
            ),
        ),
        ("jti of 128", made(&key, &json!({}), &json!({ "jti": "j".repeat(128) }))),
    ];
    for (name, proof) in &cases {
        assert_eq!(code(verify(proof)), "accepted", "{name}");
    }
}

#[test]
fn o43_a_nonce_is_one_of_ours_and_is_asked_for_where_it_is_demanded() {
    let key = ClientKey::new(ClientAlgorithm::EdDsa);
    let good = ["current".to_owned(), "previous".to_owned()];
    let try_with = |nonce: Value, required: bool| {
        let proof = made(&key, &json!({}), &json!({ "nonce": nonce }));
        let context = ProofContext { nonce_required: required, ..context(&good) };
        UnverifiedProof::parse(&proof)
            .and_then(|proof| proof.verify(&context))
            .map_err(|error| error.code().as_str())
    };
    for required in [true, false] {
        assert!(try_with("current".into(), required).is_ok());
        assert!(try_with("previous".into(), required).is_ok());
        assert_eq!(try_with("older".into(), required), Err("use_dpop_nonce"));
        assert_eq!(try_with("".into(), required), Err("use_dpop_nonce"));
    }
    assert!(try_with(Value::Null, false).is_ok());
    assert_eq!(try_with(Value::Null, true), Err("use_dpop_nonce"));
}

#[test]
fn o43_a_proof_is_remembered_by_key_and_jti() {
    let (one, two) = (ClientKey::new(ClientAlgorithm::Es256), ClientKey::new(ClientAlgorithm::Es256));
    let id = |key: &ClientKey, jti: &str| {
        verify(&made(key, &json!({}), &json!({ "jti": jti }))).expect("holds").replay_id().to_owned()
    };
    assert_eq!(id(&one, "a"), id(&one, "a"));
    assert_ne!(id(&one, "a"), id(&one, "b"));
    assert_ne!(id(&one, "a"), id(&two, "a"));
}

#[test]
fn o43_any_change_of_a_proof_breaks_it() {
    let key = ClientKey::new(ClientAlgorithm::Es256);
    let good = made(&key, &json!({}), &json!({}));
    for cut in 0..good.len() {
        assert!(verify(&good[..cut]).is_err(), "prefix of {cut}");
        assert!(cut == 0 || verify(&good[cut..]).is_err(), "suffix from {cut}");
    }
    let (message, _) = good.rsplit_once('.').expect("three parts");
    for position in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(verify(&changed).is_err(), "bit {bit} of {position}");
        }
    }
    assert!(URL_SAFE_NO_PAD.decode(message.split('.').next().expect("a header")).is_ok());
}
