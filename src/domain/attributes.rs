//! Which values of a person a source name stands for. Does not own how a protocol prints them.

use super::{
    connection::{ValueMapping, ValueSource},
    user::{STANDARD_ATTRIBUTES, User},
};

/// The sources that are not standard attributes of the profile: key, label.
pub const ACCOUNT_SOURCES: &[(&str, &str)] = &[
    ("email", "Work email"),
    ("username", "User name"),
    ("display_name", "Display name"),
    ("id", "Account id"),
    ("groups", "Groups bound to the app"),
];

/// Whether `source` names something a person can have: `email`, a standard attribute, `groups`, or `attributes.<name>`.
pub fn is_source(source: &str) -> bool {
    ACCOUNT_SOURCES.iter().chain(STANDARD_ATTRIBUTES).any(|(key, _)| *key == source)
        || source.strip_prefix("attributes.").is_some_and(|name| !name.is_empty())
}

/// The values `source` has for a person; empty when there is none. `groups` are the names of the groups that are bound
/// to the app, sorted.
pub fn value_of(source: &str, user: &User, groups: &[String]) -> Vec<String> {
    let one = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    match source {
        "email" => one(&user.email),
        "username" => one(&user.username),
        "display_name" => one(&user.display_name),
        "id" => one(&user.id.to_string()),
        "groups" => groups.to_vec(),
        _ => match source.strip_prefix("attributes.") {
            Some(name) => user.custom.get(name).map(super::user::CustomValue::texts).unwrap_or_default(),
            None => one(user.attribute(source)),
        },
    }
}

/// One attribute or claim with its values; rows without a value are left out.
pub fn map(mappings: &[ValueMapping], user: &User, groups: &[String]) -> Vec<(ValueMapping, Vec<String>)> {
    mappings
        .iter()
        .filter_map(|mapping| {
            let values = match &mapping.value {
                ValueSource::Source(source) => value_of(source, user, groups),
                ValueSource::Constant(text) => vec![text.clone()],
            };
            (!values.is_empty()).then(|| (mapping.clone(), values))
        })
        .collect()
}
