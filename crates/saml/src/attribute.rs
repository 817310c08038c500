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

/// A part of a subject identifier is empty, too long, or holds something else than the profile allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{part}' cannot be a part of a subject identifier: 1 to 127 ASCII letters, digits and {also} are")]
pub struct SubjectIdError {
    part: String,
    also: &'static str,
}

impl Attribute {
    /// SAML Subject Identifier Attributes §3.3: `subject-id`, the same for every SP. `unique_id` names one
    /// person within `scope`, a domain, for ever; letter case does not tell two people apart.
    ///
    /// # Errors
    /// [`SubjectIdError`], when either part is not in the form the profile gives.
    pub fn subject_id(unique_id: &str, scope: &str) -> Result<Self, SubjectIdError> {
        Self::scoped("subject-id", unique_id, scope)
    }

    /// SAML Subject Identifier Attributes §3.4: `pairwise-id`, another one for every SP, from which nobody
    /// can tell who it is.
    ///
    /// # Errors
    /// [`SubjectIdError`], when either part is not in the form the profile gives.
    pub fn pairwise_id(unique_id: &str, scope: &str) -> Result<Self, SubjectIdError> {
        Self::scoped("pairwise-id", unique_id, scope)
    }

    /// §3.3.1 and §3.4.1: the name is a URI, there is one value, and its length and characters are bounded.
    fn scoped(name: &str, unique_id: &str, scope: &str) -> Result<Self, SubjectIdError> {
        check_part(unique_id, "=-")?;
        check_part(scope, "-.")?;
        Ok(Self {
            name: format!("urn:oasis:names:tc:SAML:attribute:{name}"),
            name_format: AttributeNameFormat::Uri,
            friendly_name: Some(name.to_owned()),
            values: vec![format!("{unique_id}@{scope}")],
        })
    }
}

fn check_part(part: &str, also: &'static str) -> Result<(), SubjectIdError> {
    let starts_well = part.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    let allowed = |character: char| character.is_ascii_alphanumeric() || also.contains(character);
    if starts_well && part.len() <= 127 && part.chars().all(allowed) {
        return Ok(());
    }
    Err(SubjectIdError { part: part.chars().take(128).collect(), also })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_identifiers_keep_to_the_profile() {
        let attribute = Attribute::subject_id("jrx7h4=-2", "fernhill.example").expect("well formed");
        assert_eq!(attribute.name, "urn:oasis:names:tc:SAML:attribute:subject-id");
        assert_eq!(attribute.name_format, AttributeNameFormat::Uri);
        assert_eq!(attribute.values, ["jrx7h4=-2@fernhill.example"]);
        let pairwise = Attribute::pairwise_id(&"a".repeat(127), "x").expect("well formed");
        assert_eq!(pairwise.name, "urn:oasis:names:tc:SAML:attribute:pairwise-id");
        for bad in ["", "-a", "=a", "a b", "a@b", "é", "a.b", &"a".repeat(128)] {
            assert!(Attribute::subject_id(bad, "fernhill.example").is_err(), "{bad}");
        }
        for bad in ["", ".a", "a=b", "a/b", "a@b", &"a".repeat(128)] {
            assert!(Attribute::pairwise_id("a", bad).is_err(), "{bad}");
        }
    }
}
