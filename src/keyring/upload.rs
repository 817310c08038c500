//! A certificate and private key that somebody brings along: read, checked as a pair, within limits.
//! Does not own making keys (`key_pair`) or what becomes of them (`service`).

use super::secret::SecretText;
use crate::domain::key::KeyAlgorithm;
use chrono::{DateTime, Utc};
use openssl::{
    asn1::{Asn1Time, Asn1TimeRef},
    bn::BigNum,
    error::ErrorStack,
    nid::Nid,
    pkey::{Id, PKey, Private},
    x509::X509,
};

/// Largest text of a certificate chain or of a key, in bytes.
const TEXT_MAX: usize = 64 * 1024;
/// Most certificates of one text that are looked at.
const CHAIN_MAX: usize = 8;
/// Largest certificate, in bytes of DER; metadata carries it in every copy.
const CERTIFICATE_MAX: usize = 16 * 1024;
/// Most rounds of a key derivation (PBES2, RFC 8018 §4.2) that an encrypted key may ask for: seconds, not hours.
const ROUNDS_MAX: u64 = 10_000_000;

/// Why an upload is refused, each with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// Larger than [`TEXT_MAX`].
    #[error("That is more than 64 KB. Send one certificate, or one key")]
    TooLarge,
    /// No PEM certificate.
    #[error("This is not a certificate in PEM form, from BEGIN CERTIFICATE to END CERTIFICATE")]
    NotACertificate,
    /// A certificate that fills every copy of the metadata.
    #[error("The certificate is larger than 16 KB")]
    CertificateTooLarge,
    /// It has ended.
    #[error("The certificate ended on {0}. Bring one that lasts")]
    Ended(String),
    /// It begins later.
    #[error("The certificate is valid only from {0}")]
    NotYet(String),
    /// No PEM key.
    #[error("This is not a private key in PEM form (PKCS #8, PKCS #1 or SEC 1)")]
    NotAKey,
    /// Encrypted, and no passphrase was given.
    #[error("The key is encrypted. Enter its passphrase")]
    PassphraseNeeded,
    /// The passphrase doesn't open it.
    #[error("The passphrase doesn’t open the key")]
    PassphraseWrong,
    /// Encrypted with a derivation that would keep a processor busy for hours.
    #[error("The key’s encryption asks for too many rounds. Export it again with fewer")]
    TooSlow,
    /// Neither RSA of 2048 to 4096 bits nor P-256.
    #[error("Use an RSA key of 2048 to 4096 bits, or an ECDSA key on P-256; this is {0}")]
    Kind(String),
    /// A public exponent that is even, below 65537 or unreasonably large.
    #[error("The key’s public exponent is unsafe. Make a new key with 65537")]
    Exponent,
    /// Its numbers don't fit each other.
    #[error("The key is damaged: its numbers don’t fit each other")]
    Damaged,
    /// The certificate holds another public key.
    #[error("The key doesn’t belong to the certificate")]
    NotAPair,
}

impl UploadError {
    /// Which of the three fields has to be mended: `certificate`, `private_key` or `passphrase`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NotACertificate | Self::CertificateTooLarge | Self::Ended(_) | Self::NotYet(_) => {
                "certificate"
            }
            Self::PassphraseNeeded | Self::PassphraseWrong => "passphrase",
            _ => "private_key",
        }
    }
}

/// What was uploaded, checked.
pub(super) struct Uploaded {
    pub(super) key: PKey<Private>,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) certificate: Vec<u8>,
    pub(super) not_after: DateTime<Utc>,
}

/// Reads both and checks them as a pair. Of a chain, the certificate of the key counts.
pub(super) fn read(
    certificate: &str,
    private_key: &SecretText,
    passphrase: &SecretText,
    now: DateTime<Utc>,
) -> Result<Uploaded, UploadError> {
    if certificate.len() > TEXT_MAX {
        return Err(UploadError::TooLarge);
    }
    let chain = read_chain(certificate)?;
    let key = read_key(private_key, passphrase)?;
    let algorithm = check_key(&key)?;
    let public = key.public_key_to_der().map_err(damaged)?;
    let own = chain.iter().find(|one| {
        one.public_key().and_then(|key| key.public_key_to_der()).is_ok_and(|other| other == public)
    });
    let own = own.ok_or(UploadError::NotAPair)?;
    let (begin, end) = (instant(own.not_before())?, instant(own.not_after())?);
    let day = |at: DateTime<Utc>| at.format("%-d %B %Y").to_string();
    if end <= now {
        return Err(UploadError::Ended(day(end)));
    }
    if begin > now {
        return Err(UploadError::NotYet(day(begin)));
    }
    let der = own.to_der().map_err(|_| UploadError::NotACertificate)?;
    if der.len() > CERTIFICATE_MAX {
        return Err(UploadError::CertificateTooLarge);
    }
    Ok(Uploaded { key, algorithm, certificate: der, not_after: end })
}

fn read_chain(text: &str) -> Result<Vec<X509>, UploadError> {
    let chain = X509::stack_from_pem(text.as_bytes()).map_err(|_| UploadError::NotACertificate)?;
    if chain.is_empty() || chain.len() > CHAIN_MAX { Err(UploadError::NotACertificate) } else { Ok(chain) }
}

