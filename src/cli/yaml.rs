//! A document as YAML that readers of YAML 1.1 and 1.2 take alike. Does not own what stands in it (`service::organisation`).
//!
//! The writer knows YAML 1.2, where `off` is a text; YAML 1.1, which many readers still speak, has it as `false`, and `12:30` as a
//! number. Such texts are written in quotation marks, keys too.

use serde::Serialize;
use serde_norway::{Error, Mapping, Value};

/// Writes a document.
pub(super) fn text(document: &impl Serialize) -> Result<String, Error> {
    let mut value = serde_norway::to_value(document)?;
    let plain = serde_norway::to_string(&value)?;
    let mut stand_ins = StandIns { nonce: unused(&plain), texts: Vec::new() };
    stand_ins.put_into(&mut value);
    if stand_ins.texts.is_empty() {
        return Ok(plain);
    }
    Ok(stand_ins.resolved(&serde_norway::to_string(&value)?))
}

/// Digits that don't occur in a text.
fn unused(text: &str) -> String {
    let mut number = 0_u64;
    loop {
        let nonce = format!("0123454321{number}");
        if !text.contains(&nonce) {
            return nonce;
        }
        number += 1;
    }
}

/// Texts that are quoted, and what stands for them until then: digits behind a zero, which the writer always quotes.
struct StandIns {
    nonce: String,
    texts: Vec<String>,
}

impl StandIns {
    fn name(&self, number: usize) -> String {
        format!("{}{number}", self.nonce)
    }

    /// The text with what stands for others replaced by them, in one pass: a directory has thousands of telephone numbers.
    fn resolved(&self, text: &str) -> String {
        let mark = format!("'{}", self.nonce);
        let mut parts = text.split(mark.as_str());
        let mut resolved = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let original = part
                .split_once('\'')
                .and_then(|(number, rest)| Some((self.texts.get(number.parse::<usize>().ok()?)?, rest)));
            if let Some((original, rest)) = original {
                resolved.extend(["'", original, "'", rest]);
            } else {
                // The digits occur nowhere else.
                resolved.extend([mark.as_str(), part]);
            }
        }
        resolved
    }

    fn put_into(&mut self, value: &mut Value) {
        match value {
            Value::String(text) if is_ambiguous(text) => {
                self.texts.push(std::mem::take(text));
                *text = self.name(self.texts.len() - 1);
            }
            Value::Sequence(values) => values.iter_mut().for_each(|value| self.put_into(value)),
            Value::Mapping(mapping) => {
                let members = std::mem::replace(mapping, Mapping::new());
                for (mut key, mut value) in members {
                    self.put_into(&mut key);
                    self.put_into(&mut value);
                    mapping.insert(key, value);
                }
            }
            _ => {}
        }
    }
}

/// YAML 1.1, types of the language-independent repository: whether a plain scalar is read as something else than text there. Some are
/// named that are not; quotation marks do no harm. None of them holds an apostrophe.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", ".inf", "-.inf",
        "+.inf", ".nan",
    ];
    let lower = text.to_ascii_lowercase();
    let numeric = |c: char| {
        c.is_ascii_hexdigit() || matches!(c, '_' | ':' | '.' | '+' | '-' | 'x' | 'o' | 't' | 'z' | ' ')
    };
    WORDS.contains(&lower.as_str())
        || (lower.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
            && lower.contains(|c: char| c.is_ascii_digit())
            && lower.chars().all(numeric)
            && !lower.ends_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_yaml_1_1_reads_as_something_else_is_quoted() {
        let document = json!({
            "off": true,
            "yes": ["No", "on", "~", "null", "y", "12:30:45", "1_000", "0x1F", "0o7", "2026-01-02", "1e3", "+1", ".5", "=", "<<", "01"],
            "plain": ["office", "1password", "a: b", "it's", "", "yes and no", "two\nlines", "-"],
            "number": 7,
        });
        let written = text(&document).expect("written");
        for quoted in [
            "'off': true",
            "'yes':",
            "- 'No'",
            "- 'on'",
            "- '12:30:45'",
            "- '2026-01-02'",
            "- '='",
            "- '01'",
            "number: 7",
        ] {
            assert!(written.lines().any(|line| line.trim() == quoted), "{quoted} is in {written}");
        }
        for plain in ["- office", "- 1password", "- yes and no"] {
            assert!(written.lines().any(|line| line.trim() == plain), "{plain} is in {written}");
        }
        let again: serde_json::Value = serde_norway::from_str(&written).expect("readable");
        assert_eq!(again, document);
    }

    #[test]
    fn a_document_that_holds_the_stand_in_is_written_all_the_same() {
        let document = json!({"a": "01234543210", "b": "off", "c": "x 012345432100", "d": vec!["no"; 12]});
        let written = text(&document).expect("written");
        let again: serde_json::Value = serde_norway::from_str(&written).expect("readable");
        assert_eq!(again, document);
        assert!(written.contains("b: 'off'"), "{written}");
    }
}
