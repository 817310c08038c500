//! Owns the list of encryption algorithms and how XML Encryption names them.
//! Does not encrypt.

use openssl::md::{Md, MdRef};
use openssl::symm::Cipher;
use serde::{Deserialize, Serialize};

/// How the assertion itself is encrypted (XML Encryption 1.1 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentEncryption {
    /// AES in Galois/Counter Mode with a key of 256 bits.
    #[default]
    Aes256Gcm,
    /// AES in Galois/Counter Mode with a key of 128 bits.
    Aes128Gcm,
    /// AES in cipher block chaining with a key of 256 bits: legacy.
    Aes256Cbc,
    /// AES in cipher block chaining with a key of 128 bits: legacy.
    Aes128Cbc,
}

impl ContentEncryption {
    /// Every algorithm, for lists to choose from.
    pub const ALL: [Self; 4] = [Self::Aes256Gcm, Self::Aes128Gcm, Self::Aes256Cbc, Self::Aes128Cbc];

    /// The URI of the encryption method.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
        }
    }

    /// The algorithm behind `uri`, as in the `md:EncryptionMethod` of an SP.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// Whether nothing vouches for the ciphertext: CBC alone can be played against whoever decrypts it
    /// (S-34). Only for an SP that can do nothing better, and whoever chooses it is to be warned.
    #[must_use]
    pub const fn is_legacy(self) -> bool {
        matches!(self, Self::Aes256Cbc | Self::Aes128Cbc)
    }

    pub(super) fn cipher(self) -> Cipher {
        match self {
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
        }
    }

    /// XML Encryption 1.1 §5.2.4: the authentication tag of GCM has 128 bits. CBC has none.
    pub(super) const fn tag_length(self) -> usize {
        if self.is_legacy() { 0 } else { 16 }
    }
}

/// How the key of the content is encrypted for the SP (XML Encryption 1.1 §5.5.2). PKCS#1 v1.5 is not
/// among them (interop XS-07).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyTransport {
    /// `rsa-oaep-mgf1p` of XML Encryption 1.0, SHA-1 for both digest and mask: what every SP understands
    /// (interop XS-06). SHA-1 is sound here: OAEP needs no collision resistance.
    #[default]
    RsaOaepMgf1p,
    /// `rsa-oaep-mgf1p` with SHA-256 as digest; the mask stays with SHA-1.
    RsaOaepMgf1pSha256,
    /// `rsa-oaep` of XML Encryption 1.1 with SHA-256 for both.
    RsaOaepSha256,
}

impl KeyTransport {
    /// Every algorithm, for lists to choose from.
    pub const ALL: [Self; 3] = [Self::RsaOaepMgf1p, Self::RsaOaepMgf1pSha256, Self::RsaOaepSha256];

    /// The URI of the encryption method.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaOaepMgf1p | Self::RsaOaepMgf1pSha256 => {
                "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
            }
            Self::RsaOaepSha256 => "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        }
    }

    /// The URI of the digest method.
    pub(super) const fn digest_uri(self) -> &'static str {
        match self {
            Self::RsaOaepMgf1p => "http://www.w3.org/2000/09/xmldsig#sha1",
            Self::RsaOaepMgf1pSha256 | Self::RsaOaepSha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
        }
    }

    /// The URI of the mask generation function, where the method leaves a choice.
    pub(super) const fn mask_uri(self) -> Option<&'static str> {
        match self {
            Self::RsaOaepMgf1p | Self::RsaOaepMgf1pSha256 => None,
            Self::RsaOaepSha256 => Some("http://www.w3.org/2009/xmlenc11#mgf1sha256"),
        }
    }

    pub(super) fn digest(self) -> &'static MdRef {
        match self {
            Self::RsaOaepMgf1p => Md::sha1(),
            Self::RsaOaepMgf1pSha256 | Self::RsaOaepSha256 => Md::sha256(),
        }
    }

    /// The digest inside the mask generation function.
    pub(super) fn mask_digest(self) -> &'static MdRef {
        match self {
            Self::RsaOaepMgf1p | Self::RsaOaepMgf1pSha256 => Md::sha1(),
            Self::RsaOaepSha256 => Md::sha256(),
        }
    }
}
