//! Signing keys as the store keeps them, and the life they lead (`rollover`). Does not own private halves (`keyring`).

pub mod decryption;
pub mod expiry;
pub mod issuer;
pub mod rollover;

use super::user::text_enum;
use crate::id::{AppId, KeyId};
use chrono::{DateTime, Utc};

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA of 2048 bits and more, below 3072.
    Rsa2048,
    /// RSA of 3072 bits and more, below 4096.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// ECDSA P-256 with SHA-256.
    P256,
    /// Ed25519.
    Ed25519,
}
text_enum!(KeyAlgorithm {
    Rsa2048 = "rsa2048",
    Rsa3072 = "rsa3072",
    Rsa4096 = "rsa4096",
    P256 = "p256",
    Ed25519 = "ed25519",
});

impl KeyAlgorithm {
    /// What an app's key pair can be: XML signatures of SAML have no Ed25519 that anybody verifies.
    pub const OF_APPS: &'static [Self] = &[Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256];

    /// The issuer's keys: one life for each.
    pub const OF_ISSUER: &'static [Self] = &[Self::Rsa2048, Self::P256, Self::Ed25519];

    /// What tokens signed with it say as `alg`.
    pub fn jose_name(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => "RS256",
            Self::P256 => "ES256",
            Self::Ed25519 => "EdDSA",
        }
    }

    /// The bits of an RSA modulus, at least; `None` for elliptic curves.
    pub fn rsa_bits(self) -> Option<u32> {
        match self {
            Self::Rsa2048 => Some(2048),
            Self::Rsa3072 => Some(3072),
            Self::Rsa4096 => Some(4096),
            Self::P256 | Self::Ed25519 => None,
        }
    }

    /// In words, for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
            Self::P256 => "ECDSA P-256",
            Self::Ed25519 => "Ed25519",
        }
    }
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not used yet.
    Next,
    /// Signs.
    Active,
    /// No longer signs; its signatures still count for a while.
    Retired,
}
text_enum!(KeyState { Next = "next", Active = "active", Retired = "retired" });

/// A key pair; the private half is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Never re-used.
    pub id: KeyId,
    /// Whose: an app's (SAML), or the issuer's (OIDC) when `None`.
    pub app_id: Option<AppId>,
    /// What it signs with.
    pub algorithm: KeyAlgorithm,
    /// Where it stands.
    pub state: KeyState,
    /// `SubjectPublicKeyInfo`, base64 DER.
    pub public_key: String,
    /// Self-signed certificate, base64 DER; SAML only.
    pub certificate: Option<String>,
    /// The private half, sealed under the master key with AAD `signing_keys/sealed_key/<id>`.
    pub sealed_key: String,
    /// When the certificate ends.
    pub not_after: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// A next key: when it begins to sign by itself; `None` waits for a hand.
    pub switch_at: Option<DateTime<Utc>>,
    /// A retired key: when it ceased to sign.
    pub retired_at: Option<DateTime<Utc>>,
    /// A retired key: how long its certificate stays in the metadata; `None` withdraws it at once.
    pub published_until: Option<DateTime<Utc>>,
    /// A retired key: when it was withdrawn in an emergency; such a key is never used again.
    pub withdrawn_at: Option<DateTime<Utc>>,
}
