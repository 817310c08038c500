//! Owns functions that look for a text or a pattern in a text. Does not own patterns themselves (`crate::pattern`).
//!
//! Every search is counted before it is made: the first over the whole text, the next over what is left.

use super::{number_of, text::whole, text_of, wrong};
use crate::{
    error::EvaluateError,
    evaluate::Evaluated,
    limits::{Meter, SEQUENCE},
    value::{Value, extend},
};
use std::sync::Arc;

pub(super) fn contains(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "contains")? else { return Ok(Value::Undefined) };
    if let Value::Pattern(pattern) = &arguments[1] {
        pattern.charge(text, meter)?;
        return Ok(Value::Boolean(pattern.regex.is_match(text)));
    }
    let Some(part) = text_of(arguments, 1, "contains")? else { return Ok(Value::Undefined) };
    meter.read(text.len())?;
    Ok(Value::Boolean(text.contains(&**part)))
}

/// Every match as `{match, index, groups}`, the index in characters.
#[expect(clippy::cast_precision_loss, reason = "texts are short")]
pub(super) fn matches(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "match")? else { return Ok(Value::Undefined) };
    let Value::Pattern(pattern) = &arguments[1] else {
        return Err(wrong("match", 1, "a pattern", &arguments[1]));
    };
    let limit = number_of(arguments, 2, "match")?.map_or(SEQUENCE, whole);
    let mut found = Vec::new();
    let (mut counted, mut characters) = (0, 0);
    pattern.charge(text, meter)?;
    for captures in pattern.regex.captures_iter(text).take(limit) {
        let Some(whole) = captures.get(0) else { break };
        characters += text[counted..whole.start()].chars().count();
        counted = whole.start();
        let mut groups = Vec::new();
        for group in captures.iter().skip(1) {
            groups.push(Value::text(group.map_or("", |group| group.as_str()), meter)?);
        }
        let members = vec![
            (Arc::from("match"), Value::text(whole.as_str(), meter)?),
            (Arc::from("index"), Value::Number(characters as f64)),
            (Arc::from("groups"), Value::array(groups, meter)?),
        ];
        meter.allocate(64)?;
        extend(&mut found, &[Value::object(members, meter)?], meter)?;
        pattern.charge(&text[counted..], meter)?;
    }
    Value::sequence(found, meter)
}

/// Pieces between separators; between all characters when the separator is empty.
pub(super) fn split(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "split")? else { return Ok(Value::Undefined) };
    let limit = number_of(arguments, 2, "split")?;
    if limit.is_some_and(|limit| limit < 0.0) {
        return Err(EvaluateError::value("The third argument of $split is not negative"));
    }
    let limit = limit.map_or(SEQUENCE + 1, whole);
    let mut pieces = Vec::new();
    let mut push = |piece: &str, meter: &mut Meter| {
        let piece = Value::text(piece, meter)?;
        extend(&mut pieces, &[piece], meter)
    };
    match &arguments[1] {
        Value::Pattern(pattern) => {
            let mut start = 0;
            let mut left = limit;
            // Empty matches split nothing off at the ends, as in JavaScript.
            pattern.charge(text, meter)?;
            for found in pattern.regex.find_iter(text) {
                // For the search after this match.
                pattern.charge(&text[found.start()..], meter)?;
                if left == 0 || found.is_empty() && (found.start() == 0 || found.start() == text.len()) {
                    continue;
                }
                push(&text[start..found.start()], meter)?;
                start = found.end();
                left -= 1;
            }
            if left > 0 {
                push(&text[start..], meter)?;
            }
        }
        Value::Text(separator) if separator.is_empty() => {
            for (start, c) in text.char_indices().take(limit) {
                push(&text[start..start + c.len_utf8()], meter)?;
            }
        }
        Value::Text(separator) => {
            meter.read(text.len())?;
            for piece in text.split(&**separator).take(limit) {
                push(piece, meter)?;
            }
        }
        other => return Err(wrong("split", 1, "a text or a pattern", other)),
    }
    Value::array(pieces, meter)
}

/// Replaces what is found; in the replacement of a pattern `$1` is its first group, `$0` all of it and `$$` a dollar sign.
pub(super) fn replace(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "replace")? else { return Ok(Value::Undefined) };
    let Some(with) = text_of(arguments, 2, "replace")? else {
        return Err(EvaluateError::value("The third argument of $replace is a text, not nothing"));
    };
    let limit = number_of(arguments, 3, "replace")?;
    if limit.is_some_and(|limit| limit < 0.0) {
        return Err(EvaluateError::value("The fourth argument of $replace is not negative"));
    }
    let limit = limit.map_or(usize::MAX, whole);
    let mut out = String::new();
    let mut start = 0;
    let mut push = |piece: &str, meter: &mut Meter| {
        meter.allocate(piece.len())?;
        out.push_str(piece);
        Ok::<_, EvaluateError>(())
    };
    match &arguments[1] {
        Value::Pattern(pattern) => {
            pattern.charge(text, meter)?;
            for captures in pattern.regex.captures_iter(text).take(limit) {
                let Some(found) = captures.get(0) else { break };
                push(&text[start..found.start()], meter)?;
                expand(with, &captures, |piece| push(piece, meter))?;
                start = found.end();
                pattern.charge(&text[start..], meter)?;
            }
        }
        Value::Text(part) if part.is_empty() => {
            return Err(EvaluateError::value("The second argument of $replace is not empty"));
        }
        Value::Text(part) => {
            meter.read(text.len())?;
            for (at, _) in text.match_indices(&**part).take(limit) {
                push(&text[start..at], meter)?;
                push(with, meter)?;
                start = at + part.len();
            }
        }
        other => return Err(wrong("replace", 1, "a text or a pattern", other)),
    }
    push(&text[start..], meter)?;
    Value::text(&out, meter)
}

/// Writes a replacement. Of a number with more digits than there are groups, the first digits count.
fn expand(
    with: &str,
    captures: &regex::Captures<'_>,
    mut push: impl FnMut(&str) -> Result<(), EvaluateError>,
) -> Result<(), EvaluateError> {
    let mut rest = with;
    while let Some(dollar) = rest.find('$') {
        push(&rest[..dollar])?;
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            push("$")?;
            rest = after;
            continue;
        }
        let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = |digits: usize| rest[..digits].parse::<usize>().ok();
        let fits = |digits: &usize| number(*digits).is_some_and(|number| number < captures.len());
        match (1..=digits).rev().find(fits) {
            Some(used) => {
                let group = number(used).and_then(|number| captures.get(number));
                push(group.map_or("", |group| group.as_str()))?;
                rest = &rest[used..];
            }
            // A group that the pattern does not have is empty; a dollar sign before anything else is itself.
            None if digits > 0 => rest = &rest[1..],
            None => push("$")?,
        }
    }
    push(rest)
}
