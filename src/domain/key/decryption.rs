//! A key pair for what an app encrypts for us. Does not own its private half (`keyring`).

use crate::id::{AppId, KeyId};
use chrono::{DateTime, Utc};

/// Most of them that one app has: two while it moves from one to the next.
pub const DECRYPTION_KEYS_MAX: usize = 4;

/// A key pair of an app; the private half is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecryptionKey {
    /// Never re-used.
    pub id: KeyId,
    /// Whose.
    pub app_id: AppId,
    /// `SubjectPublicKeyInfo`, base64 DER.
    pub public_key: String,
    /// Self-signed certificate, base64 DER.
    pub certificate: String,
    /// The private half, sealed under the master key with AAD `decryption_keys/sealed_key/<id>`.
    pub sealed_key: String,
    /// When the certificate ends.
    pub not_after: DateTime<Utc>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}
