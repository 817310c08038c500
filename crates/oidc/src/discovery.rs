//! Owns the discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414) and the addresses below the issuer.
//!
//! Does not own the router; it uses the same constants.

use serde_json::{Value, json};

use crate::authorization::request::ResponseMode;
use crate::claims;
use crate::client::{ClientAuthMethod, GrantType};
use crate::prompt::Prompt;
use crate::scope::{self, Scope};
use crate::signer::SigningAlgorithm;

/// Where the document itself is.
pub const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";
/// Where OAuth clients look for it (RFC 8414 §3).
pub const OAUTH_DISCOVERY_PATH: &str = "/.well-known/oauth-authorization-server";
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
/// Pushed authorization requests (RFC 9126 §2).
pub const PAR_PATH: &str = "/oauth2/par";
/// Device authorization (RFC 8628 §3.1).
pub const DEVICE_AUTHORIZATION_PATH: &str = "/oauth2/device_authorization";

/// What depends on the installation. The rest is what this crate can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Algorithms for which a signing key exists.
    pub signing_algorithms: Vec<SigningAlgorithm>,
    /// Scopes that mean something here.
    pub scopes: Scope,
    /// Claims about people that somebody here can have; of a scope's claims only these are said to be there.
    pub claims: Vec<&'static str>,
    /// Authentication contexts that can be reached; left out if empty.
    pub acr_values: Vec<String>,
    /// Languages of the pages, as BCP 47 tags; left out if empty.
    pub ui_locales: Vec<String>,
    /// What is offered beside the code flow with secrets.
    pub offers: Offers,
}

/// What is offered beside the code flow with client secrets: each member tells of an endpoint or a parameter that is served. One
/// that is off is not said to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a list of what is there, each by itself")]
pub struct Offers {
    /// Pushed authorization requests at [`PAR_PATH`] (RFC 9126).
    pub pushed_requests: bool,
    /// The device grant at [`DEVICE_AUTHORIZATION_PATH`] (RFC 8628).
    pub device_grant: bool,
    /// Tokens for clients themselves (RFC 6749 §4.4).
    pub client_credentials: bool,
    /// `private_key_jwt` wherever clients authenticate, with these algorithms; left out if empty.
    pub private_key_jwt: Vec<String>,
    /// Proof of possession by DPoP (RFC 9449), with these algorithms; left out if empty.
    pub dpop: Vec<String>,
    /// Answers in the fragment, for clients registered for them.
    pub fragment: bool,
    /// A subject of its own for each sector (OpenID Connect Core §8.1).
    pub pairwise: bool,
    /// Signed userinfo, with the algorithms of ID tokens.
    pub signed_userinfo: bool,
    /// Logout by iframes, with `iss` and `sid`.
    pub front_channel_logout: bool,
    /// Logout by signed tokens from server to server, with `sid`.
    pub back_channel_logout: bool,
}

impl Default for Capabilities {
    /// A key for every algorithm, every scope and claim, no statement about contexts and languages, nothing offered beside.
    fn default() -> Self {
        Self {
            signing_algorithms: SigningAlgorithm::ALL.to_vec(),
            scopes: Scope::all(),
            claims: scope::ALL.iter().flat_map(|scope| claims::of_scope(scope)).copied().collect(),
            acr_values: Vec::new(),
            ui_locales: Vec::new(),
            offers: Offers::default(),
        }
    }
}

/// The document for an issuer (the public URL without trailing slash).
pub fn document(issuer: &str, capabilities: &Capabilities) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let offers = &capabilities.offers;
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
        "claims_supported": claims_supported(capabilities),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "response_types_supported": ["code"],
        "response_modes_supported": response_modes(offers),
        "grant_types_supported": grant_types(offers),
        "subject_types_supported": if offers.pairwise { vec!["public", "pairwise"] } else { vec!["public"] },
        "id_token_signing_alg_values_supported": capabilities.signing_algorithms,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": Prompt::SUPPORTED,
        "authorization_response_iss_parameter_supported": true,
        // Discovery §3: request_uri counts as supported unless denied.
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    client_authentication(&mut document, offers);
    logout(&mut document, offers);
    // RFC 9126 §5.
    if offers.pushed_requests {
        document["pushed_authorization_request_endpoint"] = at(PAR_PATH).into();
        document["require_pushed_authorization_requests"] = false.into();
    }
    // RFC 8628 §4.
    if offers.device_grant {
        document["device_authorization_endpoint"] = at(DEVICE_AUTHORIZATION_PATH).into();
    }
    if offers.signed_userinfo {
        document["userinfo_signing_alg_values_supported"] = json!(capabilities.signing_algorithms);
    }
    for (name, list) in [
        ("acr_values_supported", &capabilities.acr_values),
        ("ui_locales_supported", &capabilities.ui_locales),
        // RFC 9449 §5.1.
        ("dpop_signing_alg_values_supported", &offers.dpop),
    ] {
        if !list.is_empty() {
            document[name] = json!(list);
        }
    }
    document
}

