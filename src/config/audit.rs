//! `[audit]`: how long events are kept. Does not own removing them (`service::housekeeping`).

use super::{ConfigError, values::Values};

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// Events older than so many days are removed; 0 keeps them for ever.
    pub retention_days: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { retention_days: 365 }
    }
}

impl AuditConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            retention_days: values
                .number("audit.retention_days", 0..=36_500)?
                .unwrap_or(default.retention_days),
        })
    }
}
