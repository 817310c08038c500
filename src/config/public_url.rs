//! The one address absolute links and the issuer are made from. Does not read requests: what a client claims is never used.

use std::{fmt, str::FromStr};
use url::{Host, Url};

/// Scheme and authority, without a trailing slash: `https://id.fernhill.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    host: String,
    is_https: bool,
}

/// Why an address can't be the public one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAPublicUrl {
    /// Not an absolute http or https address.
    #[error("write an address like https://id.example.com")]
    NotAnAddress,
    /// More than scheme, host and port.
    #[error("leave out everything after the host and port: no trailing slash, path, query or user name")]
    TooMuch,
    /// Plain http to a host that others can reach.
    #[error("use https: plain http is allowed for localhost and loopback addresses only")]
    NotSecure,
}

impl PublicUrl {
    /// The address without a trailing slash; it is the issuer as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether browsers come by https, so that cookies can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// The host alone; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port, as a `Host` header carries them: the port only if it is not the scheme's own.
    pub fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// As browsers send it in `Origin`; the same text, because there is no path.
    pub fn origin(&self) -> &str {
        &self.text
    }
}

impl Default for PublicUrl {
    fn default() -> Self {
        Self { text: "http://localhost:8080".into(), host: "localhost".into(), is_https: false }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PublicUrl {
    type Err = NotAPublicUrl;

    fn from_str(text: &str) -> Result<Self, NotAPublicUrl> {
        let url = Url::parse(text).map_err(|_| NotAPublicUrl::NotAnAddress)?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(NotAPublicUrl::NotAnAddress),
        };
        let host = url.host().ok_or(NotAPublicUrl::NotAnAddress)?;
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\', ' ', '\t', '\n', '\r']) {
            return Err(NotAPublicUrl::TooMuch);
        }
        if !is_https && !is_loopback(&host) {
            return Err(NotAPublicUrl::NotSecure);
        }
        Ok(Self { host: host.to_string(), text: url.origin().ascii_serialization(), is_https })
    }
}

/// RFC 6761 §6.3 keeps `localhost` and names below it on the machine.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
