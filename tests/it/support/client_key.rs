//! A client's own key: P-256 or RSA, shown as a JWK, used to sign assertions and proofs. Does not own what the gateway makes of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use openssl::{
    bn::{BigNum, BigNumContext, BigNumRef},
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::{Padding, Rsa},
    sign::{RsaPssSaltlen, Signer},
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A key.
pub struct ClientKey(PKey<Private>);

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn padded(number: &BigNumRef) -> Vec<u8> {
    number.to_vec_padded(32).expect("32 bytes")
}

/// A text that no other call gives.
pub fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl ClientKey {
    /// A fresh key.
    pub fn new() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
        Self(EcKey::generate(&group).and_then(PKey::from_ec_key).expect("a key"))
    }

    /// A fresh RSA key.
    pub fn rsa() -> Self {
        Self(Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key"))
    }

    /// What it signs with unless told otherwise.
    pub fn algorithm(&self) -> &'static str {
        if self.0.id() == Id::RSA { "PS256" } else { "ES256" }
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        if let Ok(rsa) = self.0.rsa() {
            return json!({ "kty": "RSA", "n": b64(rsa.n().to_vec()), "e": b64(rsa.e().to_vec()) });
        }
        let ec = self.0.ec_key().expect("an EC key");
        let (mut x, mut y) = (BigNum::new().expect("x"), BigNum::new().expect("y"));
        let mut context = BigNumContext::new().expect("a context");
        ec.public_key().affine_coordinates(ec.group(), &mut x, &mut y, &mut context).expect("a point");
        json!({ "kty": "EC", "crv": "P-256", "x": b64(padded(&x)), "y": b64(padded(&y)) })
    }

    /// Both halves of a P-256 key, as nobody should send them.
    pub fn private_jwk(&self) -> Value {
        let mut jwk = self.jwk();
        jwk["d"] = b64(padded(self.0.ec_key().expect("an EC key").private_key())).into();
        jwk
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let text = match jwk["kty"].as_str() {
            Some("RSA") => format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, jwk["e"], jwk["n"]),
            _ => format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]),
        };
        b64(openssl::sha::sha256(text.as_bytes()))
    }

    /// A JWK Set with this key under a name.
    pub fn set(&self, kid: &str) -> String {
        let mut jwk = self.jwk();
        jwk["kid"] = kid.into();
        json!({ "keys": [jwk] }).to_string()
    }

    /// A compact JWS; an RSA key signs by the `alg` of the header.
    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(payload.to_string()));
        let mut signer = Signer::new(MessageDigest::sha256(), &self.0).expect("a signer");
        if header["alg"] == "PS256" {
            signer.set_rsa_padding(Padding::PKCS1_PSS).expect("an RSA key");
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("an RSA key");
        }
        let mut signature = signer.sign_oneshot_to_vec(message.as_bytes()).expect("signs");
        if self.0.id() == Id::EC {
            let pair = EcdsaSig::from_der(&signature).expect("a signature");
            signature = [padded(pair.r()), padded(pair.s())].concat();
        }
        format!("{message}.{}", b64(signature))
    }

    /// A client assertion as the gateway wants it.
    pub fn assertion(&self, client_id: &str, issuer: &str, kid: &str, now: DateTime<Utc>) -> String {
        let at = now.timestamp();
        let claims = json!({ "iss": client_id, "sub": client_id, "aud": issuer, "jti": unique(), "iat": at, "exp": at + 60 });
        self.sign(&json!({ "alg": self.algorithm(), "kid": kid }), &claims)
    }

    /// A DPoP proof; `more` are claims that replace or join the usual ones.
    pub fn proof(&self, method: &str, address: &str, now: DateTime<Utc>, more: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": self.algorithm(), "jwk": self.jwk() });
        let mut claims = json!({ "jti": unique(), "htm": method, "htu": address, "iat": now.timestamp() });
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        self.sign(&header, &claims)
    }
}

/// The `ath` of a proof for an access token.
pub fn ath(token: &str) -> Value {
    json!({ "ath": b64(openssl::sha::sha256(token.as_bytes())) })
}
