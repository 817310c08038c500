//! Owns Proof Key for Code Exchange (RFC 7636), method S256 only.
//!
//! Does not own when a challenge is demanded; see the checks of [`crate::authorization`].

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::{constant_time_eq, sha256_base64url};
use crate::error::ProtocolError;

/// A `code_challenge` of method S256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// RFC 7636 §4.2: `code-challenge = 43*128unreserved`.
    ///
    /// # Errors
    /// `invalid_request` on another length or character.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        if is_43_to_128_unreserved(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProtocolError::invalid_request("the code_challenge is malformed"))
        }
    }

    /// The text as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = ProtocolError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

/// A `code_verifier` as presented at the token endpoint; well-formed or not is found out when it is used, so
/// that a malformed one burns the code like a wrong one. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeVerifier(Zeroizing<String>);

impl CodeVerifier {
    /// Takes the text as presented.
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// RFC 7636 §4.6: S256 holds if `BASE64URL(SHA256(ASCII(code_verifier))) == code_challenge`.
    /// §4.1: `code-verifier = 43*128unreserved`; anything else never matches.
    pub fn matches(&self, challenge: &CodeChallenge) -> bool {
        is_43_to_128_unreserved(&self.0)
            && constant_time_eq(sha256_base64url(self.0.as_bytes()).as_bytes(), challenge.0.as_bytes())
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn is_43_to_128_unreserved(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let challenge = challenge.expect("the RFC's challenge is well-formed");
        assert!(CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").matches(&challenge));
        assert!(!CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").matches(&challenge));
    }
}
