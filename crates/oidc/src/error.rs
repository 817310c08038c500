//! Owns the error a client is told: a registered code and a description fit for the wire.
//!
//! Does not own HTTP responses; see [`crate::token::response`] and [`crate::authorization::response`].

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Error codes by their registered names (RFC 6749, RFC 6750, RFC 7009, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request lacks a parameter, repeats one, or is otherwise malformed.
    InvalidRequest,
    /// The resource asked for is not one of this client (RFC 8707 §2).
    InvalidTarget,
    /// The client may not use this grant or response type.
    UnauthorizedClient,
    /// The person or the policy said no.
    AccessDenied,
    /// Only `code` is supported.
    UnsupportedResponseType,
    /// The scope is malformed, unknown, or wider than what was granted.
    InvalidScope,
    /// Something failed inside; the reference is in our log.
    ServerError,
    /// Overloaded or in maintenance.
    TemporarilyUnavailable,
    /// Client authentication failed.
    InvalidClient,
    /// The code or refresh token is unknown, expired, revoked, or of someone else.
    InvalidGrant,
    /// The grant type is not supported.
    UnsupportedGrantType,
    /// `prompt=none`, but a page would be needed.
    InteractionRequired,
    /// `prompt=none`, but nobody is signed in, or too long ago.
    LoginRequired,
    /// `prompt=none`, but an account would have to be chosen.
    AccountSelectionRequired,
    /// `prompt=none`, but consent would have to be asked.
    ConsentRequired,
    /// The `request` parameter is not supported.
    RequestNotSupported,
    /// The `request_uri` parameter is not supported.
    RequestUriNotSupported,
    /// The `request_uri` is unknown, used, expired, or of another client (OpenID Connect Core §3.1.2.6).
    InvalidRequestUri,
    /// The `registration` parameter is not supported.
    RegistrationNotSupported,
    /// The demanded authentication context cannot be reached.
    UnmetAuthenticationRequirements,
    /// The access token is unknown, expired or revoked (RFC 6750 §3.1).
    InvalidToken,
    /// The access token lacks the scope (RFC 6750 §3.1).
    InsufficientScope,
    /// The token type cannot be revoked (RFC 7009 §2.2.1).
    UnsupportedTokenType,
    /// The proof of possession does not hold (RFC 9449 §5).
    InvalidDpopProof,
    /// The proof must carry the nonce of this answer (RFC 9449 §8).
    UseDpopNonce,
    /// The person has not answered yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The device asks too often (RFC 8628 §3.5).
    SlowDown,
    /// The device code has expired (RFC 8628 §3.5).
    ExpiredToken,
}

impl ErrorCode {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InteractionRequired => "interaction_required",
            Self::LoginRequired => "login_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
        }
    }

    /// The HTTP status of a direct (not redirected) answer.
    ///
    /// RFC 6749 §5.2: 400 unless said otherwise, 401 when client authentication failed.
    /// RFC 6750 §3.1: 401 for a bad access token, 403 for one that lacks scope.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal: `code` and `description` go to the client, `detail` to the log and the audit event only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct ProtocolError {
    code: ErrorCode,
    description: Cow<'static, str>,
    detail: Option<Box<str>>,
    cause: Option<&'static str>,
}

impl ProtocolError {
    /// A refusal with a public description.
    ///
    /// RFC 6749 §5.2: the description must not hold characters outside `%x20-21 / %x23-5B / %x5D-7E`;
    /// others are replaced by `?`.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let description = if description.chars().all(is_description_char) {
            description
        } else {
            Cow::Owned(description.chars().map(|c| if is_description_char(c) { c } else { '?' }).collect())
        };
        Self { code, description, detail: None, cause: None }
    }

    /// Adds what only the operator may see.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into().into_boxed_str());
        self
    }

    /// Names the cause for the operator, where it is finer than the code.
    #[must_use]
    pub const fn because(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The cause in one stable word, for the log and the audit event only; the code where none was named.
    pub fn cause(&self) -> &'static str {
        self.cause.unwrap_or(self.code.as_str())
    }

    /// The code.
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The public description, safe in JSON, in a quoted header value and in a redirect.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The private detail; may quote untrusted input.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    pub(crate) fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// RFC 6749 §5.2: one code for a grant that is unknown, expired, revoked, used or of another client. The
    /// description is always the same, so that it tells nothing about someone else's token.
    pub fn invalid_grant(detail: &str) -> Self {
        Self::new(ErrorCode::InvalidGrant, "the grant is not valid").with_detail(detail)
    }

    /// Client authentication failed; says the same for an unknown client and for a wrong secret.
    pub fn invalid_client(detail: &str) -> Self {
        Self::new(ErrorCode::InvalidClient, "client authentication failed").with_detail(detail)
    }
}

fn is_description_char(c: char) -> bool {
    matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_is_reduced_to_the_permitted_characters() {
        let error = ProtocolError::new(ErrorCode::InvalidRequest, "a\"b\\c\r\nd\u{e9}");
        assert_eq!(error.description(), "a?b?c??d?");
    }

    #[test]
    fn detail_is_not_displayed() {
        let error = ProtocolError::invalid_grant("code of another client");
        assert_eq!(error.to_string(), "invalid_grant: the grant is not valid");
        assert_eq!(error.detail(), Some("code of another client"));
    }

    #[test]
    fn serde_name_is_the_wire_name() {
        for code in [ErrorCode::InvalidRequest, ErrorCode::RequestUriNotSupported, ErrorCode::LoginRequired] {
            assert_eq!(serde_json::to_value(code).ok(), Some(serde_json::Value::from(code.as_str())));
        }
    }
}
