//! A pasted text: an address, a query, a posted form, the value of `SAMLRequest` alone, or the XML; read into a request, and where
//! it went. Does not own judging it (`request`).

use ::saml::{RequestError, UnverifiedAuthnRequest, binding};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Longest text that is judged, in bytes.
const PASTED_MAX: usize = 256 * 1024;

/// What was read.
pub(super) struct Pasted<'p> {
    /// The address before the query, if one was pasted: absolute, or a path.
    pub(super) address: Option<&'p str>,
    /// How it came: `redirect` or `post`; empty when neither.
    pub(super) binding: &'static str,
    /// The message, if it could be decoded.
    pub(super) xml: Option<String>,
    /// The request in it.
    pub(super) request: Result<UnverifiedAuthnRequest, RequestError>,
}

/// Reads a pasted text.
pub(super) fn read(pasted: &str) -> Pasted<'_> {
    let text = pasted.trim();
    let text = if text.len() > PASTED_MAX { "" } else { text };
    let of = |binding, xml, request| Pasted { address: None, binding, xml, request };
    if text.starts_with('<') {
        let encoded = STANDARD.encode(text);
        return of("post", Some(text.to_owned()), UnverifiedAuthnRequest::from_post(&encoded, None));
    }
    // A query may hold question marks of its own, in a RelayState.
    let (address, query) = match text.split_once('?') {
        Some((address, query)) if is_address(address) => (Some(address), query),
        _ => (None, text.strip_prefix('?').unwrap_or(text)),
    };
    let query = query.split('#').next().unwrap_or_default();
    if query.contains("SAMLRequest=") {
        return Pasted { address, ..of_query(query) };
    }
    Pasted { address, ..of_value(if address.is_some() { query } else { text }) }
}

fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    text.starts_with('/') || matches!(scheme.as_deref(), Some("http" | "https"))
}

/// A query, or the body of a posted form, which looks the same.
fn of_query(query: &str) -> Pasted<'static> {
    let of = |binding, xml, request| Pasted { address: None, binding, xml, request };
    if let Ok(message) = binding::redirect::decode(query) {
        return of("redirect", Some(shown(&message.xml)), UnverifiedAuthnRequest::from_redirect(query));
    }
    if let Ok(message) = binding::post::decode_body(query) {
        return of("post", Some(shown(&message.xml)), UnverifiedAuthnRequest::from_post_body(query));
    }
    of("redirect", None, UnverifiedAuthnRequest::from_redirect(query))
}

/// The value of `SAMLRequest` alone. SAML Bindings §3.4.4.1 deflates what a query carries and §3.5.4 doesn't what is posted: what
/// comes out of the base64 says which it was. Escapes of a query are undone; without any, a plus sign is one of base64's.
fn of_value(text: &str) -> Pasted<'static> {
    let posted = binding::post::decode(text, None);
    let is_text = |xml: &[u8]| xml.trim_ascii_start().starts_with(b"<") || xml.starts_with(b"\xEF\xBB\xBF");
    if !posted.as_ref().is_ok_and(|message| is_text(&message.xml)) {
        let value: String = text.split_ascii_whitespace().collect();
        let value = if value.contains('%') {
            value
        } else {
            form_urlencoded::byte_serialize(value.as_bytes()).collect()
        };
        let query = format!("SAMLRequest={value}");
        if let Ok(message) = binding::redirect::decode(&query) {
            return Pasted {
                address: None,
                binding: "redirect",
                xml: Some(shown(&message.xml)),
                request: UnverifiedAuthnRequest::from_redirect(&query),
            };
        }
    }
    match posted {
        Ok(message) => Pasted {
            address: None,
            binding: "post",
            xml: Some(shown(&message.xml)),
            request: UnverifiedAuthnRequest::from_post(text, None),
        },
        Err(error) => Pasted { address: None, binding: "", xml: None, request: Err(error) },
    }
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
