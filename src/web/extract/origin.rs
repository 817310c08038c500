//! Where a request came from: the address behind trusted proxies, and the browser's name. Does not decide by them.

use crate::{config::Config, domain::audit::Origin};
use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, header},
};
use std::net::{IpAddr, SocketAddr};

/// Reads the origin of a request.
pub fn of(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> Origin {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let user_agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(256)
        .collect();
    let client_ip = peer.map(|peer| behind_proxies(peer, headers, config).to_string()).unwrap_or_default();
    Origin { client_ip, user_agent }
}

/// The last address in `X-Forwarded-For` that no trusted proxy vouches for, read from the right; what a client wrote left of it
/// is never looked at. A value that can't be read counts as absent (O-34); without trusted proxies the header is ignored.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, config: &Config) -> IpAddr {
    let mut nearest = peer;
    let values: Vec<_> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let mut hops = values.iter().rev().flat_map(|line| line.rsplit(','));
    while config.http.trusts(nearest) {
        let Some(next) = hops.next().and_then(read_hop) else { break };
        nearest = next;
    }
    nearest
}

/// An address, with or without a port: some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`.
fn read_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address =
        text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}
