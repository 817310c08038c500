//! Owns NameID: formats, the value with its qualifiers, and the policy an SP may state.
//! Does not choose the identifier of a user.

use serde::{Deserialize, Serialize};

/// SAML Core §8.3: the formats of a name identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum NameIdFormat {
    /// How to read the value is left to the parties.
    Unspecified,
    /// An e-mail address.
    EmailAddress,
    /// The subject name of a certificate, written as `ds:X509SubjectName` is (SAML Core §8.3.3).
    X509SubjectName,
    /// A lasting pseudonym for one SP.
    Persistent,
    /// A pseudonym for one session.
    Transient,
    /// Any other format, by its URI.
    Other(String),
}

impl NameIdFormat {
    /// The formats with a meaning of their own, for lists to choose from.
    pub const KNOWN: [Self; 5] =
        [Self::Unspecified, Self::EmailAddress, Self::X509SubjectName, Self::Persistent, Self::Transient];

    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::X509SubjectName => "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::Other(uri) => uri,
        }
    }

    /// The format of an identifier that names a system entity, as in `Issuer` (SAML Core §8.3.6).
    pub(crate) const ENTITY: &'static str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
}

/// The same as [`NameIdFormat::Unspecified`] with a version that SAML never gave it; SPs' guides and software have both.
const MISNAMED_UNSPECIFIED: [&str; 2] = [
    "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified",
    "urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified",
];

impl From<&str> for NameIdFormat {
    fn from(uri: &str) -> Self {
        if MISNAMED_UNSPECIFIED.contains(&uri) {
            return Self::Unspecified;
        }
        Self::KNOWN
            .into_iter()
            .find(|format| format.uri() == uri)
            .unwrap_or_else(|| Self::Other(uri.to_owned()))
    }
}

impl From<String> for NameIdFormat {
    fn from(uri: String) -> Self {
        Self::from(uri.as_str())
    }
}

impl From<NameIdFormat> for String {
    fn from(format: NameIdFormat) -> Self {
        format.uri().to_owned()
    }
}

/// SAML Core §2.2.3: the identifier of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameId {
    /// How to read the value.
    pub format: NameIdFormat,
    /// The identifier.
    pub value: String,
    /// The domain the identifier belongs to: for persistent ones, our entity id.
    pub name_qualifier: Option<String>,
    /// The SP the identifier was made for: for persistent ones, its entity id.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// SAML Core §8.3.7, §8.3.8: the most characters of a persistent or transient identifier; SDP-G02: of any.
    pub const MAX: usize = 256;

    /// An identifier without qualifiers.
    #[must_use]
    pub fn new(format: NameIdFormat, value: impl Into<String>) -> Self {
        Self { format, value: value.into(), name_qualifier: None, sp_name_qualifier: None }
    }
}

/// SAML Core §3.4.1.1: what an SP asks of the identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NameIdPolicy {
    /// The format wanted, `None` for any.
    pub format: Option<NameIdFormat>,
    /// Whose identifier is wanted, `None` for the SP's own.
    pub sp_name_qualifier: Option<String>,
    /// Whether a new identifier may be made. Absent means no, but SPs rarely mean it.
    pub allow_create: bool,
}
