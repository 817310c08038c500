//! What a use case of console, API or command line can answer beside its value. Does not own how that is shown.

use crate::{domain::text::FieldErrors, store::StoreError};

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The actor may not do this.
    #[error("you may not do this")]
    Forbidden,
    /// There is no such thing, or not for this actor.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Fields that must be corrected.
    #[error(transparent)]
    Invalid(#[from] FieldErrors),
    /// Someone else changed it meanwhile.
    #[error("someone else changed this meanwhile; load it again")]
    Stale,
    /// Too many tries; wait until then.
    #[error("too many tries")]
    Throttled(chrono::DateTime<chrono::Utc>),
    /// More at once than this server takes; try again in a moment.
    #[error("too busy; try again in a moment")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(StoreError),
    /// A key, a secret or a message could not be made: our fault.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl From<super::authentication::hasher::HasherError> for ServiceError {
    fn from(error: super::authentication::hasher::HasherError) -> Self {
        match error {
            super::authentication::hasher::HasherError::Busy => Self::Busy,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl ServiceError {
    /// One refused field.
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(name, message))
    }

    /// An internal failure, from whatever said so.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// A unique value that turned out to be taken becomes the field's error.
    #[must_use]
    pub fn or_taken(self, pairs: &[(&str, &str, &str)]) -> Self {
        if let Self::Store(StoreError::Conflict(constraint)) = &self {
            for (column, field, message) in pairs {
                if constraint.contains(column) {
                    return Self::field(field, *message);
                }
            }
        }
        self
    }
}
