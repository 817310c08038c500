//! Which values of a person a source name stands for. Does not own how a protocol prints them.

use super::{
    app::App,
    connection::{ValueMapping, ValueSource},
    expressions,
    user::{STANDARD_ATTRIBUTES, User},
};
use serde_json::Value;

/// The sources that are not standard attributes of the profile: key, label.
pub const ACCOUNT_SOURCES: &[(&str, &str)] = &[
    ("email", "Work email"),
    ("username", "User name"),
    ("display_name", "Display name"),
    ("id", "Account id"),
    ("groups", "Groups bound to the app"),
];

/// The identifiers of SAML Subject Identifier Attributes, which an assertion can carry as attributes: key, label. They hang on
/// more than the person, so that [`value_of`] has none.
pub const SUBJECT_ID_SOURCES: &[(&str, &str)] = &[
    ("subject_id", "Subject ID, the same at every app"),
    ("pairwise_id", "Pairwise ID, another one at every app"),
];

/// Whether `source` is one of [`SUBJECT_ID_SOURCES`].
pub fn is_subject_id(source: &str) -> bool {
    SUBJECT_ID_SOURCES.iter().any(|(key, _)| *key == source)
}

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

/// A person towards one application: whom its values are about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The person.
    pub user: &'a User,
    /// The application.
    pub app: &'a App,
    /// The names of the person's groups that this application may know, sorted.
    pub groups: &'a [String],
}

/// What the rows of an application came to.
pub struct Mapped<T> {
    /// The rows that have a value, each with it.
    pub rows: Vec<(ValueMapping, T)>,
    /// The rows that failed: name, and why, without any value of the person.
    pub problems: Vec<(String, String)>,
}

/// The attributes of a SAML application: texts. Rows that are off or have no value are left out.
pub fn texts(mappings: &[ValueMapping], subject: Subject<'_>) -> Mapped<Vec<String>> {
    collect(mappings, |mapping| {
        let values = match &mapping.value {
            ValueSource::Source(source) => value_of(source, subject.user, subject.groups),
            ValueSource::Constant(text) => vec![text.clone()],
            ValueSource::Expression(text) => expressions::texts(text, subject)?,
        };
        Ok(Some(values).filter(|values| !values.is_empty()))
    })
}

/// The claims of an OIDC client: one value stays one value; groups are always a list, whatever their number (JC-8).
pub fn claims(mappings: &[ValueMapping], subject: Subject<'_>) -> Mapped<Value> {
    collect(mappings, |mapping| {
        Ok(match &mapping.value {
            ValueSource::Source(source) => {
                let mut values = value_of(source, subject.user, subject.groups);
                match values.len() {
                    0 => None,
                    1 if source != "groups" => values.pop().map(Value::from),
                    _ => Some(Value::from(values)),
                }
            }
            ValueSource::Constant(text) => Some(Value::from(text.as_str())),
            ValueSource::Expression(text) => expressions::claim(text, subject)?,
        })
    })
}

fn collect<T>(
    mappings: &[ValueMapping],
    value: impl Fn(&ValueMapping) -> Result<Option<T>, String>,
) -> Mapped<T> {
    let mut mapped = Mapped { rows: Vec::new(), problems: Vec::new() };
    for mapping in mappings.iter().filter(|mapping| !mapping.off) {
        match value(mapping) {
            Ok(Some(value)) => mapped.rows.push((mapping.clone(), value)),
            Ok(None) if mapping.required => {
                mapped
                    .problems
                    .push((mapping.name.clone(), "the app needs it, and the person has none".into()));
            }
            Ok(None) => {}
            Err(why) => mapped.problems.push((mapping.name.clone(), why)),
        }
    }
    mapped
}
