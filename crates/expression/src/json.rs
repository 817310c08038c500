//! Owns reading the context from JSON and writing results as JSON, both within their limits.
//! Does not own what the context holds.

use crate::{
    error::{ContextError, EvaluateError, EvaluateErrorKind},
    limits::{INPUT, Meter, OUTPUT, SEQUENCE, VALUE_DEPTH},
    value::Value,
};
use serde_json::{Number, Value as Json};
use std::sync::Arc;

/// Reads JSON as a value.
pub(crate) fn read(json: &Json) -> Result<Value, ContextError> {
    let mut budget = Budget { bytes: INPUT, values: SEQUENCE };
    budget.read(json, 0)
}

struct Budget {
    bytes: usize,
    values: usize,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> Result<(), ContextError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(ContextError::TooLarge)?;
        self.values = self.values.checked_sub(1).ok_or(ContextError::TooLarge)?;
        Ok(())
    }

    fn read(&mut self, json: &Json, depth: usize) -> Result<Value, ContextError> {
        if depth >= VALUE_DEPTH {
            return Err(ContextError::TooDeep);
        }
        // Each value fits a fresh meter; the budget holds their sum.
        let mut meter = Meter::new();
        let made = match json {
            Json::Null => {
                self.take(4)?;
                return Ok(Value::Null);
            }
            Json::Bool(value) => {
                self.take(5)?;
                return Ok(Value::Boolean(*value));
            }
            Json::Number(number) => {
                self.take(8)?;
                return Ok(Value::Number(number.as_f64().unwrap_or(f64::MAX)));
            }
            Json::String(text) => {
                self.take(text.len() + 2)?;
                Value::text(text, &mut meter)
            }
            Json::Array(items) => {
                self.take(items.len() + 2)?;
                let items = items.iter().map(|item| self.read(item, depth + 1)).collect::<Result<_, _>>()?;
                Value::array(items, &mut meter)
            }
            Json::Object(members) => {
                self.take(members.len() * 4 + 2)?;
                let mut read: Vec<(Arc<str>, Value)> = Vec::new();
                for (name, value) in members {
                    self.take(name.len())?;
                    read.push((Arc::from(name.as_str()), self.read(value, depth + 1)?));
                }
                // Whatever order the map keeps, `*` and $keys have one.
                read.sort_by(|(a, _), (b, _)| a.cmp(b));
                Value::object(read, &mut meter)
            }
        };
        made.map_err(|_| ContextError::TooLarge)
    }
}

/// Writes a result. Values that share parts are written out, so the size is counted while it grows; nothing is `null`.
pub(crate) fn write(value: &Value) -> Result<Json, EvaluateError> {
    let mut left = OUTPUT;
    write_within(value, &mut left)
}

fn write_within(value: &Value, left: &mut usize) -> Result<Json, EvaluateError> {
    let mut take = |bytes: usize| {
        *left = left.checked_sub(bytes).ok_or_else(|| {
            EvaluateError::limit(EvaluateErrorKind::Output, "The result is larger than 64 KiB")
        })?;
        Ok::<_, EvaluateError>(())
    };
    match value {
        Value::Undefined | Value::Null | Value::Pattern(_) => {
            take(4)?;
            Ok(Json::Null)
        }
        Value::Boolean(value) => {
            take(5)?;
            Ok(Json::Bool(*value))
        }
        Value::Number(number) => {
            take(8)?;
            Ok(number_to_json(*number))
        }
        Value::Text(text) => {
            take(text.len() + 2)?;
            Ok(Json::String(text.to_string()))
        }
        Value::Array(array) => {
            take(array.items.len() + 2)?;
            array.items.iter().map(|item| write_within(item, left)).collect::<Result<_, _>>().map(Json::Array)
        }
        Value::Object(object) => {
            take(object.members.iter().map(|(name, _)| name.len() + 4).sum::<usize>() + 2)?;
            let members = object.members.iter();
            members
                .map(|(name, value)| Ok((name.to_string(), write_within(value, left)?)))
                .collect::<Result<_, _>>()
                .map(Json::Object)
        }
    }
}

/// Whole numbers are written without a fraction.
fn number_to_json(number: f64) -> Json {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53, which i64 holds exactly")]
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        return Json::from(number as i64);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}
