//! Owns the bodies and statuses of the token endpoint, shared by revocation and introspection errors.
//!
//! Does not own HTTP: the caller adds `Content-Type: application/json`, `Cache-Control: no-store` and
//! `Pragma: no-cache` to both (RFC 6749 §5.1).

use std::fmt;

use serde::Serialize;

use crate::error::{ErrorCode, ProtocolError};
use crate::scope::Scope;
use crate::token_value::RefreshToken;

/// The challenge of every 401 for a client (RFC 9110 §15.5.2 wants one; RFC 6749 §5.2 says which).
pub const BASIC_CHALLENGE: &str = "Basic realm=\"oauth2\", charset=\"UTF-8\"";

/// A successful answer (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). Status 200.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// RFC 6749 §3.3: a scope has one word at least, so one without any is not said.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
}

impl TokenResponse {
    /// An answer with an access token that lives `expires_in` seconds.
    pub fn new(access_token: &str, expires_in: u32, scope: &Scope) -> Self {
        Self {
            access_token: access_token.to_owned(),
            token_type: "Bearer",
            expires_in,
            refresh_token: None,
            id_token: None,
            scope: scope.to_string(),
        }
    }

    /// RFC 9449 §5: says that the access token is bound to a key.
    #[must_use]
    pub const fn bound(mut self) -> Self {
        self.token_type = "DPoP";
        self
    }

    /// Adds a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, token: &RefreshToken) -> Self {
        self.refresh_token = Some(token.expose().to_owned());
        self
    }

    /// Adds a signed ID token.
    #[must_use]
    pub fn with_id_token(mut self, id_token: String) -> Self {
        self.id_token = Some(id_token);
        self
    }

    /// The body.
    ///
    /// # Panics
    /// Never: strings, numbers and lists are JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("strings, numbers and lists are JSON")
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("refresh_token", &self.refresh_token.is_some())
            .field("id_token", &self.id_token.is_some())
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// An error answer (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The `WWW-Authenticate` header, if any.
    pub www_authenticate: Option<String>,
    /// The body.
    pub body: serde_json::Value,
}

impl ErrorResponse {
    /// The answer to a client of the token, revocation or introspection endpoint.
    pub fn new(error: &ProtocolError) -> Self {
        let challenge = (error.code() == ErrorCode::InvalidClient).then(|| BASIC_CHALLENGE.to_owned());
        Self { status: error.code().status(), www_authenticate: challenge, body: error_body(error) }
    }
}

pub(crate) fn error_body(error: &ProtocolError) -> serde_json::Value {
    serde_json::json!({ "error": error.code().as_str(), "error_description": error.description() })
}
