//! Owns the walk through nested `EntitiesDescriptor` elements to every `EntityDescriptor`.
//! Does not look inside an entity: it only finds its end.

use std::borrow::Cow;
use std::ops::ControlFlow;

use chrono::{DateTime, TimeDelta, Utc};

use super::AggregateLimits;
use super::tags::{Cursor, Piece, RawAttribute, StartTag, attributes, broken};
use crate::metadata::duration::parse_duration;
use crate::metadata::error::MetadataError;
use crate::parse::parse_date_time;
use crate::uri::MD;
use crate::xml::reader::XmlError;
use crate::xml::value_of;

/// What the elements around an entity hand down to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Inherited<'t> {
    /// The declarations in scope, each prefix once.
    pub(super) declarations: Vec<RawAttribute<'t>>,
    /// SAML Metadata §2.3.1: the earliest end.
    pub(super) valid_until: Option<DateTime<Utc>>,
    /// SAML Metadata §2.3.1: the shortest duration.
    pub(super) cache_duration: Option<TimeDelta>,
}

/// An entity as it stands in the text.
pub(super) struct Found<'t, 'w> {
    /// From its start tag to its end tag.
    pub(super) whole: &'t str,
    pub(super) tag: StartTag<'t>,
    pub(super) attributes: Vec<RawAttribute<'t>>,
    /// `None` for the document element.
    pub(super) inherited: Option<&'w Inherited<'t>>,
}

impl<'t> Found<'t, '_> {
    /// Whether the entity is the document.
    pub(super) fn is_root(&self) -> bool {
        self.inherited.is_none()
    }

    pub(super) fn entity_id(&self) -> Cow<'t, str> {
        let found = self.attributes.iter().find(|attribute| attribute.name == "entityID");
        found.map_or(Cow::Borrowed(""), |attribute| value_of(attribute.value))
    }
}

/// Shows every entity to `visit`, in the order of the document, until it breaks off.
///
/// SAML Metadata §2.3.1: an `EntitiesDescriptor` holds entities and further groups. Whatever else stands
/// there (signature, extensions) is passed over with all it holds, entities included.
pub(super) fn walk<'t>(
    text: &'t str,
    visit: &mut dyn FnMut(&Found<'t, '_>) -> Result<ControlFlow<()>, MetadataError>,
) -> Result<(), MetadataError> {
    let mut cursor = Cursor { text, at: 0 };
    let mut groups: Vec<(&'t str, Inherited<'t>)> = Vec::new();
    let (mut has_root, mut counted) = (false, 0);
    while let Some((start, before, piece)) = cursor.next()? {
        let is_outside = groups.is_empty();
        if is_outside && (!is_blank(before) || matches!(piece, Piece::Cdata)) {
            return Err(broken("there is text outside of the document element").into());
        }
        match piece {
            Piece::Aside | Piece::Cdata => {}
            Piece::End(name) => match groups.pop() {
                Some((open, _)) if open == name => {}
                _ => return Err(mismatch(name).into()),
            },
            Piece::Start(_) if is_outside && has_root => {
                return Err(broken("there is a second document element").into());
            }
            Piece::Start(tag) => {
                has_root = true;
                let around = groups.last().map(|(_, inherited)| inherited);
                let attributes = attributes(tag.attributes)?;
                let local = metadata_name(tag.name, &attributes, around);
                counted += usize::from(local.is_some());
                if counted > AggregateLimits::MAX_ENTITIES {
                    let limit = AggregateLimits::MAX_ENTITIES;
                    return Err(MetadataError::TooMany { what: "entities", limit });
                }
                if local == Some("EntitiesDescriptor") {
                    if !tag.empty {
                        let inherited = inherit(around, &attributes)?;
                        groups.push((tag.name, inherited));
                    }
                    continue;
                }
                skip(&mut cursor, tag)?;
                if local == Some("EntityDescriptor") {
                    let whole = &text[start..cursor.at];
                    let found = Found { whole, tag, attributes, inherited: around };
                    if visit(&found)?.is_break() {
                        return Ok(());
                    }
                } else if is_outside {
                    let name = tag.name.rsplit(':').next().unwrap_or_default();
                    return Err(MetadataError::NotMetadata(name.chars().take(80).collect()));
                }
            }
        }
    }
    if !groups.is_empty() || !has_root || !is_blank(cursor.rest()) {
        return Err(broken("the document element is missing or has no end").into());
    }
    Ok(())
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn mismatch(name: &str) -> XmlError {
    let name: String = name.chars().take(80).collect();
    XmlError::NotWellFormed(format!("the end tag '{name}' does not match"))
}

/// Moves behind the end of the element that `tag` opened. The lexical pass bounds the depth.
fn skip<'t>(cursor: &mut Cursor<'t>, tag: StartTag<'t>) -> Result<(), XmlError> {
    if tag.empty {
        return Ok(());
    }
    let mut open = vec![tag.name];
    while let Some((_, _, piece)) = cursor.next()? {
        match piece {
            Piece::Start(tag) if !tag.empty => open.push(tag.name),
            Piece::End(name) if open.pop() != Some(name) => return Err(mismatch(name)),
            _ => {}
        }
        if open.is_empty() {
            return Ok(());
        }
    }
    Err(broken("an element has no end"))
}

/// The local name, if the element is in the namespace of metadata.
fn metadata_name<'t>(
    name: &'t str,
    attributes: &[RawAttribute<'t>],
    around: Option<&Inherited<'t>>,
) -> Option<&'t str> {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let declares = |declaration: &&RawAttribute<'_>| declared_prefix(declaration.name) == Some(prefix);
    let outer = around.into_iter().flat_map(|inherited| &inherited.declarations);
    let namespace = attributes.iter().find(declares).or_else(|| outer.into_iter().find(declares))?;
    (value_of(namespace.value) == MD).then_some(local)
}

/// Namespaces in XML §3: `xmlns` declares the empty prefix, `xmlns:p` the prefix `p`.
pub(super) fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns") {
        Some("") => Some(""),
        Some(prefixed) => prefixed.strip_prefix(':'),
        None => None,
    }
}

fn inherit<'t>(
    around: Option<&Inherited<'t>>,
    attributes: &[RawAttribute<'t>],
) -> Result<Inherited<'t>, MetadataError> {
    let mut inherited = around.cloned().unwrap_or_default();
    for attribute in attributes {
        if declared_prefix(attribute.name).is_some() {
            inherited.declarations.retain(|outer| outer.name != attribute.name);
            inherited.declarations.push(*attribute);
        } else if attribute.name == "validUntil" {
            let end =
                parse_date_time(&value_of(attribute.value)).ok_or(MetadataError::Value("validUntil"))?;
            inherited.valid_until = Some(inherited.valid_until.map_or(end, |outer| outer.min(end)));
        } else if attribute.name == "cacheDuration" {
            let duration =
                parse_duration(&value_of(attribute.value)).ok_or(MetadataError::Value("cacheDuration"))?;
            inherited.cache_duration =
                Some(inherited.cache_duration.map_or(duration, |outer| outer.min(duration)));
        }
    }
    let size: usize = inherited.declarations.iter().map(|one| one.name.len() + one.value.len()).sum();
    if size > AggregateLimits::MAX_INHERITED {
        let limit = AggregateLimits::MAX_INHERITED;
        return Err(MetadataError::TooMany {
            what: "bytes of namespace declarations around entities",
            limit,
        });
    }
    Ok(inherited)
}
