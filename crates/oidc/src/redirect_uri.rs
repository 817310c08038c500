//! Owns which redirect URIs may be registered and when a presented one is the registered one.
//!
//! Does not own the request around it.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The longest URI taken, in bytes.
pub const MAX_BYTES: usize = 2 * 1024;

/// A redirect URI in the exact bytes in which it was registered or matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RedirectUri(String);

/// Why a URI cannot be registered. The text is fit for a form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Empty or longer than 2 KiB.
    #[error("must be between 1 and 2048 characters")]
    Length,
    /// A character no URI holds literally: control, space, backslash, non-ASCII, quotes, brackets.
    #[error("holds a character that must be percent-encoded or is not allowed")]
    Character,
    /// `*` promises a pattern, and there are none.
    #[error("wildcards are not supported: register every address")]
    Wildcard,
    /// Not an absolute URI with an authority, or spelled so that parsers disagree about the host.
    #[error("must be an absolute address such as https://app.example/callback")]
    NotAbsolute,
    /// A fragment (RFC 6749 §3.1.2).
    #[error("must not have a fragment (#)")]
    Fragment,
    /// `user@` before the host.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// `.` or `..` as a path segment, plain or encoded.
    #[error("must not hold . or .. as a path segment")]
    DotSegment,
    /// Plain http to a host that is not this machine.
    #[error("must use https (http only for localhost, 127.0.0.1 and [::1])")]
    Insecure,
    /// Neither http(s) nor a private-use scheme.
    #[error("this scheme is not allowed")]
    Scheme,
    /// A private-use scheme of a client that authenticates.
    #[error("a private-use scheme is only for public (native) clients")]
    PrivateUseScheme,
}

impl RedirectUri {
    /// Checks a URI for registration and keeps it byte for byte.
    ///
    /// # Errors
    /// The reason; see [`check_registration`].
    pub fn register(uri: &str, public_client: bool) -> Result<Self, RegistrationError> {
        check_registration(uri, public_client).map(|()| Self(uri.to_owned()))
    }

    /// The exact bytes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// Reading back what was stored: the rules hold again, with private-use schemes taken for granted.
impl TryFrom<String> for RedirectUri {
    type Error = RegistrationError;

    fn try_from(uri: String) -> Result<Self, Self::Error> {
        check_registration(&uri, true).map(|()| Self(uri))
    }
}

/// Whether `uri` may be registered as redirect or post-logout redirect URI.
///
/// RFC 6749 §3.1.2: absolute, no fragment. RFC 8252 §7.1: private-use schemes are reverse domain names, so
/// they hold a dot. RFC 8252 §8.3 and RFC 9700 §2.6: plain http only to this machine.
///
/// # Errors
/// The first rule broken.
pub fn check_registration(uri: &str, public_client: bool) -> Result<(), RegistrationError> {
    check_characters(uri)?;
    let scheme = scheme_of(uri).ok_or(RegistrationError::NotAbsolute)?;
    match scheme {
        "https" | "http" => check_web_address(uri, scheme),
        _ if !scheme.contains('.') => Err(RegistrationError::Scheme),
        _ if !public_client => Err(RegistrationError::PrivateUseScheme),
        _ if uri.len() == scheme.len() + 1 || Url::parse(uri).is_err() => Err(RegistrationError::NotAbsolute),
        _ => Ok(()),
    }
}

/// Whether `uri` may stand where a browser is sent or shown to: `initiate_login_uri`, policy and home pages.
/// https, or http to this machine; never `javascript:`, `data:` or a private-use scheme.
///
/// # Errors
/// The first rule broken.
pub fn check_web_uri(uri: &str) -> Result<(), RegistrationError> {
    check_characters(uri)?;
    match scheme_of(uri).ok_or(RegistrationError::NotAbsolute)? {
        scheme @ ("https" | "http") => check_web_address(uri, scheme),
        _ => Err(RegistrationError::Scheme),
    }
}

/// The registered URI that `presented` is, as presented.
///
/// RFC 9700 §2.1: exact string comparison, with one exception: the port of a loopback IP redirect of a native
/// app (RFC 8252 §7.3), for IP literals only and only if the client is registered as native.
pub fn matches(registered: &[RedirectUri], presented: &str, native: bool) -> Option<RedirectUri> {
    if presented.len() > MAX_BYTES {
        return None;
    }
    registered
        .iter()
        .any(|own| own.0 == presented || native && is_same_loopback(&own.0, presented))
        .then(|| RedirectUri(presented.to_owned()))
}

fn is_same_loopback(registered: &str, presented: &str) -> bool {
    match (split_loopback(registered), split_loopback(presented)) {
        (Some(own), Some(other)) => own == other,
        _ => false,
    }
}

/// Splits `http://127.0.0.1:4711/cb` into the origin without port and what follows the port.
fn split_loopback(uri: &str) -> Option<(&'static str, &str)> {
    let (origin, rest) = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find_map(|origin| uri.strip_prefix(origin).map(|rest| (origin, rest)))?;
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, tail) = after.split_at(digits);
            let canonical = port.parse::<u16>().ok().filter(|number| number.to_string() == port);
            canonical.filter(|number| *number != 0)?;
            tail
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((origin, rest))
}

fn check_characters(uri: &str) -> Result<(), RegistrationError> {
    if uri.is_empty() || uri.len() > MAX_BYTES {
        return Err(RegistrationError::Length);
    }
    // RFC 3986 §2: what is neither unreserved, reserved nor part of an escape does not occur in a URI.
    if !uri.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)) {
        return Err(RegistrationError::Character);
    }
    if uri.contains('*') {
        return Err(RegistrationError::Wildcard);
    }
    if uri.contains('#') {
        return Err(RegistrationError::Fragment);
    }
    Ok(())
}

/// The scheme if it is spelled in lower case, as the parsed form would be.
fn scheme_of(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let mut bytes = scheme.bytes();
    let rest_is_legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    (bytes.next()?.is_ascii_lowercase() && bytes.all(rest_is_legal)).then_some(scheme)
}

fn check_web_address(uri: &str, scheme: &str) -> Result<(), RegistrationError> {
    let after = uri[scheme.len()..].strip_prefix("://").ok_or(RegistrationError::NotAbsolute)?;
    let authority = after.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(RegistrationError::UserInfo);
    }
    let url = Url::parse(uri).map_err(|_| RegistrationError::NotAbsolute)?;
    // The host must be spelled as parsers read it: no octal address, no escapes, no empty port.
    let host = url.host().ok_or(RegistrationError::NotAbsolute)?;
    let spelled = authority.to_ascii_lowercase();
    let port = spelled.strip_prefix(&host.to_string()).ok_or(RegistrationError::NotAbsolute)?;
    let port_is_plain = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|p| p.parse::<u16>().is_ok_and(|n| n.to_string() == p && n != 0));
    if !port_is_plain || spelled.ends_with('.') || host.to_string().ends_with('.') {
        return Err(RegistrationError::NotAbsolute);
    }
    let path = after[authority.len()..].split('?').next().unwrap_or_default();
    if path.split('/').any(is_dot_segment) {
        return Err(RegistrationError::DotSegment);
    }
    let loopback = match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    if scheme == "http" && !loopback {
        return Err(RegistrationError::Insecure);
    }
    Ok(())
}

fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}
