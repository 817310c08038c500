//! Owns what protocol code must know of a registered client.
//!
//! Does not own its secret, its label or who may use it.

use serde::{Deserialize, Serialize};

use crate::authorization::request::ResponseMode;
use crate::redirect_uri::{self, RedirectUri, RegistrationError};
use crate::scope::{self, Scope};
use crate::signer::SigningAlgorithm;

/// How a client authenticates at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthMethod {
    /// HTTP Basic.
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the body.
    ClientSecretPost,
    /// A signed assertion in the body (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A public client: no secret, PKCE instead.
    None,
}

impl ClientAuthMethod {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }
}

/// A grant a client may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4: a service for itself, nobody signed in.
    ClientCredentials,
    /// RFC 8628: a device without a browser of its own.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

impl GrantType {
    /// All of them, in the order of the documents.
    pub const ALL: [Self; 4] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

/// How long what is issued lives, all in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifetimes {
    /// Authorization code; at most 60.
    pub code_seconds: u32,
    /// ID token. Long enough for a slow client, too short to serve as a session.
    pub id_token_seconds: u32,
    /// Access token.
    pub access_token_seconds: u32,
    /// Refresh token without use.
    pub refresh_idle_seconds: u32,
    /// Refresh token family since sign-on, used or not.
    pub refresh_absolute_seconds: u32,
}

impl Default for Lifetimes {
    /// Code 60 s, ID token 5 min, access token 15 min, refresh token 14 days idle and 90 days in all.
    fn default() -> Self {
        Self {
            code_seconds: 60,
            id_token_seconds: 300,
            access_token_seconds: 900,
            refresh_idle_seconds: 14 * 86_400,
            refresh_absolute_seconds: 90 * 86_400,
        }
    }
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The identifier on the wire.
    pub client_id: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a browser may be sent after logout.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The grants the client may use.
    pub grant_types: Vec<GrantType>,
    /// How its authorization responses may travel.
    pub response_modes: Vec<ResponseMode>,
    /// The one way in which the client authenticates.
    pub client_auth: ClientAuthMethod,
    /// Whether a request without PKCE is refused; see [`Client::pkce_required`].
    pub require_pkce: bool,
    /// Whether authorization requests that were not pushed are refused (RFC 9126 §6).
    #[serde(default)]
    pub require_pushed_requests: bool,
    /// Whether its tokens must be bound to a key (RFC 9449 §5.2).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// The resource servers its tokens may be for (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The resource servers that it is itself: it is told about the tokens that are for them (RFC 7662).
    #[serde(default)]
    pub serves_resources: Vec<String>,
    /// The scopes the client may be given.
    pub scopes: Scope,
    /// What its ID tokens are signed with.
    pub id_token_alg: SigningAlgorithm,
    /// Where a sign-on started by us begins (OpenID Connect Core §4).
    #[serde(default)]
    pub initiate_login_uri: Option<String>,
    /// A native app: loopback IP redirects match on any port (RFC 8252 §7.3).
    #[serde(default)]
    pub native: bool,
    /// Our own or the company's app: no consent is asked.
    #[serde(default)]
    pub trusted: bool,
    /// How long what it gets lives.
    #[serde(default)]
    pub lifetimes: Lifetimes,
}

/// Why a client cannot be registered as described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Empty, longer than 255, or with characters beyond RFC 6749 Appendix A.1.
    #[error("client_id must be 1 to 255 printable ASCII characters")]
    ClientId,
    /// The code grant without a place to send codes.
    #[error("redirect_uris must hold at least one address")]
    NoRedirectUri,
    /// A bad URI, with the member it stands in.
    #[error("{member}: {reason}: {uri}")]
    Uri {
        /// `redirect_uris`, `post_logout_redirect_uris` or `initiate_login_uri`.
        member: &'static str,
        /// The URI.
        uri: String,
        /// The rule broken.
        reason: RegistrationError,
    },
    /// A public client must use PKCE.
    #[error("require_pkce cannot be turned off for a public client")]
    PublicWithoutPkce,
    /// Without `openid` no sign-on is possible.
    #[error("scopes must contain openid")]
    NoOpenid,
    /// A lifetime of zero, a code over 60 s, or an idle limit above the absolute one.
    #[error("lifetimes: {0}")]
    Lifetimes(&'static str),
}

impl Client {
    /// A confidential client with the defaults: code and refresh grants, `client_secret_basic`, PKCE required,
    /// all scopes, RS256.
    pub fn new(client_id: impl Into<String>, redirect_uris: Vec<RedirectUri>) -> Self {
        Self {
            client_id: client_id.into(),
            redirect_uris,
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_modes: vec![ResponseMode::Query, ResponseMode::FormPost],
            client_auth: ClientAuthMethod::ClientSecretBasic,
            require_pkce: true,
            require_pushed_requests: false,
            dpop_bound_access_tokens: false,
            resources: Vec::new(),
            serves_resources: Vec::new(),
            scopes: Scope::all(),
            id_token_alg: SigningAlgorithm::Rs256,
            initiate_login_uri: None,
            native: false,
            trusted: false,
            lifetimes: Lifetimes::default(),
        }
    }

    /// Whether the client has no secret.
    pub fn is_public(&self) -> bool {
        self.client_auth == ClientAuthMethod::None
    }

    /// RFC 9700 §2.1.1: public clients must use PKCE, whatever is configured.
    pub fn pkce_required(&self) -> bool {
        self.require_pkce || self.is_public()
    }

    /// Whether the client may use the grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Everything that must hold before the client is saved, from whichever door it came.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), ClientError> {
        // RFC 6749 Appendix A.1: client-id = *VSCHAR.
        let id = &self.client_id;
        if id.is_empty() || id.len() > 255 || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ClientError::ClientId);
        }
        if self.may_use(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(ClientError::NoRedirectUri);
        }
        for (member, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            for uri in uris {
                redirect_uri::check_registration(uri.as_str(), self.is_public())
                    .map_err(|reason| ClientError::Uri { member, uri: uri.to_string(), reason })?;
            }
        }
        if let Some(uri) = &self.initiate_login_uri {
            redirect_uri::check_web_uri(uri).map_err(|reason| ClientError::Uri {
                member: "initiate_login_uri",
                uri: uri.clone(),
                reason,
            })?;
        }
        if self.is_public() && !self.require_pkce {
            return Err(ClientError::PublicWithoutPkce);
        }
        if self.may_use(GrantType::AuthorizationCode) && !self.scopes.contains(scope::OPENID) {
            return Err(ClientError::NoOpenid);
        }
        self.lifetimes.check()
    }
}

impl Lifetimes {
    fn check(&self) -> Result<(), ClientError> {
        let all = [
            self.code_seconds,
            self.id_token_seconds,
            self.access_token_seconds,
            self.refresh_idle_seconds,
            self.refresh_absolute_seconds,
        ];
        if all.contains(&0) {
            return Err(ClientError::Lifetimes("must be at least one second"));
        }
        if self.code_seconds > 60 {
            return Err(ClientError::Lifetimes("a code lives at most 60 seconds"));
        }
        if self.refresh_idle_seconds > self.refresh_absolute_seconds {
            return Err(ClientError::Lifetimes("the idle limit exceeds the absolute one"));
        }
        Ok(())
    }
}
