//! Adding an application: first which one, or its kind; then its name and tile, and what the catalogue asks for.
//!
//! Does not search the catalogue; the handler passes what was found.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, Tile, ui};
use super::super::Console;
use super::look::Look;
use super::recipe::ParameterField;
use super::source::{EntityChoice, SourceFields};

/// An app of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorCard {
    /// The last part of the path, `/admin/apps/new/{slug}`.
    pub slug: String,
    /// Name, glyph and colour.
    pub tile: Tile,
    /// What the app is, in a few words.
    pub description: String,
    /// How people sign on: "SAML 2.0".
    pub protocol: &'static str,
}

/// `GET /admin/apps/new`: which. The filter is `q`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/new.html")]
pub struct AppNew {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What was searched for.
    pub q: String,
    /// The apps of the catalogue that were found.
    pub connectors: Vec<ConnectorCard>,
}

impl AppNew {
    /// The path of a kind made by hand, with the name that was searched for in vain.
    fn by_hand(&self, kind: NewKind) -> String {
        let path = format!("/admin/apps/new/{}", kind.slug());
        if self.q.is_empty() || !self.connectors.is_empty() {
            return path;
        }
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("label", &self.q).finish();
        format!("{path}?{query}")
    }
}

/// `GET /admin/apps/new/{connector}`. Posts the fields of [`Look`] and of [`ParameterField`] to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/new_connector.html")]
pub struct AppNewConnector {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right.
    pub errors: Errors,
    /// What is added.
    pub card: ConnectorCard,
    /// What is asked for.
    pub parameters: Vec<ParameterField>,
    /// Name and tile.
    pub look: Look,
}

impl AppNewConnector {
    fn tile_errors(&self) -> bool {
        ["slug", "category", "glyph", "colour"].iter().any(|field| self.errors.of(field).is_some())
    }
}

/// A kind of app that can be added by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewKind {
    /// A SAML 2.0 service provider.
    Saml,
    /// An OpenID Connect relying party.
    Oidc,
    /// A link without sign-on.
    Bookmark,
}

impl NewKind {
    /// All kinds in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Saml, Self::Oidc, Self::Bookmark];

    /// The last part of the path, `/admin/apps/new/{kind}`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Saml => "custom-saml",
            Self::Oidc => "custom-oidc",
            Self::Bookmark => "bookmark",
        }
    }

    /// The kind of a path.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Saml => "Custom SAML app",
            Self::Oidc => "Custom OIDC app",
            Self::Bookmark => "Link",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Saml => "The app asks for a metadata address, an SSO URL or a certificate.",
            Self::Oidc => "The app asks for an issuer, a client ID and a client secret.",
            Self::Bookmark => "A tile that opens a web page. People sign in there as they do now.",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Saml => "file-code",
            Self::Oidc => "key-round",
            Self::Bookmark => "link",
        }
    }

    fn is_saml(self) -> bool {
        self == Self::Saml
    }

    fn is_oidc(self) -> bool {
        self == Self::Oidc
    }
}

/// `GET /admin/apps/new/{kind}`. Posts `multipart/form-data` to the same path: the fields of [`Look`], and
/// `metadata_file`, `metadata_xml`, and of [`SourceFields`] the address and
/// whether it is a metadata service (SAML), `redirect_uris` (OIDC) or `url` (link).
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/new_form.html")]
pub struct AppNewForm {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right.
    pub errors: Errors,
    /// What is added.
    pub kind: NewKind,
    /// Name and tile.
    pub look: Look,
    /// SAML: pasted metadata.
    pub metadata_xml: String,
    /// SAML: where to fetch it.
    pub source: SourceFields,
    /// SAML: which one of many, or whom a metadata service is asked for.
    pub choice: EntityChoice,
    /// OIDC: redirect URIs, one per line.
    pub redirect_uris: String,
    /// Link: its address.
    pub url: String,
}
