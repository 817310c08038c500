//! Groups of people. Does not own who may open what (`access`).

use super::text::{FieldErrors, LINE_MAX, VALUE_MAX, check_line};
use crate::id::GroupId;
use chrono::{DateTime, Utc};

/// A group as the directory keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Never re-used.
    pub id: GroupId,
    /// As typed; unique under [`super::text::canonical`].
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When name or description last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change.
    pub version: i64,
}

/// What a form says about a group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupDraft {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// A group draft that passed every check; only this can be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedGroup(GroupDraft);

impl GroupDraft {
    /// Trims and checks both fields.
    pub fn check(self) -> Result<CheckedGroup, FieldErrors> {
        let mut errors = FieldErrors::default();
        let draft =
            Self { name: self.name.trim().to_owned(), description: self.description.trim().to_owned() };
        check_line(&mut errors, "name", &draft.name, LINE_MAX);
        check_line(&mut errors, "description", &draft.description, VALUE_MAX);
        if draft.name.is_empty() {
            errors.add("name", "Enter a name for the group");
        }
        errors.finish()?;
        Ok(CheckedGroup(draft))
    }
}

impl CheckedGroup {
    /// The checked values.
    pub fn get(&self) -> &GroupDraft {
        &self.0
    }
}
