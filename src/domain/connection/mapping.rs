//! One value an application gets: its name there, and where it comes from here. Does not own finding the value
//! (`domain::attributes`).

use super::entity_attributes::{self, EntityAttribute};
use crate::domain::{
    text::{FieldErrors, LINE_MAX, VALUE_MAX, check_line},
    user::text_enum,
};
use serde::{Deserialize, Serialize};

/// Where a value that we send comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueSource {
    /// An attribute of the person, see [`super::attributes::value_of`].
    Source(String),
    /// The same text for everybody.
    Constant(String),
    /// What an expression over the person makes, see [`super::super::expressions`].
    Expression(String),
}

/// Where a claim is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ClaimDestination {
    /// Both.
    #[default]
    Both,
    /// The ID token only.
    IdToken,
    /// The userinfo answer only.
    Userinfo,
}
text_enum!(ClaimDestination { Both = "both", IdToken = "id_token", Userinfo = "userinfo" });

impl ClaimDestination {
    /// Whether the ID token has it.
    pub fn in_id_token(self) -> bool {
        self != Self::Userinfo
    }

    /// Whether the userinfo answer has it.
    pub fn in_userinfo(self) -> bool {
        self != Self::IdToken
    }

    /// Whether it is where claims are put when nobody says otherwise.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over the field itself")]
    fn is_both(&self) -> bool {
        *self == Self::Both
    }
}

/// One attribute or claim that an application gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueMapping {
    /// The name the application sees.
    pub name: String,
    /// SAML only: `NameFormat`, an absolute URI; empty for the default of the name (`uri` for URIs, else `basic`). The short names
    /// of [`NAME_FORMATS`] may be written instead of theirs.
    #[serde(default)]
    pub name_format: String,
    /// SAML only: `FriendlyName`.
    #[serde(default)]
    pub friendly_name: String,
    /// Whether the application can't do without it: its recipe names it, so its name can't be changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Switched off: kept, but not sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
    /// SAML only: released to apps whose metadata says one of these; empty: to every app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_for: Vec<EntityAttribute>,
    /// OIDC only: where the claim is put.
    #[serde(default, skip_serializing_if = "ClaimDestination::is_both")]
    pub destination: ClaimDestination,
    /// OIDC only: `true`: a list whatever it holds; `false`: as the value comes out. Without it the value's kind decides, see
    /// [`super::super::attributes::claims`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<bool>,
    /// Where the value comes from.
    #[serde(flatten)]
    pub value: ValueSource,
}

/// SAML Core §8.2: the short names of the attribute name formats, and the formats.
pub const NAME_FORMATS: &[(&str, &str)] = &[
    ("basic", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"),
    ("uri", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"),
    ("unspecified", "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"),
];

impl ValueMapping {
    /// Puts the format in the place of its short name.
    pub(super) fn name_the_format(&mut self) {
        let written = self.name_format.trim();
        let known = NAME_FORMATS.iter().find(|(short, _)| *short == written);
        self.name_format = known.map_or(written, |(_, uri)| uri).to_owned();
    }

    /// A row that is sent, and that may be changed and removed.
    pub fn new(name: impl Into<String>, value: ValueSource) -> Self {
        Self {
            name: name.into(),
            name_format: String::new(),
            friendly_name: String::new(),
            required: false,
            off: false,
            only_for: Vec::new(),
            destination: ClaimDestination::Both,
            list: None,
            value,
        }
    }
}

pub(super) fn check_source(errors: &mut FieldErrors, field: &str, source: &str) {
    if !crate::domain::attributes::is_source(source) {
        errors
            .add(field, format!("There is no attribute “{source}”; custom ones are written attributes.name"));
    }
}

/// The rows of a SAML app, which may name subject identifiers too.
pub(super) fn check_saml_mappings(
    errors: &mut FieldErrors,
    field: &str,
    mappings: &[ValueMapping],
    groups: &str,
) {
    let is_subject_id = |row: &ValueMapping| matches!(&row.value, ValueSource::Source(source) if crate::domain::attributes::is_subject_id(source));
    let checked: Vec<ValueMapping> = mappings
        .iter()
        .map(|row| {
            let mut row = row.clone();
            if is_subject_id(&row) {
                row.value = ValueSource::Source("id".into());
            }
            row
        })
        .collect();
    check_mappings(errors, field, &checked, groups);
}

pub(super) fn check_mappings(errors: &mut FieldErrors, field: &str, mappings: &[ValueMapping], groups: &str) {
    if mappings.len() > 64 {
        errors.add(field, "Use at most 64 rows");
    }
    let mut seen = std::collections::HashSet::new();
    for mapping in mappings {
        check_line(errors, field, &mapping.name, LINE_MAX);
        check_line(errors, field, &mapping.friendly_name, LINE_MAX);
        check_line(errors, field, &mapping.name_format, LINE_MAX);
        entity_attributes::check_conditions(errors, field, mapping);
        if mapping.name.is_empty() {
            errors.add(field, "Give each row a name");
        }
        if !seen.insert(mapping.name.as_str()) || mapping.name == groups {
            errors.add(field, format!("“{}” stands twice; one row may carry several values", mapping.name));
        }
        match &mapping.value {
            ValueSource::Source(source) => check_source(errors, field, source),
            ValueSource::Constant(text) => check_line(errors, field, text, VALUE_MAX),
            ValueSource::Expression(text) => check_expression(errors, field, text),
        }
    }
}

/// An expression that can't be read is refused, its mistake shown at the character.
pub(super) fn check_expression(errors: &mut FieldErrors, field: &str, text: &str) {
    if let Err(error) = expression::Expression::parse(text) {
        super::expressions::refuse(errors, field, text, &error);
    }
}
