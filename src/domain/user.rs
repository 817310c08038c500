//! People: their names, standard and custom attributes, and state. Does not own passwords (`credential`) or groups.

use super::text::{FieldErrors, LINE_MAX, VALUE_MAX, canonical, check_line};
use crate::id::UserId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a person stands in their life at the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// Prepared, can't sign in yet.
    Staged,
    /// May sign in.
    #[default]
    Active,
    /// Switched off.
    Suspended,
}

/// What a person may do in the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The portal only.
    #[default]
    None,
    /// Reads everything, changes nothing.
    Auditor,
    /// Helps people sign in.
    Helpdesk,
    /// Runs applications, people and groups.
    Admin,
    /// Everything, other owners included.
    Owner,
}

macro_rules! text_enum {
    ($name:ident { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $name {
            /// The word the database, the API and the organisation file use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// Reads that word back.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}
pub(crate) use text_enum;

text_enum!(UserState { Staged = "staged", Active = "active", Suspended = "suspended" });
text_enum!(Role { None = "none", Auditor = "auditor", Helpdesk = "helpdesk", Admin = "admin", Owner = "owner" });

/// A custom attribute's value; its type is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CustomValue {
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts.
    List(Vec<String>),
}

impl CustomValue {
    /// The values as texts, as an assertion would carry them.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Boolean(b) => vec![b.to_string()],
            Self::Number(n) => vec![n.to_string()],
            Self::Text(t) => vec![t.clone()],
            Self::List(l) => l.clone(),
        }
    }

    /// The name of the type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
        }
    }
}

/// The standard attributes beside the names every account has; keys are those of [`STANDARD_ATTRIBUTES`].
pub type Profile = BTreeMap<String, String>;

/// The optional standard attributes, in the order the console shows them: key, label.
pub const STANDARD_ATTRIBUTES: &[(&str, &str)] = &[
    ("first_name", "First name"),
    ("middle_name", "Middle name"),
    ("last_name", "Last name"),
    ("alternate_email", "Alternate email"),
    ("company", "Company"),
    ("cost_center", "Cost centre"),
    ("department", "Department"),
    ("description", "Description"),
    ("employee_identifier", "Employee identifier"),
    ("employee_type", "Employee type"),
    ("job_title", "Job title"),
    ("location", "Location"),
    ("manager", "Manager"),
    ("phone", "Phone"),
    ("address", "Address"),
    ("locale", "Locale"),
    ("preferred_language", "Preferred language"),
    ("recovery_email", "Recovery email"),
];

/// A person as the directory keeps them.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Never re-used.
    pub id: UserId,
    /// As typed; unique under [`canonical`].
    pub username: String,
    /// As typed; unique under [`canonical`].
    pub email: String,
    /// How pages and apps call them.
    pub display_name: String,
    /// Whether they may sign in.
    pub state: UserState,
    /// What they may do in the console.
    pub role: Role,
    /// Standard attributes that have a value.
    pub profile: Profile,
    /// Custom attributes.
    pub custom: BTreeMap<String, CustomValue>,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When any of this last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change: edits of an older version are refused.
    pub version: i64,
}

impl User {
    /// A standard attribute, or the empty text.
    pub fn attribute(&self, key: &str) -> &str {
        self.profile.get(key).map_or("", String::as_str)
    }

    /// The first name, or the display name of someone who has none.
    pub fn greeting_name(&self) -> &str {
        match self.attribute("first_name") {
            "" => &self.display_name,
            first => first,
        }
    }

    /// One or two letters for the avatar.
    pub fn initials(&self) -> String {
        initials(&self.display_name)
    }
}

/// The first letters of the first and last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|w| w.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// What a form, the API or the organisation file says about a person. Checked by [`UserDraft::check`] before it is saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserDraft {
    /// Sign-in name.
    pub username: String,
    /// Work address.
    pub email: String,
    /// Empty: made of first and last name, else the user name.
    pub display_name: String,
    /// Whether they may sign in.
    pub state: UserState,
    /// What they may do in the console.
    pub role: Role,
    /// Standard attributes; empty values are dropped.
    pub profile: Profile,
    /// Custom attributes.
    pub custom: BTreeMap<String, CustomValue>,
}

impl UserDraft {
    /// The draft of a person as they stand.
    pub fn of(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            email: user.email.clone(),
            display_name: user.display_name.clone(),
            state: user.state,
            role: user.role,
            profile: user.profile.clone(),
            custom: user.custom.clone(),
        }
    }

    /// Trims, fills in the display name and checks every field. Texts that an assertion could not carry are refused here.
    pub fn check(mut self) -> Result<CheckedUser, FieldErrors> {
        let mut errors = FieldErrors::default();
        self.username = self.username.trim().to_owned();
        self.email = self.email.trim().to_owned();
        check_username(&mut errors, &self.username);
        check_email(&mut errors, "email", &self.email);
        self.profile.retain(|_, value| {
            *value = value.trim().to_owned();
            !value.is_empty()
        });
        for (key, value) in &self.profile {
            if !STANDARD_ATTRIBUTES.iter().any(|(known, _)| known == key) {
                errors.add(key, "There is no standard attribute of this name");
            }
            check_line(&mut errors, key, value, VALUE_MAX);
        }
        for key in ["alternate_email", "recovery_email"] {
            if let Some(value) = self.profile.get(key) {
                check_email(&mut errors, key, value);
            }
        }
        self.display_name = match self.display_name.trim() {
            "" => default_display_name(&self),
            given => given.to_owned(),
        };
        check_line(&mut errors, "display_name", &self.display_name, LINE_MAX);
        check_custom(&mut errors, &self.custom);
        errors.finish()?;
        Ok(CheckedUser(self))
    }
}

