//! Owns the allow-list of signature and digest algorithms.
//! Does not do the arithmetic.

use openssl::hash::MessageDigest;
use openssl::sha::{Sha1, Sha256, Sha384, Sha512};
use serde::{Deserialize, Serialize};

/// The signature algorithms: what we sign with, and all that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256, which every SP understands (interop XS-03, XS-08).
    #[default]
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
    /// RSA PKCS#1 v1.5 with SHA-1: legacy. Only for an SP that can do nothing better, and whoever chooses
    /// it is to be warned (S-17); received, it passes only with [`super::Trust::allow_sha1`].
    RsaSha1,
}

/// The kind of key an algorithm needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    Ec,
}

impl SignatureAlgorithm {
    /// Every algorithm, for lists to choose from and for metadata.
    pub const ALL: [Self; 7] = [
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
        Self::RsaSha1,
    ];

    /// RFC 6931 §2.3: the URI of the signature method, in `ds:SignatureMethod` and in `SigAlg`.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        }
    }

    /// The algorithm behind `uri`. HMAC, DSA, MD5, `none` and whatever else is not listed have none.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// Whether it rests on SHA-1, of which its user is to be warned.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::RsaSha1)
    }

    /// The digest method put beside it in a `ds:Reference`.
    pub(super) const fn digest(self) -> Digest {
        match self {
            Self::RsaSha256 | Self::EcdsaSha256 => Digest::Sha256,
            Self::RsaSha384 | Self::EcdsaSha384 => Digest::Sha384,
            Self::RsaSha512 | Self::EcdsaSha512 => Digest::Sha512,
            Self::RsaSha1 => Digest::Sha1,
        }
    }

    pub(super) const fn key_kind(self) -> KeyKind {
        match self {
            Self::RsaSha1 | Self::RsaSha256 | Self::RsaSha384 | Self::RsaSha512 => KeyKind::Rsa,
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => KeyKind::Ec,
        }
    }
}

/// The digest algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
    Sha1,
}

/// The URIs of the digest methods.
pub(crate) const DIGEST_URIS: [&str; 4] =
    [Digest::Sha256.uri(), Digest::Sha384.uri(), Digest::Sha512.uri(), Digest::Sha1.uri()];

impl Digest {
    const ALL: [Self; 4] = [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha1];

    pub(super) const fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
            Self::Sha1 => MessageDigest::sha1(),
        }
    }

    /// The digest of what `parts` make together. By the plain functions of OpenSSL: through `EVP_MD` each digest begins by looking
    /// its algorithm up.
    pub(super) fn hash<const N: usize>(self, parts: [&[u8]; N]) -> Vec<u8> {
        macro_rules! hashed {
            ($hasher:ident) => {{
                let mut hasher = $hasher::new();
                for part in parts {
                    hasher.update(part);
                }
                hasher.finish().to_vec()
            }};
        }
        match self {
            Self::Sha256 => hashed!(Sha256),
            Self::Sha384 => hashed!(Sha384),
            Self::Sha512 => hashed!(Sha512),
            Self::Sha1 => hashed!(Sha1),
        }
    }

    /// RFC 8017 §9.2 note 1: the DER of a `DigestInfo` up to the digest itself.
    pub(super) const fn digest_info(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
            Self::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        }
    }
}

/// The method behind a received `uri`, if it is accepted: SHA-1 only with `allow_sha1`.
pub(super) fn accepted_method(uri: &str, allow_sha1: bool) -> Option<SignatureAlgorithm> {
    SignatureAlgorithm::from_uri(uri).filter(|algorithm| allow_sha1 || !algorithm.is_legacy())
}

/// The digest behind a received `uri`, by the same rule.
pub(super) fn accepted_digest(uri: &str, allow_sha1: bool) -> Option<Digest> {
    let digest = Digest::ALL.into_iter().find(|digest| digest.uri() == uri);
    digest.filter(|digest| allow_sha1 || *digest != Digest::Sha1)
}
