//! The identifiers of SAML Subject Identifier Attributes 1.0: `subject-id`, the same at every app, and `pairwise-id`, another one at
//! each. Does not own the rows that name them (`domain::connection`) or the rest of what is released (`release`).

use super::{super::name_id, release::Making};
use crate::{
    context::AppContext,
    domain::{
        attributes::{Subject, is_subject_id},
        connection::{SamlConnection, ValueMapping, ValueSource},
    },
    service::ServiceError,
    store,
};
use ::saml::Attribute;
use std::borrow::Cow;

/// §3.3, §3.4: the names that these attributes have.
const SUBJECT_ID: &str = "urn:oasis:names:tc:SAML:attribute:subject-id";
const PAIRWISE_ID: &str = "urn:oasis:names:tc:SAML:attribute:pairwise-id";
/// §4: the entity attribute by which an app says which it needs.
const REQUIREMENT: &str = "urn:oasis:names:tc:SAML:profiles:subject-id:req";

/// The rows with the identifiers of this person and app in the place of their sources; and the rows that have none, with why.
pub(super) async fn filled_in<'r>(
    ctx: &AppContext,
    subject: Subject<'_>,
    rows: &'r [ValueMapping],
    making: Making,
) -> Result<(Cow<'r, [ValueMapping]>, Vec<(String, String)>), ServiceError> {
    if !rows.iter().any(|row| !row.off && source(row).is_some()) {
        return Ok((Cow::Borrowed(rows), Vec::new()));
    }
    let (mut filled, mut problems) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let Some(source) = source(row).filter(|_| !row.off) else {
            filled.push(row.clone());
            continue;
        };
        let made = match source {
            "pairwise_id" => Attribute::pairwise_id(&pairwise(ctx, subject, making).await?, scope(ctx)),
            // §3.3: of one person for ever, and of nobody else afterwards; so is the account's id.
            _ => Attribute::subject_id(&subject.user.id.to_string().to_ascii_lowercase(), scope(ctx)),
        };
        match made.map(|attribute| attribute.values.into_iter().next()) {
            Ok(Some(value)) => {
                filled.push(ValueMapping { value: ValueSource::Constant(value), ..row.clone() });
            }
            Ok(None) => {}
            Err(error) => problems.push((row.name.clone(), format!("{error}; set saml.scope"))),
        }
    }
    Ok((Cow::Owned(filled), problems))
}

fn source(row: &ValueMapping) -> Option<&str> {
    match &row.value {
        ValueSource::Source(source) if is_subject_id(source) => Some(source),
        _ => None,
    }
}

/// §3.4: random, of this person at this app only, never given to anybody else. It is the pseudonym of persistent NameIDs: an app
/// that gets both knows them to be one person's anyway.
async fn pairwise(ctx: &AppContext, subject: Subject<'_>, making: Making) -> Result<String, ServiceError> {
    if making == Making::Store {
        return name_id::make_persistent(ctx, subject.app, subject.user).await;
    }
    let kept = store::name_ids::get(&mut ctx.db.read().await?, subject.app.id, subject.user.id).await?;
    Ok(kept.unwrap_or_else(|| name_id::NOT_YET.to_owned()))
}

/// Whether an app gets any of them.
pub fn are_sent(connection: &SamlConnection) -> bool {
    let sets = connection.attribute_sets.iter().flat_map(|set| &set.attributes);
    connection.attributes.iter().chain(sets).any(|row| !row.off && source(row).is_some())
}

/// §3.3.1: the domain within which these identifiers are unique.
pub fn scope(ctx: &AppContext) -> &str {
    let configured = ctx.config.saml.scope.as_ref().map(crate::config::Scope::as_str);
    configured.unwrap_or_else(|| ctx.config.http.public_url.host())
}

/// §4: the row that an app's metadata asks for, unless one of `rows` carries it already. Who takes either gets `pairwise-id`, by
/// which apps can't compare whom they know.
pub fn row_asked_for(entity_attributes: &[Attribute], rows: &[ValueMapping]) -> Option<ValueMapping> {
    let asked = entity_attributes.iter().find(|attribute| attribute.name == REQUIREMENT)?;
    let (name, source, friendly) = match asked.values.first().map(|value| value.trim())? {
        "subject-id" => (SUBJECT_ID, "subject_id", "subject-id"),
        "pairwise-id" | "any" => (PAIRWISE_ID, "pairwise_id", "pairwise-id"),
        _ => return None,
    };
    if rows.iter().any(|row| row.name == name) {
        return None;
    }
    Some(ValueMapping {
        friendly_name: friendly.to_owned(),
        ..ValueMapping::new(name, ValueSource::Source(source.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::saml::AttributeNameFormat;

    fn asking(value: &str) -> Vec<Attribute> {
        vec![Attribute {
            name: REQUIREMENT.into(),
            name_format: AttributeNameFormat::Uri,
            friendly_name: None,
            values: vec![value.into()],
        }]
    }

    #[test]
    fn sdp_idp15_what_an_app_asks_for_becomes_a_row_once() {
        for (asked, source) in
            [("subject-id", "subject_id"), ("pairwise-id", "pairwise_id"), (" any ", "pairwise_id")]
        {
            let row = row_asked_for(&asking(asked), &[]).expect("a row");
            assert_eq!(row.value, ValueSource::Source(source.into()), "{asked}");
            assert!(row.name.starts_with("urn:oasis:names:tc:SAML:attribute:"));
            assert_eq!(row_asked_for(&asking(asked), &[row]), None, "it is there already");
        }
        for nothing in ["none", "", "other"] {
            assert_eq!(row_asked_for(&asking(nothing), &[]), None, "{nothing}");
        }
        assert_eq!(row_asked_for(&[], &[]), None);
    }
}
