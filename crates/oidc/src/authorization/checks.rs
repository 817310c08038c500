//! Owns the named checks of an authorization request, in the order in which they run.
//!
//! Does not own where a refusal goes; see [`super::request`].

use super::pushed::both_kinds;
use super::request::{Display, ProviderPolicy, ResponseMode};
use crate::claims::request::ClaimsRequest;
use crate::client::{Client, GrantType};
use crate::encoding::from_base64url;
use crate::error::{ErrorCode, ProtocolError};
use crate::params::{self, Params};
use crate::pkce::CodeChallenge;
use crate::prompt::Prompt;
use crate::redirect_uri::{self, RedirectUri};
use crate::resource;
use crate::scope::{self, Scope};

/// The longest hint, in bytes: an ID token with some claims.
const MAX_HINT_BYTES: usize = 8 * 1024;
/// The longest list parameter, in bytes.
const MAX_LIST_BYTES: usize = 1024;
/// The most entries of a list parameter.
const MAX_LIST_ENTRIES: usize = 16;

/// The request is for the client that was loaded.
pub(super) fn client(params: &Params, client: &Client) -> Result<(), ProtocolError> {
    match params.get("client_id") {
        Some(id) if id == client.client_id => Ok(()),
        Some(_) => Err(ProtocolError::invalid_request("the client is unknown")),
        None => Err(ProtocolError::invalid_request("client_id is missing")),
    }
}

/// OpenID Connect Core §3.1.2.1: redirect_uri is required and must exactly match a registered one.
pub(super) fn redirect_uri(params: &Params, client: &Client) -> Result<RedirectUri, ProtocolError> {
    let presented = params.require("redirect_uri", "redirect_uri is missing")?;
    redirect_uri::matches(&client.redirect_uris, presented, client.native).ok_or_else(|| {
        ProtocolError::invalid_request("redirect_uri is not registered")
            .with_detail(presented.chars().take(256).collect::<String>())
    })
}

/// RFC 6749 §4.1.2: state comes back as the exact value received. One that cannot is refused while still on
/// our page, for a redirect without it would be no answer.
pub(super) fn state(params: &Params) -> Result<Option<String>, ProtocolError> {
    echoed(params, "state", "state is too long or holds control characters")
}

/// OAuth 2.0 Multiple Response Types §2.1; OAuth 2.0 Form Post Response Mode §2. `fragment` puts the code where
/// script and history keep it, so only clients registered for it get it there. Without the parameter the answer goes
/// into the query, the default of `code`; a client that isn't registered for that gets its first mode.
pub(super) fn response_mode(params: &Params, client: &Client) -> Result<ResponseMode, ProtocolError> {
    match params.get("response_mode") {
        None => Ok(default_mode(client)),
        Some(name) => match ResponseMode::parse(name) {
            Some(mode) if client.response_modes.contains(&mode) => Ok(mode),
            Some(_) => {
                Err(ProtocolError::invalid_request("the client is not registered for this response_mode"))
            }
            None => Err(ProtocolError::invalid_request("the response_mode is not supported")),
        },
    }
}

/// How a client is answered that says nothing, or something that it is not registered for.
pub(super) fn default_mode(client: &Client) -> ResponseMode {
    let query = Some(ResponseMode::Query).filter(|mode| client.response_modes.contains(mode));
    query.or(client.response_modes.first().copied()).unwrap_or_default()
}

/// OpenID Connect Core §3.1.2.6: unsupported request objects are answered with their own errors, never
/// ignored.
pub(super) fn request_object(params: &Params) -> Result<(), ProtocolError> {
    if params.contains("request") && params.contains("request_uri") {
        return Err(both_kinds());
    }
    let unsupported = [
        ("request", ErrorCode::RequestNotSupported, "request objects are not supported"),
        ("request_uri", ErrorCode::RequestUriNotSupported, "request_uri is not supported"),
        ("registration", ErrorCode::RegistrationNotSupported, "registration is not supported"),
    ];
    for (name, code, description) in unsupported {
        if params.contains(name) {
            return Err(ProtocolError::new(code, description));
        }
    }
    Ok(())
}

/// RFC 9700 §2.1.2: tokens must not come out of the authorization endpoint, so `code` is all there is.
pub(super) fn response_type(params: &Params) -> Result<(), ProtocolError> {
    match params.require("response_type", "response_type is missing")? {
        "code" => Ok(()),
        _ => Err(ProtocolError::new(
            ErrorCode::UnsupportedResponseType,
            "only response_type code is supported",
        )),
    }
}

/// RFC 9126 §5, §6: where the client must push its requests, one that was not pushed is refused.
pub(super) fn pushed(client: &Client, is_pushed: bool) -> Result<(), ProtocolError> {
    if client.require_pushed_requests && !is_pushed {
        return Err(ProtocolError::invalid_request("the client must push its authorization requests"));
    }
    Ok(())
}

/// RFC 8707 §2: the resource servers the tokens are for; each must be one of the client's.
pub(super) fn resources(params: &Params, client: &Client) -> Result<Vec<String>, ProtocolError> {
    let mut resources: Vec<String> = Vec::new();
    for text in params.all("resource") {
        if !resources.iter().any(|known| known == text) {
            resources.push(text.to_owned());
        }
    }
    resource::check_requested(&resources, &client.resources)?;
    Ok(resources)
}

