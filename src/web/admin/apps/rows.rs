//! The repeating rows of attributes and claims. Does not own what a source is (`domain::attributes`).

use crate::{
    domain::{
        attributes::{ACCOUNT_SOURCES, SIGN_IN_SOURCES, SUBJECT_ID_SOURCES},
        connection::{
            ClaimDestination, EntityAttribute, SamlConnection, ValueMapping, ValueSource,
            entity_attributes::{ENTITY_CATEGORY, KNOWN_CATEGORIES},
        },
        text::FieldErrors,
        user::STANDARD_ATTRIBUTES,
    },
    service::connectors::{Connector, Need},
    web::{
        extract::Fields,
        view::form::{AttributeRow, Choice},
    },
};

/// The rows as typed, those without a name left out: emptying the name removes a row.
pub fn typed(fields: &Fields) -> Vec<AttributeRow> {
    let (kinds, values) = (fields.all("attribute_kind"), fields.all("attribute_value"));
    let (sends, places) = (fields.all("attribute_send"), fields.all("attribute_place"));
    let (conditions, shapes) = (fields.all("attribute_only_for"), fields.all("attribute_shape"));
    let at = |list: &[&str], position: usize| list.get(position).copied().unwrap_or_default().to_owned();
    fields
        .all("attribute_name")
        .into_iter()
        .enumerate()
        .filter(|(_, name)| !name.trim().is_empty())
        .map(|(position, name)| AttributeRow {
            name: name.trim().to_owned(),
            kind: at(&kinds, position),
            value: at(&values, position).trim().to_owned(),
            off: at(&sends, position) == "off" || at(&places, position) == "off",
            place: at(&places, position),
            shape: (!shapes.is_empty()).then(|| at(&shapes, position)),
            only_for: (!conditions.is_empty()).then(|| at(&conditions, position).trim().to_owned()),
            locked: None,
        })
        .collect()
}

/// The entity attributes a row is released for, as one line: a category by its value alone, others as `name = value`.
pub fn conditions_text(only_for: &[EntityAttribute]) -> String {
    only_for.iter().map(condition_text).collect::<Vec<_>>().join(" | ")
}

/// One of them.
pub fn condition_text(one: &EntityAttribute) -> String {
    if one.name == ENTITY_CATEGORY { one.value.clone() } else { format!("{} = {}", one.name, one.value) }
}

