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

/// The last address in `X-Forwarded-For` that no trusted proxy vouches for. A value that can't be read counts as absent
/// (O-34); without trusted proxies the header is never looked at.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, config: &Config) -> IpAddr {
    if !config.http.trusts(peer) {
        return peer;
    }
    let mut hops = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        let Ok(text) = value.to_str() else { return peer };
        for hop in text.split(',') {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { return peer };
            hops.push(address.to_canonical());
        }
    }
    hops.iter().rev().find(|hop| !config.http.trusts(**hop)).or(hops.first()).copied().unwrap_or(peer)
}
