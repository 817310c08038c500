//! Owns the status of a LogoutResponse, read and written.
//! Does not own the status codes of other responses (see `crate::error`).

use serde::{Deserialize, Serialize};

use crate::error::{RequestError, SecondLevelStatusCode, Status, StatusCode};
use crate::parse::{clip, malformed, required, text};
use crate::uri::SAMLP as SAMLP_URI;
use crate::xml::reader::Element;
use crate::xml::writer::{SAMLP, XmlWriter};

/// SAML Core §3.2.2.2: not every other SP could be told.
const PARTIAL_LOGOUT: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
/// How deep status codes may be nested.
const MAX_LEVELS: usize = 8;

/// What an SP says became of our LogoutRequest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutOutcome {
    /// The session there has ended.
    Success,
    /// The session there has ended, but somebody behind that SP was not told.
    Partial,
    /// The session there may well go on.
    Failed {
        /// The top-level status code, as sent.
        top: String,
        /// The second-level status code, as sent.
        second: Option<String>,
    },
}

/// What we say became of a LogoutRequest.
///
/// SAML Core §3.7.3.2: the top-level code is about our own session only. It is Success once that has
/// ended, and PartialLogout then stands below it if any other SP did not confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogoutStatus {
    /// Our session has ended, and every other SP confirmed. Also for a session that had ended before, or
    /// that was never there: the difference is nobody's business.
    Success,
    /// Our session has ended, and some SP did not confirm or could not be asked.
    Partial,
    /// Our session has not ended. Its code must not be Success.
    Failed(Status),
}

/// SAML Core §3.2.2.1: a code with codes below it, then a message and a detail for people.
pub(super) fn parse_status(status: Element<'_, '_>) -> Result<(LogoutOutcome, Option<String>), RequestError> {
    if !status.is(SAMLP_URI, "Status") {
        return Err(malformed(format!("'{}' is not expected there", clip(status.name()))));
    }
    let mut children = status.children().peekable();
    let codes = match children.next() {
        Some(code) if code.is(SAMLP_URI, "StatusCode") => parse_codes(code)?,
        _ => return Err(malformed("Status does not begin with a StatusCode")),
    };
    let message = children.next_if(|child| child.is(SAMLP_URI, "StatusMessage")).map(text).transpose()?;
    children.next_if(|child| child.is(SAMLP_URI, "StatusDetail"));
    if children.next().is_some() {
        return Err(malformed("Status holds something that does not belong there"));
    }
    let mut codes = codes.into_iter();
    let (top, second) = (codes.next().unwrap_or_default(), codes.next());
    // Success with a code below it other than PartialLogout is still Success: that code only says more.
    let outcome = if top != StatusCode::Success.uri() {
        LogoutOutcome::Failed { top, second }
    } else if second.as_deref() == Some(PARTIAL_LOGOUT) {
        LogoutOutcome::Partial
    } else {
        LogoutOutcome::Success
    };
    Ok((outcome, message))
}

/// The values of `code` and of the codes nested in it, outermost first.
fn parse_codes(code: Element<'_, '_>) -> Result<Vec<String>, RequestError> {
    let mut values = Vec::new();
    let mut next = Some(code);
    while let Some(code) = next {
        if values.len() >= MAX_LEVELS {
            return Err(malformed("status codes are nested too deep"));
        }
        values.push(required(code, "Value")?);
        let mut below = code.children();
        next = below.next();
        if below.next().is_some() || next.is_some_and(|below| !below.is(SAMLP_URI, "StatusCode")) {
            return Err(malformed("a StatusCode holds something that does not belong there"));
        }
    }
    Ok(values)
}

impl LogoutStatus {
    /// Writes the Status.
    pub(super) fn write(&self, writer: &mut XmlWriter) {
        let (top, second, message) = match self {
            Self::Success => (StatusCode::Success, None, None),
            Self::Partial => (StatusCode::Success, Some(PARTIAL_LOGOUT), None),
            Self::Failed(status) => {
                (status.code, status.second.map(SecondLevelStatusCode::uri), status.message.as_deref())
            }
        };
        writer.start(SAMLP, "Status", &mut []);
        writer.start(SAMLP, "StatusCode", &mut [("Value", top.uri())]);
        if let Some(second) = second {
            writer.leaf(SAMLP, "StatusCode", &mut [("Value", second)], "");
        }
        writer.end();
        if let Some(message) = message {
            writer.leaf(SAMLP, "StatusMessage", &mut [], message);
        }
        writer.end();
    }

    /// Whether it says that nothing ended, under a code that says the opposite.
    pub(super) fn is_contradictory(&self) -> bool {
        matches!(self, Self::Failed(status) if status.code == StatusCode::Success)
    }
}
