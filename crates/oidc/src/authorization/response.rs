//! Owns the authorization response: a code or an error, by redirect or by form, always with `iss`.
//!
//! Does not own HTTP: a redirect is answered with 302 or 303 (never 307 or 308), a form is rendered by the
//! caller, who escapes the values for HTML.

use url::form_urlencoded;

use super::request::{AuthorizationRefusal, ResponseMode, VerifiedAuthorizationRequest};
use crate::error::ProtocolError;
use crate::redirect_uri::RedirectUri;
use crate::token_value::AuthorizationCode;

/// What the browser is made to do.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// Go to `location`; a header value of visible ASCII.
    Redirect {
        /// The redirect URI with the parameters in its query.
        location: String,
    },
    /// Post `fields` to `action`.
    FormPost {
        /// The redirect URI unchanged.
        action: String,
        /// Names and values, not yet escaped for HTML.
        fields: Vec<(String, String)>,
    },
}

/// Prints where it goes, not the code in it.
impl std::fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mode, uri) = match self {
            Self::Redirect { location } => {
                ("Redirect", location.split(['?', '#']).next().unwrap_or_default())
            }
            Self::FormPost { action, .. } => ("FormPost", action.as_str()),
        };
        f.debug_tuple(mode).field(&uri).finish()
    }
}

/// RFC 6749 §4.1.2: the code, and state as received. RFC 9207 §2: `iss`, so that a client with several
/// providers knows whose answer this is.
pub fn success(
    request: &VerifiedAuthorizationRequest,
    code: &AuthorizationCode,
    issuer: &str,
) -> AuthorizationResponse {
    let mut fields = vec![("code".to_owned(), code.expose().to_owned())];
    push_common(&mut fields, request.state(), issuer);
    assemble(request.redirect_uri(), request.response_mode(), fields)
}

/// An error found after verification: the person said no, `prompt=none` cannot be kept, access is denied.
pub fn error(
    request: &VerifiedAuthorizationRequest,
    error: &ProtocolError,
    issuer: &str,
) -> AuthorizationResponse {
    error_to(request.redirect_uri(), request.response_mode(), request.state(), error, issuer)
}

/// The response for a request that failed verification; `None` if it belongs on a page of ours.
pub fn refusal(refusal: &AuthorizationRefusal, issuer: &str) -> Option<AuthorizationResponse> {
    match refusal {
        AuthorizationRefusal::Page { .. } => None,
        AuthorizationRefusal::Redirect { redirect_uri, response_mode, state, error } => {
            Some(error_to(redirect_uri, *response_mode, state.as_deref(), error, issuer))
        }
    }
}

/// RFC 6749 §4.1.2.1. RFC 9207 §2 wants `iss` in error responses too.
fn error_to(
    redirect_uri: &RedirectUri,
    mode: ResponseMode,
    state: Option<&str>,
    error: &ProtocolError,
    issuer: &str,
) -> AuthorizationResponse {
    let mut fields = vec![
        ("error".to_owned(), error.code().as_str().to_owned()),
        ("error_description".to_owned(), error.description().to_owned()),
    ];
    push_common(&mut fields, state, issuer);
    assemble(redirect_uri, mode, fields)
}

fn push_common(fields: &mut Vec<(String, String)>, state: Option<&str>, issuer: &str) {
    if let Some(state) = state {
        fields.push(("state".to_owned(), state.to_owned()));
    }
    fields.push(("iss".to_owned(), issuer.to_owned()));
}

fn assemble(
    redirect_uri: &RedirectUri,
    mode: ResponseMode,
    fields: Vec<(String, String)>,
) -> AuthorizationResponse {
    match mode {
        ResponseMode::Query => {
            AuthorizationResponse::Redirect { location: append_query(redirect_uri.as_str(), &fields) }
        }
        // OAuth 2.0 Multiple Response Types §2.1: form-encoded behind the `#`; no registered URI has one.
        ResponseMode::Fragment => {
            let fragment = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            AuthorizationResponse::Redirect { location: [redirect_uri.as_str(), "#", &fragment].concat() }
        }
        ResponseMode::FormPost => {
            AuthorizationResponse::FormPost { action: redirect_uri.as_str().to_owned(), fields }
        }
    }
}

/// RFC 6749 §3.1.2: a query that the URI already has is retained. The URI is not parsed and written anew:
/// what was compared byte for byte is also what is used.
pub(crate) fn append_query<N: AsRef<str>, V: AsRef<str>>(uri: &str, fields: &[(N, V)]) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    [uri, separator, &query].concat()
}
