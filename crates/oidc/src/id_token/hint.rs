//! Owns `id_token_hint`: an ID token of ours that comes back to say who or which session is meant.
//!
//! Does not own what follows from it. A hint is never proof of presence.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::TYP;
use crate::jwks::JwkSet;
use crate::jws::{self, JwsError};

/// Whether an expired hint is still taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintExpiry {
    /// At logout: RP-Initiated Logout 1.0 §2 says an expired one should be accepted.
    Tolerated,
    /// At sign-on: must be valid at this instant.
    EnforcedAt(DateTime<Utc>),
}

/// What an ID token of ours says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    #[serde(default)]
    sid: Option<String>,
}

impl IdTokenHint {
    /// Whom it is about. If that is not who is signed in: `login_required`, or a question.
    pub fn sub(&self) -> &str {
        &self.sub
    }

    /// The client it was issued to.
    pub fn client_id(&self) -> &str {
        &self.aud
    }

    /// The session it was issued in.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }
}

/// Why a hint counts as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// Not a token signed by us.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// Signed by us, but the claims are not those of an ID token.
    #[error("the claims are not those of an ID token")]
    Claims,
    /// Of another issuer.
    #[error("the issuer is another one")]
    WrongIssuer,
    /// Of another client.
    #[error("the token was issued to another client")]
    WrongAudience,
    /// Too old for this use.
    #[error("the token is expired")]
    Expired,
}

/// Verifies a hint: type, algorithm and key on our list, signature, issuer, client, expiry; in this order.
///
/// `client_id` is the client that sent the hint, where it is known: a hint of another client is refused. At
/// logout without `client_id` the hint itself says which client asks.
///
/// # Errors
/// [`HintError`]; the hint then counts as none.
pub fn verify_hint(
    token: &str,
    issuer: &str,
    client_id: Option<&str>,
    keys: &JwkSet,
    expiry: HintExpiry,
) -> Result<IdTokenHint, HintError> {
    let payload = jws::verify(token, TYP, keys)?;
    let hint: IdTokenHint = serde_json::from_slice(&payload).map_err(|_| HintError::Claims)?;
    if hint.iss != issuer {
        return Err(HintError::WrongIssuer);
    }
    if client_id.is_some_and(|id| id != hint.aud) {
        return Err(HintError::WrongAudience);
    }
    match expiry {
        HintExpiry::EnforcedAt(now) if now.timestamp() >= hint.exp => Err(HintError::Expired),
        _ => Ok(hint),
    }
}
