//! `[sessions]`: how long people stay signed in. Does not own sessions (`domain::session`).

use super::{ConfigError, values::Values};

/// `[sessions]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionsConfig {
    /// A session ends after this many minutes without a request.
    pub idle_minutes: u32,
    /// A session ends after this many hours, whatever happens.
    pub absolute_hours: u32,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self { idle_minutes: 120, absolute_hours: 12 }
    }
}

impl SessionsConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            idle_minutes: values.number("sessions.idle_minutes", 2..=43_200)?.unwrap_or(default.idle_minutes),
            absolute_hours: values
                .number("sessions.absolute_hours", 1..=8_760)?
                .unwrap_or(default.absolute_hours),
        })
    }
}
