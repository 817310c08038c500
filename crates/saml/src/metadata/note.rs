//! Owns what is worth telling about metadata that was taken all the same: what was left out, and why.
//! Does not own what makes it unusable (see `error`).

use std::fmt;

use chrono::{DateTime, Utc};

use super::address::AddressError;

/// One thing the administrator may want to know. Displays as a sentence without full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// An endpoint was left out, since we do not speak its binding.
    OtherBinding {
        /// The kind of endpoint.
        what: &'static str,
        /// The binding, as it stands there.
        binding: String,
        /// The address, as it stands there.
        location: String,
    },
    /// An address was left out, since nothing may be sent there.
    Address {
        /// The kind of address.
        what: &'static str,
        /// The address, as it stands there.
        url: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// An endpoint stands there twice; the second was left out.
    Repeated {
        /// The address.
        url: String,
    },
    /// An endpoint has no number and was given one.
    Unnumbered {
        /// The address.
        url: String,
        /// The number given.
        index: u16,
    },
    /// Several of a kind are marked as the default; the first one counts.
    SeveralDefaults(&'static str),
    /// A value was passed over, since it is not what the schema says.
    Value {
        /// Of what.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// Some of the keys were passed over, since they come without certificate.
    KeysWithoutCertificate(usize),
    /// The entity has several SP roles; only the first was read.
    FurtherRoles(usize),
    /// It publishes no certificate for signatures though it says that it signs.
    SignsWithoutKey,
    /// A certificate has ended. It goes on to count: metadata vouches for the key, not X.509 (IIP-MD12).
    CertificateEnded {
        /// Its SHA-256.
        fingerprint: String,
        /// When.
        ended: DateTime<Utc>,
    },
    /// The metadata itself has ended.
    MetadataEnded(DateTime<Utc>),
    /// An entity of an aggregate was passed over, since it is larger than the limit.
    EntityTooLarge {
        /// Its entity id.
        entity_id: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// An entity of an aggregate was passed over, since its entity id is not usable.
    EntityId {
        /// The beginning of its entity id.
        entity_id: String,
        /// What is wrong with it.
        error: AddressError,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherBinding { what, binding, location } => {
                let name = binding.rsplit(':').next().unwrap_or_default();
                write!(formatter, "The {what} '{location}' was left out: its binding {name} is not used here")
            }
            Self::Address { what, url, error } => {
                write!(formatter, "The {what} '{url}' was left out: {error}")
            }
            Self::Repeated { url } => write!(formatter, "The address '{url}' is named twice"),
            Self::Unnumbered { url, index } => {
                write!(formatter, "The address '{url}' has no index and was numbered {index}")
            }
            Self::SeveralDefaults(what) => {
                write!(formatter, "Several {what} are marked as the default; the first one counts")
            }
            Self::Value { what, value } => {
                write!(formatter, "The value '{value}' of {what} is not valid and was passed over")
            }
            Self::KeysWithoutCertificate(count) => {
                write!(formatter, "Keys without a certificate were passed over: {count}")
            }
            Self::FurtherRoles(count) => {
                write!(formatter, "Further service provider roles were passed over: {count}")
            }
            Self::SignsWithoutKey => formatter
                .write_str("It says that it signs its requests but publishes no certificate for signatures"),
            Self::CertificateEnded { fingerprint, ended } => write!(
                formatter,
                "The certificate {fingerprint} ended on {}; its key goes on to count",
                day(*ended)
            ),
            Self::MetadataEnded(ended) => {
                write!(formatter, "This metadata was valid until {}; ask for a new file", day(*ended))
            }
            Self::EntityTooLarge { entity_id, limit } => {
                write!(formatter, "The entity '{entity_id}' was passed over: it is larger than {limit} bytes")
            }
            Self::EntityId { entity_id, error } => {
                write!(formatter, "The entity '{entity_id}' was passed over: {error}")
            }
        }
    }
}

/// A day in words, as in `3 March 2030`.
pub(super) fn day(instant: DateTime<Utc>) -> String {
    instant.format("%-d %B %Y").to_string()
}
