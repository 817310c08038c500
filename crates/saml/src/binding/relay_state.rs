//! Owns RelayState: what may be echoed, and how long it may be.
//! Does not interpret it: it is never an address to go to.

use crate::error::{RequestError, RequestErrorKind};

/// What an SP sent along with its request, given back unchanged (SAML Bindings §3.4.3, §3.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelayState(String);

impl RelayState {
    /// The most we take, in bytes. SPs in the field exceed the 80 bytes of the specification.
    pub const MAX: usize = 2048;
    /// SAML Bindings §3.4.3 and §3.5.3: RelayState must not exceed 80 bytes.
    pub const SPECIFIED_MAX: usize = 80;

    /// Takes `value` as a RelayState.
    ///
    /// An HTML form rewrites line breaks and NUL, so a value with control characters other than tab
    /// could not be echoed byte for byte and is refused.
    ///
    /// # Errors
    /// [`RequestErrorKind::RelayState`], when the value is longer than [`Self::MAX`] or holds a control character.
    pub fn new(value: impl Into<String>) -> Result<Self, RequestError> {
        let value = value.into();
        if value.len() > Self::MAX {
            let detail = format!("RelayState has {} bytes, at most {} are taken", value.len(), Self::MAX);
            return Err(RequestError::new(RequestErrorKind::RelayState, detail));
        }
        if value.bytes().any(|byte| byte < 0x20 && byte != b'\t') {
            return Err(RequestError::new(
                RequestErrorKind::RelayState,
                "RelayState holds a control character",
            ));
        }
        Ok(Self(value))
    }

    /// The value to echo.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it keeps within the 80 bytes of the specification.
    #[must_use]
    pub fn is_within_specification(&self) -> bool {
        self.0.len() <= Self::SPECIFIED_MAX
    }
}

impl TryFrom<String> for RelayState {
    type Error = RequestError;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<RelayState> for String {
    fn from(relay_state: RelayState) -> Self {
        relay_state.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s_25_length_and_control_characters() {
        let fine = RelayState::new("a\tü&<>\"' ".repeat(8)).expect("80 bytes and more are taken");
        assert_eq!(fine.as_str(), "a\tü&<>\"' ".repeat(8));
        assert!(RelayState::new("x".repeat(80)).is_ok_and(|state| state.is_within_specification()));
        assert!(RelayState::new("x".repeat(81)).is_ok_and(|state| !state.is_within_specification()));
        assert!(RelayState::new("x".repeat(2048)).is_ok());
        for bad in
            ["x".repeat(2049), "x".repeat(1 << 20), "a\r\nSet-Cookie: b".into(), "a\nb".into(), "\0".into()]
        {
            assert_eq!(RelayState::new(bad).map_err(|e| e.kind()), Err(RequestErrorKind::RelayState));
        }
    }
}
