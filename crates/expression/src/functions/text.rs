//! Owns functions over texts. Does not own those that take a pattern (`patterns`).
//!
//! Positions and lengths are in characters (Unicode scalar values), never inside one.

use super::{number_of, text_of, wrong};
use crate::{error::EvaluateError, evaluate::Evaluated, limits::Meter, operators, value::Value};

pub(super) fn string(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    let text = operators::to_text(&arguments[0], meter)?;
    Value::text(&text, meter)
}

#[expect(clippy::cast_precision_loss, reason = "texts are short")]
pub(super) fn length(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "length")? else { return Ok(Value::Undefined) };
    meter.read(text.len())?;
    Ok(Value::Number(text.chars().count() as f64))
}

pub(super) fn lowercase(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    change(arguments, "lowercase", meter, str::to_lowercase)
}

pub(super) fn uppercase(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    change(arguments, "uppercase", meter, str::to_uppercase)
}

/// Space at the ends goes, and space within becomes one blank.
pub(super) fn trim(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    change(arguments, "trim", meter, |text| {
        let mut out = String::new();
        for word in text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
        out
    })
}

/// Case changes make a text at most three times as long.
fn change(arguments: &[Value], name: &str, meter: &mut Meter, change: fn(&str) -> String) -> Evaluated {
    let Some(text) = text_of(arguments, 0, name)? else { return Ok(Value::Undefined) };
    meter.allocate(text.len())?;
    meter.read(text.len() * 8)?;
    let changed = change(text);
    Value::text(&changed, meter)
}

/// From a position, counted from the end when negative, and at most so many characters.
pub(super) fn substring(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "substring")? else { return Ok(Value::Undefined) };
    let Some(start) = number_of(arguments, 1, "substring")? else { return Ok(Value::Undefined) };
    meter.read(text.len())?;
    let count = text.chars().count();
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    let from = if start < 0.0 { (start.trunc() + count as f64).max(0.0) } else { start.trunc() };
    let take = match number_of(arguments, 2, "substring")? {
        Some(length) => whole(length),
        None => count,
    };
    let taken: &str = &text[byte_of(text, whole(from))..];
    Value::text(&taken[..byte_of(taken, take)], meter)
}

/// Where a character starts, or the end.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

/// As a count: negative is none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what is meant"
)]
pub(super) fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

pub(super) fn substring_before(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    around(arguments, "substringBefore", meter, |text, found, _| &text[..found])
}

pub(super) fn substring_after(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    around(arguments, "substringAfter", meter, |text, found, length| &text[found + length..])
}

/// The whole text when the second is not in it.
fn around(
    arguments: &[Value],
    name: &str,
    meter: &mut Meter,
    part: fn(&str, usize, usize) -> &str,
) -> Evaluated {
    let Some(text) = text_of(arguments, 0, name)? else { return Ok(Value::Undefined) };
    let Some(separator) = text_of(arguments, 1, name)? else { return Ok(Value::Text(text.clone())) };
    meter.read(text.len())?;
    match text.find(&**separator) {
        Some(found) => Value::text(part(text, found, separator.len()), meter),
        None => Ok(Value::Text(text.clone())),
    }
}

/// Fills up to a width: on the right, or on the left when it is negative.
pub(super) fn pad(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(text) = text_of(arguments, 0, "pad")? else { return Ok(Value::Undefined) };
    let Some(width) = number_of(arguments, 1, "pad")? else { return Ok(Value::Text(text.clone())) };
    let with = text_of(arguments, 2, "pad")?.map_or(" ", |with| &**with);
    let with = if with.is_empty() { " " } else { with };
    meter.read(text.len())?;
    let missing = whole(width.abs()).saturating_sub(text.chars().count());
    meter.allocate(missing.saturating_mul(4))?;
    let filling: String = with.chars().cycle().take(missing).collect();
    meter.allocate(text.len())?;
    let padded = if width < 0.0 { filling + text } else { text.to_string() + &filling };
    Value::text(&padded, meter)
}

/// Texts in one, with a separator between them.
pub(super) fn join(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    let separator = text_of(arguments, 1, "join")?.map_or("", |separator| &**separator);
    let mut joined = String::new();
    for (index, item) in arguments[0].items().iter().enumerate() {
        let Value::Text(item) = item else {
            return Err(match &arguments[0] {
                Value::Array(_) => EvaluateError::value(format!("$join takes texts, not {}", item.kind())),
                other => wrong("join", 0, "a list of texts", other),
            });
        };
        let separator = if index == 0 { "" } else { separator };
        meter.allocate(separator.len() + item.len())?;
        joined.push_str(separator);
        joined.push_str(item);
    }
    Value::text(&joined, meter)
}
