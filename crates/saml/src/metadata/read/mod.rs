//! Owns reading the parts of an SP's metadata out of the tree, forgiving where no harm is done.
//! Does not put them together (see `sp`).

pub(super) mod attributes;
pub(super) mod endpoints;
pub(super) mod keys;
pub(super) mod people;

use chrono::{DateTime, TimeDelta, Utc};

use super::duration::parse_duration;
use super::error::MetadataError;
use super::note::Note;
use crate::parse::{clip, parse_boolean, parse_date_time};
use crate::uri::{MD, SAMLP};
use crate::xml::reader::Element;

/// The most endpoints, formats or attributes that are read of one kind.
pub(super) const MAX_ITEMS: usize = 256;

pub(super) fn entity_id<'a>(entity: Element<'a, '_>) -> &'a str {
    entity.attribute("entityID").unwrap_or_default()
}

/// SAML Metadata §2.4.1: the SP roles that speak SAML 2.0.
pub(super) fn sp_roles<'a, 'i: 'a>(entity: Element<'a, 'i>) -> impl Iterator<Item = Element<'a, 'i>> {
    entity.children_named(MD, "SPSSODescriptor").filter(|role| {
        role.attribute("protocolSupportEnumeration")
            .unwrap_or_default()
            .split_ascii_whitespace()
            .any(|protocol| protocol == SAMLP)
    })
}

/// The children `local` of every `Extensions` of `element`: IIP-MD05, what else is in there is passed over.
pub(super) fn extensions<'a, 'i: 'a>(
    element: Element<'a, 'i>,
    namespace: &'static str,
    local: &'static str,
) -> impl Iterator<Item = Element<'a, 'i>> {
    element.children_named(MD, "Extensions").flat_map(move |inside| inside.children_named(namespace, local))
}

/// SAML Metadata §2.3.1: the earliest instant around a role counts.
pub(super) fn valid_until(around: &[Element<'_, '_>]) -> Result<Option<DateTime<Utc>>, MetadataError> {
    earliest(around, "validUntil", parse_date_time)
}

/// SAML Metadata §2.3.1: the shortest duration around a role counts.
pub(super) fn cache_duration(around: &[Element<'_, '_>]) -> Result<Option<TimeDelta>, MetadataError> {
    earliest(around, "cacheDuration", parse_duration)
}

fn earliest<T: Ord>(
    around: &[Element<'_, '_>],
    name: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, MetadataError> {
    let values = around.iter().filter_map(|element| element.attribute(name));
    let values: Result<Vec<T>, _> =
        values.map(|value| parse(value).ok_or(MetadataError::Value(name))).collect();
    Ok(values?.into_iter().min())
}

pub(super) fn limited<'a, 'i: 'a>(
    found: impl Iterator<Item = Element<'a, 'i>>,
    what: &'static str,
) -> Result<Vec<Element<'a, 'i>>, MetadataError> {
    let found: Vec<_> = found.take(MAX_ITEMS + 1).collect();
    if found.len() > MAX_ITEMS { Err(MetadataError::TooMany { what, limit: MAX_ITEMS }) } else { Ok(found) }
}

/// XML Schema §3.2.2: `true` and `1` are the same; SPs write both (SDP-IDP04).
pub(super) fn boolean(element: Element<'_, '_>, name: &'static str) -> Result<bool, MetadataError> {
    element.attribute(name).map_or(Ok(false), |value| parse_boolean(value).ok_or(MetadataError::Value(name)))
}

/// The same where nothing hangs on it: a value that is none is noted and counts as absent.
fn lenient_boolean(element: Element<'_, '_>, name: &'static str, notes: &mut Vec<Note>) -> bool {
    let Some(value) = element.attribute(name) else { return false };
    parse_boolean(value).unwrap_or_else(|| {
        notes.push(Note::Value { what: name, value: clip(value) });
        false
    })
}

/// The text of an element on one line, without what is too long.
fn one_line(element: Element<'_, '_>, max: usize) -> Result<Option<String>, MetadataError> {
    let text = element.text()?;
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().nth(max).is_some() {
        line = line.chars().take(max).collect();
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

/// Of several translations the English one, else the first.
fn localised(translations: &[Element<'_, '_>], max: usize) -> Result<Option<String>, MetadataError> {
    let english = |translation: &&Element<'_, '_>| {
        translation.attributes().any(|(_, local, value)| {
            local == "lang" && value.get(..2).is_some_and(|language| language.eq_ignore_ascii_case("en"))
        })
    };
    let chosen = translations.iter().find(english).or_else(|| translations.first());
    chosen.map_or(Ok(None), |translation| one_line(*translation, max))
}
