//! The repeating rows of attributes and claims. Does not own what a source is (`domain::attributes`).

use super::conditions;
use crate::{
    domain::{
        attributes::{ACCOUNT_SOURCES, SIGN_IN_SOURCES, SUBJECT_ID_SOURCES},
        connection::{ClaimDestination, NAME_FORMATS, ValueMapping, ValueSource},
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
    let (formats, friendly) = (fields.all("attribute_format"), fields.all("attribute_friendly_name"));
    let asked = |list: &[&str], position: usize| {
        (!list.is_empty()).then(|| list.get(position).copied().unwrap_or_default().trim().to_owned())
    };
    let at = |list: &[&str], position: usize| list.get(position).copied().unwrap_or_default().to_owned();
    fields
        .all("attribute_name")
        .into_iter()
        .enumerate()
        .filter(|(_, name)| !name.trim().is_empty())
        .map(|(position, name)| AttributeRow {
            name: name.trim().to_owned(),
            kind: at(&kinds, position),
            // As it was typed: blanks around a constant may be meant, see `value`.
            value: at(&values, position),
            off: at(&sends, position) == "off" || at(&places, position) == "off",
            place: at(&places, position),
            shape: (!shapes.is_empty()).then(|| at(&shapes, position)),
            only_for: asked(&conditions, position),
            format: asked(&formats, position),
            friendly: asked(&friendly, position),
            locked: None,
        })
        .collect()
}

/// A format of a name as a row shows it: by its short name, if it has one.
fn format_text(format: &str) -> String {
    NAME_FORMATS.iter().find(|(_, uri)| *uri == format).map_or(format, |(short, _)| short).to_owned()
}

/// What a row's value stands for. Blanks around it are slips, unless they were stored so and nobody touched them; so are the line
/// breaks of an expression, which a field of one line doesn't show.
fn value(row: &AttributeRow, before: Option<&ValueMapping>) -> ValueSource {
    let text = row.value.trim().to_owned();
    match (row.kind.as_str(), before.map(|before| &before.value)) {
        ("constant", Some(ValueSource::Constant(stored))) if *stored == row.value => {
            ValueSource::Constant(stored.clone())
        }
        ("expression", Some(ValueSource::Expression(stored)))
            if stored.replace(['\r', '\n'], "").trim() == text =>
        {
            ValueSource::Expression(stored.clone())
        }
        ("constant", _) => ValueSource::Constant(text),
        ("expression", _) => ValueSource::Expression(text),
        _ => ValueSource::Source(text),
    }
}

/// The mappings that rows stand for. What a form doesn't ask for is kept from the stored row of the same name; rows that the app's
/// recipe needs can be switched off, and stay when a form leaves them out.
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
                (Some(text), Some(before)) if *text == conditions::text(&before.only_for) => {
                    before.only_for.clone()
                }
                (Some(text), _) => conditions::parse(text).unwrap_or_else(|problem| {
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
            // A short name becomes the format when the app is checked; one that is stored stays as it is.
            name_format: match (&row.format, before) {
                (Some(text), Some(before)) if *text == format_text(&before.name_format) => {
                    before.name_format.clone()
                }
                (Some(text), _) => text.clone(),
                (None, before) => before.map(|mapping| mapping.name_format.clone()).unwrap_or_default(),
            },
            friendly_name: row
                .friendly
                .clone()
                .or(before.map(|mapping| mapping.friendly_name.clone()))
                .unwrap_or_default(),
            value: value(row, before),
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
                only_for: Some(conditions::text(&mapping.only_for)),
                format: Some(format_text(&mapping.name_format)),
                friendly: Some(mapping.friendly_name.clone()),
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
        let details =
            [("name format", &row.format), ("friendly name", &row.friendly), ("only for", &row.only_for)];
        details.into_iter().fold(value, |line, (what, detail)| match detail.as_deref() {
            None | Some("") => line,
            Some(detail) => format!("{line}, {what} {detail}"),
        })
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
    use crate::domain::connection::{EntityAttribute, entity_attributes::ENTITY_CATEGORY};

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
    fn an_unchanged_row_stays_letter_for_letter_and_a_typed_one_is_trimmed() {
        let stored = [
            ValueMapping::new("greeting", ValueSource::Constant(" hello ".into())),
            ValueMapping::new("full", ValueSource::Expression("user.first_name\n  & user.last_name".into())),
        ];
        let mut rows = of(&stored);
        // What a field of one line makes of it.
        rows[1].value = rows[1].value.replace('\n', "");
        assert_eq!(mappings(&rows, &stored, "x").expect("readable"), stored);
        rows[0].value = " hello".into();
        let mapped = mappings(&rows, &stored, "x").expect("readable");
        assert_eq!(mapped[0].value, ValueSource::Constant("hello".into()));
    }

    #[test]
    fn xs_44_formats_and_friendly_names_are_typed() {
        let fields = Fields::parse(
            "attribute_name=mail&attribute_kind=source&attribute_value=email&attribute_format=uri\
             &attribute_friendly_name=+mail+&attribute_only_for=",
        )
        .expect("short");
        let mapped = mappings(&typed(&fields), &[], "x").expect("readable");
        assert_eq!((mapped[0].name_format.as_str(), mapped[0].friendly_name.as_str()), ("uri", "mail"));
        // Renamed, a row keeps both: the form brings them.
        let stored = [ValueMapping {
            name_format: NAME_FORMATS[1].1.into(),
            friendly_name: "mail".into(),
            ..ValueMapping::new("urn:oid:0.9.2342.19200300.100.1.3", ValueSource::Source("email".into()))
        }];
        let mut rows = of(&stored);
        rows[0].name = "urn:oid:1".into();
        let mapped = mappings(&rows, &stored, "x").expect("readable");
        assert_eq!((mapped[0].name_format.as_str(), mapped[0].friendly_name.as_str()), ("uri", "mail"));
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
