//! Owns what an expression can see: `user`, `groups`, `app` and `session`.
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

/// The names of members of `user` that aren't standard attributes, as [`Context::new`] writes them.
const ACCOUNT: &[&str] = &["id", "username", "email", "displayName", "state", "custom"];
/// Other names of members of `user`: those of the organisation file, beside the keys of [`STANDARD_ATTRIBUTES`].
const ALIASES: &[(&str, &str)] = &[("display_name", "displayName"), ("attributes", "custom")];

/// The member of `user` that the organisation file calls `name`, if that is another name of one.
pub(crate) fn alias(name: &str) -> Option<&'static str> {
    let names = ALIASES.iter().chain(STANDARD_ATTRIBUTES);
    names.into_iter().find(|(theirs, ours)| *theirs == name && theirs != ours).map(|(_, ours)| *ours)
}

/// What a part of an expression stands for, as far as that is known without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Place {
    /// Everything there is: `$$`.
    Root,
    User,
    /// `user.custom`, whose members nobody knows.
    Custom,
    App,
    Session,
    /// Anything else.
    #[default]
    Elsewhere,
}

/// What the member of a place stands for; the names that are known there, when it is none of them.
pub(crate) fn member(of: Place, name: &str) -> Result<Place, Vec<&'static str>> {
    match (of, name) {
        (Place::Root, "user") => Ok(Place::User),
        (Place::Root, "app") => Ok(Place::App),
        (Place::Root, "session") => Ok(Place::Session),
        (Place::User, "custom" | "attributes") => Ok(Place::Custom),
        (Place::Root, "groups")
        | (Place::App, "id" | "slug" | "label")
        | (Place::Session, "acr" | "amr")
        | (Place::Custom | Place::Elsewhere, _) => Ok(Place::Elsewhere),
        (Place::Root, _) => Err(vec!["user", "groups", "app", "session"]),
        (Place::App, _) => Err(vec!["id", "slug", "label"]),
        (Place::Session, _) => Err(vec!["acr", "amr"]),
        (Place::User, _) => {
            let known = || STANDARD_ATTRIBUTES.iter().map(|(_, name)| *name).chain(ACCOUNT.iter().copied());
            if known().any(|known| known == name) || alias(name).is_some() {
                return Ok(Place::Elsewhere);
            }
            // Both ways of writing: what is near to either is meant.
            let theirs = STANDARD_ATTRIBUTES.iter().chain(ALIASES).map(|(theirs, _)| *theirs);
            Err(known().chain(theirs).collect())
        }
    }
}

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

/// How the person signed in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Session<'a> {
    /// `session.acr`: the class of the authentication, a URI; left out when empty.
    pub acr: &'a str,
    /// `session.amr`: the methods (RFC 8176), for example `pwd` and `otp`.
    pub amr: &'a [String],
}

/// What expressions see. Made once for a person and an application, and used for all their expressions.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) root: Value,
}

impl Context {
    /// `groups` are the names of the groups that are bound to the application and that the person is in. Nothing else of
    /// the person is visible: no password, no factor, nothing of the session but how it began.
    pub fn new(
        person: &Person<'_>,
        groups: &[String],
        app: App<'_>,
        session: Session<'_>,
    ) -> Result<Self, ContextError> {
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
        let mut how = Map::new();
        if !session.acr.is_empty() {
            how.insert("acr".to_owned(), Json::from(session.acr));
        }
        how.insert("amr".to_owned(), json!(session.amr));
        Self::from_json(&json!({
            "user": user,
            "groups": groups,
            "app": { "id": app.id, "slug": app.slug, "label": app.label },
            "session": how,
        }))
    }

    /// Any JSON as context, for previews with made-up people and for tests. Its `user` has the names of the organisation file
    /// too.
    pub fn from_json(json: &Json) -> Result<Self, ContextError> {
        let mut root = json::read(json)?;
        root.take_aliases("user");
        Ok(Self { root })
    }
}
