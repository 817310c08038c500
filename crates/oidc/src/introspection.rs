//! Owns token introspection (RFC 7662): the request, and who is told what.
//!
//! Does not own the look-up of the token.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::access_token::{Audience, Confirmation};
use crate::client::{Client, GrantType};
use crate::error::ProtocolError;
use crate::params::Params;
use crate::scope::Scope;
use crate::token_value::PresentedToken;

/// What is asked. `token_type_hint` is not needed: the kind shows in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionRequest {
    token: Option<PresentedToken>,
}

impl IntrospectionRequest {
    /// Reads a parsed body.
    ///
    /// # Errors
    /// `invalid_request` if `token` is missing.
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let token = params.require("token", "token is missing")?;
        Ok(Self { token: PresentedToken::parse(token) })
    }

    /// The token; `None` if it does not have the form of one of ours, and then it is not active.
    pub const fn token(&self) -> Option<&PresentedToken> {
        self.token.as_ref()
    }
}

/// RFC 7662 §2.1: the caller must be authorised, so that nobody fishes for tokens. A public client proves
/// nothing.
///
/// # Errors
/// `invalid_client` for a public client.
pub fn check_caller(caller: &Client) -> Result<(), ProtocolError> {
    if caller.is_public() {
        return Err(ProtocolError::invalid_client("a public client may not introspect"));
    }
    Ok(())
}

/// What is known of a token that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// The client it was issued to.
    pub client_id: String,
    /// Resource servers it is meant for; none: this issuer.
    pub audience: Vec<String>,
    /// The thumbprint of the key it is bound to (RFC 9449 §6.2).
    pub key_thumbprint: Option<String>,
    /// The person, as that client knows them; or the client itself.
    pub sub: String,
    /// The person's user name.
    pub username: Option<String>,
    /// The scope.
    pub scope: Scope,
    /// When it was first issued; `None` where that isn't kept.
    pub issued_at: Option<DateTime<Utc>>,
    /// The first instant at which it is worthless.
    pub expires_at: DateTime<Utc>,
    /// Revoked, rotated, or of a session or person that is no longer good.
    pub revoked: bool,
}

/// The answer (RFC 7662 §2.2). Status 200.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntrospectionResponse {
    active: bool,
    #[serde(flatten)]
    token: Option<ActiveToken>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ActiveToken {
    scope: Scope,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    sub: String,
    aud: Audience,
    iss: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

impl IntrospectionResponse {
    /// RFC 7662 §2.2: for a token that is not active, nothing but that.
    pub const fn inactive() -> Self {
        Self { active: false, token: None }
    }

    /// The body.
    ///
    /// # Panics
    /// Never: strings, numbers and lists are JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("strings, numbers and lists are JSON")
    }
}

/// Answers for a token that was found. To everybody but the token's client and its audience it is not active (O-36).
///
/// A resource server is a client that is registered as the server of a resource, and that gets tokens for nobody but itself.
/// To get tokens *for* a resource is not enough: its other clients would read each other's. A client in which people sign in
/// is only ever asked about its own.
pub fn decide(
    token: &StoredToken,
    presented: &PresentedToken,
    caller: &Client,
    issuer: &str,
    now: DateTime<Utc>,
) -> IntrospectionResponse {
    let is_service = caller.grant_types.iter().all(|grant| *grant == GrantType::ClientCredentials);
    let is_server =
        is_service && token.audience.iter().any(|resource| caller.serves_resources.contains(resource));
    let is_for_caller = token.client_id == caller.client_id || is_server;
    if !is_for_caller || token.revoked || now >= token.expires_at {
        return IntrospectionResponse::inactive();
    }
    let token_type = if token.key_thumbprint.is_some() { "DPoP" } else { "Bearer" };
    IntrospectionResponse {
        active: true,
        token: Some(ActiveToken {
            scope: token.scope.clone(),
            client_id: token.client_id.clone(),
            username: token.username.clone(),
            token_type: presented.is_access_token().then_some(token_type),
            exp: token.expires_at.timestamp(),
            iat: token.issued_at.map(|at| at.timestamp()),
            sub: token.sub.clone(),
            // A refresh token is only ever for us.
            aud: if presented.is_access_token() {
                Audience::of(&token.audience, issuer)
            } else {
                Audience::One(issuer.to_owned())
            },
            iss: issuer.to_owned(),
            cnf: token.key_thumbprint.clone().map(|jkt| Confirmation { jkt }),
        }),
    }
}
