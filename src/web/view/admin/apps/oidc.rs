//! Single sign-on by OpenID Connect: what to give the app, what it gave us, and how it asks.
//!
//! Holds a client secret only for the one page that shows it.

use askama::Template;

use super::super::super::form::{ATTRIBUTE_KINDS, ATTRIBUTE_SENDS, AttributeRow, Errors};
use super::super::super::{Page, ui};
use super::super::Console;
use super::AppFrame;
use super::preview::Preview;
use super::recipe::{GiveKind, Recipe};
use super::saml::with_spare;

/// Values of `client_auth` with what each means.
pub const CLIENT_AUTH: &[(&str, &str)] = &[
    ("client_secret_post", "Secret in the body"),
    ("client_secret_basic", "Secret in a header"),
    ("none", "For apps that can’t keep a secret; PKCE is required"),
];

/// Values of `id_token_alg`.
pub const ID_TOKEN_ALGS: &[(&str, &str)] = &[
    ("RS256", "RS256, understood by every app"),
    ("ES256", "ES256, smaller and quicker"),
    ("EdDSA", "EdDSA"),
];

/// What there is to say about the client secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// The app keeps none.
    None,
    /// It was just made; this is the only time it is shown.
    Shown(String),
    /// It exists; a sentence such as "Ends in …3ubf, made 22 November".
    Kept(String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Shown(_) => "Shown(…)",
            Self::Kept(_) => "Kept(…)",
        })
    }
}

/// The fields of the form; each name is the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OidcFields {
    /// Redirect URIs, one per line.
    pub redirect_uris: String,
    /// Post-logout redirect URIs, one per line.
    pub post_logout_redirect_uris: String,
    /// Where the app starts a sign-on; may be empty.
    pub initiate_login_uri: String,
    /// One of [`CLIENT_AUTH`].
    pub client_auth: String,
    /// Whether a code challenge is required.
    pub require_pkce: bool,
    /// Whether refresh tokens are given.
    pub refresh_token: bool,
    /// One of [`ID_TOKEN_ALGS`].
    pub id_token_alg: String,
    /// Custom claims, without spare rows.
    pub claims: Vec<AttributeRow>,
}

/// `GET /admin/apps/{slug}/sso` of an OIDC app. Posts [`OidcFields`] to the same path, and nothing but the token to
/// `/secret` under it, which makes a new secret.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/oidc.html")]
pub struct OidcSso {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// The preview of a sign-on beside the form.
    pub preview: Preview,
    /// What the catalogue knows about the app.
    pub recipe: Option<Recipe>,
    /// The issuer.
    pub issuer: String,
    /// Address of the discovery document.
    pub discovery_url: String,
    /// Client ID.
    pub client_id: String,
    /// The client secret, or what there is to say about it.
    pub secret: Secret,
    /// Whether there is a redirect URI.
    pub complete: bool,
    /// What was typed or is stored.
    pub fields: OidcFields,
    /// Names of user attributes, suggested in claim rows.
    pub sources: Vec<String>,
}

impl OidcSso {
    /// What the app's form calls one of our values; `own` are our words.
    fn called<'a>(&'a self, kind: GiveKind, own: &'a str) -> &'a str {
        self.recipe.as_ref().and_then(|recipe| recipe.label(kind)).unwrap_or(own)
    }

    fn rows(&self) -> Vec<AttributeRow> {
        if self.console.may_manage { with_spare(&self.fields.claims) } else { self.fields.claims.clone() }
    }

    /// Ways to authenticate: value, words, whether it is the chosen one.
    fn client_auths(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        CLIENT_AUTH.iter().map(|(value, words)| (*value, *words, *value == self.fields.client_auth))
    }
}
