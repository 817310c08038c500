//! Owns the userinfo endpoint's messages: where the access token may stand, the answer, the challenge.
//!
//! Does not own the look-up of the token.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::claims::ClaimRelease;
use crate::dpop;
use crate::encoding::constant_time_eq;
use crate::error::{ErrorCode, ProtocolError};
use crate::jws;
use crate::params::Params;
use crate::signer::{SignError, Signer};
use crate::token::response::{ErrorResponse, error_body};
use crate::token_value::PresentedToken;

/// An access token as a request carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedAccess {
    token: PresentedToken,
    text: Zeroizing<String>,
    is_dpop: bool,
}

impl PresentedAccess {
    /// The token.
    pub const fn token(&self) -> &PresentedToken {
        &self.token
    }

    /// The token as it travels, for `ath` of a proof.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it came by the scheme of bound tokens (RFC 9449 §7.1).
    pub const fn is_dpop(&self) -> bool {
        self.is_dpop
    }

    /// RFC 9449 §7.1, §7.2: a bound token needs a proof by its key, and a token that is not bound is no DPoP token.
    ///
    /// # Errors
    /// `invalid_token`.
    pub fn check_binding(&self, bound_to: Option<&str>, proven: Option<&str>) -> Result<(), ProtocolError> {
        let why = match (bound_to, proven) {
            (None, _) if !self.is_dpop => return Ok(()),
            (None, _) => "A token that is bound to no key was presented as a DPoP token.",
            (Some(_), _) if !self.is_dpop => {
                "A token that is bound to a key was presented as a bearer token."
            }
            (Some(bound_to), Some(proven)) if constant_time_eq(bound_to.as_bytes(), proven.as_bytes()) => {
                return Ok(());
            }
            (Some(_), _) => "A token that is bound to a key came with a proof by another key.",
        };
        Err(ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid").with_detail(why))
    }
}

impl fmt::Debug for PresentedAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresentedAccess").field("is_dpop", &self.is_dpop).finish_non_exhaustive()
    }
}

/// Reads the access token of a request.
///
/// RFC 6750 §2: in the header or in a form body, and not in both. RFC 9700 §4.3.2: not in the query, which is
/// logged and remembered; there it is refused even beside a proper one. RFC 9110 §11.1: the scheme, `Bearer` or `DPoP`, is
/// case-insensitive.
///
/// # Errors
/// `invalid_request` if it is in the query or in two places, `invalid_token` if there is none or it does not
/// have the form of an access token of ours.
pub fn access_token(
    authorization_header: Option<&str>,
    query: Option<&str>,
    form_body: Option<&str>,
) -> Result<PresentedAccess, ProtocolError> {
    let query = Params::parse(query.unwrap_or_default())?;
    let body = Params::parse(form_body.unwrap_or_default())?;
    if query.contains("access_token") {
        return Err(ProtocolError::invalid_request("the access token must not be in the query"));
    }
    let (text, is_dpop) = match (authorization_header, body.get("access_token")) {
        (Some(_), Some(_)) => {
            return Err(ProtocolError::invalid_request("the access token was sent in more than one way"));
        }
        (Some(header), None) => match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                (Some(token.trim_matches(' ')), false)
            }
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(dpop::SCHEME) => {
                (Some(token.trim_matches(' ')), true)
            }
            _ => (None, false),
        },
        (None, token) => (token, false),
    };
    text.and_then(|text| PresentedToken::parse(text).map(|token| (token, text)))
        .filter(|(token, _)| token.is_access_token())
        .map(|(token, text)| PresentedAccess { token, text: Zeroizing::new(text.to_owned()), is_dpop })
        .ok_or_else(|| ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid"))
}

/// The answer. OpenID Connect Core §5.3.2: `sub` is always there, and it is that of the ID token.
pub fn response(sub: &str, release: &ClaimRelease<'_>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), sub.into());
    claims.extend(release.for_userinfo().into_iter().filter(|(name, _)| name != "sub"));
    claims
}

/// The answer as a signed JWT. OpenID Connect Core §5.3.2: with `iss` and `aud`, so that it is nobody else's; without
/// `exp`, so that it never passes for an ID token.
///
/// # Errors
/// [`SignError`] if the key refuses.
pub fn signed(
    mut claims: Map<String, Value>,
    issuer: &str,
    client_id: &str,
    now: DateTime<Utc>,
    signer: &dyn Signer,
) -> Result<String, SignError> {
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("aud".to_owned(), client_id.into());
    claims.insert("iat".to_owned(), now.timestamp().into());
    jws::sign(&claims, "JWT", signer)
}

/// The refusal. RFC 6750 §3.1: the error is in the challenge; where nothing was sent that could be wrong, the challenge is bare. A
/// token in the query is something wrong. RFC 9449 §7.1:
/// what concerns a proof, or a token presented as bound, is in a challenge of its own scheme.
pub fn error_response(error: &ProtocolError, credentials_sent: bool, is_dpop: bool) -> ErrorResponse {
    let of_proof = matches!(error.code(), ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce);
    let status = if of_proof { 401 } else { error.code().status() };
    let algorithms = format!("algs=\"{}\"", dpop::CHALLENGE_ALGORITHMS);
    // Code and description hold no quote and no backslash.
    let said = format!("error=\"{}\", error_description=\"{}\"", error.code(), error.description());
    let is_bare = !credentials_sent && error.code() == ErrorCode::InvalidToken;
    let challenge = if is_bare {
        format!("Bearer, DPoP {algorithms}")
    } else if of_proof || is_dpop {
        format!("DPoP {said}, {algorithms}")
    } else {
        format!("Bearer {said}")
    };
    ErrorResponse {
        status,
        www_authenticate: matches!(status, 400 | 401 | 403).then_some(challenge),
        body: error_body(error),
    }
}
