//! Text with `{{parameter}}` in it. Does not own what a parameter may be (`parameter`).

use super::parameter::Parameters;
use serde::{Deserialize, Deserializer};

/// A text in which `{{key}}` stands for a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Parameter(String),
}

impl Template {
    /// Reads a text. The error says what is wrong with its braces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((key, tail)) = after.split_once("}}") else {
                return Err(format!("“{{{{{after}” has no end: close it with }}}}"));
            };
            if !is_key(key) {
                return Err(format!("“{key}” is no parameter: write its key between {{{{ and }}}}"));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Parameter(key.to_owned()));
            rest = tail;
        }
        if rest.contains("}}") {
            return Err(format!("“{rest}” ends a parameter that never began"));
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self { parts })
    }

    /// The keys it needs.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Parameter(key) => Some(key.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with values put in; nothing when one of them is missing.
    pub fn fill(&self, values: &Parameters) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Parameter(key) => text.push_str(values.get(key).filter(|value| !value.is_empty())?),
            }
        }
        Some(text)
    }

    /// The text with values put in, and `…` where one is missing: for people to read.
    pub fn show(&self, values: &Parameters) -> String {
        let value = |key: &String| values.get(key).filter(|value| !value.is_empty()).cloned();
        let shown = self.parts.iter().map(|part| match part {
            Part::Text(fixed) => fixed.clone(),
            Part::Parameter(key) => value(key).unwrap_or_else(|| "…".to_owned()),
        });
        shown.collect()
    }
}

/// A key: lower-case letters, digits and underscores, a letter first.
pub(super) fn is_key(key: &str) -> bool {
    key.len() <= 32
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_place_is_filled() {
        let template = Template::parse("https://{{host}}/a/{{id}}/{{id}}").expect("good");
        assert_eq!(template.keys().collect::<Vec<_>>(), ["host", "id", "id"]);
        let filled = template.fill(&values(&[("host", "x.example"), ("id", "7")]));
        assert_eq!(filled.as_deref(), Some("https://x.example/a/7/7"));
        assert_eq!(template.fill(&values(&[("host", "x.example")])), None);
        assert_eq!(template.fill(&values(&[("host", "x.example"), ("id", "")])), None);
        assert_eq!(template.show(&values(&[("id", "7")])), "https://…/a/7/7");
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let template = Template::parse("{{a}}{{b}}").expect("good");
        let filled = template.fill(&values(&[("a", "{{b}}"), ("b", "x")]));
        assert_eq!(filled.as_deref(), Some("{{b}}x"));
    }

    #[test]
    fn broken_braces_are_refused() {
        for broken in ["{{a", "a}}", "{{}}", "{{A}}", "{{a b}}", "{{a}}}}", "{{ a }}"] {
            assert!(Template::parse(broken).is_err(), "{broken}");
        }
        assert_eq!(Template::parse("{a}").expect("single braces are text").keys().count(), 0);
    }
}
