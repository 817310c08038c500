//! Owns access tokens as signed JWTs (RFC 9068), for resource servers that check them on their own.
//!
//! Does not own which client gets them: opaque ones are [`crate::token_value::AccessToken`]. Our own endpoints look both
//! up by their hash and never trust what stands in one.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::claims::is_protocol_claim;
use crate::jws;
use crate::signer::{SignError, Signer};
use crate::token_value::MAX_JWT_BYTES;

/// RFC 9068 §2.1: `typ`, so that it never passes for an ID token.
pub const TYP: &str = "at+jwt";

/// Whom a token is for: one audience is a string, several a list (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

impl Audience {
    /// RFC 9068 §3: the resources that were asked for; without any, `default`.
    pub fn of(resources: &[String], default: &str) -> Self {
        match resources {
            [] => Self::One(default.to_owned()),
            [one] => Self::One(one.clone()),
            several => Self::Several(several.to_vec()),
        }
    }
}

/// RFC 9449 §6.1: the key a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The thumbprint of the key.
    pub jkt: String,
}

/// The claims of RFC 9068 §2.2. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person; at the client credentials grant the client itself.
    pub sub: String,
    /// Whom it is for.
    pub aud: Audience,
    /// When it stops being valid.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// Its name: random, so that the token cannot be guessed from what is known of it.
    pub jti: String,
    /// To whom it was given.
    pub client_id: String,
    /// What it may be used for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// When the person authenticated (§2.2.1); absent where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The authentication context reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The key it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Claims about the person (§2.2.3), `groups` for example. Names of the protocol are left out at issue.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

/// Signs an access token.
///
/// # Errors
/// [`SignError`] if the key refuses; [`SignError::TooLong`] for one that could neither be revoked nor introspected.
pub fn issue(claims: &AccessTokenClaims, signer: &dyn Signer) -> Result<String, SignError> {
    let of_protocol = |name: &str| is_protocol_claim(name) || matches!(name, "client_id" | "scope");
    if claims.additional.keys().any(|name| of_protocol(name)) {
        let mut cleaned = claims.clone();
        cleaned.additional.retain(|name, _| !of_protocol(name));
        return within(jws::sign(&cleaned, TYP, signer)?);
    }
    within(jws::sign(claims, TYP, signer)?)
}

fn within(token: String) -> Result<String, SignError> {
    if token.len() > MAX_JWT_BYTES { Err(SignError::TooLong(MAX_JWT_BYTES)) } else { Ok(token) }
}
