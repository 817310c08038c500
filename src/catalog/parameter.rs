//! What a connector asks an admin for, once. Does not own where it goes (`template`, `fill`).

use crate::domain::text::FieldErrors;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Values by key.
pub type Parameters = BTreeMap<String, String>;

/// Longest value, in characters.
const VALUE_MAX: usize = 128;

/// One thing that differs from customer to customer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name in placeholders and organisation files.
    pub key: String,
    /// What the form calls it.
    pub label: String,
    /// Where to find it.
    pub hint: String,
    /// What it is made of.
    pub accepts: Accepts,
    /// One that is accepted.
    pub example: String,
    /// Whether the app can't be set up without it.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// What a value is made of. Whatever is accepted stands in an address without escapes, so that nobody's value can end one
/// part of it and begin another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepts {
    /// Digits only.
    Digits,
    /// Letters, digits, hyphens and underscores.
    Word,
    /// A host name, or a label of one: letters, digits, hyphens, dots between them.
    Host,
}

impl Accepts {
    fn holds(self, value: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match self {
            Self::Digits => value.bytes().all(|b| b.is_ascii_digit()),
            Self::Word => value.bytes().all(word),
            Self::Host => value.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Digits => "digits only",
            Self::Word => "only letters, digits, hyphens and underscores",
            Self::Host => "a host name without scheme and path",
        }
    }
}

impl Parameter {
    /// Checks a value, trimmed already. The error is a sentence for the form.
    pub fn check(&self, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return if self.required {
                Err(format!("Enter the {}, such as {}", self.label, self.example))
            } else {
                Ok(())
            };
        }
        if value.chars().count() > VALUE_MAX {
            return Err(format!("Use at most {VALUE_MAX} characters"));
        }
        if !self.accepts.holds(value) {
            return Err(format!("Use {}, such as {}", self.accepts.words(), self.example));
        }
        Ok(())
    }
}

/// The values that a connector takes, from what was given: trimmed, checked, none without a name. Refused fields are
/// `parameters.<key>`.
pub(super) fn settle(
    declared: &[Parameter],
    given: &Parameters,
    connector: &str,
) -> Result<Parameters, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut settled = Parameters::new();
    for key in given.keys().filter(|key| !declared.iter().any(|parameter| parameter.key == **key)) {
        let shown: String = key.chars().take(64).collect();
        errors.add(&format!("parameters.{shown}"), format!("{connector} has no such parameter"));
    }
    for parameter in declared {
        let value = given.get(&parameter.key).map(|value| value.trim()).unwrap_or_default();
        if let Err(message) = parameter.check(value) {
            errors.add(&format!("parameters.{}", parameter.key), message);
        } else if !value.is_empty() {
            settled.insert(parameter.key.clone(), value.to_owned());
        }
    }
    errors.finish()?;
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_never_needs_escaping() {
        let table: [(Accepts, &[&str], &[&str]); 3] = [
            (Accepts::Digits, &["0", "104733"], &["1a", "-1", "١", "1 2", "1/2"]),
            (
                Accepts::Word,
                &["acme-1_b"],
                &["a/b", "a?b", "a#b", "a&b", "a%2f", "../x", "ä", "a\n", "{{b}}"],
            ),
            (
                Accepts::Host,
                &["acme", "eu.acme.example"],
                &["a..b", ".a", "-a", "a-", "a:1", "a@b", "http://a"],
            ),
        ];
        for (accepts, good, bad) in table {
            for value in good {
                assert!(accepts.holds(value), "{accepts:?} {value}");
            }
            for value in bad {
                assert!(!accepts.holds(value), "{accepts:?} {value}");
            }
        }
    }
}
