//! `[saml]`: what holds for every SAML app. Does not own the apps' own settings (`domain::connection`).

use super::{ConfigError, values::Values};
use std::str::FromStr;

/// `[saml]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SamlConfig {
    /// The domain that subject identifiers belong to; `None`: the host of the public URL.
    pub scope: Option<Scope>,
    /// Algorithms that are neither taken nor used, beside those that never are.
    pub blocked_algorithms: Vec<BlockedAlgorithm>,
}

impl SamlConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        Ok(Self {
            scope: values.parse("saml.scope")?,
            blocked_algorithms: values.list("saml.blocked_algorithms")?.unwrap_or_default(),
        })
    }

    /// Whether the algorithm behind a URI is blocked.
    pub fn blocks(&self, uri: &str) -> bool {
        self.blocked_algorithms.iter().any(|blocked| blocked.uri == uri)
    }

    /// The URIs of the blocked algorithms.
    pub fn blocked_uris(&self) -> Vec<String> {
        self.blocked_algorithms.iter().map(|blocked| blocked.uri.to_owned()).collect()
    }
}

/// SAML Subject Identifier Attributes §3.3.1: a domain of 1 to 127 letters, digits, hyphens and dots. Kept in lower case, since
/// letter case makes no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(String);

impl Scope {
    /// As it stands in identifiers.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scope = text.trim().to_ascii_lowercase();
        match ::saml::Attribute::subject_id("a", &scope) {
            Ok(_) => Ok(Self(scope)),
            Err(_) => Err(format!(
                "“{text}” is no domain; write one such as fernhill.example, at most 127 characters"
            )),
        }
    }
}

/// One algorithm, by the URI it has in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockedAlgorithm {
    uri: &'static str,
}

impl FromStr for BlockedAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = ::saml::algorithm::all();
        let found = known.iter().find(|(name, uri)| *name == text.trim() || *uri == text.trim());
        found.map(|(_, uri)| Self { uri }).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            format!("“{text}” is no algorithm that is known here; known are {}", names.join(", "))
        })
    }
}
