//! Owns `/patterns/`: compiled once, in linear time and bounded memory.
//! Does not own the functions that use them.

use crate::{
    error::EvaluateError,
    limits::{Meter, PATTERN},
};
use regex::{Regex, RegexBuilder};

/// A compiled pattern and what matching it costs.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    /// Units of work for 16 bytes of text, from the compiled size: that is what bounds matching.
    cost: usize,
}

impl Pattern {
    /// Compiles with the flags `i` and `m`. The error says what is wrong, without a position.
    pub(crate) fn compile(source: &str, flags: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("The pattern is empty".to_owned());
        }
        if let Some(flag) = flags.chars().find(|flag| !matches!(flag, 'i' | 'm')) {
            return Err(format!("A pattern has no flag “{flag}”; there are i and m"));
        }
        let source = with_ascii_classes(source)?;
        // The smallest size that holds it is found by trying, which tells what it costs to match.
        let mut size = 1024;
        loop {
            let built = RegexBuilder::new(&source)
                .case_insensitive(flags.contains('i'))
                .multi_line(flags.contains('m'))
                .size_limit(size)
                .dfa_size_limit(PATTERN * 2)
                .nest_limit(32)
                .build();
            match built {
                Ok(regex) => return Ok(Self { regex, cost: size / 256 }),
                Err(regex::Error::CompiledTooBig(_)) if size < PATTERN => size *= 2,
                Err(regex::Error::CompiledTooBig(_)) => return Err("The pattern is too large".to_owned()),
                Err(error) => return Err(reason(&error)),
            }
        }
    }

    /// Counts one search over `text`.
    pub(crate) fn charge(&self, text: &str, meter: &mut Meter) -> Result<(), EvaluateError> {
        meter.work(4 + (1 + text.len() / 16) * self.cost)
    }
}

/// `\d`, `\w` and `\s` mean ASCII, as in JavaScript, inside and outside of brackets.
fn with_ascii_classes(source: &str) -> Result<String, String> {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some('s') => out.push_str(r"[\t\n\x0B\x0C\r ]"),
            Some('S') => out.push_str(r"[^\t\n\x0B\x0C\r ]"),
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some('B') => return Err(r"A pattern can't use \B".to_owned()),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => return Err("The pattern ends with a backslash".to_owned()),
        }
    }
    Ok(out)
}

/// The last line of the library's explanation, which draws the pattern above it.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    format!("The pattern can't be read: {}", last.strip_prefix("error: ").unwrap_or(last))
}
