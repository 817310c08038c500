//! `[secrets]`: where the master key is. Does not read it (`keyring`).

use super::{ConfigError, values::Values};
use std::path::PathBuf;

/// `[secrets]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsConfig {
    /// The master key file; made with mode 0600 at the first start.
    pub master_key_file: PathBuf,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { master_key_file: "./data/master.key".into() }
    }
}

impl SecretsConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let file = values.parse::<PathBuf>("secrets.master_key_file")?;
        Ok(file.map_or_else(Self::default, |master_key_file| Self { master_key_file }))
    }
}
