//! Owns the `prompt` parameter.
//!
//! Does not own what is then shown; that is the sign-on's next step.

use serde::{Deserialize, Serialize};

use crate::error::ProtocolError;

/// The `prompt` values of OpenID Connect Core §3.1.2.1 as a set. `none` excludes all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    none: bool,
    login: bool,
    consent: bool,
    select_account: bool,
}

impl Prompt {
    /// The values [`Prompt::parse`] knows, for discovery.
    pub const SUPPORTED: [&str; 4] = ["none", "login", "consent", "select_account"];

    /// Parses a space-separated list.
    ///
    /// OpenID Connect Core §3.1.2.1: if `none` comes with any other value, an error is returned.
    ///
    /// # Errors
    /// `invalid_request` for an unknown value (such as `create`) or `none` in company.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let mut prompt = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            match value {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err(ProtocolError::invalid_request("the prompt value is not supported")),
            }
        }
        if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
            return Err(ProtocolError::invalid_request("prompt none excludes other values"));
        }
        Ok(prompt)
    }

    /// No page may be shown; what would need one is answered with an error.
    pub const fn none(self) -> bool {
        self.none
    }

    /// The person must authenticate anew.
    pub const fn login(self) -> bool {
        self.login
    }

    /// Consent must be asked even if it was given before.
    pub const fn consent(self) -> bool {
        self.consent
    }

    /// The person must be offered a choice of account.
    pub const fn select_account(self) -> bool {
        self.select_account
    }
}
