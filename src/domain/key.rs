//! Signing keys as the store keeps them. Does not own private halves (`keyring`).

use super::user::text_enum;
use crate::id::{AppId, KeyId};
use chrono::{DateTime, Utc};

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA-2048 with SHA-256.
    Rsa2048,
    /// ECDSA P-256 with SHA-256.
    P256,
    /// Ed25519.
    Ed25519,
}
text_enum!(KeyAlgorithm { Rsa2048 = "rsa2048", P256 = "p256", Ed25519 = "ed25519" });

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
}
