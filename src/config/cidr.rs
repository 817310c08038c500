//! A range of addresses in CIDR notation. Does not own what a range is for (`http`, `outbound`).

use std::{fmt, net::IpAddr, str::FromStr};

/// `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no range of addresses; write for example 10.0.0.0/8 or 192.0.2.7")]
pub struct NotACidr(String);

impl Cidr {
    /// Whether the range holds the address. An IPv4 address in IPv6 clothes counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                same_bits(u128::from(net.to_bits()), u128::from(ip.to_bits()), 32 - u32::from(self.prefix))
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                same_bits(net.to_bits(), ip.to_bits(), 128 - u32::from(self.prefix))
            }
            _ => false,
        }
    }
}

/// Whether two addresses differ only in their last `free` bits.
fn same_bits(net: u128, ip: u128, free: u32) -> bool {
    (net ^ ip).checked_shr(free).unwrap_or_default() == 0
}

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let refused = || NotACidr(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| refused())?
            }
            Some(_) => return Err(refused()),
            None => widest,
        };
        if prefix > widest {
            return Err(refused());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}
