//! Owns making one entity of an aggregate a document of its own.
//! Does not change what it says.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

use super::tags::RawAttribute;
use super::walk::{Found, Inherited};
use crate::id::xml_instant;
use crate::metadata::duration::parse_duration;
use crate::metadata::error::MetadataError;
use crate::parse::parse_date_time;
use crate::xml::value_of;

impl<'t> Found<'t, '_> {
    /// The entity as a document: with the declarations it inherits, and the stricter of its own and the
    /// inherited `validUntil` and `cacheDuration`.
    pub(super) fn cut(&self) -> Result<Cow<'t, str>, MetadataError> {
        let Some(inherited) = self.inherited else { return Ok(Cow::Borrowed(self.whole)) };
        let valid_until = self.valid_until(inherited)?;
        let cache_duration = self.cache_duration(inherited)?;
        let own = |name: &str| self.attributes.iter().any(|attribute| attribute.name == name);
        let mut xml = String::with_capacity(self.whole.len() + 1024);
        xml.push('<');
        xml.push_str(self.tag.name);
        for declaration in &inherited.declarations {
            // Without anything around it, the empty prefix is undeclared anyway.
            if !own(declaration.name) && !declaration.value.is_empty() {
                push(&mut xml, declaration);
            }
        }
        for attribute in &self.attributes {
            let replaced = (attribute.name == "validUntil" && valid_until.is_some())
                || (attribute.name == "cacheDuration" && cache_duration.is_some());
            if !replaced {
                push(&mut xml, attribute);
            }
        }
        for (name, value) in [
            ("validUntil", valid_until.map(xml_instant)),
            ("cacheDuration", cache_duration.map(|duration| format!("PT{}S", duration.num_seconds()))),
        ] {
            if let Some(value) = value {
                push(&mut xml, &RawAttribute { name, value: &value, quote: '"' });
            }
        }
        let written = 1 + self.tag.name.len() + self.tag.attributes.len();
        xml.push_str(&self.whole[written..]);
        Ok(Cow::Owned(xml))
    }

    /// The end to write, `None` when the entity's own attribute, or its absence, can stay.
    fn valid_until(&self, inherited: &Inherited<'_>) -> Result<Option<DateTime<Utc>>, MetadataError> {
        let Some(outer) = inherited.valid_until else { return Ok(None) };
        let Some(own) = self.raw("validUntil") else { return Ok(Some(outer)) };
        let own = parse_date_time(&own).ok_or(MetadataError::Value("validUntil"))?;
        Ok(Some(outer.min(own)))
    }

    fn cache_duration(&self, inherited: &Inherited<'_>) -> Result<Option<TimeDelta>, MetadataError> {
        let Some(outer) = inherited.cache_duration else { return Ok(None) };
        let Some(own) = self.raw("cacheDuration") else { return Ok(Some(outer)) };
        let own = parse_duration(&own).ok_or(MetadataError::Value("cacheDuration"))?;
        Ok(Some(outer.min(own)))
    }

    fn raw(&self, name: &str) -> Option<Cow<'t, str>> {
        let found = self.attributes.iter().find(|attribute| attribute.name == name);
        found.map(|attribute| value_of(attribute.value))
    }
}

fn push(xml: &mut String, attribute: &RawAttribute<'_>) {
    xml.push(' ');
    xml.push_str(attribute.name);
    xml.push('=');
    xml.push(attribute.quote);
    xml.push_str(attribute.value);
    xml.push(attribute.quote);
}
