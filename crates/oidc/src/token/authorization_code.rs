//! Owns whether a stored code may be redeemed by this request.
//!
//! Does not own its single use: the caller consumes the code first, atomically, and checks then, so that
//! every failed attempt burns it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::authorization::request::VerifiedAuthorizationRequest;
use crate::client::Client;
use crate::error::ProtocolError;
use crate::pkce::{CodeChallenge, CodeVerifier};

/// What is kept of a code beside its hash and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredCode {
    /// The client it was issued to.
    pub client_id: String,
    /// The redirect URI of the authorization request, if it held one.
    pub redirect_uri: Option<String>,
    /// The PKCE challenge of the authorization request, if it held one.
    pub code_challenge: Option<CodeChallenge>,
    /// The thumbprint of the key that must redeem it, if the authorization request named one (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// The first instant at which it is worthless.
    pub expires_at: DateTime<Utc>,
}

impl StoredCode {
    /// What to keep for a code issued `now`.
    pub fn new(request: &VerifiedAuthorizationRequest, client: &Client, now: DateTime<Utc>) -> Self {
        let lifetime = chrono::TimeDelta::seconds(i64::from(client.lifetimes.code_seconds.min(60)));
        Self {
            client_id: request.client_id().to_owned(),
            redirect_uri: Some(request.redirect_uri().as_str().to_owned()),
            code_challenge: request.code_challenge().cloned(),
            dpop_jkt: None,
            expires_at: now + lifetime,
        }
    }
}

/// Checks a consumed code against the request that presents it; `proven_key` is the thumbprint of its DPoP key.
///
/// # Errors
/// `invalid_grant`; the detail says which check failed.
pub fn check(
    code: &StoredCode,
    client_id: &str,
    redirect_uri: Option<&str>,
    verifier: Option<&CodeVerifier>,
    proven_key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), ProtocolError> {
    check_client(code, client_id)?;
    check_expiry(code, now)?;
    check_redirect_uri(code, redirect_uri)?;
    check_pkce(code, verifier)?;
    check_key(code, proven_key)
}

/// RFC 6749 §4.1.3: the code was issued to the authenticated client.
fn check_client(code: &StoredCode, client_id: &str) -> Result<(), ProtocolError> {
    if code.client_id == client_id {
        Ok(())
    } else {
        Err(ProtocolError::invalid_grant("code of another client"))
    }
}

/// RFC 6749 §4.1.2: a code expires shortly after it is issued.
fn check_expiry(code: &StoredCode, now: DateTime<Utc>) -> Result<(), ProtocolError> {
    if now < code.expires_at { Ok(()) } else { Err(ProtocolError::invalid_grant("code expired")) }
}

/// RFC 6749 §4.1.3: if the authorization request held a redirect_uri, the token request holds the identical
/// one. Where it held none, a surprising one is refused as well.
fn check_redirect_uri(code: &StoredCode, presented: Option<&str>) -> Result<(), ProtocolError> {
    if code.redirect_uri.as_deref() == presented {
        Ok(())
    } else {
        Err(ProtocolError::invalid_grant("redirect_uri is not that of the authorization request"))
    }
}

/// RFC 9700 §4.8.2: a verifier without a challenge is refused like a challenge without a verifier.
fn check_pkce(code: &StoredCode, verifier: Option<&CodeVerifier>) -> Result<(), ProtocolError> {
    match (&code.code_challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if verifier.matches(challenge) => Ok(()),
        (Some(_), Some(_)) => Err(ProtocolError::invalid_grant("code_verifier does not match")),
        (Some(_), None) => Err(ProtocolError::invalid_grant("code_verifier missing, challenge stored")),
        (None, Some(_)) => Err(ProtocolError::invalid_grant("code_verifier sent, no challenge stored")),
    }
}

/// RFC 9449 §10: a code that was asked for with `dpop_jkt` is redeemed with a proof by that key.
fn check_key(code: &StoredCode, proven: Option<&str>) -> Result<(), ProtocolError> {
    match (code.dpop_jkt.as_deref(), proven) {
        (None, _) => Ok(()),
        (Some(expected), Some(proven)) if expected == proven => Ok(()),
        (Some(_), Some(_)) => {
            Err(ProtocolError::invalid_grant("the DPoP proof is by another key than dpop_jkt"))
        }
        (Some(_), None) => Err(ProtocolError::invalid_grant("no DPoP proof, but dpop_jkt was named")),
    }
}
