//! Whom a row is released for, as one line of a form. Does not own the rows (`rows`) or the rule (`domain::connection`).

use crate::domain::connection::{
    EntityAttribute, SamlConnection,
    entity_attributes::{ENTITY_CATEGORY, KNOWN_CATEGORIES},
};

/// The entity attributes a row is released for, as one line: a category by its value alone, others as `name = value`.
pub fn text(only_for: &[EntityAttribute]) -> String {
    only_for.iter().map(one_text).collect::<Vec<_>>().join(" | ")
}

/// One of them.
fn one_text(one: &EntityAttribute) -> String {
    if one.name == ENTITY_CATEGORY { one.value.clone() } else { format!("{} = {}", one.name, one.value) }
}

/// What may be named as a condition, where there is reason to ask for one: the app's metadata says something, or a row asks
/// already. Else nothing.
pub fn offered(saml: &SamlConnection) -> Vec<String> {
    let asked = saml.every_row().flat_map(|row| &row.only_for);
    let mut known: Vec<String> = Vec::new();
    for text in saml.entity_attributes.iter().chain(asked).map(one_text) {
        if !known.contains(&text) {
            known.push(text);
        }
    }
    if known.is_empty() {
        return known;
    }
    let categories = KNOWN_CATEGORIES.iter().map(|(value, _)| (*value).to_owned());
    let more: Vec<String> = categories.filter(|text| !known.contains(text)).collect();
    known.extend(more);
    known
}

/// What a line names, the other way round. A bar too many separates nothing; but a line that holds something and names nothing
/// is no way to say “for everybody”, and neither name nor value can be left out around an equals sign.
pub fn parse(text: &str) -> Result<Vec<EntityAttribute>, &'static str> {
    let mut conditions = Vec::new();
    for part in text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        if part.starts_with("= ") || part.ends_with(" =") || part == "=" {
            return Err("needs a name and a value around each equals sign");
        }
        conditions.push(match part.split_once(" = ") {
            Some((name, value)) => EntityAttribute::new(name.trim(), value.trim()),
            None => EntityAttribute::new(ENTITY_CATEGORY, part),
        });
    }
    if conditions.is_empty() && !text.trim().is_empty() {
        return Err(
            "names no entity attribute between its bars. Empty it to send the row to the app in any case",
        );
    }
    Ok(conditions)
}
