//! Owns finding one entity in a document of thousands, in memory that does not grow with it.
//! Does not read what is inside an entity (see `sp`).
//!
//! One walk over the markup cuts out the octets of an `EntityDescriptor`; only these are parsed into a
//! tree. What is around them is checked lexically (references, characters, limits, matching tags), not
//! more: it has no say in what is read.

mod cut;
mod tags;
mod walk;

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::address::check_entity_id;
use super::error::MetadataError;
use super::note::Note;
use super::read::{entity_id, people, sp_roles};
use crate::parse::clip;
use crate::uri::MD;
use crate::xml::reader::{Document, Limits, XmlError, checked_text};
use walk::{Found, walk};

/// How many entity ids an error names.
const SHOWN: usize = 20;

/// How large a metadata document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregateLimits {
    /// The whole document, in bytes.
    pub total: usize,
    /// One entity, in bytes.
    pub entity: usize,
}

impl Default for AggregateLimits {
    /// 64 MiB and 1 MiB.
    fn default() -> Self {
        Self { total: 64 * 1024 * 1024, entity: Limits::ENTITY.bytes }
    }
}

impl AggregateLimits {
    /// The most entities and groups of one document.
    pub const MAX_ENTITIES: usize = 50_000;
    /// The most bytes of namespace declarations that one entity inherits: each is copied for each entity.
    pub const MAX_INHERITED: usize = 8 * 1024;
    /// The most bytes of entity ids and names that are listed.
    pub const MAX_LISTED: usize = 16 * 1024 * 1024;
}

/// One entity of an aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntitySummary {
    /// Its entity id.
    pub entity_id: String,
    /// The name of its SP role for people, if it has one.
    pub display_name: Option<String>,
    /// Whether it has a SAML 2.0 SP role.
    pub service_provider: bool,
    /// Whether it has an identity provider role.
    pub identity_provider: bool,
}

/// What a document holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Its entities, in the order of the document.
    pub entities: Vec<EntitySummary>,
    /// The entities that were passed over, and why.
    pub notes: Vec<Note>,
}

/// Lists the entities of a document: an aggregate, or a single `EntityDescriptor`.
///
/// # Errors
/// [`MetadataError`], when the document is beyond the limits, no metadata, or broken.
pub fn list(xml: &[u8], limits: &AggregateLimits) -> Result<Listing, MetadataError> {
    let text = checked_text(xml, &Limits::aggregate(limits.total))?;
    let (mut listing, mut listed) = (Listing::default(), 0);
    walk(text, &mut |found| {
        if found.whole.len() > limits.entity {
            let entity_id = clip(&found.entity_id());
            listing.notes.push(Note::EntityTooLarge { entity_id, limit: limits.entity });
            return Ok(ControlFlow::Continue(()));
        }
        let summary = summarise(found)?;
        if let Err(error) = check_entity_id(&summary.entity_id) {
            listing.notes.push(Note::EntityId { entity_id: clip(&summary.entity_id), error });
            return Ok(ControlFlow::Continue(()));
        }
        listed += summary.entity_id.len() + summary.display_name.as_ref().map_or(0, String::len);
        if listed > AggregateLimits::MAX_LISTED {
            let limit = AggregateLimits::MAX_LISTED;
            return Err(MetadataError::TooMany { what: "bytes of names", limit });
        }
        listing.entities.push(summary);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(listing)
}

/// Cuts the `EntityDescriptor` of `expected`, or of the only SP, out of a document. The result is a
/// document of its own: namespaces declared around it, and `validUntil` and `cacheDuration` where those
/// around it are stricter, are written into its start tag.
///
/// # Errors
/// [`MetadataError`], when the document is beyond the limits, no metadata, or broken, or the entity is
/// missing, ambiguous or too large.
pub fn cut<'x>(
    xml: &'x [u8],
    expected: Option<&str>,
    limits: &AggregateLimits,
) -> Result<Cow<'x, str>, MetadataError> {
    let text = checked_text(xml, &Limits::aggregate(limits.total))?;
    let cut = |found: &Found<'x, '_>| {
        if found.whole.len() > limits.entity {
            return Err(XmlError::TooLarge(limits.entity).into());
        }
        found.cut()
    };
    let (mut chosen, mut has_sp) = (None, false);
    let mut choices = Vec::new();
    walk(text, &mut |found| {
        match expected {
            Some(expected) => {
                let id = found.entity_id();
                if id == expected {
                    let entity = cut(found)?;
                    let is_sp = summarise(found)?.service_provider;
                    match chosen {
                        // The roles of one entity may stand apart; two with the role that is wanted can't be told apart.
                        Some(_) if is_sp && has_sp => {
                            return Err(MetadataError::Ambiguous(vec![expected.to_owned()]));
                        }
                        Some(_) if !is_sp => {}
                        _ => (chosen, has_sp) = (Some(entity), is_sp),
                    }
                } else if found.is_root() {
                    return Err(MetadataError::OtherEntity {
                        expected: expected.to_owned(),
                        found: clip(&id),
                    });
                }
            }
            None if found.is_root() => chosen = Some(cut(found)?),
            None if found.whole.len() > limits.entity => {}
            None => {
                let summary = summarise(found)?;
                if summary.service_provider {
                    choices.push(clip(&summary.entity_id));
                    if chosen.is_none() {
                        chosen = Some(cut(found)?);
                    }
                    if choices.len() >= SHOWN {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    match (chosen, expected) {
        (Some(_), None) if choices.len() > 1 => Err(MetadataError::Ambiguous(choices)),
        (Some(chosen), _) => Ok(chosen),
        (None, None) => Err(MetadataError::NoServiceProvider { identity_provider: false }),
        (None, Some(expected)) => {
            let choices = first_choices(text, limits)?;
            Err(MetadataError::NotInAggregate { expected: expected.to_owned(), choices })
        }
    }
}

/// Some of the SPs, for the words of an error.
fn first_choices(text: &str, limits: &AggregateLimits) -> Result<Vec<String>, MetadataError> {
    let mut choices = Vec::new();
    walk(text, &mut |found| {
        if found.whole.len() <= limits.entity {
            let summary = summarise(found)?;
            if summary.service_provider {
                choices.push(clip(&summary.entity_id));
            }
        }
        Ok(if choices.len() < SHOWN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(choices)
}

fn summarise(found: &Found<'_, '_>) -> Result<EntitySummary, MetadataError> {
    let one = found.cut()?;
    let document = Document::read(one.as_bytes(), &Limits { bytes: usize::MAX, ..Limits::ENTITY })?;
    let entity = document.root();
    let role = sp_roles(entity).next();
    Ok(EntitySummary {
        entity_id: entity_id(entity).to_owned(),
        // A name that holds elements is no name; the entity can be chosen all the same.
        display_name: role.and_then(|role| people::display_name(entity, role).ok().flatten()),
        service_provider: role.is_some(),
        identity_provider: entity.child(MD, "IDPSSODescriptor").is_some(),
    })
}
