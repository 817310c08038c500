//! Owns the authorization request from raw text to proof of verification, and where each refusal goes.
//!
//! Does not own the single checks; they are in `checks`, in the order in which they are called here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::checks;
use crate::claims::request::ClaimsRequest;
use crate::client::Client;
use crate::error::ProtocolError;
use crate::params::Params;
use crate::pkce::CodeChallenge;
use crate::prompt::Prompt;
use crate::redirect_uri::RedirectUri;
use crate::scope::Scope;

/// How the response travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
    /// Behind the `#` of a redirect: only scripts of the page see it. Where a client is registered for it.
    Fragment,
}

impl ResponseMode {
    /// The supported modes, for discovery.
    pub const SUPPORTED: [&str; 2] = ["query", "form_post"];

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Query, Self::FormPost, Self::Fragment];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
            Self::Fragment => "fragment",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// The wish of OpenID Connect Core §3.1.2.1 for how pages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A full page.
    Page,
    /// A popup window.
    Popup,
    /// A touch screen.
    Touch,
    /// A feature phone.
    Wap,
}

/// What holds for all clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderPolicy {
    /// Scopes that mean something here; others are dropped. Empty: every scope a client is registered for means
    /// something, if only to a resource server.
    pub supported_scopes: Scope,
    /// Demands PKCE of every client, whatever the client's own setting.
    pub require_pkce: bool,
}

impl Default for ProviderPolicy {
    /// Scopes and PKCE as each client says.
    fn default() -> Self {
        Self { supported_scopes: Scope::default(), require_pkce: false }
    }
}

/// A request as it came. Nothing in it may be acted upon but `client_id`, to load the client.
#[derive(Clone, Debug)]
pub struct UnverifiedAuthorizationRequest {
    params: Params,
    /// The hash of the reference under which it was pushed.
    pushed: Option<String>,
}

/// A request that passed every check; the only thing a response can be made from. Serialisable to survive the
/// round trips of a sign-on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedAuthorizationRequest {
    client_id: String,
    redirect_uri: RedirectUri,
    response_mode: ResponseMode,
    scope: Scope,
    state: Option<String>,
    nonce: Option<String>,
    prompt: Prompt,
    max_age: Option<u32>,
    code_challenge: Option<CodeChallenge>,
    claims: Option<ClaimsRequest>,
    display: Option<Display>,
    ui_locales: Vec<String>,
    claims_locales: Vec<String>,
    acr_values: Vec<String>,
    login_hint: Option<String>,
    id_token_hint: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    dpop_jkt: Option<String>,
    #[serde(default)]
    pushed: Option<String>,
}

/// A refusal and where it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizationRefusal {
    /// On a page of ours: client or redirect URI are not certain, so nobody may be redirected.
    Page {
        /// What is wrong.
        error: ProtocolError,
    },
    /// To the client, at a URI that matched its registration.
    Redirect {
        /// Where.
        redirect_uri: RedirectUri,
        /// How.
        response_mode: ResponseMode,
        /// To be echoed.
        state: Option<String>,
        /// What is wrong.
        error: ProtocolError,
    },
}

impl AuthorizationRefusal {
    /// What is wrong, wherever it is shown.
    pub const fn error(&self) -> &ProtocolError {
        match self {
            Self::Page { error } | Self::Redirect { error, .. } => error,
        }
    }
}

impl UnverifiedAuthorizationRequest {
    /// Parses the raw query (GET) or body (POST); OpenID Connect Core §3.1.2.1 wants both.
    ///
    /// # Errors
    /// As [`Params::parse`]; to be shown on a page.
    pub fn parse(raw: &str) -> Result<Self, ProtocolError> {
        Params::parse(raw).map(|params| Self { params, pushed: None })
    }

