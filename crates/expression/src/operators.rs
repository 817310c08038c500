//! Owns what operators do with values, and how values are compared and written as text.
//! Does not own in which order sides are worked out.

use crate::{
    ast::Operator,
    error::EvaluateError,
    evaluate::Evaluated,
    limits::Meter,
    value::{Array, Object, Value},
};
use std::cmp::Ordering;

/// Operators that need both sides.
pub(crate) fn apply(operator: Operator, left: &Value, right: &Value, meter: &mut Meter) -> Evaluated {
    match operator {
        Operator::Concatenate => {
            let (mut left, right) = (to_text(left, meter)?, to_text(right, meter)?);
            meter.allocate(left.len() + right.len())?;
            left.push_str(&right);
            Value::text(&left, meter)
        }
        Operator::Equal | Operator::Unequal => {
            if left.is_undefined() || right.is_undefined() {
                return Ok(Value::Boolean(false));
            }
            Ok(Value::Boolean(equal(left, right, meter)? == (operator == Operator::Equal)))
        }
        Operator::In => {
            if left.is_undefined() {
                return Ok(Value::Boolean(false));
            }
            for item in right.items() {
                if equal(left, item, meter)? {
                    return Ok(Value::Boolean(true));
                }
            }
            Ok(Value::Boolean(false))
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            compare(operator, left, right, meter)
        }
        _ => arithmetic(operator, left, right),
    }
}

fn compare(operator: Operator, left: &Value, right: &Value, meter: &mut Meter) -> Evaluated {
    for side in [left, right] {
        if !matches!(side, Value::Undefined | Value::Number(_) | Value::Text(_)) {
            return Err(EvaluateError::value(format!("{} has no order", side.kind())));
        }
    }
    if left.is_undefined() || right.is_undefined() {
        return Ok(Value::Undefined);
    }
    let order = order(left, right, meter)?;
    Ok(Value::Boolean(match operator {
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
        Operator::Greater => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

/// The order of two numbers or two texts.
pub(crate) fn order(left: &Value, right: &Value, meter: &mut Meter) -> Result<Ordering, EvaluateError> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(left.total_cmp(right)),
        (Value::Text(left), Value::Text(right)) => {
            meter.read(left.len().min(right.len()))?;
            Ok(left.cmp(right))
        }
        _ => Err(EvaluateError::value(format!("{} and {} have no order", left.kind(), right.kind()))),
    }
}

fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Evaluated {
    for side in [left, right] {
        if !matches!(side, Value::Undefined | Value::Number(_)) {
            return Err(EvaluateError::value(format!("This operator takes numbers, not {}", side.kind())));
        }
    }
    let (Value::Number(left), Value::Number(right)) = (left, right) else { return Ok(Value::Undefined) };
    number(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        _ => left % right,
    })
}

/// A number, unless it has become infinite or none.
pub(crate) fn number(number: f64) -> Evaluated {
    if number.is_finite() {
        // Minus zero would order before zero and be written with its sign.
        Ok(Value::Number(if number == 0.0 { 0.0 } else { number }))
    } else {
        Err(EvaluateError::value("The result is no number"))
    }
}

pub(crate) fn negate(value: &Value) -> Evaluated {
    match value {
        Value::Undefined => Ok(Value::Undefined),
        Value::Number(n) => number(-n),
        other => Err(EvaluateError::value(format!("A minus sign takes a number, not {}", other.kind()))),
    }
}

/// Nothing, null, zero, false, the empty text, an empty object and a list without anything true are false.
pub(crate) fn truth(value: &Value, meter: &mut Meter) -> Result<bool, EvaluateError> {
    Ok(match value {
        Value::Undefined | Value::Null => false,
        Value::Boolean(value) => *value,
        Value::Number(number) => *number != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::Object(object) => !object.members.is_empty(),
        Value::Pattern(_) => true,
        Value::Array(array) => {
            for item in &array.items {
                meter.work(1)?;
                if truth(item, meter)? {
                    return Ok(true);
                }
            }
            false
        }
    })
}

/// Equal in kind and content; members of objects in any order.
pub(crate) fn equal(left: &Value, right: &Value, meter: &mut Meter) -> Result<bool, EvaluateError> {
    meter.work(1)?;
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "the language compares numbers exactly")]
        (Value::Number(left), Value::Number(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => {
            if left.len() == right.len() {
                meter.read(left.len())?;
            }
            left == right
        }
        (Value::Array(left), Value::Array(right)) => return equal_arrays(left, right, meter),
        (Value::Object(left), Value::Object(right)) => return equal_objects(left, right, meter),
        _ => false,
    })
}

fn equal_arrays(left: &Array, right: &Array, meter: &mut Meter) -> Result<bool, EvaluateError> {
    if left.items.len() != right.items.len() {
        return Ok(false);
    }
    for (left, right) in left.items.iter().zip(&right.items) {
        if !equal(left, right, meter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_objects(left: &Object, right: &Object, meter: &mut Meter) -> Result<bool, EvaluateError> {
    if left.members.len() != right.members.len() {
        return Ok(false);
    }
    for (name, value) in &left.members {
        meter.work(1 + right.members.len() / 8)?;
        let Some((_, other)) = right.members.iter().find(|(other, _)| other == name) else {
            return Ok(false);
        };
        if !equal(value, other, meter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A value as text: itself, a number in its shortest form, or JSON; nothing is the empty text.
pub(crate) fn to_text(value: &Value, meter: &mut Meter) -> Result<String, EvaluateError> {
    let mut text = String::new();
    match value {
        Value::Undefined => {}
        Value::Text(own) => {
            meter.allocate(own.len())?;
            text.push_str(own);
        }
        other => write_json(other, &mut text, meter)?,
    }
    Ok(text)
}

/// Depth is bounded by [`crate::limits::VALUE_DEPTH`]; length by the meter, since shared parts are written out.
fn write_json(value: &Value, out: &mut String, meter: &mut Meter) -> Result<(), EvaluateError> {
    let before = out.len();
    match value {
        Value::Undefined | Value::Null | Value::Pattern(_) => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_to_text(*number)),
        Value::Text(text) => {
            meter.allocate(text.len() * 2)?;
            out.push_str(&serde_json::Value::from(&**text).to_string());
        }
        Value::Array(array) => {
            out.push('[');
            for (index, item) in array.items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_json(item, out, meter)?;
            }
            out.push(']');
            return meter.allocate(array.items.len() + 2);
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (name, value)) in object.members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                meter.allocate(name.len() * 2)?;
                out.push_str(&serde_json::Value::from(&**name).to_string());
                out.push(':');
                write_json(value, out, meter)?;
            }
            out.push('}');
            return meter.allocate(object.members.len() + 2);
        }
    }
    meter.allocate(out.len() - before)
}

/// At most 15 digits after a fraction, so that 0.1 + 0.2 reads 0.3; with an exponent only when very large or very small.
pub(crate) fn number_to_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let short = || format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    let rounded = if number.fract() == 0.0 { number } else { short() };
    let size = rounded.abs();
    if size >= 1e21 {
        return format!("{rounded:e}").replace('e', "e+");
    }
    if size < 1e-6 { format!("{rounded:e}") } else { rounded.to_string() }
}
