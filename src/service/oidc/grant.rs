//! What an authorization granted, kept with its family of tokens. Does not own the tokens.

use ::oidc::{Scope, authorization::request::VerifiedAuthorizationRequest, claims::request::ClaimsRequest};
use serde::{Deserialize, Serialize};

/// The parts of an authorization request that count after the code was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GrantDetails {
    /// The granted scope.
    pub scope: Scope,
    /// To be echoed in the first ID token.
    pub nonce: Option<String>,
    /// Claims asked for by name.
    pub claims: Option<ClaimsRequest>,
    /// Whether the age of the sign-in was asked about, so that `auth_time` must be told.
    pub max_age: Option<u32>,
    /// The resource servers the tokens are for (RFC 8707); none: nobody was named.
    #[serde(default)]
    pub resources: Vec<String>,
    /// The thumbprint of the key that must redeem the code (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
}

impl GrantDetails {
    /// Those of a verified request.
    pub fn of(request: &VerifiedAuthorizationRequest) -> Self {
        Self {
            scope: request.scope().clone(),
            nonce: request.nonce().map(str::to_owned),
            claims: request.claims().cloned(),
            max_age: request.max_age(),
            resources: Vec::new(),
            dpop_jkt: None,
        }
    }

    /// Those of a device that a person confirmed: nothing but scope and resources was asked.
    pub fn of_device(scope: Scope, resources: Vec<String>) -> Self {
        Self { scope, nonce: None, claims: None, max_age: None, resources, dpop_jkt: None }
    }

    /// As stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads them back.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