    /// Parses a request that was pushed, from its kept text; `hash` is that of its reference.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub fn pushed(text: &str, hash: String) -> Result<Self, ProtocolError> {
        Params::parse(text).map(|params| Self { params, pushed: Some(hash) })
    }

    /// Whether it was pushed.
    pub const fn is_pushed(&self) -> bool {
        self.pushed.is_some()
    }

    /// The parameters as they came.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The client to load.
    pub fn client_id(&self) -> Option<&str> {
        self.params.get("client_id")
    }

    /// Runs all checks against the client of [`Self::client_id`].
    ///
    /// # Errors
    /// The first check that fails: a page until client and redirect URI hold, a redirect after.
    pub fn verify(
        &self,
        client: &Client,
        policy: &ProviderPolicy,
    ) -> Result<VerifiedAuthorizationRequest, AuthorizationRefusal> {
        let page = |error| AuthorizationRefusal::Page { error };
        checks::client(&self.params, client).map_err(page)?;
        let redirect_uri = checks::redirect_uri(&self.params, client).map_err(page)?;
        let state = checks::state(&self.params).map_err(page)?;

        // An unusable response_mode is itself reported in the default mode of the client.
        let response_mode = checks::response_mode(&self.params, client);
        let error_mode = response_mode.as_ref().copied().unwrap_or_else(|_| checks::default_mode(client));
        let context = Located { redirect_uri, state, response_mode: error_mode };
        match response_mode {
            Ok(_) => self.verify_located(&context, client, policy),
            Err(error) => Err(error),
        }
        .map_err(|error| AuthorizationRefusal::Redirect {
            redirect_uri: context.redirect_uri,
            response_mode: context.response_mode,
            state: context.state,
            error,
        })
    }

    fn verify_located(
        &self,
        located: &Located,
        client: &Client,
        policy: &ProviderPolicy,
    ) -> Result<VerifiedAuthorizationRequest, ProtocolError> {
        let params = &self.params;
        checks::request_object(params)?;
        checks::response_type(params)?;
        checks::grant(client)?;
        checks::pushed(client, self.pushed.is_some())?;
        Ok(VerifiedAuthorizationRequest {
            client_id: client.client_id.clone(),
            redirect_uri: located.redirect_uri.clone(),
            response_mode: located.response_mode,
            state: located.state.clone(),
            scope: checks::scope(params, client, policy)?,
            prompt: checks::prompt(params)?,
            max_age: checks::max_age(params)?,
            code_challenge: checks::pkce(params, client, policy)?,
            nonce: checks::nonce(params)?,
            claims: checks::claims(params)?,
            display: checks::display(params),
            ui_locales: checks::list(params, "ui_locales")?,
            claims_locales: checks::list(params, "claims_locales")?,
            acr_values: checks::list(params, "acr_values")?,
            login_hint: checks::hint(params, "login_hint")?,
            id_token_hint: checks::hint(params, "id_token_hint")?,
            resources: checks::resources(params, client)?,
            dpop_jkt: checks::dpop_jkt(params)?,
            pushed: self.pushed.clone(),
        })
    }
}

/// Where an answer can go, known before the rest is checked.
struct Located {
    redirect_uri: RedirectUri,
    state: Option<String>,
    response_mode: ResponseMode,
}

impl VerifiedAuthorizationRequest {
    /// The client.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where the response goes, as presented.
    pub const fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// How the response goes.
    pub const fn response_mode(&self) -> ResponseMode {
        self.response_mode
    }

    /// The scope granted at most: asked for, known and registered. Holds `openid`.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// To be echoed in the response.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// To be echoed in the ID token.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What may or must be shown.
    pub const fn prompt(&self) -> Prompt {
        self.prompt
    }

    /// The longest time since authentication, in seconds; if set, the ID token holds `auth_time`.
    pub const fn max_age(&self) -> Option<u32> {
        self.max_age
    }

    /// The PKCE challenge.
    pub const fn code_challenge(&self) -> Option<&CodeChallenge> {
        self.code_challenge.as_ref()
    }

    /// Single claims asked for.
    pub const fn claims(&self) -> Option<&ClaimsRequest> {
        self.claims.as_ref()
    }

    /// How pages should be shown.
    pub const fn display(&self) -> Option<Display> {
        self.display
    }

    /// Languages for pages, best first.
    pub fn ui_locales(&self) -> &[String] {
        &self.ui_locales
    }

    /// Languages for claims, best first.
    pub fn claims_locales(&self) -> &[String] {
        &self.claims_locales
    }

    /// Authentication contexts wished for, best first.
    pub fn acr_values(&self) -> &[String] {
        &self.acr_values
    }

    /// Who will probably sign in; untrusted text.
    pub fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }

    /// The resource servers the tokens are for (RFC 8707), as asked; empty: none was named.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The thumbprint of the key that must redeem the code (RFC 9449 §10).
    pub fn dpop_jkt(&self) -> Option<&str> {
        self.dpop_jkt.as_deref()
    }

    /// The hash of the reference under which the request was pushed (RFC 9126).
    pub fn pushed(&self) -> Option<&str> {
        self.pushed.as_deref()
    }

    /// An earlier ID token, unverified; see [`crate::id_token::hint::verify_hint`].
    pub fn id_token_hint(&self) -> Option<&str> {
        self.id_token_hint.as_deref()
    }
}

/// Leaves out what links a person to the request: state, nonce and hints.
impl fmt::Debug for VerifiedAuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedAuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("response_mode", &self.response_mode)
            .field("scope", &self.scope)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
