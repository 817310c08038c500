//! The protocol half of a connector file: what makes a SAML app's settings or a client's. Does not own filling it (`fill`).

use super::{parameter::Parameters, template::Template};
use crate::domain::connection::{ClientAuth, NameIdFormat, RefreshTokenRotation, ValueSource};
use ::oidc::GrantType;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The OpenID Connect half of a connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcRecipe {
    /// Where codes go.
    pub redirect_uris: Vec<Template>,
    /// Where people may be sent after signing out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<Template>,
    /// Where the tile leads: the app then asks for sign-on itself.
    #[serde(default)]
    pub initiate_login_uri: Option<Template>,
    /// Its own sign-in page, where the tile can't lead there.
    #[serde(default)]
    pub sign_in_url: Option<Template>,
    /// Which tokens it may ask for, and how.
    pub grant_types: Vec<GrantType>,
    /// How it proves itself.
    #[serde(rename = "token_endpoint_auth_method")]
    pub client_auth: ClientAuth,
    /// Whether it must use PKCE.
    pub pkce: Pkce,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// When its refresh tokens are exchanged for others.
    #[serde(default)]
    pub refresh_token_rotation: RefreshTokenRotation,
}

/// What an app does about PKCE. What it sends is checked either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    /// It may use it, or can't.
    Optional,
    /// It has to.
    Required,
}

/// The SAML half of a connector.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamlRecipe {
    /// Theirs.
    pub sp_entity_id: Template,
    /// Where assertions go, the default first.
    pub acs_urls: Vec<Template>,
    /// What identifies people.
    pub name_id: NameIdRecipe,
    /// What is signed.
    pub sign: BTreeSet<Signed>,
    /// Whether a tile may post an assertion nobody asked for.
    #[serde(default = "yes")]
    pub idp_initiated: bool,
    /// Where the tile leads instead: the app then asks for sign-on itself.
    #[serde(default)]
    pub start_url: Option<Template>,
    /// `RelayState` of a sign-on that starts here.
    #[serde(default)]
    pub default_relay_state: Option<Template>,
    /// Audiences beside the entity id.
    #[serde(default)]
    pub audiences: Vec<Template>,
    /// The attribute that carries the person's groups.
    #[serde(default)]
    pub groups_attribute: String,
    /// What is sent about a person.
    #[serde(default)]
    pub attributes: Vec<AttributeRecipe>,
}

fn yes() -> bool {
    true
}

/// What identifies people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameIdRecipe {
    /// An attribute of the person.
    pub source: String,
    /// How it is written.
    pub format: NameIdFormat,
}

/// What can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// The assertion.
    Assertion,
    /// The response around it.
    Response,
}

/// One attribute of the assertion: its name, and one of three ways to its value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeRecipe {
    /// The name the app sees.
    pub name: String,
    /// An attribute of the person.
    #[serde(default)]
    source: Option<String>,
    /// The same text for everybody.
    #[serde(default)]
    pub(super) constant: Option<Template>,
    /// Computed.
    #[serde(default)]
    expression: Option<String>,
    /// `NameFormat`; left out, it follows the name.
    #[serde(default)]
    pub name_format: String,
    /// `FriendlyName`.
    #[serde(default)]
    pub friendly_name: String,
    /// What the app needs it for; with one of these, its name can't be changed.
    #[serde(default)]
    pub needed_for: Option<Need>,
    /// Kept, but not sent until somebody switches it on.
    #[serde(default)]
    pub off: bool,
}

/// What an app needs an attribute for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Every sign-in.
    SignIn,
    /// Making an account at the first sign-in (just in time).
    NewAccounts,
}

impl AttributeRecipe {
    /// Its value with the parameters put in; nothing when the file names no way or several, or a parameter is missing.
    pub(super) fn value(&self, parameters: &Parameters) -> Option<ValueSource> {
        match (&self.source, &self.constant, &self.expression) {
            (Some(source), None, None) => Some(ValueSource::Source(source.clone())),
            (None, Some(constant), None) => Some(ValueSource::Constant(constant.fill(parameters)?)),
            (None, None, Some(text)) => Some(ValueSource::Expression(text.clone())),
            _ => None,
        }
    }

    /// How many ways to its value the file names.
    pub(super) fn ways(&self) -> usize {
        usize::from(self.source.is_some())
            + usize::from(self.constant.is_some())
            + usize::from(self.expression.is_some())
    }
}
