//! What an app gets to know about a person, as the file writes it. Does not own its rules (`domain::connection`).

use crate::domain::connection::{ClaimDestination, EntityAttribute};
use serde::{Deserialize, Serialize};

/// What an app gets when its request names this set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeSetEntry {
    /// `AttributeConsumingServiceIndex`.
    pub index: u16,
    /// What admins call it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The rows.
    pub attributes: Vec<MappingEntry>,
}

/// One attribute or claim: its name, and one of the three ways to its value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingEntry {
    /// The name the app sees.
    pub name: String,
    /// An attribute of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The same text for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// Computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Whether the app can't do without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Kept, but not sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// SAML only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_format: Option<String>,
    /// SAML only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friendly_name: Option<String>,
    /// SAML only: released to apps whose metadata says one of these; without them, to every app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_for: Vec<EntityAttribute>,
    /// OIDC only: `id_token`, `userinfo` or `both`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<ClaimDestination>,
    /// OIDC only: `true`: a list whatever it holds; `false`: as the value comes out; without it, the value's kind decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<bool>,
}