/// What may be named as a condition, where there is reason to ask for one: the app's metadata says something, or a row asks
/// already. Else nothing.
pub fn conditions(saml: &SamlConnection) -> Vec<String> {
    let asked = saml.every_row().flat_map(|row| &row.only_for);
    let mut known: Vec<String> = Vec::new();
    for text in saml.entity_attributes.iter().chain(asked).map(condition_text) {
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
fn conditions_of(text: &str) -> Result<Vec<EntityAttribute>, &'static str> {
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

/// The mappings that rows stand for. What a row can't show (`NameFormat`, `FriendlyName`) is kept from the stored row of
/// the same name; rows that the app's recipe needs can be switched off, and stay when a form leaves them out.
///
/// # Errors
/// Conditions that can't be read, each an error of `field`.
pub fn mappings(
    rows: &[AttributeRow],
    stored: &[ValueMapping],
    field: &str,
) -> Result<Vec<ValueMapping>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut typed = Vec::with_capacity(rows.len());
    for row in rows {
        let before = stored.iter().find(|mapping| mapping.name == row.name);
        typed.push(ValueMapping {
            required: before.is_some_and(|mapping| mapping.required),
            off: row.off,
            only_for: match (&row.only_for, before) {
                // What can't be told apart in a line (a value with a bar in it) stays what it was.
                (Some(text), Some(before)) if *text == conditions_text(&before.only_for) => {
                    before.only_for.clone()
                }
                (Some(text), _) => conditions_of(text).unwrap_or_else(|problem| {
                    errors.add(field, format!("What “{}” is only for {problem}", row.name));
                    Vec::new()
                }),
                (None, before) => before.map(|mapping| mapping.only_for.clone()).unwrap_or_default(),
            },
            destination: ClaimDestination::parse(&row.place)
                .or(before.map(|mapping| mapping.destination))
                .unwrap_or_default(),
            list: match (row.shape.as_deref(), before) {
                (Some("list"), _) => Some(true),
                (Some("plain"), _) => Some(false),
                (Some(_), _) => None,
                (None, before) => before.and_then(|mapping| mapping.list),
            },
            name: row.name.clone(),
            name_format: before.map(|mapping| mapping.name_format.clone()).unwrap_or_default(),
            friendly_name: before.map(|mapping| mapping.friendly_name.clone()).unwrap_or_default(),
            value: match row.kind.as_str() {
                "constant" => ValueSource::Constant(row.value.clone()),
                "expression" => ValueSource::Expression(row.value.clone()),
                _ => ValueSource::Source(row.value.clone()),
            },
        });
    }
    errors.finish()?;
    let left_out =
        |mapping: &&ValueMapping| mapping.required && rows.iter().all(|row| row.name != mapping.name);
    typed.extend(stored.iter().filter(left_out).cloned());
    Ok(typed)
}

/// Marks the rows whose name is settled by the app's recipe.
pub fn lock(rows: &mut [AttributeRow], stored: &[ValueMapping], connector: Option<&Connector>) {
    for row in rows {
        let required = stored.iter().any(|mapping| mapping.required && mapping.name == row.name);
        row.locked = required.then(|| match connector.and_then(|connector| connector.need(&row.name)) {
            Some(Need::NewAccounts) => "needed for new accounts",
            Some(Need::SignIn) | None => "needed to sign in",
        });
    }
}

/// Stored mappings as rows.
pub fn of(mappings: &[ValueMapping]) -> Vec<AttributeRow> {
    mappings
        .iter()
        .map(|mapping| {
            let (kind, value) = match &mapping.value {
                ValueSource::Source(source) => ("source", source),
                ValueSource::Constant(text) => ("constant", text),
                ValueSource::Expression(text) => ("expression", text),
            };
            AttributeRow {
                name: mapping.name.clone(),
                kind: kind.to_owned(),
                value: value.clone(),
                off: mapping.off,
                place: mapping.destination.as_str().to_owned(),
                shape: Some(match mapping.list {
                    Some(true) => "list".to_owned(),
                    Some(false) => "plain".to_owned(),
                    None => String::new(),
                }),
                only_for: Some(conditions_text(&mapping.only_for)),
                locked: None,
            }
        })
        .collect()
}

/// The rows as lines, for comparing: `email from email`, `plan = gold`.
pub fn text(rows: &[AttributeRow]) -> String {
    let line = |row: &AttributeRow| {
        let value = match row.kind.as_str() {
            "constant" => format!("{} = {}", row.name, row.value),
            _ => format!("{} from {}", row.name, row.value),
        };
        let value = match row.shape.as_deref() {
            Some("list") => format!("{value}, always a list"),
            Some("plain") => format!("{value}, as it comes"),
            _ => value,
        };
        match row.only_for.as_deref() {
            None | Some("") => value,
            Some(only_for) => format!("{value}, only for {only_for}"),
        }
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The names that a value may come from, for suggestions.
pub fn sources() -> Vec<String> {
    let all =
        ACCOUNT_SOURCES.iter().chain(STANDARD_ATTRIBUTES).chain(SUBJECT_ID_SOURCES).chain(SIGN_IN_SOURCES);
    all.map(|(key, _)| (*key).to_owned()).collect()
}

/// What may identify people, with the present choice even if it is a custom attribute.
pub fn identifiers(chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<Choice> = ACCOUNT_SOURCES
        .iter()
        .chain(STANDARD_ATTRIBUTES)
        .filter(|(key, _)| *key != "groups")
        .map(|(key, label)| Choice::new(*key, *label))
        .collect();
    if !chosen.is_empty() && !choices.iter().any(|choice| choice.value == chosen) {
        choices.push(Choice::new(chosen, chosen));
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_in_order_and_emptied_names_remove_them() {
        let fields = Fields::parse(
            "attribute_name=email&attribute_kind=source&attribute_value=email\
             &attribute_name=&attribute_kind=source&attribute_value=username\
             &attribute_name=+plan+&attribute_kind=constant&attribute_value=gold\
             &attribute_name=tail",
        )
        .expect("short");
        let rows = typed(&fields);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["email", "plan", "tail"]);
        assert_eq!((rows[1].kind.as_str(), rows[1].value.as_str()), ("constant", "gold"));
        assert_eq!(rows[2].value, "", "a cut form misses values, it doesn't shift them");
    }

    #[test]
    fn mappings_keep_what_rows_do_not_show() {
        let stored = [ValueMapping {
            name_format: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri".into(),
            friendly_name: "givenName".into(),
            ..ValueMapping::new("urn:oid:2.5.4.42", ValueSource::Source("first_name".into()))
        }];
        assert_eq!(mappings(&of(&stored), &stored, "x").expect("readable"), stored);
        let renamed = [AttributeRow {
            name: "plan".into(),
            kind: "constant".into(),
            value: "gold".into(),
            ..AttributeRow::default()
        }];
        let mapped = mappings(&renamed, &stored, "x").expect("readable");
        assert_eq!(mapped[0].value, ValueSource::Constant("gold".into()));
        assert_eq!(mapped[0].friendly_name, "");
    }

    #[test]
    fn conditions_are_read_as_they_are_written() {
        let category =
            EntityAttribute::new(ENTITY_CATEGORY, "http://refeds.org/category/research-and-scholarship");
        let other = EntityAttribute::new("urn:example:assurance", "high");
        let odd = EntityAttribute::new("a", "b | c = d");
        for only_for in [vec![], vec![category.clone()], vec![category.clone(), other.clone()], vec![odd]] {
            let stored =
                [ValueMapping { only_for, ..ValueMapping::new("mail", ValueSource::Source("email".into())) }];
            assert_eq!(mappings(&of(&stored), &stored, "x").expect("readable"), stored, "unchanged");
        }
        let stored = [ValueMapping {
            only_for: vec![category.clone()],
            ..ValueMapping::new("mail", ValueSource::Source("email".into()))
        }];
        let mut rows = of(&stored);
        rows[0].only_for = Some(format!(" {} |urn:example:assurance = high|", category.value));
        assert_eq!(mappings(&rows, &stored, "x").expect("readable")[0].only_for, [category.clone(), other]);
        rows[0].only_for = None;
        assert_eq!(
            mappings(&rows, &stored, "x").expect("readable")[0].only_for,
            [category],
            "a form that doesn’t ask changes nothing"
        );
    }

    #[test]
    fn iip_idp03_a_condition_that_names_nothing_is_no_way_to_release_to_everybody() {
        let category = EntityAttribute::new(ENTITY_CATEGORY, "x");
        let stored = [ValueMapping {
            only_for: vec![category.clone()],
            ..ValueMapping::new("mail", ValueSource::Source("email".into()))
        }];
        let read = |text: &str| {
            let mut rows = of(&stored);
            rows[0].only_for = Some(text.to_owned());
            mappings(&rows, &stored, "attributes").map(|mappings| mappings[0].only_for.clone())
        };
        for wrong in ["|", " | ", "||", "=", "a =", "= b", "x | a = ", "x | = b"] {
            let refused = read(wrong).expect_err(wrong);
            let words = refused.of("attributes").unwrap_or_default();
            assert!(words.contains("“mail”"), "{wrong}: {words}");
        }
        assert_eq!(read(""), Ok(Vec::new()), "everybody");
        assert_eq!(read("x |"), Ok(vec![category.clone()]), "a category by its value alone");
        assert_eq!(read("| x | a = b"), Ok(vec![category, EntityAttribute::new("a", "b")]));
        assert_eq!(
            read("a=b"),
            Ok(vec![EntityAttribute::new(ENTITY_CATEGORY, "a=b")]),
            "a value may hold one"
        );
    }

    #[test]
    fn a_needed_row_can_be_switched_off_and_not_removed() {
        let stored = [ValueMapping {
            required: true,
            ..ValueMapping::new("email", ValueSource::Source("email".into()))
        }];
        let mut rows = of(&stored);
        rows[0].off = true;
        lock(&mut rows, &stored, None);
        assert_eq!(rows[0].locked, Some("needed to sign in"));
        let switched = mappings(&rows, &stored, "x").expect("readable");
        assert!(switched[0].off && switched[0].required);
        assert_eq!(mappings(&[], &stored, "x").expect("readable"), stored, "left out, it stays");
    }

    #[test]
    fn a_custom_identifier_stays_choosable() {
        assert!(identifiers("attributes.badge").iter().any(|choice| choice.value == "attributes.badge"));
        assert!(!identifiers("email").iter().any(|choice| choice.value == "groups"));
    }
}
