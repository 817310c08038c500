//! Standard output and error: text for people, one JSON value for programs. Does not own what is said.

use super::failure::Failure;
use clap::ValueEnum;
use serde::Serialize;
use std::io::Write;

/// For whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where a command says what it did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    format: Format,
}

impl Output {
    /// In one format.
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }

    /// The text, or the value as one line of JSON.
    pub(super) fn say(self, text: &str, value: &impl Serialize) {
        match self.format {
            Format::Text => Self::text(text),
            Format::Json => {
                let line =
                    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
                Self::text(&line);
            }
        }
    }

    /// A text, whatever the format.
    pub(super) fn text(text: &str) {
        let mut stdout = std::io::stdout().lock();
        // Nobody reads on: then nobody can be told either.
        let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    }

    /// The one line of a failure.
    pub(super) fn failure(failure: &Failure) {
        let _ = writeln!(std::io::stderr().lock(), "gatehouse: {}", failure.line());
    }
}
