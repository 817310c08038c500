//! Owns certificates as key containers, and the limits on the keys inside.
//! Tells, but does not judge, validity dates; does not look at issuers or chains: metadata vouches for the key, not X.509.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::sha::sha256;
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde::{Deserialize, Serialize};

use super::algorithm::{KeyKind, SignatureAlgorithm};

/// An X.509 certificate in DER. In JSON it is base64. Copies share the key once it was read: reading it costs several times
/// what verifying a signature with it does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateDer {
    der: Vec<u8>,
    key: Arc<OnceLock<Result<VerificationKey, CertificateError>>>,
}

impl PartialEq for CertificateDer {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for CertificateDer {}

impl Hash for CertificateDer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

impl fmt::Debug for CertificateDer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CertificateDer({})", self.fingerprint())
    }
}

/// Why a certificate or the key in it is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Neither DER nor base64 nor PEM of a certificate.
    #[error("this is not an X.509 certificate")]
    NotACertificate,
    /// Larger than [`CertificateDer::MAX`].
    #[error("the certificate is larger than {} bytes", CertificateDer::MAX)]
    TooLarge,
    /// An RSA key outside 2048 to 8192 bits.
    #[error("the RSA key has {0} bits; 2048 to 8192 are taken")]
    RsaSize(u32),
    /// An RSA exponent that is even, below 65537 or unreasonably large.
    #[error("the public exponent of the RSA key is not an odd number from 65537 to 2^32")]
    RsaExponent,
    /// An EC key on another curve than P-256, P-384 or P-521, or an invalid point.
    #[error("the EC key is not a valid point on P-256, P-384 or P-521")]
    EcKey,
    /// A key that is neither RSA nor EC.
    #[error("the key is neither RSA nor EC")]
    KeyType,
}

impl CertificateDer {
    /// The largest certificate, in bytes of DER.
    pub const MAX: usize = 16 * 1024;

    /// Takes DER as it is; [`VerificationKey::from_certificate`] looks inside.
    ///
    /// # Errors
    /// [`CertificateError::TooLarge`], [`CertificateError::NotACertificate`].
    pub fn new(der: impl Into<Vec<u8>>) -> Result<Self, CertificateError> {
        let der = der.into();
        if der.len() > Self::MAX {
            return Err(CertificateError::TooLarge);
        }
        let certificate = X509::from_der(&der).map_err(|_| CertificateError::NotACertificate)?;
        // What follows the certificate would make many unequal forms of one.
        let read = certificate.to_der().map_err(|_| CertificateError::NotACertificate)?;
        if read.len() != der.len() {
            return Err(CertificateError::NotACertificate);
        }
        Ok(Self { der, key: Arc::default() })
    }

    /// Takes base64 with or without PEM lines around it, as people paste it and metadata holds it.
    ///
    /// # Errors
    /// [`CertificateError::TooLarge`], [`CertificateError::NotACertificate`].
    pub fn from_pem_or_base64(text: &str) -> Result<Self, CertificateError> {
        // Base64 makes four characters of three bytes; line ends and PEM lines need some more.
        if text.len() > Self::MAX * 2 {
            return Err(CertificateError::TooLarge);
        }
        let body: String = text.lines().filter(|line| !line.trim().starts_with("-----")).collect();
        let der = crate::binding::decode_base64(&body).ok_or(CertificateError::NotACertificate)?;
        Self::new(der)
    }

    /// The DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The base64 of the DER, on one line.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// The SHA-256 of the DER as people compare it: pairs of hexadecimal digits with colons between.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut text = String::with_capacity(95);
        for (place, octet) in sha256(&self.der).iter().enumerate() {
            let separator = if place == 0 { "" } else { ":" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{octet:02X}");
        }
        text
    }

    /// The public key inside, within our limits; read once for all copies of this certificate (S-17, S-35).
    ///
    /// # Errors
    /// As [`VerificationKey::from_certificate`].
    pub(crate) fn key(&self) -> Result<&VerificationKey, CertificateError> {
        self.key.get_or_init(|| VerificationKey::from_certificate(self)).as_ref().map_err(Clone::clone)
    }

    /// When the certificate ends, to tell people; `None` when it does not say so in a way that can be read.
    /// Nothing is decided by it: a certificate in metadata only carries a key (IIP-MD12).
    #[must_use]
    pub fn not_after(&self) -> Option<DateTime<Utc>> {
        let x509 = X509::from_der(&self.der).ok()?;
        let since_1970 = Asn1Time::from_unix(0).ok()?.diff(x509.not_after()).ok()?;
        DateTime::from_timestamp(i64::from(since_1970.days) * 86_400 + i64::from(since_1970.secs), 0)
    }
}

impl TryFrom<String> for CertificateDer {
    type Error = CertificateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_pem_or_base64(&text)
    }
}

impl From<CertificateDer> for String {
    fn from(certificate: CertificateDer) -> Self {
        certificate.to_base64()
    }
}

