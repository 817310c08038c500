//! From the bytes of an organisation file to a document: capped in size, depth and repetition, refusals with the path.
//! Does not own what the fields mean (`plan`), nor files beside it (`cli`).

use super::document::Document;
use crate::domain::{text::FieldErrors, user::STANDARD_ATTRIBUTES};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{cell::Cell, fmt};

/// Largest file, in bytes.
pub const SIZE_MAX: usize = 8 << 20;
/// Most values in one file, repetitions by YAML aliases counted each time.
const NODES_MAX: usize = 4_000_000;
/// Most bytes of text in one file, repetitions counted each time.
const TEXT_MAX: usize = 2 * SIZE_MAX;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// YAML; JSON is YAML too.
    Yaml,
    /// JSON.
    Json,
}

/// Reads bytes as a plain value. Keys that stand twice are refused.
///
/// # Errors
/// One refusal, of the field `file`, with line and column.
pub fn value(bytes: &[u8], notation: Notation) -> Result<Value, FieldErrors> {
    let refused = |message: String| FieldErrors::one("file", message.replace('\n', " "));
    if bytes.len() > SIZE_MAX {
        return Err(refused(format!("it has {} bytes, at most {SIZE_MAX} are read", bytes.len())));
    }
    let budget = Budget { nodes: Cell::new(NODES_MAX), text: Cell::new(TEXT_MAX) };
    match notation {
        Notation::Yaml => Bounded(&budget)
            .deserialize(serde_norway::Deserializer::from_slice(bytes))
            .map_err(|error| refused(error.to_string())),
        Notation::Json => {
            let mut reader = serde_json::Deserializer::from_slice(bytes);
            let value = Bounded(&budget).deserialize(&mut reader);
            value.and_then(|value| reader.end().map(|()| value)).map_err(|error| refused(error.to_string()))
        }
    }
}

/// Reads a value as an organisation document.
///
/// # Errors
/// One refusal whose field is the path, like `apps[2].saml.acs_urls[0].url`.
pub fn document(mut value: Value) -> Result<Document, FieldErrors> {
    if value.is_null() {
        value = Value::Object(Map::new());
    }
    gather_profiles(&mut value);
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string().replace(".profile", "");
        let path = if path == "." { "file".to_owned() } else { path };
        FieldErrors::one(&path, in_words_of_the_file(&error.inner().to_string()))
    })
}

/// The reader's list of the known fields names `profile`, which is no field of the file: its members are.
fn in_words_of_the_file(message: &str) -> String {
    let members: Vec<String> = STANDARD_ATTRIBUTES.iter().map(|(key, _)| format!("`{key}`")).collect();
    message.replace("`profile`", &members.join(", "))
}

