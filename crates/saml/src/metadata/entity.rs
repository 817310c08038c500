//! Owns finding the one EntityDescriptor that is meant, in a single document or in an aggregate.
//! Does not read what is inside.

use super::sp::MetadataError;
use crate::uri::{MD, SAMLP};
use crate::xml::reader::{Document, Element};

/// How many entity ids an error names.
const SHOWN: usize = 20;

/// The EntityDescriptor of `expected`, or the only one with an SP role.
pub(super) fn choose<'a, 'i>(
    document: &'a Document<'i>,
    expected: Option<&str>,
) -> Result<Element<'a, 'i>, MetadataError> {
    let root = document.root();
    if root.is(MD, "EntityDescriptor") {
        return match (entity_id(root), expected) {
            (found, Some(expected)) if found != expected => {
                Err(MetadataError::OtherEntity { expected: expected.to_owned(), found: found.to_owned() })
            }
            _ => Ok(root),
        };
    }
    if !root.is(MD, "EntitiesDescriptor") {
        return Err(MetadataError::NotMetadata(root.name().chars().take(80).collect()));
    }
    let entities = || document.elements().filter(|element| element.is(MD, "EntityDescriptor"));
    if let Some(expected) = expected {
        let mut found = entities().filter(|entity| entity_id(*entity) == expected);
        return match (found.next(), found.next()) {
            (Some(entity), None) => Ok(entity),
            (None, _) => Err(MetadataError::NotInAggregate {
                expected: expected.to_owned(),
                choices: choices(entities()),
            }),
            (Some(_), Some(_)) => Err(MetadataError::Ambiguous(vec![expected.to_owned()])),
        };
    }
    let mut sps = entities().filter(|entity| sp_role(*entity).is_some());
    match (sps.next(), sps.next()) {
        (Some(entity), None) => Ok(entity),
        (None, _) => Err(MetadataError::NoServiceProvider { identity_provider: false }),
        (Some(_), Some(_)) => Err(MetadataError::Ambiguous(choices(entities()))),
    }
}

pub(super) fn entity_id<'a>(entity: Element<'a, '_>) -> &'a str {
    entity.attribute("entityID").unwrap_or_default()
}

/// SAML Metadata §2.4.1: the SP role that speaks SAML 2.0.
pub(super) fn sp_role<'a, 'i>(entity: Element<'a, 'i>) -> Option<Element<'a, 'i>> {
    entity.children_named(MD, "SPSSODescriptor").find(|role| {
        role.attribute("protocolSupportEnumeration")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .any(|protocol| protocol == SAMLP)
    })
}

fn choices<'a, 'i: 'a>(entities: impl Iterator<Item = Element<'a, 'i>>) -> Vec<String> {
    entities
        .filter(|entity| sp_role(*entity).is_some())
        .map(|entity| entity_id(entity).to_owned())
        .take(SHOWN)
        .collect()
}
