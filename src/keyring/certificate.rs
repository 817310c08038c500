//! Self-signed certificates: the envelope in which service providers expect a public key. Does not own key pairs.

use super::KeyringError;
use chrono::{DateTime, Months, Utc};
use openssl::{
    asn1::{Asn1Integer, Asn1Time},
    bn::{BigNum, MsbOption},
    hash::MessageDigest,
    pkey::{HasPrivate, Id, PKeyRef},
    x509::{
        X509, X509NameBuilder,
        extension::{BasicConstraints, KeyUsage, SubjectKeyIdentifier},
    },
};

/// How long a new certificate lasts.
pub const CERTIFICATE_YEARS: u32 = 5;
/// RFC 5280, ub-common-name: the longest common name, in characters.
const COMMON_NAME_MAX: usize = 64;

/// A certificate and its end.
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) not_after: DateTime<Utc>,
}

/// A certificate for the key, signed by the key. A long name is cut.
pub(super) fn self_signed<T: HasPrivate>(
    key: &PKeyRef<T>,
    common_name: &str,
    not_before: DateTime<Utc>,
    years: u32,
) -> Result<Certificate, KeyringError> {
    let not_after =
        not_before.checked_add_months(Months::new(years.saturating_mul(12))).unwrap_or(not_before);
    let common_name: String = common_name.chars().take(COMMON_NAME_MAX).collect();
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_text("CN", if common_name.is_empty() { "Gatehouse" } else { &common_name })?;
    let name = name.build();

    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    // RFC 5280 §4.1.2.2: positive, unique, at most 20 octets. 158 random bits, the top one set.
    let mut serial = BigNum::new()?;
    serial.rand(158, MsbOption::ONE, false)?;
    let serial: Asn1Integer = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    let (begin, end) =
        (Asn1Time::from_unix(not_before.timestamp())?, Asn1Time::from_unix(not_after.timestamp())?);
    builder.set_not_before(&begin)?;
    builder.set_not_after(&end)?;
    builder.set_pubkey(key)?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    let key_id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(key_id)?;
    let digest = if key.id() == Id::ED25519 { MessageDigest::null() } else { MessageDigest::sha256() };
    builder.sign(key, digest)?;
    Ok(Certificate { der: builder.build().to_der()?, not_after })
}

/// The SHA-256 fingerprint as people compare it: `AB:CD:…`.
pub fn fingerprint_sha256(der: &[u8]) -> String {
    pairs(&openssl::sha::sha256(der))
}

/// The SHA-1 fingerprint, which some apps still ask for. It only names a certificate; nothing is decided by it.
pub fn fingerprint_sha1(der: &[u8]) -> String {
    pairs(&openssl::sha::sha1(der))
}

fn pairs(digest: &[u8]) -> String {
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