/// Several documents as one: their lists one after another.
///
/// # Errors
/// The organisation's name or another single value that differs between two.
pub fn merge(documents: Vec<Value>) -> Result<Value, FieldErrors> {
    let mut merged = Map::new();
    for document in documents {
        let Value::Object(members) = document else {
            if document.is_null() {
                continue;
            }
            return Err(FieldErrors::one("file", "Begin with users:, groups: or apps:"));
        };
        for (name, value) in members {
            match (merged.get_mut(&name), value) {
                (None, value) => {
                    merged.insert(name, value);
                }
                (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                (Some(there), value) if *there == value => {}
                (Some(_), _) => return Err(FieldErrors::one(&name, "Two files say different things")),
            }
        }
    }
    Ok(Value::Object(merged))
}

/// Standard attributes stand beside the other fields of a person; here they are gathered under `profile`, where the
/// reader expects them. Empty (null) ones are taken as the empty text.
fn gather_profiles(document: &mut Value) {
    let Some(users) = document.get_mut("users").and_then(Value::as_array_mut) else { return };
    for user in users.iter_mut().filter_map(Value::as_object_mut) {
        let mut profile = Map::new();
        for (key, _) in STANDARD_ATTRIBUTES {
            if let Some(value) = user.remove(*key) {
                profile.insert(
                    (*key).to_owned(),
                    if value.is_null() { Value::String(String::new()) } else { value },
                );
            }
        }
        // A `profile` that somebody wrote is no field of the file: it stays, and is refused as unknown.
        if !user.contains_key("profile") {
            user.insert("profile".to_owned(), Value::Object(profile));
        } else if let Some(written) = user.remove("profile") {
            user.insert("profile (write its fields beside username)".to_owned(), written);
        }
    }
}

/// What is left of a file's allowance.
struct Budget {
    nodes: Cell<usize>,
    text: Cell<usize>,
}

impl Budget {
    fn spend<E: Error>(&self, text: usize) -> Result<(), E> {
        let (Some(nodes), Some(text)) = (self.nodes.get().checked_sub(1), self.text.get().checked_sub(text))
        else {
            return Err(E::custom("it unfolds to more than is read; use fewer aliases"));
        };
        self.nodes.set(nodes);
        self.text.set(text);
        Ok(())
    }
}

/// Any value, within a budget.
#[derive(Clone, Copy)]
struct Bounded<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.0.spend(0).map(|()| value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.0.spend(0).map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.0.spend(0).map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.0.spend(0)?;
        serde_json::Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.spend(value.len()).map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            self.0.spend(key.len())?;
            let value = members.next_value_seed(self)?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key “{key}” stands twice")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    fn yaml(text: &str) -> Result<Value, FieldErrors> {
        value(text.as_bytes(), Notation::Yaml)
    }

    fn path_of(text: &str) -> (String, String) {
        let errors = document(yaml(text).expect(text)).expect_err(text);
        (errors.0[0].field.clone(), errors.0[0].message.clone())
    }

    #[test]
    fn unknown_fields_and_wrong_types_name_their_path() {
        for (text, path, word) in [
            ("users: [{username: a, departement: x}]", "users[0].departement", "unknown field"),
            ("users: [{username: a, profile: {}}]", "users[0]", "unknown field"),
            ("users: [{email: a@x.example}]", "users[0]", "missing field `username`"),
            ("users: [{username: 7}]", "users[0].username", "expected a string"),
            ("users: [{username: a, department: 7}]", "users[0].department", "expected a string"),
            ("users: [{username: a, state: gone}]", "users[0].state", "unknown variant"),
            (
                "apps: [{slug: a, saml: {acs_urls: [{url: 7}]}}]",
                "apps[0].saml.acs_urls[0].url",
                "expected a string",
            ),
            (
                "apps: [{slug: a, saml: {acs_urls: [{uri: x}]}}]",
                "apps[0].saml.acs_urls[0].uri",
                "unknown field",
            ),
            ("apps: [{slug: a}, {slug: b, oidc: {secret: x}}]", "apps[1].oidc.secret", "unknown field"),
            (
                "apps: [{slug: a, oidc: {grant_types: [password]}}]",
                "apps[0].oidc.grant_types[0]",
                "unknown variant",
            ),
            ("aps: []", "aps", "unknown field"),
            ("users: {}", "users", "expected a sequence"),
            ("hello", "file", "expected struct"),
        ] {
            let (found, message) = path_of(text);
            assert!(found.starts_with(path), "{text}: {found} should be {path} ({message})");
            assert!(message.contains(word), "{text}: {message}");
        }
    }

    #[test]
    fn the_known_fields_are_those_of_the_file() {
        for text in ["users: [{username: a, departement: x}]", "users: [{username: a, profile: {}}]"] {
            let (_, message) = path_of(text);
            assert!(message.contains("`department`") && message.contains("`recovery_email`"), "{message}");
            assert!(!message.contains("`profile`"), "{message}");
        }
    }

    #[test]
    fn nothing_at_all_is_an_empty_document() {
        for text in ["", "# only a remark\n", "{}", "organisation: Fernhill", "organization: Fernhill"] {
            assert!(document(yaml(text).expect(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn bombs_depths_and_doubles_are_refused() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            writeln!(bomb, "a{level}: &a{level} [{}]", vec![before; 10].join(","))
                .expect("a String takes it");
        }
        assert!(yaml(&bomb).is_err());
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(1 << 20), vec!["*a"; 64].join(","));
        assert!(yaml(&long).is_err());
        assert!(yaml(&"[".repeat(100_000)).is_err());
        assert!(value("[".repeat(100_000).as_bytes(), Notation::Json).is_err());
        assert!(yaml(&format!("a: {}", "x".repeat(SIZE_MAX))).is_err());
        for double in ["a: 1\na: 2", "{\"a\": 1, \"a\": 2}"] {
            assert!(yaml(double).expect_err(double).to_string().contains("twice"), "{double}");
        }
        for bad in ["a: [", "a: !tag x", "a: .inf", "? [1]\n: x", "--- a\n--- b\n", "a: \t- b", "\u{0}"] {
            assert!(yaml(bad).is_err(), "{bad:?}");
        }
        assert!(value(b"\xff\xfe", Notation::Yaml).is_err());
        assert!(value(b"{} {}", Notation::Json).is_err());
        assert!(yaml("a: &x [1, 2]\nb: *x").is_ok(), "a plain alias is fine");
    }

    #[test]
    fn files_are_joined_and_may_not_contradict() {
        let one = yaml("organisation: F\nusers: [{username: a}]").expect("read");
        let two = yaml("organisation: F\nusers: [{username: b}]\ngroups: []").expect("read");
        let both = merge(vec![one.clone(), two, Value::Null]).expect("joined");
        assert_eq!(both["users"].as_array().map(Vec::len), Some(2));
        let other = yaml("organisation: G").expect("read");
        assert!(merge(vec![one, other]).expect_err("differ").of("organisation").is_some());
        assert!(merge(vec![Value::Array(Vec::new())]).is_err());
    }
}
