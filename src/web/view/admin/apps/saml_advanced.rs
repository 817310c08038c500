//! The settings of a SAML app that few admins touch: algorithms, encryption, times, logout.
//!
//! Does not check them.

/// Values of `signature_algorithm`.
pub const SIGNATURE_ALGORITHMS: &[(&str, &str)] = &[
    ("rsa-sha256", "RSA-SHA256"),
    ("rsa-sha512", "RSA-SHA512"),
    ("ecdsa-sha256", "ECDSA-SHA256 (P-256 key)"),
    ("rsa-sha1", "RSA-SHA1 (old and forgeable)"),
];

/// Values of `encrypt`.
pub const ENCRYPT: &[(&str, &str)] =
    &[("auto", "When the app announces a key for it"), ("true", "Always"), ("false", "Never")];

/// Values of `denied`.
pub const DENIED: &[(&str, &str)] =
    &[("page", "Our page, with a reference"), ("status", "A status to the app, which shows its own")];

/// Values of `content_encryption`.
pub const CONTENT_ENCRYPTIONS: &[(&str, &str)] = &[
    ("aes256-gcm", "AES-256-GCM"),
    ("aes128-gcm", "AES-128-GCM"),
    ("aes256-cbc", "AES-256-CBC (old)"),
    ("aes128-cbc", "AES-128-CBC (old)"),
];

/// Values of `key_transport`.
pub const KEY_TRANSPORTS: &[(&str, &str)] =
    &[("rsa-oaep-mgf1p", "RSA-OAEP, MGF1 with SHA-1"), ("rsa-oaep", "RSA-OAEP with SHA-256")];

/// Values of `logout_binding`.
pub const LOGOUT_BINDINGS: &[(&str, &str)] = &[("redirect", "Redirect"), ("post", "POST"), ("soap", "SOAP")];

/// The fields; each name is the field's name, and `advanced` says that they were part of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdvancedFields {
    /// One of [`SIGNATURE_ALGORITHMS`].
    pub signature_algorithm: String,
    /// Whether assertions are encrypted: one of [`ENCRYPT`].
    pub encrypt: String,
    /// Certificates to encrypt to, in PEM, one after the other.
    pub encryption_certificates: String,
    /// One of [`CONTENT_ENCRYPTIONS`].
    pub content_encryption: String,
    /// One of [`KEY_TRANSPORTS`].
    pub key_transport: String,
    /// Makes the NameID; may be empty.
    pub name_id_expression: String,
    /// Which groups are named; may be empty.
    pub groups_matching: String,
    /// Seconds that an assertion is valid.
    pub assertion_seconds: String,
    /// Seconds by which clocks may differ.
    pub skew_seconds: String,
    /// More audiences, one a line.
    pub audiences: String,
    /// Where logout messages go, without spare rows.
    pub logout: Vec<LogoutRow>,
    /// Whether a RelayState over 80 bytes is refused.
    pub strict_relay_state: bool,
    /// Places that the tile offers, one per line: `name | caption | RelayState`.
    pub start_links: String,
    /// Whether the portal may start a sign-in by itself.
    pub allow_idp_initiated: bool,
    /// Whether SHA-1 is taken in its signatures.
    pub allow_sha1: bool,
    /// Whether identifiers are read that it encrypted with CBC.
    pub accept_cbc: bool,
    /// Whether the NameID is left out.
    pub omit_name_id: bool,
    /// What somebody without access sees: one of [`DENIED`].
    pub denied: String,
    /// Our entity ID for the app; empty for the address of its metadata.
    pub idp_entity_id: String,
    /// Whether our metadata is signed.
    pub sign_metadata: bool,
    /// Days that signed metadata of ours is valid.
    pub metadata_valid_days: String,
    /// Whether lasting pseudonyms are made only when a request allows it.
    pub strict_allow_create: bool,
}

/// One address for logout messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogoutRow {
    /// One of [`LOGOUT_BINDINGS`].
    pub binding: String,
    /// Where requests go.
    pub url: String,
    /// Where responses go; empty for the same address.
    pub response_url: String,
}

/// A certificate of the app, beside the field that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateLine {
    /// Its SHA-256.
    pub fingerprint: String,
    /// When it ends, in words.
    pub ends: String,
    /// Whether it has ended. It goes on to count.
    pub ended: bool,
}
