//! Owns the algorithms that clients sign with, and whether a signature is one.
//!
//! Does not own which of them a use allows.

use std::fmt;

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKeyRef, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use serde::{Deserialize, Serialize};

use crate::signer::{P256_BYTES, SigningAlgorithm};

/// The largest RSA key taken, in bits: beyond it a single check costs too much.
pub const MAX_RSA_BITS: u32 = 8192;

/// What a client may sign with (RFC 7518 §3.1, RFC 8037 §3.1). No algorithm with a shared key is among them, so a public
/// key can never serve as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClientAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519; RFC 9864 §2.2 names it `Ed25519`, and §4.1.2 deprecates `EdDSA`, which clients still write.
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
}

impl ClientAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// FAPI 2.0 Security Profile §5.4.1: PS256, ES256 or EdDSA with Ed25519, nothing else.
    pub const FAPI: [Self; 3] = [Self::Ps256, Self::Es256, Self::EdDsa];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Every name that is taken for it, for discovery and challenges.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Rs256 => &["RS256"],
            Self::Ps256 => &["PS256"],
            Self::Es256 => &["ES256"],
            Self::EdDsa => &["EdDSA", "Ed25519"],
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.names().contains(&name))
    }

    /// Whether the key is of the kind and strength the algorithm asks for.
    ///
    /// RFC 7518 §3.3, §3.5: an RSA key of 2048 bits or more must be used.
    pub fn fits<T: HasPublic>(self, key: &PKeyRef<T>) -> bool {
        match self {
            Self::Rs256 | Self::Ps256 => key.id() == Id::RSA && (2048..=MAX_RSA_BITS).contains(&key.bits()),
            Self::Es256 => {
                key.id() == Id::EC
                    && key.ec_key().is_ok_and(|ec| ec.group().curve_name() == Some(Nid::X9_62_PRIME256V1))
            }
            Self::EdDsa => key.id() == Id::ED25519,
        }
    }

    /// Whether `signature` is one of the key over the message. An error of OpenSSL means that it cannot be one; it is not
    /// told apart from a wrong one.
    pub(crate) fn verifies(self, key: &PKeyRef<Public>, message: &[u8], signature: &[u8]) -> bool {
        self.fits(key) && self.attempt(key, message, signature).unwrap_or(false)
    }

    fn attempt(self, key: &PKeyRef<Public>, message: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
        match self {
            Self::Rs256 => Verifier::new(MessageDigest::sha256(), key)?.verify_oneshot(signature, message),
            Self::Ps256 => {
                let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                // RFC 7518 §3.5: the salt is as long as the hash, the mask is MGF1 with the same hash.
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                verifier.set_rsa_mgf1_md(MessageDigest::sha256())?;
                verifier.verify_oneshot(signature, message)
            }
            Self::Es256 => {
                // RFC 7518 §3.4: r and s side by side, each of full length.
                if signature.len() != 2 * P256_BYTES {
                    return Ok(false);
                }
                let (r, s) = signature.split_at(P256_BYTES);
                let pair = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
                Verifier::new(MessageDigest::sha256(), key)?.verify_oneshot(&pair.to_der()?, message)
            }
            Self::EdDsa => Verifier::new_without_digest(key)?.verify_oneshot(signature, message),
        }
    }
}

impl From<SigningAlgorithm> for ClientAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Rs256 => Self::Rs256,
            SigningAlgorithm::Es256 => Self::Es256,
            SigningAlgorithm::EdDsa => Self::EdDsa,
        }
    }
}

impl fmt::Display for ClientAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