fn default_display_name(draft: &UserDraft) -> String {
    let part = |key| draft.profile.get(key).map_or("", String::as_str);
    let full = format!("{} {}", part("first_name"), part("last_name"));
    if full.trim().is_empty() { draft.username.clone() } else { full.trim().to_owned() }
}

/// A draft that passed every check; only this can be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedUser(UserDraft);

impl CheckedUser {
    /// The checked values.
    pub fn get(&self) -> &UserDraft {
        &self.0
    }

    /// Lower-cased words that searches match.
    pub fn search_key(&self) -> String {
        let draft = &self.0;
        canonical(&format!(
            "{} {} {} {}",
            draft.display_name,
            draft.username,
            draft.email,
            draft.profile.get("department").map_or("", String::as_str)
        ))
    }
}

fn check_username(errors: &mut FieldErrors, value: &str) {
    check_line(errors, "username", value, 64);
    if value.is_empty() {
        errors.add("username", "Enter a user name");
    } else if value.chars().any(char::is_whitespace)
        || value.contains(['<', '>', '"', '\'', '&', '/', '\\', '%'])
    {
        errors.add("username", "Use letters, digits and . _ - @ + only");
    }
}

fn check_email(errors: &mut FieldErrors, field: &str, value: &str) {
    check_line(errors, field, value, 254);
    let valid = value.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !value
                .chars()
                .any(|c| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';' | '(' | ')'))
    });
    if !valid {
        errors.add(field, "Enter an email address, for example maya@fernhill.example");
    }
}

/// Custom attribute names: letters and digits, under 32 characters; values up to 1,024 characters.
fn check_custom(errors: &mut FieldErrors, custom: &BTreeMap<String, CustomValue>) {
    if custom.len() > 64 {
        errors.add("attributes", "Use at most 64 custom attributes");
    }
    for (name, value) in custom {
        let field = format!("attributes.{name}");
        if name.is_empty() || name.len() > 31 || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            errors.add(&field, "Name custom attributes with letters and digits, at most 31");
        }
        if matches!(value, CustomValue::Number(n) if !n.is_finite()) {
            errors.add(&field, "Enter a number");
        }
        let texts = value.texts();
        if texts.len() > 100 {
            errors.add(&field, "Use at most 100 values");
        }
        for text in texts {
            check_line(errors, &field, &text, VALUE_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> UserDraft {
        UserDraft { username: "maya".into(), email: "maya@fernhill.example".into(), ..UserDraft::default() }
    }

    #[test]
    fn display_name_falls_back_to_names_then_user_name() {
        assert_eq!(draft().check().expect("valid").get().display_name, "maya");
        let mut named = draft();
        named.profile.insert("first_name".into(), " Maya ".into());
        named.profile.insert("last_name".into(), "Okafor".into());
        assert_eq!(named.check().expect("valid").get().display_name, "Maya Okafor");
    }

    #[test]
    fn s32_characters_xml_forbids_are_refused_when_a_user_is_saved() {
        for bad in ["a\u{0}", "a\u{8}", "x\u{FFFF}", "line\nbreak"] {
            let mut hostile = draft();
            hostile.display_name = bad.into();
            assert!(hostile.check().expect_err("refused").of("display_name").is_some());
            let mut hostile = draft();
            hostile.profile.insert("department".into(), bad.into());
            assert!(hostile.check().expect_err("refused").of("department").is_some());
            let mut hostile = draft();
            hostile.custom.insert("team".into(), CustomValue::Text(bad.into()));
            assert!(hostile.check().expect_err("refused").of("attributes.team").is_some());
        }
        let mut markup = draft();
        markup.display_name = "<b>\"Maya\"</b> & Söhne".into();
        assert!(markup.check().is_ok(), "markup is data: it is escaped where it is printed");
    }

    #[test]
    fn names_that_are_not_addresses_are_refused() {
        for bad in ["", "maya", "@x", "maya@", "a b@c.d", "a@b@c", "<a@b.c>", "a@.b", "a@b."] {
            let refused = UserDraft { email: bad.into(), ..draft() }.check().expect_err(bad);
            assert!(refused.of("email").is_some(), "{bad}");
        }
    }

    #[test]
    fn initials_are_first_and_last() {
        assert_eq!(initials("Tomás da Rivera"), "TR");
        assert_eq!(initials("maya"), "M");
        assert_eq!(initials(""), "");
    }
}
