//! Owns functions over lists, objects and truth. Does not own those that take a function (`crate::evaluate`).

use super::text_of;
use crate::{
    error::EvaluateError,
    evaluate::Evaluated,
    limits::Meter,
    operators,
    value::{Value, extend},
};
use std::sync::Arc;

pub(super) fn boolean(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    Ok(Value::Boolean(operators::truth(&arguments[0], meter)?))
}

pub(super) fn not(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    Ok(Value::Boolean(!operators::truth(&arguments[0], meter)?))
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all functions")]
pub(super) fn exists(arguments: &[Value], _: &mut Meter) -> Evaluated {
    Ok(Value::Boolean(!arguments[0].is_undefined()))
}

pub(super) fn type_of(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let name = match &arguments[0] {
        Value::Undefined => return Ok(Value::Undefined),
        Value::Null => "null",
        Value::Boolean(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) | Value::Pattern(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Value::text(name, meter)
}

#[expect(clippy::cast_precision_loss, reason = "lists are short")]
#[expect(clippy::unnecessary_wraps, reason = "one type for all functions")]
pub(super) fn count(arguments: &[Value], _: &mut Meter) -> Evaluated {
    Ok(Value::Number(arguments[0].items().len() as f64))
}

/// Both lists in one; a single value counts as a list of one, nothing as none.
pub(super) fn append(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    match (&arguments[0], &arguments[1]) {
        (Value::Undefined, other) | (other, Value::Undefined) => Ok(other.clone()),
        (first, second) => {
            let mut items = Vec::new();
            extend(&mut items, first.items(), meter)?;
            extend(&mut items, second.items(), meter)?;
            Value::array(items, meter)
        }
    }
}

pub(super) fn reverse(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    let mut items = Vec::new();
    extend(&mut items, arguments[0].items(), meter)?;
    items.reverse();
    Value::array(items, meter)
}

/// Each value once, where it came first. Comparing is counted, so a long list of lists ends at the limit of work.
pub(super) fn distinct(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Value::Array(array) = &arguments[0] else { return Ok(arguments[0].clone()) };
    let mut kept: Vec<Value> = Vec::new();
    for item in &array.items {
        let mut known = false;
        for other in &kept {
            known = operators::equal(item, other, meter)?;
            if known {
                break;
            }
        }
        if !known {
            extend(&mut kept, std::slice::from_ref(item), meter)?;
        }
    }
    Value::array(kept, meter)
}

/// The names in an object, or in all objects of a list, each once.
pub(super) fn keys(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let mut names: Vec<Value> = Vec::new();
    for item in arguments[0].items() {
        let Value::Object(object) = item else { continue };
        for (name, _) in &object.members {
            meter.work(1 + names.len() / 8)?;
            if !names.iter().any(|known| matches!(known, Value::Text(known) if known == name)) {
                extend(&mut names, &[Value::Text(name.clone())], meter)?;
            }
        }
    }
    Value::sequence(names, meter)
}

/// A member by a name that is worked out.
pub(super) fn lookup(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    match text_of(arguments, 1, "lookup")? {
        Some(name) => arguments[0].field(name, meter),
        None => Ok(Value::Undefined),
    }
}

/// Objects in one; of members with the same name the last wins, in the place of the first.
pub(super) fn merge(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    if arguments[0].is_undefined() {
        return Ok(Value::Undefined);
    }
    let mut members: Vec<(Arc<str>, Value)> = Vec::new();
    for item in arguments[0].items() {
        let Value::Object(object) = item else {
            return Err(EvaluateError::value(format!("$merge takes objects, not {}", item.kind())));
        };
        for (name, value) in &object.members {
            meter.work(1 + members.len() / 8)?;
            if let Some(known) = members.iter_mut().find(|(known, _)| known == name) {
                known.1 = value.clone();
                continue;
            }
            crate::value::check_length(members.len() + 1)?;
            meter.allocate(size_of::<(Arc<str>, Value)>())?;
            members.push((name.clone(), value.clone()));
        }
    }
    Value::object(members, meter)
}
