//! What an app loses because its block of the file leaves keys out. A block says all there is, so this is no mistake; but it is
//! easily one of whoever wrote it, so the plan names it. Does not own what a block comes to (`connection`).

use super::change::Dropped;
use crate::{domain::connection::Connection, service::organisation::document::AppEntry};
use serde_json::{Map, Value};

/// Fields of a connection that the file has under another key.
const OTHER_KEYS: &[(&str, &str)] = &[
    ("name_id_source", "name_id"),
    ("name_id_expression", "name_id"),
    ("metadata_source", "sp_metadata_url"),
];

/// The lists and texts that are stored, not named by the entry's block, and poorer afterwards.
pub(super) fn of(entry: &AppEntry, before: &Connection, after: &Connection) -> Vec<Dropped> {
    let (block, said) = match (&entry.saml, &entry.oidc) {
        (Some(saml), _) => ("saml", members(saml)),
        (_, Some(oidc)) => ("oidc", members(oidc)),
        // Without a block an app keeps what it has, or follows the parameters that the file names.
        (None, None) => return Vec::new(),
    };
    // Whoever gives the app's metadata says by it what there is.
    if entry.saml.as_ref().is_some_and(|saml| saml.sp_metadata.is_some()) {
        return Vec::new();
    }
    let (before, after) = (members(before), members(after));
    let mut dropped = Vec::new();
    for (field, was) in &before {
        let name = OTHER_KEYS.iter().find(|(ours, _)| ours == field).map_or(field.as_str(), |(_, key)| key);
        let count = lost(was, after.get(field).unwrap_or(&Value::Null));
        let key = format!("{block}.{name}");
        let is_new = !dropped.iter().any(|known: &Dropped| known.key == key);
        if count > 0 && !said.contains_key(name) && is_new {
            dropped.push(Dropped { key, count });
        }
    }
    dropped
}

fn members(of: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// How many of the values of a list are gone; 1 for a text or an object that isn't there any more.
fn lost(was: &Value, is: &Value) -> usize {
    match (was, is) {
        (Value::Array(was), Value::Array(is)) => was.iter().filter(|value| !is.contains(value)).count(),
        (Value::Array(was), _) => was.len(),
        (Value::String(was), Value::String(is)) => usize::from(!was.is_empty() && is.is_empty()),
        (Value::String(was), _) => usize::from(!was.is_empty()),
        (Value::Object(_), Value::Null) => 1,
        _ => 0,
    }
}
