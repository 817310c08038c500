//! `[outbound]`: whom the server may call. Does not call anyone.

use super::{Cidr, ConfigError, values::Values};
use std::{net::IpAddr, str::FromStr};

/// `[outbound]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboundConfig {
    /// Which private and loopback networks may be called.
    pub allow_private_networks: PrivateNetworks,
}

/// Which private and loopback networks may be called; public ones always may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PrivateNetworks {
    /// None.
    #[default]
    Refused,
    /// All of them.
    Allowed,
    /// These.
    Only(Vec<Cidr>),
}

impl PrivateNetworks {
    /// Whether a private or loopback address may be called.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Refused => false,
            Self::Allowed => true,
            Self::Only(ranges) => ranges.iter().any(|range| range.contains(address)),
        }
    }
}

/// One item of the list, or the switch.
enum Item {
    Switch(bool),
    Range(Cidr),
}

impl FromStr for Item {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(Self::Switch(true)),
            "false" => Ok(Self::Switch(false)),
            other => other.parse().map(Self::Range).map_err(|error| format!("{error}, or true or false")),
        }
    }
}

impl OutboundConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let key = "outbound.allow_private_networks";
        let items: Vec<Item> = values.list(key)?.unwrap_or_default();
        let mut ranges = Vec::new();
        let alone = items.len() == 1;
        for item in items {
            match item {
                Item::Switch(true) if alone => {
                    return Ok(Self { allow_private_networks: PrivateNetworks::Allowed });
                }
                Item::Switch(false) if alone => return Ok(Self::default()),
                Item::Range(range) => ranges.push(range),
                Item::Switch(_) => {
                    return Err(values.refusal(key, "write true, false, or a list of ranges"));
                }
            }
        }
        if ranges.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self { allow_private_networks: PrivateNetworks::Only(ranges) })
    }
}
