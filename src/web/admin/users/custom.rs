//! Custom attributes as rows of a form: name, type, value. Does not own which names and lengths are allowed
//! (`domain::user`).

use crate::{
    domain::{text::FieldErrors, user::CustomValue},
    web::{extract::Fields, view::form::CustomRow},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The control that all rows' errors stand beside.
pub const FIELD: &str = "custom_key";

/// The rows as typed, those without a name left out: emptying the name removes a row.
pub fn typed(fields: &Fields) -> Vec<CustomRow> {
    let (kinds, values) = (fields.all("custom_type"), fields.all("custom_value"));
    let at = |list: &[&str], position: usize| list.get(position).copied().unwrap_or_default().to_owned();
    fields
        .all("custom_key")
        .into_iter()
        .enumerate()
        .filter(|(_, key)| !key.trim().is_empty())
        .map(|(position, key)| CustomRow {
            key: key.trim().to_owned(),
            kind: at(&kinds, position),
            value: at(&values, position),
        })
        .collect()
}

/// Stored values as rows.
pub fn rows_of(custom: &BTreeMap<String, CustomValue>) -> Vec<CustomRow> {
    custom
        .iter()
        .map(|(key, value)| {
            let (kind, text) = match value {
                CustomValue::Text(text) => ("string", text.clone()),
                CustomValue::Number(number) => ("number", number.to_string()),
                CustomValue::Boolean(yes) => ("boolean", yes.to_string()),
                CustomValue::List(list) => ("json", Value::from(list.as_slice()).to_string()),
            };
            CustomRow { key: key.clone(), kind: kind.to_owned(), value: text }
        })
        .collect()
}

/// The values that rows stand for.
///
/// # Errors
/// Every row that can't be read, under [`FIELD`].
pub fn values(rows: &[CustomRow]) -> Result<BTreeMap<String, CustomValue>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut values = BTreeMap::new();
    for row in rows {
        match value(row) {
            Ok(value) => {
                if values.insert(row.key.clone(), value).is_some() {
                    errors.add(FIELD, format!("{}: stands twice", row.key));
                }
            }
            Err(message) => errors.add(FIELD, format!("{}: {message}", row.key)),
        }
    }
    errors.finish()?;
    Ok(values)
}

fn value(row: &CustomRow) -> Result<CustomValue, &'static str> {
    let text = row.value.trim();
    match row.kind.as_str() {
        "string" => Ok(CustomValue::Text(text.to_owned())),
        "number" => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(CustomValue::Number(number)),
            _ => Err("enter a number, for example 42 or 0.5"),
        },
        "boolean" => match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(CustomValue::Boolean(true)),
            "false" | "no" | "0" => Ok(CustomValue::Boolean(false)),
            _ => Err("enter yes or no"),
        },
        "json" => json(text),
        _ => Err("choose a type"),
    }
}

/// A list of texts; a single text, number or truth value is taken as what it is.
fn json(text: &str) -> Result<CustomValue, &'static str> {
    const WANTED: &str = r#"enter a JSON list of texts, for example ["a", "b"]"#;
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => {
            let texts: Option<Vec<String>> =
                items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(CustomValue::List).ok_or(WANTED)
        }
        Ok(Value::String(text)) => Ok(CustomValue::Text(text)),
        Ok(Value::Bool(yes)) => Ok(CustomValue::Boolean(yes)),
        Ok(Value::Number(number)) => number.as_f64().map(CustomValue::Number).ok_or(WANTED),
        _ => Err(WANTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, kind: &str, value: &str) -> CustomRow {
        CustomRow { key: key.into(), kind: kind.into(), value: value.into() }
    }

    #[test]
    fn types_survive_the_form() {
        let stored: BTreeMap<String, CustomValue> = [
            ("badge".to_owned(), CustomValue::Text("A-7".into())),
            ("floor".to_owned(), CustomValue::Number(3.5)),
            ("remote".to_owned(), CustomValue::Boolean(true)),
            ("teams".to_owned(), CustomValue::List(vec!["a\"b".into(), "ü".into()])),
        ]
        .into();
        assert_eq!(values(&rows_of(&stored)), Ok(stored));
    }

    #[test]
    fn words_people_use_are_read() {
        let read = values(&[row("a", "boolean", " Yes "), row("b", "number", "42"), row("c", "json", "[]")]);
        let read = read.expect("readable");
        assert_eq!(read["a"], CustomValue::Boolean(true));
        assert_eq!(read["b"], CustomValue::Number(42.0));
        assert_eq!(read["c"], CustomValue::List(Vec::new()));
    }

    #[test]
    fn every_row_that_cannot_be_read_is_named() {
        let refused = values(&[
            row("a", "number", "NaN"),
            row("b", "boolean", "perhaps"),
            row("c", "json", "[1]"),
            row("d", "json", "{}"),
            row("e", "date", "x"),
            row("f", "string", "1"),
            row("f", "string", "2"),
        ])
        .expect_err("refused");
        let named: Vec<&str> = refused.0.iter().map(|error| &error.message[..1]).collect();
        assert_eq!(named, ["a", "b", "c", "d", "e", "f"]);
        assert!(refused.0.iter().all(|error| error.field == FIELD));
    }

    #[test]
    fn emptied_names_remove_rows() {
        let fields = Fields::parse(
            "custom_key=a&custom_type=string&custom_value=1&custom_key=&custom_type=string&custom_value=2\
             &custom_key=c&custom_type=number&custom_value=3",
        )
        .expect("short");
        assert_eq!(typed(&fields), [row("a", "string", "1"), row("c", "number", "3")]);
    }
}
