//! Starting the log. Does not own what is logged.

use crate::config::{LogConfig, LogFormat};
use std::{io::IsTerminal, str::FromStr};
use tracing_subscriber::{
    Layer, Registry, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

/// Starts logging to standard error, for the whole process; a second call changes nothing.
pub fn init(config: &LogConfig) {
    // `config` has checked the text already.
    let filter = Targets::from_str(&config.level)
        .unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let on_terminal = std::io::stderr().is_terminal();
    let format = config.format.unwrap_or(if on_terminal { LogFormat::Text } else { LogFormat::Json });
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(on_terminal).boxed(),
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(std::io::stderr).boxed()
        }
    };
    // Fails only when something has been started already, as several tests of one process may.
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
