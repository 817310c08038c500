//! Adding an application: first the kind, then its name and tile.
//!
//! Does not know connectors; the three kinds are fixed.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, ui};
use super::super::Console;
use super::look::Look;

/// `GET /admin/apps/new`: which kind.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/new.html")]
pub struct AppNew {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
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
/// `metadata_file` and `metadata_xml` (SAML), `redirect_uris` (OIDC) or `url` (link).
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
    /// OIDC: redirect URIs, one per line.
    pub redirect_uris: String,
    /// Link: its address.
    pub url: String,
}
