//! `[metrics]`: the listener for Prometheus. Does not own what is counted.

use super::{ConfigError, http::Listen, values::Values};
use std::net::SocketAddr;

/// `[metrics]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricsConfig {
    /// Where `/metrics` is served; nowhere when `None`.
    pub listen: Option<SocketAddr>,
}

impl MetricsConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        Ok(Self { listen: values.parse::<Listen>("metrics.listen")?.map(|listen| listen.0) })
    }
}
