//! Places in an app, as the file writes them: each protocol by its own word. Does not own their rules (`domain::connection`).

use crate::domain::connection::StartLink;
use serde::{Deserialize, Serialize};

/// A place in a SAML app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamlStartLink {
    /// In addresses: `/launch/{slug}/{name}`.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What leads there.
    pub relay_state: String,
}

/// A place in an OpenID Connect app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcStartLink {
    /// In addresses: `/launch/{slug}/{name}`.
    pub name: String,
    /// What people read.
    pub label: String,
    /// Where the app goes on after sign-in.
    pub target_link_uri: String,
}

impl From<&SamlStartLink> for StartLink {
    fn from(link: &SamlStartLink) -> Self {
        Self { name: link.name.clone(), label: link.label.clone(), target: link.relay_state.clone() }
    }
}

impl From<&OidcStartLink> for StartLink {
    fn from(link: &OidcStartLink) -> Self {
        Self { name: link.name.clone(), label: link.label.clone(), target: link.target_link_uri.clone() }
    }
}

impl From<StartLink> for SamlStartLink {
    fn from(link: StartLink) -> Self {
        Self { name: link.name, label: link.label, relay_state: link.target }
    }
}

impl From<StartLink> for OidcStartLink {
    fn from(link: StartLink) -> Self {
        Self { name: link.name, label: link.label, target_link_uri: link.target }
    }
}
