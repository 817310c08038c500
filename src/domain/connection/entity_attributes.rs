//! What is said about an app in its metadata, and rows that are released only to apps of which it is said (IIP-IDP03). Does not own
//! reading the metadata (`crates/saml`).

use super::{mapping::ValueMapping, saml::SamlConnection};
use crate::domain::text::{FieldErrors, VALUE_MAX, check_line};
use serde::{Deserialize, Serialize};

/// Most that are kept of one app: several times what federations say of anybody.
pub const ENTITY_ATTRIBUTES_MAX: usize = 128;
/// Most that one row may name.
const CONDITIONS_MAX: usize = 16;

/// One value of an entity attribute: its name and the value, both compared letter for letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityAttribute {
    /// Its name, such as `http://macedir.org/entity-category`.
    pub name: String,
    /// Its value, such as `http://refeds.org/category/research-and-scholarship`.
    pub value: String,
}

/// The name of the attribute that holds an entity's categories (RFC 8409 §2).
pub const ENTITY_CATEGORY: &str = "http://macedir.org/entity-category";

/// Categories that federations use to agree on a release: the value and what people call it.
pub const KNOWN_CATEGORIES: &[(&str, &str)] = &[
    ("http://refeds.org/category/research-and-scholarship", "REFEDS Research and Scholarship"),
    ("https://refeds.org/category/anonymous", "REFEDS Anonymous Access"),
    ("https://refeds.org/category/pseudonymous", "REFEDS Pseudonymous Access"),
    ("https://refeds.org/category/personalized", "REFEDS Personalized Access"),
    ("https://refeds.org/category/code-of-conduct/v2", "REFEDS Code of Conduct 2"),
    ("http://www.geant.net/uri/dataprotection-code-of-conduct/v1", "GÉANT Code of Conduct 1"),
];

impl EntityAttribute {
    /// One value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Whether both parts are there, each a line of moderate length.
    pub fn can_be_named(&self) -> bool {
        [&self.name, &self.value].into_iter().all(|text| {
            let mut errors = FieldErrors::default();
            check_line(&mut errors, "", text, VALUE_MAX);
            !text.trim().is_empty() && errors.finish().is_ok()
        })
    }

    /// As people write it: `name = value`.
    pub fn words(&self) -> String {
        let known = KNOWN_CATEGORIES.iter().find(|(value, _)| *value == self.value);
        match known.filter(|_| self.name == ENTITY_CATEGORY) {
            Some((_, words)) => (*words).to_owned(),
            None => format!("{} = {}", self.name, self.value),
        }
    }
}

/// Whether a row goes to an app of which `said` is said: it names nothing, or one of these.
pub fn is_released(row: &ValueMapping, said: &[EntityAttribute]) -> bool {
    row.only_for.is_empty() || row.only_for.iter().any(|one| said.contains(one))
}

/// Why a row is withheld, for an administrator.
pub fn withheld_words(row: &ValueMapping) -> String {
    let named: Vec<String> = row.only_for.iter().map(EntityAttribute::words).collect();
    format!("it is only for apps whose metadata says {}, and this app’s doesn’t", named.join(" or "))
}

/// A condition without its parts, or too many of them, is refused.
pub(super) fn check_conditions(errors: &mut FieldErrors, field: &str, row: &ValueMapping) {
    if row.only_for.len() > CONDITIONS_MAX {
        errors.add(field, format!("Name at most {CONDITIONS_MAX} entity attributes for “{}”", row.name));
    }
    for one in &row.only_for {
        check_line(errors, field, &one.name, VALUE_MAX);
        check_line(errors, field, &one.value, VALUE_MAX);
        if one.name.trim().is_empty() || one.value.trim().is_empty() {
            errors.add(
                field,
                format!("Write name and value of the entity attribute that “{}” is for", row.name),
            );
        }
    }
}

impl SamlConnection {
    /// Every row that can be released, of the app's own list and of every set.
    pub fn every_row(&self) -> impl Iterator<Item = &ValueMapping> {
        self.attributes.iter().chain(self.attribute_sets.iter().flat_map(|set| &set.attributes))
    }

