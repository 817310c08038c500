//! Client assertions: what a stranger sends for one, or one that is signed on the spot; and key sets of clients.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::jose::{ClientAlgorithm, KeySet};
use oidc::token::client_assertion::ClientAssertion;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;

use crate::fixture::{ISSUER, now};

fn keys() -> &'static (PKey<Private>, KeySet) {
    static KEYS: OnceLock<(PKey<Private>, KeySet)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = PKey::generate_ed25519().expect("a key");
        let x = URL_SAFE_NO_PAD.encode(key.raw_public_key().expect("32 bytes"));
        let set = serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "live" }] });
        let set = KeySet::parse(set.to_string().as_bytes()).expect("a usable set");
        (key, set)
    })
}

/// Takes the input as an assertion; or, if it begins with `{`, as claims that are signed on the spot; or, if with `!`, as header
/// and claims on two lines; or, if with `K`, as a key set.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(set) = text.strip_prefix('K') {
        if let Ok(set) = KeySet::parse(set.as_bytes()) {
            assert!(set.iter().count() <= 32);
            assert!(set.iter().all(|key| ClientAlgorithm::ALL.into_iter().any(|alg| key.serves(alg))));
        }
        return;
    }
    let (key, set) = keys();
    let (header, claims) = if text.starts_with('{') {
        (r#"{"alg":"EdDSA","kid":"live"}"#, text)
    } else if let Some((header, claims)) = text.strip_prefix('!').and_then(|rest| rest.split_once('\n')) {
        (header, claims)
    } else {
        let verified = ClientAssertion::parse(text)
            .is_ok_and(|read| read.verify("metrics", &ClientAlgorithm::ALL, set, ISSUER, now()).is_ok());
        assert!(!verified, "an assertion that was never signed");
        return;
    };
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = Signer::new_without_digest(key)
        .and_then(|mut signer| signer.sign_oneshot_to_vec(message.as_bytes()))
        .expect("the key signs");
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    let Ok(read) = ClientAssertion::parse(&token) else { return };
    if let Ok(verified) = read.verify("metrics", &ClientAlgorithm::ALL, set, ISSUER, now()) {
        check(header, claims);
        assert!(verified.remember_until() > now());
    }
}

/// What is acted upon is what any reader of JSON sees.
fn check(header: &str, claims: &str) {
    let header: serde_json::Value = serde_json::from_str(header).expect("JSON");
    let claims: serde_json::Value = serde_json::from_str(claims).expect("JSON");
    for member in ["jwk", "jku", "x5u", "x5c", "crit", "b64"] {
        assert!(header.get(member).is_none_or(serde_json::Value::is_null), "{member}");
    }
    assert!(header.get("kid").is_none_or(|kid| kid.is_null() || kid == "live"));
    assert_eq!([&claims["iss"], &claims["sub"], &claims["aud"]], ["metrics", "metrics", ISSUER]);
    let expiry = claims["exp"].as_i64().expect("a number");
    assert!((1..=330).contains(&(expiry - now().timestamp())), "{expiry}");
    assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
}
