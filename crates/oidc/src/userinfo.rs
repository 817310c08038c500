//! Owns the userinfo endpoint's messages: where the access token may stand, the answer, the challenge.
//!
//! Does not own the look-up of the token.

use serde_json::{Map, Value};

use crate::claims::ClaimRelease;
use crate::error::{ErrorCode, ProtocolError};
use crate::params::Params;
use crate::token::response::{ErrorResponse, error_body};
use crate::token_value::AccessToken;

/// Reads the access token of a request.
///
/// RFC 6750 §2: in the header or in a form body, and not in both. RFC 9700 §4.3.2: not in the query, which is
/// logged and remembered; there it is refused even beside a proper one.
///
/// # Errors
/// `invalid_request` if it is in the query or in two places, `invalid_token` if there is none or it does not
/// have the form of one of ours.
pub fn bearer_token(
    authorization_header: Option<&str>,
    query: Option<&str>,
    form_body: Option<&str>,
) -> Result<AccessToken, ProtocolError> {
    let query = Params::parse(query.unwrap_or_default())?;
    let body = Params::parse(form_body.unwrap_or_default())?;
    if query.contains("access_token") {
        return Err(ProtocolError::invalid_request("the access token must not be in the query"));
    }
    let text = match (authorization_header, body.get("access_token")) {
        (Some(_), Some(_)) => {
            return Err(ProtocolError::invalid_request("the access token was sent in more than one way"));
        }
        (Some(header), None) => header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim_matches(' ')),
        (None, token) => token,
    };
    text.and_then(|token| AccessToken::parse(token).ok())
        .ok_or_else(|| ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid"))
}

/// The answer. OpenID Connect Core §5.3.2: `sub` is always there, and it is that of the ID token.
pub fn response(sub: &str, release: &ClaimRelease<'_>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), sub.into());
    claims.extend(release.for_userinfo().into_iter().filter(|(name, _)| name != "sub"));
    claims
}

/// The refusal. RFC 6750 §3.1: the error is in the challenge; without credentials the challenge is bare.
pub fn error_response(error: &ProtocolError, credentials_sent: bool) -> ErrorResponse {
    let challenge = if credentials_sent {
        // Code and description hold no quote and no backslash.
        format!("Bearer error=\"{}\", error_description=\"{}\"", error.code(), error.description())
    } else {
        "Bearer".to_owned()
    };
    ErrorResponse {
        status: error.code().status(),
        www_authenticate: matches!(error.code().status(), 400 | 401 | 403).then_some(challenge),
        body: error_body(error),
    }
}
