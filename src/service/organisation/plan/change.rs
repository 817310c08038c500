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
    /// What is taken away because the file leaves its key out, not because it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<Dropped>,
    /// What follows from it, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Stored values that go because the block of the file doesn't name their key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// The key, as the file would have it: `saml.acs_urls`.
    pub key: String,
    /// How many values go; 1 for a text.
    pub count: usize,
}

/// `! saml.acs_urls is left out of the file, so that 2 stored values go`.
impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = if self.count == 1 { "the stored value goes" } else { "stored values go" };
        write!(f, "! {} is left out of the file, so that ", self.key)?;
        if self.count == 1 { f.write_str(values) } else { write!(f, "{} {values}", self.count) }
    }
}

/// What deserves a second look although nothing stands in its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The app's slug.
    pub app: String,
    /// A sentence.
    pub message: String,
}

/// `! app crm: The certificate ended on 3 March 2026.` Control characters of values are escaped.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "! app {}: ", self.app)?;
        self.message.chars().try_for_each(|c| match c {
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

impl Change {
    /// A change without fields.
    pub(super) fn new(action: Action, kind: &str, name: &str) -> Self {
        Self {
            action,
            kind: kind.to_owned(),
            name: name.to_owned(),
            fields: Vec::new(),
            dropped: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds what goes unsaid.
    pub(super) fn dropping(mut self, dropped: Vec<Dropped>) -> Self {
        self.dropped = dropped;
        self
    }

    /// Adds what follows.
    pub(super) fn noting(mut self, notes: Vec<String>) -> Self {
        self.notes = notes;
        self
    }

    /// Adds the fields that differ.
    pub(super) fn between(mut self, before: &Value, after: &Value) -> Self {
        self.fields = diff(before, after);
        self
    }
}

/// One line: `~ user maya: department "Growth" → "Product"`, and one below it for each thing that goes unsaid. Control characters of values are escaped.
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
        for dropped in &self.dropped {
            write!(f, "\n  {dropped}")?;
        }
        for note in &self.notes {
            write!(f, "\n  ! {note}")?;
        }
        Ok(())
    }
}

fn shown(value: &Value) -> String {
    if value.is_null() { "nothing".to_owned() } else { value.to_string() }
}
