//! The keys as written, with where each came from; every section takes its own out. Does not own what a key means.

use super::ConfigError;
use std::{collections::BTreeMap, path::Path, str::FromStr};
use toml::Value;

/// The prefix of every environment name.
const PREFIX: &str = "GATEHOUSE_";
/// The sections whose names hold an underscore, as environment names begin with them.
const LONG_SECTIONS: [&str; 1] = ["FLIGHT_RECORDER"];
/// Environment names with the prefix that are no settings: the command line's token, and the test harness's own.
const NOT_SETTINGS: [&str; 2] = ["GATEHOUSE_TOKEN", "GATEHOUSE_BIN"];
/// The same, by beginning.
const TEST_PREFIX: &str = "GATEHOUSE_TEST_";

/// One value as written.
#[derive(Debug)]
enum Raw {
    File(Value),
    Environment(String),
}

/// The keys that nobody has taken yet, and the names that were asked for.
#[derive(Debug, Default)]
pub(super) struct Values {
    left: BTreeMap<String, (Raw, String)>,
    known: Vec<&'static str>,
    origins: BTreeMap<&'static str, String>,
}

impl Values {
    /// Adds every key of a TOML file; sections are one level deep.
    pub(super) fn add_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            problem: error.message().replace('\n', " "),
        })?;
        let origin = path.display().to_string();
        for (section, value) in table {
            match value {
                Value::Table(keys) => {
                    for (key, value) in keys {
                        self.left.insert(format!("{section}.{key}"), (Raw::File(value), origin.clone()));
                    }
                }
                other => {
                    self.left.insert(section, (Raw::File(other), origin.clone()));
                }
            }
        }
        Ok(())
    }

    /// Adds every `GATEHOUSE_<SECTION>_<KEY>`; it replaces what the file says.
    pub(super) fn add_environment(
        &mut self,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in env {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if NOT_SETTINGS.contains(&name.as_str()) || name.starts_with(TEST_PREFIX) {
                continue;
            }
            let long = LONG_SECTIONS.into_iter().find_map(|section| {
                let key = rest.strip_prefix(section)?.strip_prefix('_')?;
                Some((section, key))
            });
            let Some((section, key)) = long.or_else(|| rest.split_once('_')) else {
                return Err(ConfigError::UnknownKey {
                    key: rest.to_ascii_lowercase(),
                    origin: format!("environment {name}"),
                    hint: "settings are named GATEHOUSE_<SECTION>_<KEY>".into(),
                });
            };
            let key = format!("{}.{}", section.to_ascii_lowercase(), key.to_ascii_lowercase());
            self.left.insert(key, (Raw::Environment(value), format!("environment {name}")));
        }
        Ok(())
    }

    fn take(&mut self, key: &'static str) -> Option<(Raw, String)> {
        self.known.push(key);
        let taken = self.left.remove(key)?;
        self.origins.insert(key, taken.1.clone());
        Some(taken)
    }

    /// The refusal of a key's value, for a reason that shows only when all of it is read.
    pub(super) fn refusal(&self, key: &'static str, problem: &str) -> ConfigError {
        let origin = self.origins.get(key).cloned().unwrap_or_default();
        ConfigError::Value { key: key.into(), origin, problem: problem.into() }
    }

    /// A text that `T` is read from.
    pub(super) fn parse<T>(&mut self, key: &'static str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let Some((raw, origin)) = self.take(key) else { return Ok(None) };
        let refused =
            |problem: String| ConfigError::Value { key: key.into(), origin: origin.clone(), problem };
        let text = match raw {
            Raw::Environment(text) | Raw::File(Value::String(text)) => text,
            Raw::File(other) => {
                return Err(refused(format!("write a text in quotes, not a {}", other.type_str())));
            }
        };
        text.parse().map(Some).map_err(|error: T::Err| refused(error.to_string()))
    }

    /// A whole number in a range.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>, ConfigError> {
        let Some((raw, origin)) = self.take(key) else { return Ok(None) };
        let number = match raw {
            Raw::Environment(text) => text.parse::<u32>().ok(),
            Raw::File(Value::Integer(number)) => u32::try_from(number).ok(),
            Raw::File(_) => None,
        };
        number.filter(|number| range.contains(number)).map(Some).ok_or_else(|| ConfigError::Value {
            key: key.into(),
            origin,
            problem: format!("write a whole number from {} to {}", range.start(), range.end()),
        })
    }

    /// A list of texts; in the environment, separated by commas. `true` and `false` are answered as one text.
    pub(super) fn list<T>(&mut self, key: &'static str) -> Result<Option<Vec<T>>, ConfigError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let Some((raw, origin)) = self.take(key) else { return Ok(None) };
        let refused =
            |problem: String| ConfigError::Value { key: key.into(), origin: origin.clone(), problem };
        let texts = match raw {
            Raw::Environment(text) => {
                text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
            }
            Raw::File(Value::Boolean(flag)) => vec![flag.to_string()],
            Raw::File(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    other => Err(refused(format!("write texts in quotes, not a {}", other.type_str()))),
                })
                .collect::<Result<Vec<String>, _>>()?,
            Raw::File(other) => {
                return Err(refused(format!("write a list of texts, not a {}", other.type_str())));
            }
        };
        let parsed =
            texts.iter().map(|text| text.parse().map_err(|error: T::Err| refused(error.to_string())));
        parsed.collect::<Result<Vec<T>, _>>().map(Some)
    }

    /// Refuses whatever no section took, naming the first.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        let Some((key, (_, origin))) = self.left.into_iter().next() else { return Ok(()) };
        let section = key.split('.').next().unwrap_or_default();
        let beginning = format!("{section}.");
        let siblings: Vec<&str> =
            self.known.iter().copied().filter(|known| known.starts_with(&beginning)).collect();
        let hint = if siblings.is_empty() {
            let mut sections: Vec<&str> =
                self.known.iter().filter_map(|known| known.split('.').next()).collect();
            sections.dedup();
            format!("the sections are {}", sections.join(", "))
        } else {
            format!("[{section}] knows {}", siblings.join(", "))
        };
        Err(ConfigError::UnknownKey { key, origin, hint })
    }
}
