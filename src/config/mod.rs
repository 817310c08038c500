//! The settings of this process: one file a TOML section, environment overrides, refused early with the key's name.
//! Does not own what the organisation sets at run time (`service::settings`), nor `GATEHOUSE_TOKEN` of the command line.

mod audit;
mod cidr;
mod database;
mod http;
mod log;
mod metrics;
mod oidc;
mod outbound;
mod passwords;
mod public_url;
mod secrets;
mod sessions;
mod values;

pub use audit::AuditConfig;
pub use cidr::{Cidr, NotACidr};
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use log::{LogConfig, LogFormat};
pub use metrics::MetricsConfig;
pub use oidc::OidcConfig;
pub use outbound::{OutboundConfig, PrivateNetworks};
pub use passwords::PasswordsConfig;
pub use public_url::{NotAPublicUrl, PublicUrl};
pub use secrets::SecretsConfig;
pub use sessions::SessionsConfig;

use std::path::{Path, PathBuf};
use values::Values;

/// Largest configuration file, in bytes.
const FILE_MAX: u64 = 1 << 20;

/// Every setting, checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// `[http]`: where to listen, and the address people use.
    pub http: HttpConfig,
    /// `[database]`: where everything is kept.
    pub database: DatabaseConfig,
    /// `[secrets]`: the master key.
    pub secrets: SecretsConfig,
    /// `[outbound]`: whom the server may call.
    pub outbound: OutboundConfig,
    /// `[metrics]`: the listener for Prometheus.
    pub metrics: MetricsConfig,
    /// `[log]`: how much is logged, and in which form.
    pub log: LogConfig,
    /// `[passwords]`: what hashing a password costs.
    pub passwords: PasswordsConfig,
    /// `[sessions]`: how long people stay signed in.
    pub sessions: SessionsConfig,
    /// `[audit]`: how long events are kept.
    pub audit: AuditConfig,
    /// `[oidc]`: the issuer's keys.
    pub oidc: OidcConfig,
}

/// A configuration that can't be used; the text is one line: what, where, how to fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing, too large or not readable.
    #[error("cannot read the configuration file {}: {problem}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {problem}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Where in it, counted from 1.
        line: usize,
        /// What the parser said.
        problem: String,
    },
    /// A key nobody knows.
    #[error("unknown key {key} ({origin}): {hint}")]
    UnknownKey {
        /// `section.key`.
        key: String,
        /// The file or the environment variable.
        origin: String,
        /// What is known.
        hint: String,
    },
    /// A value that its key can't take.
    #[error("{key} ({origin}): {problem}")]
    Value {
        /// `section.key`.
        key: String,
        /// The file or the environment variable.
        origin: String,
        /// What to put instead.
        problem: String,
    },
}

impl Config {
    /// Reads the file, lays the environment over it and checks every key. Without a file, the defaults are what the
    /// environment is laid over. Relative paths are relative to the working directory.
    ///
    /// # Errors
    /// The first thing that is wrong, by name.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        if let Some(path) = file {
            values.add_file(path, &read(path)?)?;
        }
        values.add_environment(env)?;
        let config = Self {
            http: HttpConfig::read(&mut values)?,
            database: DatabaseConfig::read(&mut values)?,
            secrets: SecretsConfig::read(&mut values)?,
            outbound: OutboundConfig::read(&mut values)?,
            metrics: MetricsConfig::read(&mut values)?,
            log: LogConfig::read(&mut values)?,
            passwords: PasswordsConfig::read(&mut values)?,
            sessions: SessionsConfig::read(&mut values)?,
            audit: AuditConfig::read(&mut values)?,
            oidc: OidcConfig::read(&mut values)?,
        };
        values.finish()?;
        Ok(config)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |problem: String| ConfigError::File { path: path.to_owned(), problem };
    let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if size > FILE_MAX {
        return Err(failed(format!("it has {size} bytes, at most {FILE_MAX} are read")));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests;
