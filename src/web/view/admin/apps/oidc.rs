//! Single sign-on by OpenID Connect: what to give the app, what it gave us, and how it asks.
//!
//! Holds a client secret only for the one page that shows it.

use askama::Template;

use super::super::super::form::{
    ATTRIBUTE_KINDS, ATTRIBUTE_SENDS, AttributeRow, CLAIM_PLACES, Errors, NAME_FORMATS,
};
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
    ("private_key_jwt", "No shared secret; needs its public key"),
    ("none", "For apps that can’t keep a secret"),
];

/// Values of `assertion_alg`.
pub const ASSERTION_ALGS: &[(&str, &str)] = &[
    ("", "Whatever fits its key"),
    ("ES256", "ES256"),
    ("EdDSA", "EdDSA"),
    ("PS256", "PS256"),
    ("RS256", "RS256"),
];

/// Values of `access_token_format`.
pub const ACCESS_TOKEN_FORMATS: &[(&str, &str)] =
    &[("opaque", "Random text; ends when it is withdrawn"), ("jwt", "Signed JWT; read without asking us")];

/// Values of `refresh_token_rotation`.
pub const REFRESH_TOKEN_ROTATIONS: &[(&str, &str)] =
    &[("every_use", "At every use; shows a theft"), ("never", "Never; the same until it ends")];

/// Values of `userinfo_alg`.
pub const USERINFO_ALGS: &[(&str, &str)] =
    &[("", "Plain JSON"), ("RS256", "Signed, RS256"), ("ES256", "Signed, ES256"), ("EdDSA", "Signed, EdDSA")];

/// Values of `subject_type`.
pub const SUBJECT_TYPES: &[(&str, &str)] =
    &[("public", "The same for every app"), ("pairwise", "Another one for every app")];

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
    /// The app's own sign-in page; may be empty.
    pub sign_in_url: String,
    /// Places that the tile offers, one per line: `name | caption | target_link_uri`.
    pub start_links: String,
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
    /// The settings that most apps never need; `None` when a form came without them.
    pub more: Option<OidcMore>,
}

/// Fields below "More settings", and those of grants, keys and scopes. Each name is the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "every field is the form field of the same name")]
pub struct OidcMore {
    pub client_credentials: bool,
    pub device_code: bool,
    pub service_only: bool,
    pub jwks: String,
    pub jwks_uri: String,
    pub assertion_alg: String,
    pub scopes: String,
    pub first_party: bool,
    pub query: bool,
    pub form_post: bool,
    pub fragment: bool,
    pub require_par: bool,
    pub native: bool,
    pub resources: String,
    pub serves_resources: String,
    pub access_token_format: String,
    pub dpop_bound: bool,
    pub access_token_seconds: String,
    pub id_token_seconds: String,
    pub refresh_token_rotation: String,
    pub refresh_idle_seconds: String,
    pub refresh_absolute_seconds: String,
    pub refresh_grace_seconds: String,
    pub userinfo_alg: String,
    pub subject_type: String,
    pub sector_identifier_uri: String,
    pub frontchannel_logout_uri: String,
    pub frontchannel_session: bool,
    pub backchannel_logout_uri: String,
    pub backchannel_session: bool,
    pub cors_origins: String,
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

/// The fields below "More settings", to open them when one of them is refused.
const BELOW: &[&str] = &[
    "response_modes",
    "resources",
    "serves_resources",
    "access_token_seconds",
    "id_token_seconds",
    "refresh_token_rotation",
    "refresh_idle_seconds",
    "refresh_absolute_seconds",
    "refresh_grace_seconds",
    "sector_identifier_uri",
    "frontchannel_logout_uri",
    "backchannel_logout_uri",
    "cors_origins",
];

impl OidcSso {
    /// Whether the further settings are shown at once.
    fn opens_more(&self) -> bool {
        BELOW.iter().any(|field| self.errors.of(field).is_some())
    }

    /// Whether the fields of the app's own keys are shown at once.
    fn opens_keys(&self) -> bool {
        self.fields.client_auth == "private_key_jwt"
            || ["jwks", "jwks_uri"].iter().any(|field| self.errors.of(field).is_some())
    }

    /// What the app's form calls one of our values; `own` are our words.
    fn called<'a>(&'a self, kind: GiveKind, own: &'a str) -> &'a str {
        self.recipe.as_ref().and_then(|recipe| recipe.label(kind)).unwrap_or(own)
    }

    /// Claims are not released by entity attributes: those are SAML's.
    #[expect(clippy::unused_self, reason = "the rows that both protocols share ask the page")]
    fn no_conditions(&self) -> [String; 0] {
        []
    }

    /// What a refresh token means for people.
    fn refresh_words(&self) -> String {
        let seconds =
            self.fields.more.as_ref().and_then(|more| more.refresh_idle_seconds.parse::<u64>().ok());
        match seconds.map(|seconds| seconds / 86_400) {
            None | Some(0) => "Stays signed in while the app is used".to_owned(),
            Some(1) => "Signed in up to a day unused".to_owned(),
            Some(days) => format!("Signed in up to {days} days unused"),
        }
    }

    fn rows(&self) -> Vec<AttributeRow> {
        if self.console.may_manage { with_spare(&self.fields.claims) } else { self.fields.claims.clone() }
    }

    /// Ways to authenticate: value, words, whether it is the chosen one.
    fn client_auths(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        CLIENT_AUTH.iter().map(|(value, words)| (*value, *words, *value == self.fields.client_auth))
    }
}
