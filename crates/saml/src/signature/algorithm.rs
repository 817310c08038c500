//! Owns the allow-list of signature and digest algorithms.
//! Does not do the arithmetic.

use openssl::hash::MessageDigest;
use serde::{Deserialize, Serialize};

/// The algorithms we sign with, and with SHA-1 aside the only ones we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    RsaSha384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    RsaSha512,
    /// ECDSA with SHA-256.
    EcdsaSha256,
    /// ECDSA with SHA-384.
    EcdsaSha384,
    /// ECDSA with SHA-512.
    EcdsaSha512,
}

/// The kind of key an algorithm needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    Ec,
}

impl SignatureAlgorithm {
    const ALL: [Self; 6] = [
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
    ];

    /// The URI of the signature method.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        }
    }

    /// The URI of the digest method we put beside it.
    pub(super) const fn digest_uri(self) -> &'static str {
        match self {
            Self::RsaSha256 | Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::RsaSha384 | Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::RsaSha512 | Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
        }
    }

    pub(super) fn digest(self) -> MessageDigest {
        match self {
            Self::RsaSha256 | Self::EcdsaSha256 => MessageDigest::sha256(),
            Self::RsaSha384 | Self::EcdsaSha384 => MessageDigest::sha384(),
            Self::RsaSha512 | Self::EcdsaSha512 => MessageDigest::sha512(),
        }
    }

    pub(super) const fn key_kind(self) -> KeyKind {
        match self {
            Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => KeyKind::Rsa,
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => KeyKind::Ec,
        }
    }
}

/// A received signature method that passed the allow-list.
#[derive(Clone, Copy)]
pub(super) struct AcceptedMethod {
    pub(super) key_kind: KeyKind,
    pub(super) digest: MessageDigest,
}

/// The method behind `uri`. SHA-1 passes only with `allow_sha1`; HMAC, DSA, MD5 and `none` never do.
pub(super) fn accepted_method(uri: &str, allow_sha1: bool) -> Option<AcceptedMethod> {
    if let Some(algorithm) = SignatureAlgorithm::ALL.into_iter().find(|algorithm| algorithm.uri() == uri) {
        return Some(AcceptedMethod { key_kind: algorithm.key_kind(), digest: algorithm.digest() });
    }
    let key_kind = match uri {
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => KeyKind::Rsa,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1" => KeyKind::Ec,
        _ => return None,
    };
    allow_sha1.then(|| AcceptedMethod { key_kind, digest: MessageDigest::sha1() })
}

/// The digest behind `uri`, by the same rule.
pub(super) fn accepted_digest(uri: &str, allow_sha1: bool) -> Option<MessageDigest> {
    match uri {
        "http://www.w3.org/2001/04/xmlenc#sha256" => Some(MessageDigest::sha256()),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(MessageDigest::sha384()),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(MessageDigest::sha512()),
        "http://www.w3.org/2000/09/xmldsig#sha1" if allow_sha1 => Some(MessageDigest::sha1()),
        _ => None,
    }
}
