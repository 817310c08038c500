//! `[oidc]`: how long the issuer's keys sign. Does not own the keys (`service::issuer_keys`) or clients (`domain::connection`).

use super::{ConfigError, values::Values};

/// The shortest time a key signs, in days: the next one is published for two of them.
const SHORTEST: u32 = 7;

/// `[oidc]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// After how many days another key of the issuer signs; 0 changes keys by hand only.
    pub key_rotation_days: u32,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self { key_rotation_days: 90 }
    }
}

impl OidcConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        const KEY: &str = "oidc.key_rotation_days";
        let default = Self::default();
        let key_rotation_days = values.number(KEY, 0..=3_650)?.unwrap_or(default.key_rotation_days);
        if (1..SHORTEST).contains(&key_rotation_days) {
            return Err(values.refusal(KEY, "write 7 or more, or 0 to change keys by hand only"));
        }
        Ok(Self { key_rotation_days })
    }
}
