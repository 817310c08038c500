//! Owns the attribute as an assertion carries it.
//! Does not map users to attributes.

use serde::{Deserialize, Serialize};

/// How the name of an attribute is to be read (SAML Core §8.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum AttributeNameFormat {
    /// Left to the parties.
    Unspecified,
    /// A simple string.
    Basic,
    /// A URI, as for OID names.
    Uri,
    /// Any other format, by its URI.
    Other(String),
}

impl AttributeNameFormat {
    /// The URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        match self {
            Self::Unspecified => crate::uri::ATTRNAME_UNSPECIFIED,
            Self::Basic => crate::uri::ATTRNAME_BASIC,
            Self::Uri => crate::uri::ATTRNAME_URI,
            Self::Other(uri) => uri,
        }
    }

    /// The format that fits `name`: OID names must come with `uri` (interop XS-44), others are `basic`.
    #[must_use]
    pub fn for_name(name: &str) -> Self {
        let is_uri = ["urn:", "http://", "https://"].iter().any(|scheme| name.starts_with(scheme));
        if is_uri { Self::Uri } else { Self::Basic }
    }
}

impl From<&str> for AttributeNameFormat {
    fn from(uri: &str) -> Self {
        let known = [Self::Unspecified, Self::Basic, Self::Uri];
        known.into_iter().find(|format| format.uri() == uri).unwrap_or_else(|| Self::Other(uri.to_owned()))
    }
}

impl From<String> for AttributeNameFormat {
    fn from(uri: String) -> Self {
        Self::from(uri.as_str())
    }
}

impl From<AttributeNameFormat> for String {
    fn from(format: AttributeNameFormat) -> Self {
        format.uri().to_owned()
    }
}

/// SAML Core §2.7.3.1: one attribute with its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// The name. One name occurs once in an assertion (interop XS-43).
    pub name: String,
    /// How the name is to be read.
    pub name_format: AttributeNameFormat,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// The values, one `AttributeValue` each. An attribute without values is left out.
    pub values: Vec<String>,
}
