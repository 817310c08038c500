//! What a SAML app learns about a person. Does not own the NameID (`name_id`), subject identifiers (`subject_ids`) or the
//! message (`issue`).

use super::subject_ids;
use crate::{
    context::AppContext,
    domain::{
        attributes::{self, Subject},
        connection::{
            NAME_FORMATS, SamlConnection, ValueMapping,
            entity_attributes::{is_released, withheld_words},
        },
    },
    id::{AppId, UserId},
    service::ServiceError,
    store,
};
use ::saml::{Attribute, AttributeNameFormat};

/// The attributes of an assertion.
pub struct Released {
    /// One element a name, several values inside (XS-43).
    pub attributes: Vec<Attribute>,
    /// Rows that failed: name, and why.
    pub problems: Vec<(String, String)>,
    /// Rows that are for other apps: name, and why.
    pub withheld: Vec<(String, String)>,
}

/// Whether a pseudonym that isn't there yet is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// It is, and kept.
    Store,
    /// It isn't; something else stands in its place.
    Show,
}

/// The attributes that this app gets, by rows of its settings.
pub async fn attributes(
    ctx: &AppContext,
    connection: &SamlConnection,
    subject: Subject<'_>,
    (rows, making): (&[ValueMapping], Making),
) -> Result<Released, ServiceError> {
    // IIP-IDP03: before anything is made for the row. What nobody gets is no trouble of the person's values either.
    let (rows, others): (Vec<_>, Vec<_>) =
        rows.iter().cloned().partition(|row| is_released(row, &connection.entity_attributes));
    let withheld = others.iter().filter(|row| !row.off);
    let withheld = withheld.map(|row| (row.name.clone(), withheld_words(row))).collect();
    let (rows, problems) = subject_ids::filled_in(ctx, subject, &rows, making).await?;
    let mut mapped = attributes::texts(&rows, subject);
    mapped.problems.extend(problems);
    let mut released: Vec<Attribute> = mapped
        .rows
        .into_iter()
        .map(|(mapping, values)| Attribute {
            name_format: match mapping.name_format.as_str() {
                "" => AttributeNameFormat::for_name(&mapping.name),
                given => AttributeNameFormat::from(named(given)),
            },
            friendly_name: Some(mapping.friendly_name).filter(|name| !name.is_empty()),
            name: mapping.name,
            values,
        })
        .collect();
    if !connection.groups_attribute.is_empty() && !subject.groups.is_empty() {
        released.push(Attribute {
            name_format: AttributeNameFormat::for_name(&connection.groups_attribute),
            name: connection.groups_attribute.clone(),
            friendly_name: None,
            values: subject.groups.to_vec(),
        });
    }
    Ok(Released { attributes: released, problems: mapped.problems, withheld })
}

/// XS-44: a format by its short name, as settings of before may have it, is the format.
fn named(format: &str) -> &str {
    NAME_FORMATS.iter().find(|(short, _)| *short == format).map_or(format, |(_, uri)| uri)
}

/// What this app may know of groups: of those bound to it, or of all whose name matches its filter. Sorted.
pub async fn groups(
    ctx: &AppContext,
    app: AppId,
    connection: &SamlConnection,
    user: UserId,
    bound: &[String],
) -> Result<Vec<String>, ServiceError> {
    if connection.groups_matching.is_empty() {
        return Ok(bound.to_vec());
    }
    let mut conn = ctx.db.read().await?;
    let groups = store::members::groups_of(&mut conn, user).await?;
    let sent_as = store::assignments::sent_as_of_app(&mut conn, app).await?;
    let mut names: Vec<String> = groups
        .into_iter()
        .filter(|group| matches(&connection.groups_matching, &group.name))
        .map(|group| match sent_as.get(&group.id) {
            Some(sent_as) => sent_as.text(group.id, &group.name),
            None => group.name,
        })
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whether a name fits a pattern in which `*` stands for any text; letters count exactly.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("app-*", "app-wiki"),
            ("*", ""),
            ("*-admins", "wiki-admins"),
            ("a*b*c", "a1b2c"),
            ("x", "x"),
            ("a**b", "ab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("app-*", "App-wiki"), ("x", "xy"), ("a*b*c", "acb"), ("ab*ba", "aba"), ("*-x", "-y")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
