//! Owns token revocation (RFC 7009): the request, and whether it is followed.
//!
//! Does not own what is revoked with a token: the caller revokes the whole family of a refresh token.

use crate::error::ProtocolError;
use crate::params::Params;
use crate::token_value::PresentedToken;

/// What is asked. `token_type_hint` is not needed: the kind shows in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRequest {
    token: Option<PresentedToken>,
}

impl RevocationRequest {
    /// Reads a parsed body.
    ///
    /// # Errors
    /// `invalid_request` if `token` is missing.
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let token = params.require("token", "token is missing")?;
        Ok(Self { token: PresentedToken::parse(token) })
    }

    /// The token; `None` if it does not have the form of one of ours.
    pub const fn token(&self) -> Option<&PresentedToken> {
        self.token.as_ref()
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevocationDecision {
    /// Revoke; answer 200 with an empty body.
    Revoke,
    /// RFC 7009 §2.2: an unknown token is as good as revoked; answer 200 with an empty body.
    NothingToDo,
    /// Answer with the error and change nothing.
    Refused(ProtocolError),
}

/// Decides. `owner` is the client the token was issued to, `None` if no token was found.
///
/// RFC 7009 §2.1: the token must have been issued to the client that asks; if not, the client is told.
pub fn decide(owner: Option<&str>, caller_client_id: &str) -> RevocationDecision {
    match owner {
        None => RevocationDecision::NothingToDo,
        Some(owner) if owner == caller_client_id => RevocationDecision::Revoke,
        Some(_) => RevocationDecision::Refused(ProtocolError::invalid_grant("token of another client")),
    }
}
