//! Owns base64url, SHA-2, NumericDate and constant-time equality as used by every message here.
//!
//! Does not own any key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Base64url without padding (RFC 7515 §2).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict inverse of [`base64url`]: padding, foreign characters and non-zero trailing bits are refused, so
/// one value has exactly one spelling.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256 in base64url: 43 characters.
pub(crate) fn sha256_base64url(bytes: &[u8]) -> String {
    base64url(&Sha256::digest(bytes))
}

/// RFC 7519 §2: seconds since 1970, possibly with a fraction.
pub(crate) fn numeric_date(seconds: f64) -> Option<DateTime<Utc>> {
    let whole = seconds.floor();
    // Well within the range of the type, and of the calendar.
    if !(0.0..1e11).contains(&whole) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e11")]
    DateTime::from_timestamp(whole as i64, 0)
}

/// Equality whose duration depends on the lengths only, never on where the first difference is.
pub(crate) fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && openssl::memcmp::eq(left, right)
}
