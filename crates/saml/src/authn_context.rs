//! Owns authentication contexts: the classes we name and whether one meets what an SP asked for.
//! Does not know how a user signed in.

use serde::{Deserialize, Serialize};

/// Class: by unspecified means.
pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
/// Class: a password.
pub const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
/// Class: a password over TLS.
pub const PASSWORD_PROTECTED_TRANSPORT: &str =
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
/// Class: a one-time code from a clock-driven token.
pub const TIME_SYNC_TOKEN: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
/// Class: several factors, as the research federations define it.
pub const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";

/// SAML Core §3.3.2.2.1: how the classes asked for are compared with the one given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// One of the classes.
    #[default]
    Exact,
    /// At least as strong as one of them.
    Minimum,
    /// As strong as possible without exceeding at least one of them.
    Maximum,
    /// Stronger than all of them.
    Better,
}

impl Comparison {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        Some(match value {
            "exact" => Self::Exact,
            "minimum" => Self::Minimum,
            "maximum" => Self::Maximum,
            "better" => Self::Better,
            _ => return None,
        })
    }
}

/// What an SP asks of the authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedAuthnContext {
    /// How to compare.
    pub comparison: Comparison,
    /// The classes, most wanted first.
    pub class_refs: Vec<String>,
}

impl RequestedAuthnContext {
    /// Whether an authentication of `class_ref` meets the request. `ladder` lists the classes we can
    /// give, weakest first. A class that is not on the ladder cannot be ranked: with `better`, one such
    /// class asked for is enough for no, so a weaker context is never claimed (S-38).
    #[must_use]
    pub fn is_met_by(&self, class_ref: &str, ladder: &[&str]) -> bool {
        let rank = |class: &str| ladder.iter().position(|rung| *rung == class);
        let Some(given) = rank(class_ref) else {
            return false;
        };
        let mut asked = self.class_refs.iter().map(|class| rank(class));
        match self.comparison {
            Comparison::Exact => self.class_refs.iter().any(|class| class == class_ref),
            Comparison::Minimum => asked.any(|rank| rank.is_some_and(|rank| given >= rank)),
            Comparison::Maximum => asked.any(|rank| rank.is_some_and(|rank| given <= rank)),
            Comparison::Better => asked.all(|rank| rank.is_some_and(|rank| given > rank)),
        }
    }

    /// Whether any class on the ladder meets the request.
    #[must_use]
    pub fn can_be_met(&self, ladder: &[&str]) -> bool {
        ladder.iter().any(|class| self.is_met_by(class, ladder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [&str; 3] = [PASSWORD, PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA];

    fn met(comparison: Comparison, asked: &[&str]) -> Vec<&'static str> {
        let requested =
            RequestedAuthnContext { comparison, class_refs: asked.iter().map(ToString::to_string).collect() };
        LADDER.into_iter().filter(|class| requested.is_met_by(class, &LADDER)).collect()
    }

    #[test]
    fn s_38_every_comparison() {
        use Comparison::{Better, Exact, Maximum, Minimum};
        assert_eq!(met(Exact, &[PASSWORD_PROTECTED_TRANSPORT]), [PASSWORD_PROTECTED_TRANSPORT]);
        assert_eq!(met(Exact, &["urn:unknown", REFEDS_MFA]), [REFEDS_MFA]);
        assert_eq!(met(Exact, &["urn:unknown"]), [""; 0]);
        assert_eq!(met(Minimum, &[PASSWORD_PROTECTED_TRANSPORT]), [PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA]);
        assert_eq!(met(Minimum, &["urn:unknown"]), [""; 0]);
        assert_eq!(met(Maximum, &[PASSWORD_PROTECTED_TRANSPORT]), [PASSWORD, PASSWORD_PROTECTED_TRANSPORT]);
        assert_eq!(met(Better, &[PASSWORD_PROTECTED_TRANSPORT]), [REFEDS_MFA]);
        assert_eq!(met(Better, &[REFEDS_MFA]), [""; 0]);
        assert_eq!(met(Better, &[PASSWORD, "urn:unknown"]), [""; 0]);
    }
}