fn response_modes(offers: &Offers) -> Vec<&'static str> {
    let fragment = offers.fragment && !ResponseMode::SUPPORTED.contains(&"fragment");
    ResponseMode::SUPPORTED.into_iter().chain(fragment.then_some("fragment")).collect()
}

fn grant_types(offers: &Offers) -> Vec<&'static str> {
    [
        (GrantType::AuthorizationCode.as_str(), true),
        (GrantType::RefreshToken.as_str(), true),
        ("client_credentials", offers.client_credentials),
        ("urn:ietf:params:oauth:grant-type:device_code", offers.device_grant),
    ]
    .into_iter()
    .filter_map(|(name, is_offered)| is_offered.then_some(name))
    .collect()
}

/// RFC 8414 §2: how clients authenticate, at each endpoint where they do, and what they may sign with.
fn client_authentication(document: &mut Value, offers: &Offers) {
    let secrets = [ClientAuthMethod::ClientSecretBasic, ClientAuthMethod::ClientSecretPost];
    let keys = (!offers.private_key_jwt.is_empty()).then_some("private_key_jwt");
    let known: Vec<&str> = secrets.map(ClientAuthMethod::as_str).into_iter().chain(keys).collect();
    let all: Vec<&str> = known.iter().copied().chain([ClientAuthMethod::None.as_str()]).collect();
    for (endpoint, methods) in [("token", &all), ("revocation", &all), ("introspection", &known)] {
        document[format!("{endpoint}_endpoint_auth_methods_supported")] = json!(methods);
        if keys.is_some() {
            document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")] =
                json!(offers.private_key_jwt);
        }
    }
}

/// OpenID Connect Back-Channel Logout 1.0 §2.1 and Front-Channel Logout 1.0 §3.
fn logout(document: &mut Value, offers: &Offers) {
    for (way, is_offered) in
        [("frontchannel", offers.front_channel_logout), ("backchannel", offers.back_channel_logout)]
    {
        if is_offered {
            document[format!("{way}_logout_supported")] = true.into();
            document[format!("{way}_logout_session_supported")] = true.into();
        }
    }
}

/// Discovery §3: the claims for which values may be supplied.
fn claims_supported(capabilities: &Capabilities) -> Vec<&str> {
    let always =
        ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr", "azp", "sid"];
    let of_scopes = capabilities.scopes.iter().flat_map(claims::of_scope).copied();
    always.into_iter().chain(of_scopes.filter(|name| capabilities.claims.contains(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every offer by itself adds exactly its own words.
    #[test]
    fn what_is_off_is_not_said_and_what_is_on_is() {
        let said = |offers: Offers| {
            document("https://id.example", &Capabilities { offers, ..Capabilities::default() })
        };
        let plain = said(Offers::default());
        let es256 = || vec!["ES256".to_owned()];
        let cases = [
            (
                Offers { pushed_requests: true, ..Offers::default() },
                vec!["pushed_authorization_request_endpoint", "require_pushed_authorization_requests"],
            ),
            (
                Offers { device_grant: true, ..Offers::default() },
                vec!["device_authorization_endpoint", "grant_types_supported"],
            ),
            (Offers { client_credentials: true, ..Offers::default() }, vec!["grant_types_supported"]),
            (
                Offers { private_key_jwt: es256(), ..Offers::default() },
                vec![
                    "introspection_endpoint_auth_methods_supported",
                    "introspection_endpoint_auth_signing_alg_values_supported",
                    "revocation_endpoint_auth_methods_supported",
                    "revocation_endpoint_auth_signing_alg_values_supported",
                    "token_endpoint_auth_methods_supported",
                    "token_endpoint_auth_signing_alg_values_supported",
                ],
            ),
            (Offers { dpop: es256(), ..Offers::default() }, vec!["dpop_signing_alg_values_supported"]),
            (Offers { fragment: true, ..Offers::default() }, vec!["response_modes_supported"]),
            (Offers { pairwise: true, ..Offers::default() }, vec!["subject_types_supported"]),
            (
                Offers { signed_userinfo: true, ..Offers::default() },
                vec!["userinfo_signing_alg_values_supported"],
            ),
            (
                Offers { front_channel_logout: true, ..Offers::default() },
                vec!["frontchannel_logout_session_supported", "frontchannel_logout_supported"],
            ),
            (
                Offers { back_channel_logout: true, ..Offers::default() },
                vec!["backchannel_logout_session_supported", "backchannel_logout_supported"],
            ),
        ];
        for (offers, expected) in cases {
            let with = said(offers.clone());
            let members = with.as_object().expect("an object");
            let changed: Vec<&str> = members
                .iter()
                .filter(|(name, value)| plain.get(name.as_str()) != Some(*value))
                .map(|(name, _)| name.as_str())
                .collect();
            let mut changed = changed;
            changed.sort_unstable();
            assert_eq!(changed, expected, "{offers:?}");
        }
    }
}