    /// Those of `said` that are not on file and that a row waits for: with them, the app gets more.
    pub fn would_release_more<'s>(&self, said: &'s [EntityAttribute]) -> Vec<&'s EntityAttribute> {
        let waited_for = |one: &EntityAttribute| self.every_row().any(|row| row.only_for.contains(one));
        said.iter().filter(|one| !self.entity_attributes.contains(one) && waited_for(one)).collect()
    }

    /// What the metadata said of one entity says nothing about another (IIP-IDP03): if these settings have another entity ID than
    /// `before`, nothing is said of the app until a document of its own brings it. An ID that was not known came with them.
    /// Certificates stay, and so does whether assertions are encrypted: without them what was kept from others would go out in
    /// clear, and the holder of the old key can read only what is sent to the app.
    ///
    /// Returns whether anything was forgotten.
    pub fn forget_another_entity(&mut self, before: &Self) -> bool {
        let is_another =
            !before.sp_entity_id.is_empty() && self.sp_entity_id.trim() != before.sp_entity_id.trim();
        is_another && !std::mem::take(&mut self.entity_attributes).is_empty()
    }

    pub(super) fn check_entity_attributes(&self, errors: &mut FieldErrors) {
        const FIELD: &str = "entity_attributes";
        if self.entity_attributes.len() > ENTITY_ATTRIBUTES_MAX {
            errors.add(FIELD, format!("Use at most {ENTITY_ATTRIBUTES_MAX} values"));
        }
        for one in &self.entity_attributes {
            check_line(errors, FIELD, &one.name, VALUE_MAX);
            check_line(errors, FIELD, &one.value, VALUE_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::connection::ValueSource;

    fn category(value: &str) -> EntityAttribute {
        EntityAttribute::new(ENTITY_CATEGORY, value)
    }

    fn row(only_for: Vec<EntityAttribute>) -> ValueMapping {
        ValueMapping { only_for, ..ValueMapping::new("mail", ValueSource::Source("email".into())) }
    }

    const R_AND_S: &str = "http://refeds.org/category/research-and-scholarship";

    #[test]
    fn iip_idp03_one_of_the_named_values_is_enough_and_letters_count() {
        let said = [category(R_AND_S), EntityAttribute::new("urn:example:assurance", "high")];
        assert!(is_released(&row(Vec::new()), &[]), "no condition");
        assert!(is_released(&row(vec![category(R_AND_S)]), &said));
        assert!(is_released(&row(vec![category("other"), category(R_AND_S)]), &said));
        assert!(!is_released(&row(vec![category(R_AND_S)]), &[]));
        assert!(!is_released(&row(vec![category(&R_AND_S.to_uppercase())]), &said));
        assert!(!is_released(&row(vec![EntityAttribute::new("urn:example:assurance", R_AND_S)]), &said));
        let why = withheld_words(&row(vec![category(R_AND_S), EntityAttribute::new("a", "b")]));
        assert_eq!(
            why,
            "it is only for apps whose metadata says REFEDS Research and Scholarship or a = b, and this app’s doesn’t"
        );
    }

    #[test]
    fn only_what_a_row_waits_for_widens_the_release() {
        let mut saml =
            SamlConnection { attributes: vec![row(vec![category("x")])], ..SamlConnection::default() };
        assert_eq!(saml.would_release_more(&[category("x"), category("y")]), [&category("x")]);
        saml.entity_attributes = vec![category("x")];
        assert!(saml.would_release_more(&[category("x"), category("y")]).is_empty());
    }

    #[test]
    fn iip_idp03_what_is_said_of_one_entity_says_nothing_about_another() {
        let named = |id: &str| SamlConnection {
            sp_entity_id: id.into(),
            entity_attributes: vec![category("x")],
            sp_decrypts: true,
            ..SamlConnection::default()
        };
        for (before, now, forgets) in
            [("a", "b", true), ("a", "", true), ("a", "a", false), ("a", " a ", false), ("", "b", false)]
        {
            let mut saml = named(now);
            assert_eq!(saml.forget_another_entity(&named(before)), forgets, "{before} {now}");
            assert_eq!(saml.entity_attributes.is_empty(), forgets, "{before} {now}");
            assert!(saml.sp_decrypts, "never in clear by the way");
        }
    }

    #[test]
    fn conditions_have_both_parts() {
        let refused = |row: ValueMapping| {
            let mut errors = FieldErrors::default();
            check_conditions(&mut errors, "attributes", &row);
            !errors.0.is_empty()
        };
        assert!(!refused(row(vec![category(R_AND_S)])));
        for wrong in [EntityAttribute::new("", "x"), EntityAttribute::new("x", " "), category("a\nb")] {
            assert!(refused(row(vec![wrong])));
        }
        assert!(refused(row(vec![category("x"); 17])));
    }
}
