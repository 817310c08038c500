//! Owns scope lists: syntax, comparison and order.
//!
//! Does not own which claims a scope gives; see [`crate::claims`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, ProtocolError};

/// Asks for an ID token; without it a request is not an OpenID Connect one.
pub const OPENID: &str = "openid";
/// The claims of OpenID Connect Core §5.4 `profile`.
pub const PROFILE: &str = "profile";
/// `email` and `email_verified`.
pub const EMAIL: &str = "email";
/// `address`.
pub const ADDRESS: &str = "address";
/// `phone_number` and `phone_number_verified`.
pub const PHONE: &str = "phone";
/// Our own: `groups`.
pub const GROUPS: &str = "groups";
/// Access while the person is away (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Every scope known here.
pub const ALL: [&str; 7] = [OPENID, PROFILE, EMAIL, ADDRESS, PHONE, GROUPS, OFFLINE_ACCESS];

const MAX_TOKENS: usize = 64;

/// A set of scope tokens in the order in which they were asked for. In JSON: one string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses a space-separated list; repeats are dropped.
    ///
    /// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
    ///
    /// # Errors
    /// `invalid_scope` on other characters or more than 64 tokens.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let mut tokens: Vec<String> = Vec::new();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(ProtocolError::new(ErrorCode::InvalidScope, "the scope is malformed"));
            }
            if !tokens.iter().any(|seen| seen == token) {
                if tokens.len() == MAX_TOKENS {
                    return Err(ProtocolError::new(ErrorCode::InvalidScope, "the scope is too long"));
                }
                tokens.push(token.to_owned());
            }
        }
        Ok(Self(tokens))
    }

    /// Every scope known here.
    pub fn all() -> Self {
        Self(ALL.iter().map(ToString::to_string).collect())
    }

    /// Whether the token is in the set; case matters.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|own| own == token)
    }

    /// Whether every token of `self` is in `other`.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.iter().all(|token| other.contains(token))
    }

    /// The tokens of `self` that are also in `other`, in the order of `self`.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.retaining(|token| other.contains(token))
    }

    /// The tokens of `self` for which `keep` says yes.
    #[must_use]
    pub fn retaining(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.iter().filter(|token| keep(token)).map(ToOwned::to_owned).collect())
    }

    /// The tokens of `self` but this one.
    #[must_use]
    pub fn without(&self, token: &str) -> Self {
        self.retaining(|own| own != token)
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}
