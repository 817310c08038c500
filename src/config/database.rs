//! `[database]`: where everything is kept. Does not open it (`store`).

use super::{ConfigError, values::Values};
use std::{fmt, str::FromStr};

/// `[database]`. Its `Debug` form leaves out the password of the address.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseConfig {
    /// `sqlite://path` or `postgres://user:password@host/name`.
    pub url: String,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "sqlite://./data/gatehouse.db".into() }
    }
}

impl DatabaseConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        Ok(values.parse("database.url")?.unwrap_or_default())
    }

    /// The address for people's eyes: without user, password and options.
    pub fn shown(&self) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("", &self.url));
        let rest = rest.split('?').next().unwrap_or_default();
        let place = if scheme == "sqlite" { rest } else { rest.rsplit('@').next().unwrap_or_default() };
        format!("{scheme}://{place}")
    }
}

impl FromStr for DatabaseConfig {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        let rest = known.iter().find_map(|scheme| text.strip_prefix(scheme));
        match rest {
            Some(rest) if !rest.is_empty() => Ok(Self { url: text.to_owned() }),
            _ => Err("begin with sqlite:// and a path, or postgres:// and a server"),
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseConfig").field("url", &self.shown()).finish()
    }
}
