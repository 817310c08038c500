//! The protocol half of an application: what was agreed with a service provider or a client.
//! Does not own keys and secrets (`keyring`, `store::client_secrets`) or the messages (`crates/saml`, `crates/oidc`).

mod algorithms;
mod encryption;
pub mod entity_attributes;
mod expressions;
mod groups;
mod mapping;
mod metadata_source;
mod oidc;
mod saml;
mod saml_check;
mod saml_choices;
mod saml_later;
mod start;
mod start_links;

use super::text::FieldErrors;
pub use algorithms::{ContentEncryption, KeyTransport, SamlSignatureAlgorithm};
pub use encryption::Encrypt;
pub use entity_attributes::EntityAttribute;
pub use mapping::{ClaimDestination, NAME_FORMATS, ValueMapping, ValueSource};
pub use metadata_source::{EndedMetadata, MetadataApply, MetadataSource};
pub use oidc::{
    AccessTokenFormat, AssertionAlgorithm, ClientAuth, IdTokenAlgorithm, OidcConnection,
    RefreshTokenRotation, SubjectType, is_origin,
};
pub use saml::{AcsUrl, LogoutBinding, LogoutService, NameIdFormat, RequireSigned, SamlConnection};
pub use saml_choices::{ATTRIBUTE_SETS_MAX, AttributeSet, Denied};
use serde::{Deserialize, Serialize};
pub use start::TileStart;
pub use start_links::{START_LINKS_MAX, StartLink};

/// How people sign on to an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum Connection {
    /// SAML 2.0: we are the identity provider.
    Saml(Box<SamlConnection>),
    /// OpenID Connect: we are the issuer.
    Oidc(Box<OidcConnection>),
    /// A link; nothing is asserted.
    Bookmark(BookmarkConnection),
}

impl Connection {
    /// The word the store and the console filter by.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Saml(_) => "saml",
            Self::Oidc(_) => "oidc",
            Self::Bookmark(_) => "bookmark",
        }
    }

    /// The icon of a tile nobody chose one for.
    pub fn default_glyph(&self) -> &'static str {
        match self {
            Self::Saml(_) => "shield-check",
            Self::Oidc(_) => "key-round",
            Self::Bookmark(_) => "link",
        }
    }

    /// The SAML half, if this is a SAML app.
    pub fn saml(&self) -> Option<&SamlConnection> {
        if let Self::Saml(saml) = self { Some(saml) } else { None }
    }

    /// The OIDC half, if this is an OIDC app.
    pub fn oidc(&self) -> Option<&OidcConnection> {
        if let Self::Oidc(oidc) = self { Some(oidc) } else { None }
    }

    /// The places in the app that its tile offers.
    pub fn start_links(&self) -> &[StartLink] {
        match self {
            Self::Saml(saml) => &saml.start_links,
            Self::Oidc(oidc) => &oidc.start_links,
            Self::Bookmark(_) => &[],
        }
    }

    /// The place of a name, letter for letter.
    pub fn start_link(&self, name: &str) -> Option<&StartLink> {
        start_links::find(self.start_links(), name)
    }

    /// Whether enough is known for people to sign on.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Saml(saml) => !saml.sp_entity_id.is_empty() && !saml.acs_urls.is_empty(),
            Self::Oidc(oidc) => {
                !oidc.redirect_uris.is_empty() || !oidc.may_use(::oidc::GrantType::AuthorizationCode)
            }
            Self::Bookmark(bookmark) => !bookmark.url.is_empty(),
        }
    }

    /// Holds new settings to their rules, as saving would.
    pub fn checked(&mut self) -> Result<(), FieldErrors> {
        self.checked_over(None)
    }

    /// The same for settings that would be saved in the place of `before`.
    pub fn checked_over(&mut self, before: Option<&Self>) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        self.check(&mut errors);
        self.check_later(&mut errors, before);
        errors.finish()
    }

    pub(super) fn check(&mut self, errors: &mut FieldErrors) {
        match self {
            Self::Saml(saml) => saml.check(errors),
            Self::Oidc(oidc) => oidc.check(errors),
            Self::Bookmark(bookmark) => {
                bookmark.url = bookmark.url.trim().to_owned();
                check_web_address(errors, "url", &bookmark.url);
            }
        }
    }
}

/// A tile that opens an address.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BookmarkConnection {
    /// An http or https address.
    pub url: String,
}

/// An address a browser may be sent to: http or https, a host, no user part, no spaces or controls. Never `javascript:` or `data:`.
fn check_web_address(errors: &mut FieldErrors, field: &str, value: &str) {
    let valid =
        !value.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'))
            && value.len() <= 2048
            && url::Url::parse(value).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some()
                    && url.username().is_empty()
                    && url.password().is_none()
            });
    if !valid {
        errors.add(field, "Enter a web address, for example https://wiki.example");
    }
}
