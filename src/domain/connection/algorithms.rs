//! What a SAML app's messages are signed and encrypted with. Does not own signing or encrypting (`crates/saml`).

use crate::domain::{key::KeyAlgorithm, user::text_enum};
use serde::{Deserialize, Serialize};

/// What we sign with, towards one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum SamlSignatureAlgorithm {
    /// RSA with SHA-256: everybody can.
    #[default]
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// RSA with SHA-512.
    #[serde(rename = "rsa-sha512")]
    RsaSha512,
    /// P-256 with SHA-256; the app's key must be of that kind.
    #[serde(rename = "ecdsa-sha256")]
    EcdsaSha256,
    /// RSA with SHA-1: forged since 2020; for providers that can't do better.
    #[serde(rename = "rsa-sha1")]
    RsaSha1,
}
text_enum!(SamlSignatureAlgorithm {
    RsaSha256 = "rsa-sha256",
    RsaSha512 = "rsa-sha512",
    EcdsaSha256 = "ecdsa-sha256",
    RsaSha1 = "rsa-sha1",
});

impl SamlSignatureAlgorithm {
    /// The same in the protocol's words.
    pub fn protocol(self) -> ::saml::SignatureAlgorithm {
        match self {
            Self::RsaSha256 => ::saml::SignatureAlgorithm::RsaSha256,
            Self::RsaSha512 => ::saml::SignatureAlgorithm::RsaSha512,
            Self::EcdsaSha256 => ::saml::SignatureAlgorithm::EcdsaSha256,
            Self::RsaSha1 => ::saml::SignatureAlgorithm::RsaSha1,
        }
    }
}

impl SamlSignatureAlgorithm {
    /// Whether a key of this kind can sign with it.
    pub fn fits(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::EcdsaSha256 => key == KeyAlgorithm::P256,
            Self::RsaSha256 | Self::RsaSha512 | Self::RsaSha1 => key.rsa_bits().is_some(),
        }
    }

    /// What a key of this kind signs with unless something else was agreed.
    pub fn of_key(key: KeyAlgorithm) -> Self {
        if key.rsa_bits().is_some() { Self::RsaSha256 } else { Self::EcdsaSha256 }
    }

    /// The key that is made for an app which signs with it.
    pub fn new_key(self) -> KeyAlgorithm {
        match self {
            Self::EcdsaSha256 => KeyAlgorithm::P256,
            Self::RsaSha256 | Self::RsaSha512 | Self::RsaSha1 => KeyAlgorithm::Rsa2048,
        }
    }
}

/// How the content of an encrypted assertion is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum ContentEncryption {
    /// AES-256 in Galois mode.
    #[default]
    #[serde(rename = "aes256-gcm")]
    Aes256Gcm,
    /// AES-128 in Galois mode.
    #[serde(rename = "aes128-gcm")]
    Aes128Gcm,
    /// AES-256 in CBC mode: not authenticated; for older providers.
    #[serde(rename = "aes256-cbc")]
    Aes256Cbc,
    /// AES-128 in CBC mode: not authenticated; for older providers.
    #[serde(rename = "aes128-cbc")]
    Aes128Cbc,
}
text_enum!(ContentEncryption {
    Aes256Gcm = "aes256-gcm",
    Aes128Gcm = "aes128-gcm",
    Aes256Cbc = "aes256-cbc",
    Aes128Cbc = "aes128-cbc",
});

/// How the key of an encrypted assertion reaches the provider: always RSA-OAEP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum KeyTransport {
    /// With SHA-1 inside, as in the first edition of XML Encryption: everybody can; its use there is not broken.
    #[default]
    #[serde(rename = "rsa-oaep-mgf1p")]
    RsaOaepMgf1p,
    /// With SHA-256 inside, as in edition 1.1.
    #[serde(rename = "rsa-oaep")]
    RsaOaepSha256,
}
impl ContentEncryption {
    /// The same in the protocol's words.
    pub fn protocol(self) -> ::saml::ContentEncryption {
        match self {
            Self::Aes256Gcm => ::saml::ContentEncryption::Aes256Gcm,
            Self::Aes128Gcm => ::saml::ContentEncryption::Aes128Gcm,
            Self::Aes256Cbc => ::saml::ContentEncryption::Aes256Cbc,
            Self::Aes128Cbc => ::saml::ContentEncryption::Aes128Cbc,
        }
    }
}

impl KeyTransport {
    /// The same in the protocol's words.
    pub fn protocol(self) -> ::saml::KeyTransport {
        match self {
            Self::RsaOaepMgf1p => ::saml::KeyTransport::RsaOaepMgf1p,
            Self::RsaOaepSha256 => ::saml::KeyTransport::RsaOaepSha256,
        }
    }
}

text_enum!(KeyTransport { RsaOaepMgf1p = "rsa-oaep-mgf1p", RsaOaepSha256 = "rsa-oaep" });
