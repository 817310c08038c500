//! Owns what people are told about a certificate: its fingerprint and when it ends.
//! Does not judge it: a certificate in metadata only carries a key (IIP-MD12).

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use openssl::asn1::Asn1Time;
use openssl::sha::sha256;
use openssl::x509::X509;

use crate::signature::CertificateDer;

/// The SHA-256 of the DER as people compare it: pairs of hexadecimal digits with colons between.
pub(super) fn fingerprint(certificate: &CertificateDer) -> String {
    let mut text = String::with_capacity(95);
    for (place, octet) in sha256(certificate.as_der()).iter().enumerate() {
        let separator = if place == 0 { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{octet:02X}");
    }
    text
}

/// When the certificate ends; `None` when it does not say so in a way that can be read.
pub(super) fn not_after(certificate: &CertificateDer) -> Option<DateTime<Utc>> {
    let x509 = X509::from_der(certificate.as_der()).ok()?;
    let since_1970 = Asn1Time::from_unix(0).ok()?.diff(x509.not_after()).ok()?;
    DateTime::from_timestamp(i64::from(since_1970.days) * 86_400 + i64::from(since_1970.secs), 0)
}

/// A day in words, as in `3 March 2030`.
pub(super) fn day(instant: DateTime<Utc>) -> String {
    instant.format("%-d %B %Y").to_string()
}