/// The public key of a certificate, within our limits.
#[derive(Debug)]
pub struct VerificationKey {
    key: PKey<Public>,
    kind: KeyKind,
    /// Bytes of one of the two numbers of an ECDSA signature; 0 for RSA.
    ec_width: usize,
}

impl VerificationKey {
    /// Takes the key out of `certificate` and checks it (S-17, S-35).
    ///
    /// # Errors
    /// [`CertificateError`], when the key is too weak, too large, malformed or of another type.
    pub fn from_certificate(certificate: &CertificateDer) -> Result<Self, CertificateError> {
        let x509 = X509::from_der(certificate.as_der()).map_err(|_| CertificateError::NotACertificate)?;
        let key = x509.public_key().map_err(|_| CertificateError::KeyType)?;
        let (kind, ec_width) = match key.id() {
            Id::RSA => (KeyKind::Rsa, check_rsa(&key)?),
            Id::EC => (KeyKind::Ec, check_ec(&key)?),
            _ => return Err(CertificateError::KeyType),
        };
        Ok(Self { key, kind, ec_width })
    }

    pub(super) fn verifies(&self, method: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        if method.key_kind() != self.kind {
            return false;
        }
        let der;
        let signature = match self.kind {
            KeyKind::Rsa => signature,
            KeyKind::Ec => match ecdsa_der(signature, self.ec_width) {
                Some(encoded) => {
                    der = encoded;
                    &der
                }
                None => return false,
            },
        };
        Verifier::new(method.digest().message_digest(), &self.key)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
    }

    pub(super) fn is_kind(&self, kind: KeyKind) -> bool {
        self.kind == kind
    }

    /// The key, if it is one that RSA-OAEP can encrypt for.
    pub(crate) fn rsa(&self) -> Option<&PKey<Public>> {
        (self.kind == KeyKind::Rsa).then_some(&self.key)
    }
}

fn check_rsa(key: &PKey<Public>) -> Result<usize, CertificateError> {
    let rsa = key.rsa().map_err(|_| CertificateError::KeyType)?;
    let bits = rsa.n().num_bits().unsigned_abs();
    if !(2048..=8192).contains(&bits) {
        return Err(CertificateError::RsaSize(bits));
    }
    let exponent = rsa.e();
    let minimum = BigNum::from_u32(65537).map_err(|_| CertificateError::RsaExponent)?;
    if !exponent.is_bit_set(0) || exponent.num_bits() > 32 || exponent.ucmp(&minimum).is_lt() {
        return Err(CertificateError::RsaExponent);
    }
    Ok(0)
}

fn check_ec(key: &PKey<Public>) -> Result<usize, CertificateError> {
    let ec: EcKey<Public> = key.ec_key().map_err(|_| CertificateError::EcKey)?;
    ec.check_key().map_err(|_| CertificateError::EcKey)?;
    ec_width(ec.group().curve_name()).ok_or(CertificateError::EcKey)
}

/// Bytes of the order of a curve.
pub(super) fn ec_width(curve: Option<Nid>) -> Option<usize> {
    match curve {
        Some(Nid::X9_62_PRIME256V1) => Some(32),
        Some(Nid::SECP384R1) => Some(48),
        Some(Nid::SECP521R1) => Some(66),
        _ => None,
    }
}

/// RFC 4050 §3.3 and XML Signature 1.1 §6.4.3: an ECDSA signature is r and s side by side, each as wide
/// as the order of the curve. OpenSSL wants DER.
fn ecdsa_der(signature: &[u8], width: usize) -> Option<Vec<u8>> {
    if signature.len() != width * 2 {
        return None;
    }
    let (r, s) = signature.split_at(width);
    let (r, s) = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
    EcdsaSig::from_private_components(r, s).ok()?.to_der().ok()
}

/// Whether `certificate` holds the public half of a key with this encoding.
pub(super) fn holds_key(certificate: &CertificateDer, public_der: &[u8]) -> bool {
    let key = X509::from_der(certificate.as_der()).and_then(|x509| x509.public_key());
    key.and_then(|key| key.public_key_to_der()).is_ok_and(|der| der == public_der)
}

#[cfg(test)]
mod tests {
    use super::CertificateDer;
    use openssl::{asn1::Asn1Time, ec, hash::MessageDigest, nid::Nid, pkey::PKey, x509::X509};

    #[test]
    fn a_certificate_has_one_form_and_nothing_behind_it() {
        let curve = ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
        let key = PKey::from_ec_key(ec::EcKey::generate(&curve).expect("a key")).expect("a key");
        let mut builder = X509::builder().expect("a builder");
        builder.set_pubkey(&key).expect("set");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("set");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        let der = builder.build().to_der().expect("DER");
        assert!(CertificateDer::new(der.clone()).is_ok());
        for tail in [&b"trailing"[..], b"\0"] {
            assert!(CertificateDer::new([&der[..], tail].concat()).is_err(), "{tail:?}");
        }
    }
}
