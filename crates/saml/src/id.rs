//! Owns identifiers and instants as messages carry them.
//! Does not read the clock and has no randomness of its own.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use rand_core::CryptoRng;

/// SAML Core §1.3.4: an identifier must be unique beyond doubt; 128 bits at least, 160 advised. The
/// underscore makes it an NCName.
pub(crate) fn new_id(rng: &mut dyn CryptoRng) -> String {
    let mut octets = [0; 20];
    rng.fill_bytes(&mut octets);
    let mut id = String::with_capacity(41);
    id.push('_');
    for octet in octets {
        // Writing to a string cannot fail.
        let _ = write!(id, "{octet:02x}");
    }
    id
}

/// A new value for `SessionIndex`: as unguessable as an ID and unrelated to any session secret.
pub fn new_session_index(rng: &mut dyn CryptoRng) -> String {
    new_id(rng)
}

/// SAML Core §1.3.3: `xs:dateTime` in UTC. Milliseconds keep equal instants apart.
pub(crate) fn xml_instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}
