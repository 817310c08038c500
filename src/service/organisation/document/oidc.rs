//! The `oidc` block of an organisation file. Does not own its rules (`domain::connection`).

use super::{MappingEntry, OidcStartLink, secret};
use crate::{
    domain::connection::{
        AccessTokenFormat, AssertionAlgorithm, ClientAuth, IdTokenAlgorithm, RefreshTokenRotation,
        SubjectType,
    },
    keyring::SecretText,
};
use ::oidc::{GrantType, authorization::request::ResponseMode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was agreed with an OpenID Connect client. What is absent gets its default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcEntry {
    /// Generated for a new app that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Generated and shown once for a new app that has none; never written out.
    #[serde(skip_serializing, deserialize_with = "secret")]
    pub client_secret: Option<SecretText>,
    /// SHA-256 of the secret in base64url, as sealed exports have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_hash: Option<String>,
    /// All secrets that work, as sealed exports have them where the one hash doesn't say it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secrets: Option<Vec<SealedSecret>>,
    /// When this file brings another secret: for how many hours the one before goes on, 0 to 720; 24, when absent. Never written out.
    #[serde(skip_serializing)]
    pub old_secrets_end_after_hours: Option<u32>,
    /// Compared letter for letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// Where a person may be sent after logout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// `authorization_code`, `refresh_token`, `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code`; the first two, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// `query`, `form_post`, `fragment`; the first two, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_modes: Option<Vec<ResponseMode>>,
    /// How the client authenticates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_auth: Option<ClientAuth>,
    /// The client's public keys: a JWK Set, as an object or as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSetEntry>,
    /// Where its public keys are, instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The one algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// Whether PKCE must be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    /// Whether authorization requests must be pushed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_par: Option<bool>,
    /// Whether tokens are bound to a key of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dpop_bound_access_tokens: Option<bool>,
    /// `false`: people are asked what the app may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_party: Option<bool>,
    /// The scopes the client may be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The resource servers its tokens may be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<String>>,
    /// The resource servers that the app is itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serves_resources: Option<Vec<String>>,
    /// Whether loopback redirect addresses match on any port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<bool>,
    /// Where the tile starts sign-in at the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// The app's own sign-in page: the tile opens it where there is no `initiate_login_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_url: Option<String>,
    /// Places in the app that its tile offers, each with its own `target_link_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_links: Option<Vec<OidcStartLink>>,
    /// Web origins whose scripts may call us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_origins: Option<Vec<String>>,
    /// Told in a frame when a session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether `iss` and `sid` are added to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_session_required: Option<bool>,
    /// Told behind the browser when a session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether the logout token must hold `sid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// `opaque` or `jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// Seconds that an access token lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<u32>,
    /// Seconds that an ID token lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_seconds: Option<u32>,
    /// Seconds that a refresh token lives without use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_idle_seconds: Option<u32>,
    /// Seconds that refresh tokens live since the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_absolute_seconds: Option<u32>,
    /// `every_use` or `never`: when a refresh token is exchanged for another one; `every_use`, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_rotation: Option<RefreshTokenRotation>,
    /// Seconds that an exchanged refresh token may come back because the answer was lost; none, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_grace_seconds: Option<u32>,
    /// The algorithm of ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_algorithm: Option<IdTokenAlgorithm>,
    /// The algorithm of userinfo answers; plain JSON, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<IdTokenAlgorithm>,
    /// `public` or `pairwise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// Its host stands for the app in pairwise subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Claims beside those of the scopes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Vec<MappingEntry>>,
}

/// A client secret of which only the hash is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedSecret {
    /// SHA-256 of the secret in base64url.
    pub hash: String,
    /// Its last characters, so that people know which it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ends_in: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A JWK Set: the object itself, or its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum JwkSetEntry {
    /// As text.
    Text(String),
    /// As an object.
    Object(serde_json::Map<String, serde_json::Value>),
}

impl JwkSetEntry {
    /// The text that is stored.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Object(object) => serde_json::Value::Object(object.clone()).to_string(),
        }
    }
}
