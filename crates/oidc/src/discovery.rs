//! Owns the discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414) and the addresses below the issuer.
//!
//! Does not own the router; it uses the same constants.

use serde_json::{Value, json};

use crate::authorization::request::ResponseMode;
use crate::claims;
use crate::client::{ClientAuthMethod, GrantType};
use crate::prompt::Prompt;
use crate::scope::Scope;
use crate::signer::SigningAlgorithm;

/// Where the document itself is.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// The authorization endpoint.
pub const AUTHORIZATION_PATH: &str = "/oauth2/authorize";
/// The token endpoint.
pub const TOKEN_PATH: &str = "/oauth2/token";
/// The userinfo endpoint.
pub const USERINFO_PATH: &str = "/oauth2/userinfo";
/// The JWK Set.
pub const JWKS_PATH: &str = "/oauth2/jwks";
/// The revocation endpoint.
pub const REVOCATION_PATH: &str = "/oauth2/revoke";
/// The introspection endpoint.
pub const INTROSPECTION_PATH: &str = "/oauth2/introspect";
/// The logout endpoint.
pub const END_SESSION_PATH: &str = "/oauth2/logout";

/// What depends on the installation. The rest is what this crate can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Algorithms for which a signing key exists.
    pub signing_algorithms: Vec<SigningAlgorithm>,
    /// Scopes that mean something here.
    pub scopes: Scope,
    /// Authentication contexts that can be reached; left out if empty.
    pub acr_values: Vec<String>,
    /// Languages of the pages, as BCP 47 tags; left out if empty.
    pub ui_locales: Vec<String>,
}

impl Default for Capabilities {
    /// A key for every algorithm, every scope, no statement about contexts and languages.
    fn default() -> Self {
        Self {
            signing_algorithms: SigningAlgorithm::ALL.to_vec(),
            scopes: Scope::all(),
            acr_values: Vec::new(),
            ui_locales: Vec::new(),
        }
    }
}

/// The document for an issuer (the public URL without trailing slash).
pub fn document(issuer: &str, capabilities: &Capabilities) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let secret_methods = [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost]
        .map(ClientAuthMethod::as_str);
    let all_methods = [secret_methods.as_slice(), &[ClientAuthMethod::None.as_str()]].concat();
    let grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].map(GrantType::as_str);
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZATION_PATH),
        "token_endpoint": at(TOKEN_PATH),
        "userinfo_endpoint": at(USERINFO_PATH),
        "jwks_uri": at(JWKS_PATH),
        "revocation_endpoint": at(REVOCATION_PATH),
        "introspection_endpoint": at(INTROSPECTION_PATH),
        "end_session_endpoint": at(END_SESSION_PATH),
        "scopes_supported": capabilities.scopes.iter().collect::<Vec<_>>(),
        "claims_supported": claims_supported(&capabilities.scopes),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::SUPPORTED,
        "grant_types_supported": grant_types,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": capabilities.signing_algorithms,
        "token_endpoint_auth_methods_supported": all_methods,
        "revocation_endpoint_auth_methods_supported": all_methods,
        "introspection_endpoint_auth_methods_supported": secret_methods,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": Prompt::SUPPORTED,
        "authorization_response_iss_parameter_supported": true,
        // Discovery §3: request_uri counts as supported unless denied.
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    for (name, list) in [
        ("acr_values_supported", &capabilities.acr_values),
        ("ui_locales_supported", &capabilities.ui_locales),
    ] {
        if !list.is_empty() {
            document[name] = json!(list);
        }
    }
    document
}

fn claims_supported(scopes: &Scope) -> Vec<&str> {
    let always = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "sid"];
    always.into_iter().chain(scopes.iter().flat_map(claims::of_scope).copied()).collect()
}
