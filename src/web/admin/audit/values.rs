//! Values and times of audit events, in one line each. Does not own the words around them (`super::words`).

use chrono::{DateTime, Utc};
use serde_json::Value;

/// A value of a change, in one line.
pub fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        other => other.to_string(),
    };
    if text.chars().count() > 240 { text.chars().take(239).chain(['…']).collect() } else { text }
}

/// The time of a row: of today the clock, else the day too. UTC.
pub fn clock(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match (
        then.date_naive() == now.date_naive(),
        then.format("%Y").to_string() == now.format("%Y").to_string(),
    ) {
        (true, _) => then.format("%H:%M:%S").to_string(),
        (false, true) => then.format("%-d %b, %H:%M").to_string(),
        (false, false) => then.format("%-d %b %Y, %H:%M").to_string(),
    }
}

/// The time of an event, in full.
pub fn moment(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let clock = then.format("%H:%M:%S%.3f");
    if then.date_naive() == now.date_naive() {
        format!("Today at {clock} UTC")
    } else {
        format!("{} at {clock} UTC", then.format("%-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown(&Value::String("x".repeat(500))).chars().count(), 240);
        assert_eq!(shown(&Value::Null), "none");
    }
}