/// RFC 7468 §10 and §11 (PKCS #8, plain and encrypted), RFC 8017 appendix A (PKCS #1), RFC 5915 (SEC 1).
fn read_key(text: &SecretText, passphrase: &SecretText) -> Result<PKey<Private>, UploadError> {
    let pem = text.expose();
    if pem.len() > TEXT_MAX || passphrase.expose().len() > 1024 {
        return Err(UploadError::TooLarge);
    }
    let encrypted_pkcs8 = pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
    let encrypted = encrypted_pkcs8 || (pem.contains("Proc-Type:") && pem.contains("ENCRYPTED"));
    if !pem.contains("PRIVATE KEY-----") {
        return Err(UploadError::NotAKey);
    }
    if encrypted && passphrase.expose().is_empty() {
        return Err(UploadError::PassphraseNeeded);
    }
    if encrypted_pkcs8 && !asks_for_few_rounds(pem) {
        return Err(UploadError::TooSlow);
    }
    // Always with a passphrase of ours: without one OpenSSL would ask at the terminal.
    let key = PKey::private_key_from_pem_passphrase(pem.as_bytes(), passphrase.expose().as_bytes());
    key.map_err(|_| if encrypted { UploadError::PassphraseWrong } else { UploadError::NotAKey })
}

fn check_key(key: &PKey<Private>) -> Result<KeyAlgorithm, UploadError> {
    match key.id() {
        Id::RSA => {
            let rsa = key.rsa().map_err(damaged)?;
            let bits = rsa.n().num_bits().unsigned_abs();
            // Before anything that takes longer with larger numbers.
            if !(2048..=4096).contains(&bits) {
                return Err(UploadError::Kind(format!("RSA of {bits} bits")));
            }
            let least = BigNum::from_u32(65537).map_err(damaged)?;
            if !rsa.e().is_bit_set(0) || rsa.e().num_bits() > 32 || rsa.e().ucmp(&least).is_lt() {
                return Err(UploadError::Exponent);
            }
            if !rsa.check_key().map_err(damaged)? {
                return Err(UploadError::Damaged);
            }
            Ok(match bits {
                4096.. => KeyAlgorithm::Rsa4096,
                3072.. => KeyAlgorithm::Rsa3072,
                _ => KeyAlgorithm::Rsa2048,
            })
        }
        Id::EC => {
            let ec = key.ec_key().map_err(damaged)?;
            match ec.group().curve_name() {
                Some(Nid::X9_62_PRIME256V1) => {}
                other => {
                    let name = other.and_then(|nid| nid.long_name().ok()).unwrap_or("an unnamed curve");
                    return Err(UploadError::Kind(format!("ECDSA on {name}")));
                }
            }
            ec.check_key().map_err(damaged)?;
            Ok(KeyAlgorithm::P256)
        }
        Id::ED25519 => Err(UploadError::Kind("Ed25519, which SAML doesn’t know".to_owned())),
        _ => Err(UploadError::Kind("another kind".to_owned())),
    }
}

fn damaged(_: ErrorStack) -> UploadError {
    UploadError::Damaged
}

/// An ASN.1 time as an instant.
fn instant(time: &Asn1TimeRef) -> Result<DateTime<Utc>, UploadError> {
    let read = || -> Result<Option<DateTime<Utc>>, ErrorStack> {
        let distance = Asn1Time::from_unix(0)?.diff(time)?;
        let seconds = i64::from(distance.days) * 86_400 + i64::from(distance.secs);
        Ok(DateTime::from_timestamp(seconds, 0))
    };
    read().ok().flatten().ok_or(UploadError::NotACertificate)
}

/// Whether every number among the parameters of an encrypted PKCS #8 key (RFC 5958 §3) is small: rounds of PBKDF2 and of the older
/// schemes, cost and block size of scrypt. OpenSSL would compute for as long as they say.
fn asks_for_few_rounds(pem: &str) -> bool {
    const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let body = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once("-----END"));
    let Some((body, _)) = body else { return false };
    let text: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
    let Ok(der) = der else { return false };
    // EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }
    let Some((0x30, inside, _)) = element(&der) else { return false };
    let Some((0x30, algorithm, _)) = element(inside) else { return false };
    numbers_are_small(algorithm, 8)
}

fn numbers_are_small(mut der: &[u8], depth: u8) -> bool {
    while !der.is_empty() {
        let Some((tag, content, rest)) = element(der) else { return false };
        let small = match tag {
            0x02 => {
                content.len() <= 8
                    && content.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)) <= ROUNDS_MAX
            }
            // SEQUENCE, and explicit context tags.
            0x30 | 0xA0..=0xBF => depth > 0 && numbers_are_small(content, depth - 1),
            _ => true,
        };
        if !small {
            return false;
        }
        der = rest;
    }
    true
}

/// X.690 §8.1: the first element's tag and content, and what follows it. Definite lengths of up to four octets.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (octets.iter().fold(0_usize, |sum, octet| (sum << 8) | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests;
