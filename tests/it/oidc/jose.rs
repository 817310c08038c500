//! Signed tokens as a client proves them: with the published key that the header names, and OpenSSL.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    bn::BigNum,
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Public},
    rsa::Rsa,
    sign::Verifier,
};
use serde_json::Value;

/// A token whose signature holds.
#[derive(Debug)]
pub struct Proven {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

/// Proves a token against a JWK Set, as the set was fetched.
pub fn proven(token: &str, jwks: &Value) -> Proven {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let header: Value = serde_json::from_slice(&bytes(parts[0])).expect("a header");
    let named = |key: &&Value| key["kid"] == header["kid"] && key["alg"] == header["alg"];
    let keys = jwks["keys"].as_array().expect("a set");
    let key = keys.iter().find(named).unwrap_or_else(|| panic!("no key for {header}"));
    let message = format!("{}.{}", parts[0], parts[1]);
    assert!(holds(key, message.as_bytes(), &bytes(parts[2])), "the signature of {token}");
    Proven { header, claims: serde_json::from_slice(&bytes(parts[1])).expect("claims") }
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn number(jwk: &Value, name: &str) -> BigNum {
    BigNum::from_slice(&bytes(jwk[name].as_str().expect("a number"))).expect("a number")
}

fn key(jwk: &Value) -> PKey<Public> {
    match jwk["kty"].as_str() {
        Some("RSA") => {
            let rsa = Rsa::from_public_components(number(jwk, "n"), number(jwk, "e")).expect("a key");
            PKey::from_rsa(rsa).expect("a key")
        }
        Some("EC") => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
            let (x, y) = (number(jwk, "x"), number(jwk, "y"));
            let ec = EcKey::from_public_key_affine_coordinates(&group, &x, &y).expect("a point");
            PKey::from_ec_key(ec).expect("a key")
        }
        _ => {
            let x = bytes(jwk["x"].as_str().expect("a key"));
            PKey::public_key_from_raw_bytes(&x, Id::ED25519).expect("a key")
        }
    }
}

fn holds(jwk: &Value, message: &[u8], signature: &[u8]) -> bool {
    let key = key(jwk);
    match jwk["alg"].as_str() {
        Some("RS256") => {
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
            verifier.verify_oneshot(signature, message).expect("checked")
        }
        Some("ES256") => {
            assert_eq!(signature.len(), 64, "r and s, not DER");
            let (r, s) = signature.split_at(32);
            let (r, s) = (BigNum::from_slice(r).expect("r"), BigNum::from_slice(s).expect("s"));
            let der = EcdsaSig::from_private_components(r, s).expect("a pair").to_der().expect("DER");
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).expect("a verifier");
            verifier.verify_oneshot(&der, message).expect("checked")
        }
        _ => {
            let mut verifier = Verifier::new_without_digest(&key).expect("a verifier");
            verifier.verify_oneshot(signature, message).expect("checked")
        }
    }
}
