//! `[log]`: how much is logged and in which form. Does not write logs (`telemetry`).

use super::{ConfigError, values::Values};
use std::str::FromStr;
use tracing_subscriber::filter::Targets;

/// `[log]`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    /// The form; when `None`, text on a terminal and JSON otherwise.
    pub format: Option<LogFormat>,
    /// The least severe level shown, or levels by module: `info`, `info,sqlx=warn`.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: None, level: "info".into() }
    }
}

impl LogConfig {
    pub(super) fn read(values: &mut Values) -> Result<Self, ConfigError> {
        Ok(Self {
            format: values.parse("log.format")?,
            level: values.parse::<Level>("log.level")?.map_or_else(|| Self::default().level, |level| level.0),
        })
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("write text or json"),
        }
    }
}

/// A level that the filter understands.
struct Level(String);

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A bare word that is no level would be read as the name of a module.
        let is_level = |word: &str| tracing::level_filters::LevelFilter::from_str(word).is_ok();
        let sound = text.split(',').all(|part| part.contains('=') || is_level(part.trim()));
        if sound && Targets::from_str(text).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err("write error, warn, info, debug or trace, or levels by module like info,sqlx=warn")
        }
    }
}
