//! Owns keys of clients: made on the spot, shown as JWKs, used to sign whatever a test wants signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::jose::ClientAlgorithm;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};
use serde_json::{Value, json};

use crate::support::private_key;

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub struct ClientKey {
    pub algorithm: ClientAlgorithm,
    pub key: PKey<Private>,
}

impl ClientKey {
    pub fn new(algorithm: ClientAlgorithm) -> Self {
        let kind = match algorithm {
            ClientAlgorithm::Es256 => oidc::SigningAlgorithm::Es256,
            ClientAlgorithm::EdDsa => oidc::SigningAlgorithm::EdDsa,
            _ => oidc::SigningAlgorithm::Rs256,
        };
        Self { algorithm, key: private_key(kind) }
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        match self.algorithm {
            ClientAlgorithm::Es256 => {
                let ec = self.key.ec_key().expect("an EC key");
                let (mut x, mut y) = (BigNum::new().expect("x"), BigNum::new().expect("y"));
                let mut context = BigNumContext::new().expect("a context");
                ec.public_key()
                    .affine_coordinates(ec.group(), &mut x, &mut y, &mut context)
                    .expect("a point");
                let padded = |n: &BigNum| b64(n.to_vec_padded(32).expect("32 bytes"));
                json!({ "kty": "EC", "crv": "P-256", "x": padded(&x), "y": padded(&y) })
            }
            ClientAlgorithm::EdDsa => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(self.key.raw_public_key().expect("32 bytes")) })
            }
            _ => {
                let rsa = self.key.rsa().expect("an RSA key");
                json!({ "kty": "RSA", "n": b64(rsa.n().to_vec()), "e": b64(rsa.e().to_vec()) })
            }
        }
    }

    pub fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        match self.algorithm {
            ClientAlgorithm::EdDsa => Signer::new_without_digest(&self.key)
                .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
                .expect("signs"),
            ClientAlgorithm::Es256 => {
                let der = Signer::new(MessageDigest::sha256(), &self.key)
                    .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
                    .expect("signs");
                let pair = EcdsaSig::from_der(&der).expect("a signature");
                let padded = |n: &openssl::bn::BigNumRef| n.to_vec_padded(32).expect("32 bytes");
                [padded(pair.r()), padded(pair.s())].concat()
            }
            algorithm => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.key).expect("a signer");
                if algorithm == ClientAlgorithm::Ps256 {
                    signer.set_rsa_padding(Padding::PKCS1_PSS).expect("PSS");
                    signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).expect("a salt");
                    signer.set_rsa_mgf1_md(MessageDigest::sha256()).expect("a mask");
                }
                signer.sign_oneshot_to_vec(message).expect("signs")
            }
        }
    }

    /// A compact JWS of any header and payload, right or wrong.
    pub fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        let signature = b64(self.sign_bytes(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Changes members of an object: a null removes one.
pub fn with(mut object: Value, changes: &Value) -> Value {
    let members = object.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    object
}
