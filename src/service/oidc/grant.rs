//! What an authorization granted, kept with its family of tokens. Does not own the tokens.

use crate::{domain::audit::Origin, service::ServiceError, store::token_families::Family};
use ::oidc::{
    Client, GrantType, Scope, authorization::request::VerifiedAuthorizationRequest,
    claims::request::ClaimsRequest, scope,
};
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
    /// The resource servers its tokens may be for (RFC 8707), as asked; empty: none was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The thumbprint of the key that must redeem the code (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The authentication context of the sign-in: `acr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Whether refresh tokens may be given, if the client may use them at all (OpenID Connect Core §11).
    #[serde(default = "yes")]
    pub offline: bool,
    /// By which grant it began; `None` in those from before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_by: Option<GrantType>,
    /// Where it began: the address of the device, or that of the browser.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_ip: String,
    /// The browser it began in; empty where a device began it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
}

/// Grants from before it was kept: the client's setting alone decided.
fn yes() -> bool {
    true
}

impl GrantDetails {
    /// Those of a verified request. OpenID Connect Core §11: who didn't choose the app themselves must have consented to
    /// offline access, so a third-party client needs the scope; a first-party client follows its own setting.
    pub fn of(request: &VerifiedAuthorizationRequest, client: &Client, acr: &str, origin: &Origin) -> Self {
        Self {
            scope: request.scope().clone(),
            nonce: request.nonce().map(str::to_owned),
            claims: request.claims().cloned(),
            max_age: request.max_age(),
            resources: request.resources().to_vec(),
            dpop_jkt: request.dpop_jkt().map(str::to_owned),
            acr: Some(acr.to_owned()),
            offline: client.trusted || request.scope().contains(scope::OFFLINE_ACCESS),
            began_by: Some(GrantType::AuthorizationCode),
            client_ip: origin.client_ip.clone(),
            user_agent: origin.user_agent.clone(),
        }
    }

    /// Those of a device that a person confirmed: nothing but scope and resources was asked.
    pub fn of_device(
        scope: Scope,
        resources: Vec<String>,
        client: &Client,
        acr: &str,
        client_ip: &str,
    ) -> Self {
        Self {
            offline: client.trusted || scope.contains(scope::OFFLINE_ACCESS),
            scope,
            nonce: None,
            claims: None,
            max_age: None,
            resources,
            dpop_jkt: None,
            acr: Some(acr.to_owned()),
            began_by: Some(GrantType::DeviceCode),
            client_ip: client_ip.to_owned(),
            user_agent: String::new(),
        }
    }

    /// As stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Those of a family.
    ///
    /// # Errors
    /// [`ServiceError::Internal`] when they can't be read.
    pub fn of_family(family: &Family) -> Result<Self, ServiceError> {
        serde_json::from_str(&family.grant_details)
            .map_err(|_| ServiceError::Internal("a grant that can't be read".into()))
    }
}
