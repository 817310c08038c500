//! Owns what an expression can see: `user`, `groups` and `app`.
//! Does not own the directory these come from.

use crate::{error::ContextError, json, value::Value};
use serde_json::{Map, Value as Json, json};

/// The standard attributes: the key in the directory, the name in expressions.
pub const STANDARD_ATTRIBUTES: &[(&str, &str)] = &[
    ("first_name", "firstname"),
    ("middle_name", "middlename"),
    ("last_name", "lastname"),
    ("alternate_email", "alternateEmail"),
    ("company", "company"),
    ("cost_center", "costCenter"),
    ("department", "department"),
    ("description", "description"),
    ("employee_identifier", "employeeIdentifier"),
    ("employee_type", "employeeType"),
    ("job_title", "jobTitle"),
    ("location", "location"),
    ("manager", "manager"),
    ("phone", "phone"),
    ("address", "address"),
    ("locale", "locale"),
    ("preferred_language", "preferredLanguage"),
    ("recovery_email", "recoveryEmail"),
];

/// A person, as the directory gives them. Empty texts are left out of the context: an expression finds nothing there.
#[derive(Debug, Clone, Default)]
pub struct Person<'a> {
    /// `user.id`
    pub id: &'a str,
    /// `user.username`
    pub username: &'a str,
    /// `user.email`
    pub email: &'a str,
    /// `user.displayName`
    pub display_name: &'a str,
    /// `user.state`: `staged`, `active` or `suspended`
    pub state: &'a str,
    /// Standard attributes by their key in the directory; keys not in [`STANDARD_ATTRIBUTES`] are left out.
    pub standard: Vec<(&'a str, &'a str)>,
    /// `user.custom.<name>`: texts, numbers, true or false, and lists of texts.
    pub custom: Vec<(&'a str, Json)>,
}

/// The application a value is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct App<'a> {
    /// `app.id`
    pub id: &'a str,
    /// `app.slug`
    pub slug: &'a str,
    /// `app.label`
    pub label: &'a str,
}

/// What expressions see. Made once for a person and an application, and used for all their expressions.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) root: Value,
}

impl Context {
    /// `groups` are the names of the groups that are bound to the application and that the person is in. Nothing else of
    /// the person is visible: no password, no factor, no session.
    pub fn new(person: &Person<'_>, groups: &[String], app: App<'_>) -> Result<Self, ContextError> {
        let mut user = Map::new();
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                user.insert(name.to_owned(), Json::from(value));
            }
        };
        put("id", person.id);
        put("username", person.username);
        put("email", person.email);
        put("displayName", person.display_name);
        put("state", person.state);
        for (key, value) in &person.standard {
            if let Some((_, name)) = STANDARD_ATTRIBUTES.iter().find(|(known, _)| known == key) {
                put(name, value);
            }
        }
        let custom: Map<String, Json> =
            person.custom.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        user.insert("custom".to_owned(), Json::Object(custom));
        Self::from_json(&json!({
            "user": user,
            "groups": groups,
            "app": { "id": app.id, "slug": app.slug, "label": app.label },
        }))
    }

    /// Any JSON as context, for previews with made-up people and for tests.
    pub fn from_json(json: &Json) -> Result<Self, ContextError> {
        Ok(Self { root: json::read(json)? })
    }
}
