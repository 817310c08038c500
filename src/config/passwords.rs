//! `[passwords]`: what hashing a password costs. Does not hash (`service::authentication::hasher`).

use super::{ConfigError, values::Values};

/// `[passwords]`: Argon2id parameters; the defaults are OWASP's least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordsConfig {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes at a time; when `None`, as many as there are cores, within a memory budget.
    pub concurrency: Option<u32>,
}

impl Default for PasswordsConfig {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, concurrency: None }
    }
}

impl PasswordsConfig {
    /// Whether the parameters are below what D-01 asks: good for load tests only, worth a warning.
    pub fn is_weak(&self) -> bool {
        let least = Self::default();
        self.memory_kib < least.memory_kib || self.iterations < least.iterations
    }

    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let default = Self::default();
        let config = Self {
            memory_kib: values.number("passwords.memory_kib", 64..=4_194_304)?.unwrap_or(default.memory_kib),
            iterations: values.number("passwords.iterations", 1..=64)?.unwrap_or(default.iterations),
            parallelism: values.number("passwords.parallelism", 1..=8)?.unwrap_or(default.parallelism),
            concurrency: values.number("passwords.concurrency", 1..=1024)?,
        };
        Ok(config)
    }
}
