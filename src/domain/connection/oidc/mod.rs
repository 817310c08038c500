//! What was agreed with an OpenID Connect client. Does not own its secrets (`store::client_secrets`) or its rules
//! (`check`).

mod check;
mod keys;
mod read;
#[cfg(test)]
mod tests;
mod words;

use super::{mapping::ValueMapping, start_links::StartLink};
use ::oidc::{GrantType, Lifetimes, authorization::request::ResponseMode};
pub use check::is_origin;
use serde::{Deserialize, Serialize};
pub use words::{
    AccessTokenFormat, AssertionAlgorithm, ClientAuth, IdTokenAlgorithm, RefreshTokenRotation, SubjectType,
};

/// What was agreed with an OpenID Connect client. Names are those of OpenID Connect Registration where it has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OidcConnection {
    /// Chosen or generated; unique.
    pub client_id: String,
    /// Compared letter for letter.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after logout; compared letter for letter.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The ways in which tokens are got. Connections stored before 0.4 have `refresh_tokens`, true or false.
    #[serde(default = "read::code_only", alias = "refresh_tokens", deserialize_with = "read::grant_types")]
    pub grant_types: Vec<GrantType>,
    /// How authorization responses may travel.
    #[serde(default = "read::response_modes")]
    pub response_modes: Vec<ResponseMode>,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// The client's public keys, a JWK Set as text; empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jwks: String,
    /// Where its public keys are, instead; empty: nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jwks_uri: String,
    /// The one algorithm of its assertions; without it, every one that fits the key, but not RS256 where `require_par` and
    /// `dpop_bound_access_tokens` make it a client of the FAPI 2 profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// Whether PKCE must be used; always so for public clients, and always checked when used.
    pub require_pkce: bool,
    /// Whether authorization requests must be pushed (RFC 9126).
    #[serde(default)]
    pub require_par: bool,
    /// Whether tokens are bound to a key of the client (RFC 9449); without a proof it gets none.
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Our own app, or one the company chose for everybody: people aren't asked what it may know.
    #[serde(default = "read::yes")]
    pub first_party: bool,
    /// The scopes the client may be given.
    #[serde(default = "read::scopes")]
    pub scopes: Vec<String>,
    /// The resource servers its tokens may be for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The resource servers that the app is itself: it may introspect the tokens that are for them (RFC 7662). For services only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves_resources: Vec<String>,
    /// A native app: its loopback redirect addresses match on any port (RFC 8252 §7.3). Public clients are taken for native.
    #[serde(default)]
    pub native: bool,
    /// Where the tile starts sign-in at the app; empty: the app can't begin one for us.
    #[serde(default)]
    pub initiate_login_uri: String,
    /// The app's own sign-in page, which the tile opens where the app can't begin a sign-on for us; empty: not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sign_in_url: String,
    /// Places in the app, each with the `target_link_uri` that it is started with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start_links: Vec<StartLink>,
    /// Web origins whose scripts may call the token and userinfo endpoints.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Told in an invisible frame when a session ends; empty: not told.
    #[serde(default)]
    pub frontchannel_logout_uri: String,
    /// Whether `iss` and `sid` are added to it.
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,
    /// Told by us, behind the browser, when a session ends; empty: not told.
    #[serde(default)]
    pub backchannel_logout_uri: String,
    /// Whether the logout token must hold `sid`.
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    /// What an access token is.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// How long an access token lives, in seconds.
    #[serde(default = "read::access_token_seconds")]
    pub access_token_seconds: u32,
    /// How long an ID token lives, in seconds.
    #[serde(default = "read::id_token_seconds")]
    pub id_token_seconds: u32,
    /// How long a refresh token lives without use, in seconds.
    #[serde(default = "read::refresh_idle_seconds")]
    pub refresh_idle_seconds: u32,
    /// How long refresh tokens live since the sign-in, used or not, in seconds.
    #[serde(default = "read::refresh_absolute_seconds")]
    pub refresh_absolute_seconds: u32,
    /// When a refresh token is exchanged for another one; `never` is for clients that [may keep](Self::may_keep_refresh_tokens)
    /// theirs.
    #[serde(default)]
    pub refresh_token_rotation: RefreshTokenRotation,
    /// For how many seconds a refresh token that was exchanged may come back because the answer was lost, while its
    /// successor is unused; 0: not at all.
    #[serde(default)]
    pub refresh_grace_seconds: u32,
    /// The algorithm of ID tokens.
    #[serde(default)]
    pub id_token_algorithm: IdTokenAlgorithm,
    /// The algorithm of userinfo answers; without it they are plain JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<IdTokenAlgorithm>,
    /// Whether `sub` is the same for every client.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// Its host stands for the app in pairwise subjects; empty: the host of the redirect addresses does.
    #[serde(default)]
    pub sector_identifier_uri: String,
    /// Claims beside those of the scopes.
    #[serde(default)]
    pub claims: Vec<ValueMapping>,
}

impl Default for OidcConnection {
    fn default() -> Self {
        let lifetimes = Lifetimes::default();
        Self {
            client_id: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_modes: read::response_modes(),
            client_auth: ClientAuth::ClientSecretBasic,
            jwks: String::new(),
            jwks_uri: String::new(),
            token_endpoint_auth_signing_alg: None,
            require_pkce: true,
            require_par: false,
            dpop_bound_access_tokens: false,
            first_party: true,
            scopes: read::scopes(),
            resources: Vec::new(),
            serves_resources: Vec::new(),
            native: false,
            initiate_login_uri: String::new(),
            sign_in_url: String::new(),
            start_links: Vec::new(),
            cors_origins: Vec::new(),
            frontchannel_logout_uri: String::new(),
            frontchannel_logout_session_required: false,
            backchannel_logout_uri: String::new(),
            backchannel_logout_session_required: false,
            access_token_format: AccessTokenFormat::Opaque,
            access_token_seconds: lifetimes.access_token_seconds,
            id_token_seconds: lifetimes.id_token_seconds,
            refresh_idle_seconds: lifetimes.refresh_idle_seconds,
            refresh_absolute_seconds: lifetimes.refresh_absolute_seconds,
            refresh_token_rotation: RefreshTokenRotation::EveryUse,
            refresh_grace_seconds: 0,
            id_token_algorithm: IdTokenAlgorithm::RS256,
            userinfo_signed_response_alg: None,
            subject_type: SubjectType::Public,
            sector_identifier_uri: String::new(),
            claims: Vec::new(),
        }
    }
}

impl OidcConnection {
    /// Whether the client has neither secret nor key.
    pub fn is_public(&self) -> bool {
        self.client_auth == ClientAuth::None
    }

    /// Whether a refresh token of the client may stay the same: RFC 9700 §4.14.2 asks for rotation or a bound key where a
    /// client proves nothing of itself.
    pub fn may_keep_refresh_tokens(&self) -> bool {
        !self.is_public() || self.dpop_bound_access_tokens
    }

    /// Whether a refresh token is exchanged each time it is used.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.refresh_token_rotation == RefreshTokenRotation::EveryUse || !self.may_keep_refresh_tokens()
    }

    /// Whether the client may use the grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Takes a grant in or out; the order of the others stays.
    pub fn set_grant(&mut self, grant: GrantType, on: bool) {
        match (on, self.may_use(grant)) {
            (true, false) => self.grant_types.push(grant),
            (false, true) => self.grant_types.retain(|other| *other != grant),
            _ => {}
        }
    }
}
