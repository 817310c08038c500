//! Owns why a document is no usable metadata of an SP, in words for the administrator.
//! Does not own what is merely worth a note (see `note`).

use chrono::{DateTime, Utc};

use super::address::AddressError;
use super::note::day;
use crate::signature::CertificateError;
use crate::xml::reader::XmlError;

/// Why a document is no usable metadata of an SP. Each says what the administrator can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not XML we read.
    #[error("the file could not be read: {0}")]
    Xml(#[from] XmlError),
    /// XML, but no metadata.
    #[error("this is not SAML metadata: the root element is '{0}'")]
    NotMetadata(String),
    /// Metadata of another entity than expected.
    #[error("this is the metadata of '{found}', expected was '{expected}'")]
    OtherEntity {
        /// Whom we asked about.
        expected: String,
        /// Whom it is about.
        found: String,
    },
    /// The aggregate does not hold the entity.
    #[error("the file does not hold '{expected}'; it holds: {}", .choices.join(", "))]
    NotInAggregate {
        /// Whom we asked about.
        expected: String,
        /// Some of the SPs in it.
        choices: Vec<String>,
    },
    /// The aggregate holds several SPs; one must be named.
    #[error("the file holds several service providers, choose one: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// No SP role. With `identity_provider`, somebody uploaded the metadata of an identity provider:
    /// often our own.
    #[error("{}", no_service_provider(*.identity_provider))]
    NoServiceProvider {
        /// Whether it describes an identity provider instead.
        identity_provider: bool,
    },
    /// The entity id is missing or not usable.
    #[error("the entity id is not usable: {0}")]
    EntityId(AddressError),
    /// An endpoint is not usable.
    #[error("the address '{url}' is not usable: {error}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// No HTTP-POST endpoint for Responses.
    #[error("it names no assertion consumer service with the HTTP-POST binding")]
    NoAssertionConsumerService,
    /// A certificate is not usable.
    #[error("a certificate is not usable: {0}")]
    Certificate(#[from] CertificateError),
    /// Too many of something.
    #[error("it holds more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value is not what the schema says.
    #[error("the value of {0} is not valid")]
    Value(&'static str),
    /// The metadata does not say how long it may be relied upon, and it should.
    #[error("it does not say until when it is valid")]
    NoValidUntil,
    /// The metadata has ended.
    #[error("it was valid until {}; ask for a new file", day(*.0))]
    Ended(DateTime<Utc>),
    /// The metadata claims to be good for longer than anybody should rely upon it.
    #[error("it claims to be valid until {}, which is too far away", day(*.0))]
    ValidTooLong(DateTime<Utc>),
}

fn no_service_provider(identity_provider: bool) -> &'static str {
    if identity_provider {
        "this describes an identity provider, not a service provider; upload the metadata of the application, not of Gatehouse"
    } else {
        "this holds no SAML 2.0 service provider"
    }
}
