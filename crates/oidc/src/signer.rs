//! Owns signing with a private key: the trait, and its OpenSSL form over a cached key.
//!
//! Does not own where keys come from, nor their rotation.
//!
//! JWTs are serialised here and not through `jsonwebtoken`: its signing backend is one function pointer for the
//! whole process, so a key per signer would need a global registry behind it, which a crate without ambient
//! state must not have. What remains of it is three base64url parts; the tests verify them with it.

use std::fmt;

use openssl::bn::BigNumRef;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sha::Sha256;
use serde::{Deserialize, Serialize};

/// The length of r and of s of an ES256 signature, in bytes.
pub(crate) const P256_BYTES: usize = 32;

/// The JWS algorithms on offer (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: what every client understands.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256: far cheaper to sign.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// All of them: the explicit allow-list wherever a token of ours is verified.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether the key is of the kind and strength the algorithm asks for.
    ///
    /// RFC 7518 §3.3: an RSA key of 2048 bits or more must be used.
    ///
    /// # Errors
    /// [`SignError::WrongKey`] if not.
    pub fn check_key<T: HasPublic>(self, key: &PKeyRef<T>) -> Result<(), SignError> {
        let fits = match self {
            Self::Rs256 => key.id() == Id::RSA && key.bits() >= 2048,
            Self::Es256 => {
                key.id() == Id::EC && key.ec_key()?.group().curve_name() == Some(Nid::X9_62_PRIME256V1)
            }
            Self::EdDsa => key.id() == Id::ED25519,
        };
        if fits { Ok(()) } else { Err(SignError::WrongKey(self.as_str())) }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Signing, or the preparation for it, failed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key is of another type, curve or strength than the algorithm asks for.
    #[error("the key does not fit {0}")]
    WrongKey(&'static str),
    /// OpenSSL refused.
    #[error("OpenSSL: {0}")]
    Openssl(#[from] openssl::error::ErrorStack),
    /// The token would be longer than what is taken back.
    #[error("the token would be longer than {0} bytes")]
    TooLong(usize),
    /// The claims cannot be written as JSON.
    #[error("claims: {0}")]
    Claims(#[from] serde_json::Error),
}

/// One private key with its public name. Implementations must be cheap to call: the key is loaded already.
pub trait Signer: Send + Sync {
    /// What it signs with.
    fn algorithm(&self) -> SigningAlgorithm;

    /// The `kid` under which the public key is in the JWKS.
    fn kid(&self) -> &str;

    /// The JWS signature over `message`: for ES256 the 64 bytes r ‖ s (RFC 7518 §3.4), not DER.
    ///
    /// # Errors
    /// [`SignError`] if the key refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A [`Signer`] over an OpenSSL key kept in memory: loading it anew costs more than the signature.
pub struct OpensslSigner {
    kid: String,
    key: PKey<Private>,
    signing: SigningKey,
    algorithm: SigningAlgorithm,
}

/// A key as the arithmetic wants it: through `EVP_PKEY` each signature would look its algorithms up anew.
enum SigningKey {
    Rsa(Rsa<Private>),
    P256(EcKey<Private>),
    /// There is no other way to it than `EVP_PKEY`.
    Ed25519,
}

/// RFC 8017 §9.2 note 1: the DER of a `DigestInfo` of SHA-256, up to the digest itself.
const SHA256_DIGEST_INFO: [u8; 19] =
    *b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

impl OpensslSigner {
    /// Takes a key for one algorithm.
    ///
    /// # Errors
    /// [`SignError::WrongKey`] if the key does not fit.
    pub fn new(
        kid: impl Into<String>,
        key: PKey<Private>,
        algorithm: SigningAlgorithm,
    ) -> Result<Self, SignError> {
        algorithm.check_key(&key)?;
        let signing = match algorithm {
            SigningAlgorithm::Rs256 => SigningKey::Rsa(key.rsa()?),
            SigningAlgorithm::Es256 => SigningKey::P256(key.ec_key()?),
            SigningAlgorithm::EdDsa => SigningKey::Ed25519,
        };
        Ok(Self { kid: kid.into(), key, signing, algorithm })
    }

    /// The key, for its public half.
    pub fn key(&self) -> &PKeyRef<Private> {
        &self.key
    }
}

impl fmt::Debug for OpensslSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpensslSigner")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl Signer for OpensslSigner {
    fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    fn kid(&self) -> &str {
        &self.kid
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.signing {
            // RFC 8017 §8.2.1: EMSA-PKCS1-v1_5 pads the DigestInfo; the rest is the private key's operation.
            SigningKey::Rsa(key) => {
                let digest_info = [&SHA256_DIGEST_INFO[..], &digest(message)].concat();
                let size =
                    usize::try_from(key.size()).map_err(|_| SignError::WrongKey(self.algorithm.as_str()))?;
                let mut signature = vec![0; size];
                let length = key.private_encrypt(&digest_info, &mut signature, Padding::PKCS1)?;
                signature.truncate(length);
                Ok(signature)
            }
            SigningKey::P256(key) => {
                let signature = EcdsaSig::sign(&digest(message), key)?;
                let mut raw = padded(signature.r())?;
                raw.extend(padded(signature.s())?);
                Ok(raw)
            }
            SigningKey::Ed25519 => {
                let mut signer = openssl::sign::Signer::new_without_digest(&self.key)?;
                Ok(signer.sign_oneshot_to_vec(message)?)
            }
        }
    }
}

/// SHA-256 by OpenSSL's plain functions, which look nothing up.
fn digest(message: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(message);
    hasher.finish()
}

fn padded(number: &BigNumRef) -> Result<Vec<u8>, SignError> {
    let length = i32::try_from(P256_BYTES).expect("32 fits an i32");
    Ok(number.to_vec_padded(length)?)
}
