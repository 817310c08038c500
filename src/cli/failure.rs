//! Why a command did not do what it was asked, as one line and an exit code. Does not print (`output`).

use crate::{config::ConfigError, domain::text::FieldErrors, keyring::KeyringError, service::ServiceError};
use std::process::ExitCode;

/// Longest line, in characters.
const LINE_MAX: usize = 2000;

/// A failed command.
#[derive(Debug)]
pub(super) enum Failure {
    /// Bad input or configuration, exit code 2.
    Input(String),
    /// Anything else, exit code 1.
    Failed(anyhow::Error),
}

impl Failure {
    /// Refused fields, the first with its path.
    pub(super) fn fields(errors: &FieldErrors) -> Self {
        let more = match errors.0.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        let first =
            errors.0.first().map(|error| format!("{}: {}", error.field, error.message)).unwrap_or_default();
        Self::Input(format!("{first}{more}"))
    }

    /// 2 for input, 1 otherwise.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }

    /// What went wrong, with its causes, on one line without control characters.
    pub(super) fn line(&self) -> String {
        let text = match self {
            Self::Input(text) => text.clone(),
            Self::Failed(error) => {
                let mut causes: Vec<String> = Vec::new();
                for cause in error.chain().map(ToString::to_string) {
                    // Some errors repeat their cause in their own text.
                    if !causes.iter().any(|told| told.contains(&cause)) {
                        causes.push(cause);
                    }
                }
                causes.join(": ")
            }
        };
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE_MAX).collect()
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::File { .. } | KeyringError::WrongMasterKey => Self::Input(error.to_string()),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Invalid(errors) => Self::fields(&errors),
            other => Self::Failed(other.into()),
        }
    }
}
