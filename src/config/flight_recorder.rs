//! `[flight_recorder]`: how many sign-ons are kept to be looked at again. Does not own keeping them (`service::recordings`).

use super::{ConfigError, values::Values};

/// `[flight_recorder]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlightRecorderConfig {
    /// How many sign-ons of each app and each outcome are kept; 0 keeps none and removes those that are there.
    pub per_app: u32,
    /// Older ones than so many days are removed.
    pub retention_days: u32,
}

impl Default for FlightRecorderConfig {
    fn default() -> Self {
        Self { per_app: 20, retention_days: 14 }
    }
}

impl FlightRecorderConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            per_app: values.number("flight_recorder.per_app", 0..=500)?.unwrap_or(default.per_app),
            retention_days: values
                .number("flight_recorder.retention_days", 1..=365)?
                .unwrap_or(default.retention_days),
        })
    }
}
