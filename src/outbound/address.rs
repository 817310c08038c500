//! Which addresses may be called: public ones, and inner ones that the settings name. Does not resolve names (`http`).

use crate::config::PrivateNetworks;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address may be called (C-20). It is asked about what a name resolved to, never about a name.
pub(super) fn may_call(address: IpAddr, inner: &PrivateNetworks) -> bool {
    is_public(address) || inner.allows(address)
}

/// Whether an address may be called without TLS: only an inner one that the settings name. What crosses the internet in plain
/// text can be anybody's.
pub(super) fn may_call_plainly(address: IpAddr, inner: &PrivateNetworks) -> bool {
    !is_public(address) && inner.allows(address)
}

/// RFC 6890 and its registries: whether the address is one of the public internet. IPv4 addresses inside IPv6 ones are judged
/// as what they are.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let inner = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || matches!((a, b, c), (0, ..) | (192, 0, 0) | (192, 88, 99))
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && matches!(b, 18 | 19))
        || a >= 224;
    !inner
}

/// The IPv4 address in an IPv4-mapped or -compatible, 6to4 (RFC 3056) or NAT64 (RFC 6052) address.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

/// RFC 4291 §2.4: of the unicast space only `2000::/3` is given out; without documentation, Teredo and benchmarking.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x3fff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c20_only_public_addresses_are_called_by_themselves() {
        for inner in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
        ] {
            let address: IpAddr = inner.parse().expect("an address");
            assert!(!may_call(address, &PrivateNetworks::Refused), "{inner}");
            assert!(may_call(address, &PrivateNetworks::Allowed), "{inner}");
            assert!(may_call_plainly(address, &PrivateNetworks::Allowed), "{inner}");
            assert!(!may_call_plainly(address, &PrivateNetworks::Refused), "{inner}");
        }
        for public in ["1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2002:101:101::1"] {
            let address = public.parse().expect("an address");
            assert!(may_call(address, &PrivateNetworks::Refused), "{public}");
            assert!(!may_call_plainly(address, &PrivateNetworks::Allowed), "{public}");
        }
    }
}
