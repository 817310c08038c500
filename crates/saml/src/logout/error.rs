//! Owns what can be wrong with a logout message, and whether its sender may be told.
//! Does not own the errors it shares with other requests (see `crate::error`).

use std::fmt;

use super::target::LogoutResponseTarget;
use crate::error::{RequestError, RequestErrorKind, SecondLevelStatusCode, Status, StatusCode};

/// Which check refused a logout message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogoutErrorKind {
    /// A check that other requests pass too.
    Common(RequestErrorKind),
    /// The request has expired.
    NotOnOrAfter,
    /// The response answers no request of ours.
    InResponseTo,
}

impl LogoutErrorKind {
    /// The name of the check: stable, for logs and audit events.
    #[must_use]
    pub const fn check(self) -> &'static str {
        match self {
            Self::Common(kind) => kind.check(),
            Self::NotOnOrAfter => "not_on_or_after",
            Self::InResponseTo => "in_response_to",
        }
    }
}

/// A logout message that is refused: which check, and privately why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutError {
    kind: LogoutErrorKind,
    detail: String,
    status: Status,
}

impl LogoutError {
    pub(super) fn new(kind: LogoutErrorKind, detail: impl Into<String>) -> Self {
        let status = Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::RequestDenied));
        Self { kind, detail: detail.into(), status }
    }

    /// Which check refused.
    #[must_use]
    pub const fn kind(&self) -> LogoutErrorKind {
        self.kind
    }

    /// The name of the check.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        self.kind.check()
    }

    /// What was found and what was expected. Private, and it quotes the message: escape it wherever it
    /// is shown.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What the SP is told, when it may be told anything.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }
}

impl From<RequestError> for LogoutError {
    fn from(error: RequestError) -> Self {
        Self {
            kind: LogoutErrorKind::Common(error.kind()),
            status: error.status(),
            detail: error.detail().to_owned(),
        }
    }
}

impl fmt::Display for LogoutError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.check(), self.detail)
    }
}

impl std::error::Error for LogoutError {}

/// Why a LogoutRequest was not accepted, and whether the SP may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutRefusal {
    /// What is wrong.
    pub error: LogoutError,
    /// Where a LogoutResponse with [`LogoutError::status`] may go. `Some` only after signature, issuer and
    /// destination were verified, and only if the SP takes responses; otherwise show an error page, or
    /// answer a SOAP request with a fault.
    pub reply_to: Option<Box<LogoutResponseTarget>>,
}

impl From<RequestError> for LogoutRefusal {
    fn from(error: RequestError) -> Self {
        LogoutError::from(error).into()
    }
}

impl From<LogoutError> for LogoutRefusal {
    fn from(error: LogoutError) -> Self {
        Self { error, reply_to: None }
    }
}

impl fmt::Display for LogoutRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for LogoutRefusal {}
