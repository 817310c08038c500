//! A planned change as people and programs are told of it. Does not hold secrets.

use crate::domain::audit::{self, diff};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What becomes of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Add,
    /// It is there and changes.
    Change,
    /// It goes.
    Remove,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What becomes of it.
    pub action: Action,
    /// `user`, `group`, `app`, `member`, `access`, `password`, `client secret` or `organisation`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The fields that differ, when it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<audit::Change>,
}

impl Change {
    /// A change without fields.
    pub(super) fn new(action: Action, kind: &str, name: &str) -> Self {
        Self { action, kind: kind.to_owned(), name: name.to_owned(), fields: Vec::new() }
    }

    /// Adds the fields that differ.
    pub(super) fn between(mut self, before: &Value, after: &Value) -> Self {
        self.fields = diff(before, after);
        self
    }
}

/// One line: `~ user maya: department "Growth" → "Product"`. Control characters of values are escaped.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.action {
            Action::Add => '+',
            Action::Change => '~',
            Action::Remove => '-',
        };
        write!(f, "{mark} {} {}", self.kind, self.name)?;
        for (position, field) in self.fields.iter().enumerate() {
            let comma = if position == 0 { ":" } else { "," };
            write!(f, "{comma} {} {} → {}", field.field, shown(&field.from), shown(&field.to))?;
        }
        Ok(())
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}
