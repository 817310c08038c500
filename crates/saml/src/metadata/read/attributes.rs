//! Owns the attributes in metadata: those an SP asks for, and those that are said about it.
//! Does not map them to anything we have.

use super::{boolean, extensions, lenient_boolean, limited, localised};
use crate::attribute::{Attribute, AttributeNameFormat};
use crate::metadata::error::MetadataError;
use crate::metadata::names::MDATTR;
use crate::metadata::note::Note;
use crate::metadata::sp::{AttributeConsumingService, RequestedAttribute};
use crate::parse::clip;
use crate::uri::{MD, SAML};
use crate::xml::reader::Element;

/// The longest value of an attribute that is read, in characters.
const MAX_VALUE: usize = 1024;

/// SAML Metadata §2.4.4.1: every attribute consuming service, in the order of the document.
pub(in crate::metadata) fn attribute_consuming_services(
    role: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Vec<AttributeConsumingService>, MetadataError> {
    let elements =
        limited(role.children_named(MD, "AttributeConsumingService"), "attribute consuming services")?;
    let mut services = Vec::with_capacity(elements.len());
    let mut asked = 0;
    for element in elements {
        let index = element.attribute("index").unwrap_or_default();
        let number = index.trim().parse().ok();
        if number.is_none() {
            notes.push(Note::Value { what: "index", value: clip(index) });
        }
        let names: Vec<_> = element.children_named(MD, "ServiceName").collect();
        let descriptions: Vec<_> = element.children_named(MD, "ServiceDescription").collect();
        let requested_attributes = requested_attributes(element, notes)?;
        asked += requested_attributes.len();
        if asked > super::MAX_ITEMS * 4 {
            return Err(MetadataError::TooMany { what: "requested attributes", limit: super::MAX_ITEMS * 4 });
        }
        services.push(AttributeConsumingService {
            index: number,
            is_default: lenient_boolean(element, "isDefault", notes),
            name: localised(&names, 200)?,
            description: localised(&descriptions, 1000)?,
            requested_attributes,
        });
    }
    if services.iter().filter(|service| service.is_default).count() > 1 {
        notes.push(Note::SeveralDefaults("attribute consuming services"));
    }
    Ok(services)
}

fn requested_attributes(
    service: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Vec<RequestedAttribute>, MetadataError> {
    let elements = limited(service.children_named(MD, "RequestedAttribute"), "requested attributes")?;
    let mut attributes: Vec<RequestedAttribute> = Vec::with_capacity(elements.len());
    for element in elements {
        let Attribute { name, name_format, friendly_name, values } = attribute(element, notes)?;
        let is_required = boolean(element, "isRequired")?;
        let same = attributes.iter_mut().find(|other| other.name == name && other.name_format == name_format);
        if let Some(same) = same {
            // Asked for twice: what is required once is required.
            same.is_required |= is_required;
        } else {
            attributes.push(RequestedAttribute { name, name_format, friendly_name, is_required, values });
        }
    }
    Ok(attributes)
}

/// Metadata Extension for Entity Attributes §2: the categories and the like of an entity. Assertions
/// about them are passed over: who vouches for the document vouches for these.
pub(in crate::metadata) fn entity_attributes(
    entity: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Vec<Attribute>, MetadataError> {
    let elements = extensions(entity, MDATTR, "EntityAttributes")
        .flat_map(|inside| inside.children_named(SAML, "Attribute"));
    limited(elements, "entity attributes")?.into_iter().map(|element| attribute(element, notes)).collect()
}

/// SAML Core §2.7.3.1. Values that hold elements are not understood and noted.
fn attribute(element: Element<'_, '_>, notes: &mut Vec<Note>) -> Result<Attribute, MetadataError> {
    let text =
        |name: &str| element.attribute(name).map(|text| text.chars().take(MAX_VALUE).collect::<String>());
    let name = text("Name").filter(|name| !name.is_empty()).ok_or(MetadataError::Value("Name"))?;
    let mut values = Vec::new();
    for value in limited(element.children_named(SAML, "AttributeValue"), "attribute values")? {
        match value.text() {
            Ok(text) => values.push(text.trim().chars().take(MAX_VALUE).collect()),
            Err(_) => notes.push(Note::Value { what: "AttributeValue", value: clip(&name) }),
        }
    }
    Ok(Attribute {
        name,
        name_format: text("NameFormat")
            .map_or(AttributeNameFormat::Unspecified, |uri| AttributeNameFormat::from(uri.trim())),
        friendly_name: text("FriendlyName"),
        values,
    })
}
