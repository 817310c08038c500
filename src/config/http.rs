//! `[http]`: where to listen and the address people use. Does not own the server.

use super::{Cidr, ConfigError, PublicUrl, values::Values};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// `[http]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpConfig {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The address people use: the issuer, and what absolute addresses begin with.
    pub public_url: PublicUrl,
    /// Proxies whose `X-Forwarded-For` is believed; from anyone else it is ignored.
    pub trusted_proxies: Vec<Cidr>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: PublicUrl::default(),
            trusted_proxies: Vec::new(),
        }
    }
}

impl HttpConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            listen: values.parse::<Listen>("http.listen")?.map_or(default.listen, |listen| listen.0),
            public_url: values.parse("http.public_url")?.unwrap_or(default.public_url),
            trusted_proxies: values.list("http.trusted_proxies")?.unwrap_or_default(),
        })
    }

    /// Whether a connection from there comes through a trusted proxy.
    pub fn trusts(&self, proxy: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(proxy))
    }
}

/// An address with a port, with an error that shows the form.
pub(super) struct Listen(pub(super) SocketAddr);

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("“{text}” is no address; write ADDRESS:PORT, for example 0.0.0.0:8080"))
    }
}
