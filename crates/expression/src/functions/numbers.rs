//! Owns functions over numbers. Does not own operators.

use super::number_of;
use crate::{error::EvaluateError, evaluate::Evaluated, limits::Meter, operators, value::Value};

/// Reads a text as a decimal number, true as one.
pub(super) fn number(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    match &arguments[0] {
        Value::Undefined => Ok(Value::Undefined),
        Value::Number(number) => Ok(Value::Number(*number)),
        Value::Boolean(value) => Ok(Value::Number(f64::from(u8::from(*value)))),
        Value::Text(text) => {
            meter.read(text.len())?;
            let digits = text.trim_start_matches('-');
            let plain = text.len() - digits.len() <= 1
                && digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.ends_with(|c: char| c.is_ascii_digit())
                && digits
                    .bytes()
                    .all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-'));
            let read =
                if plain { text.parse::<f64>().ok().filter(|number| number.is_finite()) } else { None };
            read.map(Value::Number).ok_or_else(|| EvaluateError::value("This text is no number"))
        }
        other => Err(super::wrong("number", 0, "a text or a number", other)),
    }
}

pub(super) fn abs(arguments: &[Value], _: &mut Meter) -> Evaluated {
    change(arguments, "abs", f64::abs)
}

pub(super) fn floor(arguments: &[Value], _: &mut Meter) -> Evaluated {
    change(arguments, "floor", f64::floor)
}

pub(super) fn ceil(arguments: &[Value], _: &mut Meter) -> Evaluated {
    change(arguments, "ceil", f64::ceil)
}

fn change(arguments: &[Value], name: &str, change: fn(f64) -> f64) -> Evaluated {
    match number_of(arguments, 0, name)? {
        Some(value) => operators::number(change(value)),
        None => Ok(Value::Undefined),
    }
}

/// To so many decimal places, tens or hundreds when negative; halves go to the even neighbour.
pub(super) fn round(arguments: &[Value], _: &mut Meter) -> Evaluated {
    let Some(value) = number_of(arguments, 0, "round")? else { return Ok(Value::Undefined) };
    let places = number_of(arguments, 1, "round")?.unwrap_or(0.0);
    if places.fract() != 0.0 || places.abs() > 15.0 {
        return Err(EvaluateError::value("The second argument of $round is a whole number from -15 to 15"));
    }
    // Shifting the decimal point in the text keeps 1.005 what it looks like.
    let shifted = |value: f64, places: f64| format!("{value}e{places}").parse::<f64>().unwrap_or(value);
    operators::number(shifted(shifted(value, places).round_ties_even(), -places))
}

pub(super) fn sum(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    fold(arguments, "sum", meter, |sum, next| sum + next)
}

pub(super) fn max(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    fold(arguments, "max", meter, f64::max)
}

pub(super) fn min(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    fold(arguments, "min", meter, f64::min)
}

pub(super) fn average(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let sum = fold(arguments, "average", meter, |sum, next| sum + next)?;
    #[expect(clippy::cast_precision_loss, reason = "lists are short")]
    let count = arguments[0].items().len() as f64;
    match sum {
        Value::Number(sum) if count > 0.0 => operators::number(sum / count),
        _ => Ok(Value::Undefined),
    }
}

/// The sum of no numbers is zero; other functions of none are nothing.
fn fold(arguments: &[Value], name: &str, meter: &mut Meter, fold: fn(f64, f64) -> f64) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    let mut folded = None;
    for item in arguments[0].items() {
        meter.work(1)?;
        let Value::Number(next) = item else {
            return Err(EvaluateError::value(format!("${name} takes numbers, not {}", item.kind())));
        };
        folded = Some(folded.map_or(*next, |folded| fold(folded, *next)));
    }
    match folded {
        Some(folded) => operators::number(folded),
        None if name == "sum" => Ok(Value::Number(0.0)),
        None => Ok(Value::Undefined),
    }
}