/// RFC 9449 §10: the thumbprint of the key that must redeem the code: SHA-256 in base64url, 43 characters.
pub(super) fn dpop_jkt(params: &Params) -> Result<Option<String>, ProtocolError> {
    match params.get("dpop_jkt") {
        Some(text) if from_base64url(text).is_none_or(|bytes| bytes.len() != 32) => {
            Err(ProtocolError::invalid_request("dpop_jkt is not a SHA-256 thumbprint"))
        }
        text => Ok(text.map(ToOwned::to_owned)),
    }
}

/// RFC 6749 §4.1.2.1: the client must be authorised to use this method.
pub(super) fn grant(client: &Client) -> Result<(), ProtocolError> {
    if client.may_use(GrantType::AuthorizationCode) {
        Ok(())
    } else {
        Err(ProtocolError::new(ErrorCode::UnauthorizedClient, "the client may not use this grant"))
    }
}

/// OpenID Connect Core §3.1.2.1: scope must contain `openid`; values that are not understood are ignored.
/// Nothing beyond what the client is registered for remains.
pub(super) fn scope(
    params: &Params,
    client: &Client,
    policy: &ProviderPolicy,
) -> Result<Scope, ProtocolError> {
    let mut granted = Scope::parse(params.get("scope").unwrap_or_default())?.intersection(&client.scopes);
    // §11: offline access is asked for by those who can have it; from others the wish is ignored.
    if !client.may_use(GrantType::RefreshToken) {
        granted = granted.without(scope::OFFLINE_ACCESS);
    }
    if !policy.supported_scopes.is_empty() {
        granted = granted.intersection(&policy.supported_scopes);
    }
    if granted.contains(scope::OPENID) {
        Ok(granted)
    } else {
        Err(ProtocolError::new(ErrorCode::InvalidScope, "the scope must contain openid"))
    }
}

/// See [`Prompt::parse`].
pub(super) fn prompt(params: &Params) -> Result<Prompt, ProtocolError> {
    params.get("prompt").map_or(Ok(Prompt::default()), Prompt::parse)
}

/// OpenID Connect Core §3.1.2.1: max_age is a number of seconds. One beyond 136 years asks for nothing.
pub(super) fn max_age(params: &Params) -> Result<Option<u32>, ProtocolError> {
    let Some(text) = params.get("max_age") else { return Ok(None) };
    if !text.bytes().all(|b| b.is_ascii_digit()) || text.len() > 20 {
        return Err(ProtocolError::invalid_request("max_age must be a whole number of seconds"));
    }
    Ok(Some(text.parse().unwrap_or(u32::MAX)))
}

/// RFC 7636 §4.3: an absent method means `plain`, which RFC 9700 §2.1.1 advises against and we refuse.
/// §4.4.1: a challenge that is required and missing is `invalid_request`.
pub(super) fn pkce(
    params: &Params,
    client: &Client,
    policy: &ProviderPolicy,
) -> Result<Option<CodeChallenge>, ProtocolError> {
    let required = client.pkce_required() || policy.require_pkce;
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (Some(challenge), Some("S256")) => CodeChallenge::parse(challenge).map(Some),
        (Some(_), _) => Err(ProtocolError::invalid_request("code_challenge_method must be S256")),
        (None, Some(_)) => Err(ProtocolError::invalid_request("code_challenge is missing")),
        (None, None) if required || params.contains("code_challenge") => {
            Err(ProtocolError::invalid_request("code_challenge is required"))
        }
        (None, None) => Ok(None),
    }
}

/// OpenID Connect Core §3.1.2.1: nonce is passed through unmodified; it is optional in the code flow.
pub(super) fn nonce(params: &Params) -> Result<Option<String>, ProtocolError> {
    echoed(params, "nonce", "nonce is too long or holds control characters")
}

/// See [`ClaimsRequest::parse`].
pub(super) fn claims(params: &Params) -> Result<Option<ClaimsRequest>, ProtocolError> {
    params.get("claims").map(ClaimsRequest::parse).transpose()
}

/// OpenID Connect Core §3.1.2.1: how to show pages; an unknown wish is none.
pub(super) fn display(params: &Params) -> Option<Display> {
    match params.get("display")? {
        "page" => Some(Display::Page),
        "popup" => Some(Display::Popup),
        "touch" => Some(Display::Touch),
        "wap" => Some(Display::Wap),
        _ => None,
    }
}

/// `ui_locales`, `claims_locales`, `acr_values`: wishes in order of preference, unknown ones no error.
pub(super) fn list(params: &Params, name: &'static str) -> Result<Vec<String>, ProtocolError> {
    let text = params.get(name).unwrap_or_default();
    let entries: Vec<&str> = text.split(' ').filter(|entry| !entry.is_empty()).collect();
    if text.len() > MAX_LIST_BYTES || entries.len() > MAX_LIST_ENTRIES || text.chars().any(char::is_control) {
        return Err(ProtocolError::invalid_request("a list parameter is too long").with_detail(name));
    }
    Ok(entries.into_iter().map(ToOwned::to_owned).collect())
}

/// `login_hint` and `id_token_hint`, kept raw.
pub(super) fn hint(params: &Params, name: &'static str) -> Result<Option<String>, ProtocolError> {
    match params.get(name) {
        Some(hint) if hint.len() > MAX_HINT_BYTES || hint.chars().any(char::is_control) => {
            Err(ProtocolError::invalid_request("a hint is too long").with_detail(name))
        }
        hint => Ok(hint.map(ToOwned::to_owned)),
    }
}

fn echoed(params: &Params, name: &str, refusal: &'static str) -> Result<Option<String>, ProtocolError> {
    match params.get(name) {
        Some(value) if !params::is_echoable(value) => Err(ProtocolError::invalid_request(refusal)),
        value => Ok(value.map(ToOwned::to_owned)),
    }
}
