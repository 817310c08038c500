//! Owns what metadata tells people: names, logo, pages, contacts, organisation.
//! Does not show it: every value still needs the escapes of where it is shown.

use super::endpoints::usable_address;
use super::{extensions, limited, localised, one_line};
use crate::metadata::error::MetadataError;
use crate::metadata::note::Note;
use crate::metadata::sp::{ContactPerson, LogoImage, SpOrganization, UserInterface};
use crate::parse::clip;
use crate::uri::{MD, MDUI};
use crate::xml::reader::Element;

const NAME: usize = 200;
const SENTENCES: usize = 1000;
/// The most people and addresses that are kept.
const MAX_CONTACTS: usize = 32;

/// The name in `mdui:UIInfo`, else of the attribute consuming service, else of the organisation.
pub(in crate::metadata) fn display_name(
    entity: Element<'_, '_>,
    role: Element<'_, '_>,
) -> Result<Option<String>, MetadataError> {
    let services: Vec<_> = role
        .children_named(MD, "AttributeConsumingService")
        .flat_map(|service| service.children_named(MD, "ServiceName"))
        .collect();
    let organizations: Vec<_> = entity
        .children_named(MD, "Organization")
        .flat_map(|organization| organization.children_named(MD, "OrganizationDisplayName"))
        .collect();
    for candidates in [&in_ui(role, "DisplayName"), &services, &organizations] {
        if let Some(name) = localised(candidates, NAME)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// MDUI §2.1. An address that a browser should not open is left out.
pub(in crate::metadata) fn user_interface(
    role: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<UserInterface, MetadataError> {
    let logo = largest_logo(role, notes)?;
    let mut page = |local, what| {
        let found = localised(&in_ui(role, local), SENTENCES)?;
        Ok::<_, MetadataError>(found.and_then(|url| usable_address(what, &url, notes)))
    };
    let information_url = page("InformationURL", "information page")?;
    let privacy_statement_url = page("PrivacyStatementURL", "privacy statement")?;
    let description = localised(&in_ui(role, "Description"), SENTENCES)?;
    Ok(UserInterface { description, logo, information_url, privacy_statement_url })
}

fn in_ui<'a, 'i: 'a>(role: Element<'a, 'i>, local: &'static str) -> Vec<Element<'a, 'i>> {
    extensions(role, MDUI, "UIInfo").flat_map(|info| info.children_named(MDUI, local)).collect()
}

/// MDUI §2.1.5: several sizes may be offered. Images inside `data:` addresses are left out.
fn largest_logo(role: Element<'_, '_>, notes: &mut Vec<Note>) -> Result<Option<LogoImage>, MetadataError> {
    let mut largest: Option<LogoImage> = None;
    for element in limited(in_ui(role, "Logo").into_iter(), "logos")? {
        let size = |name| element.attribute(name).and_then(|value| value.trim().parse::<u32>().ok());
        let (Some(width), Some(height)) = (size("width"), size("height")) else {
            notes.push(Note::Value { what: "Logo", value: clip(element.text()?.trim()) });
            continue;
        };
        if let Some(url) = usable_address("logo", element.text()?.trim(), notes) {
            let area = |logo: &LogoImage| u64::from(logo.width) * u64::from(logo.height);
            let logo = LogoImage { url, width, height };
            if largest.as_ref().is_none_or(|other| area(other) < area(&logo)) {
                largest = Some(logo);
            }
        }
    }
    Ok(largest)
}

/// SAML Metadata §2.3.2.2: the people of the role, then those of the entity.
pub(in crate::metadata) fn contacts(
    entity: Element<'_, '_>,
    role: Element<'_, '_>,
) -> Result<Vec<ContactPerson>, MetadataError> {
    let mut contacts: Vec<ContactPerson> = Vec::new();
    for element in role.children_named(MD, "ContactPerson").chain(entity.children_named(MD, "ContactPerson"))
    {
        let text = |local| element.child(MD, local).map_or(Ok(None), |found| one_line(found, NAME));
        let texts = |local| {
            let found = element.children_named(MD, local).take(MAX_CONTACTS).map(|one| one_line(one, NAME));
            found.filter_map(Result::transpose).collect::<Result<Vec<String>, _>>()
        };
        // REFEDS marks security contacts by an attribute in its own namespace.
        let is_security = element.attributes().any(|(namespace, local, value)| {
            namespace == Some("http://refeds.org/metadata")
                && local == "contactType"
                && value.trim() == "http://refeds.org/metadata/contactType/security"
        });
        let kind = if is_security { "security" } else { element.attribute("contactType").unwrap_or("other") };
        let emails = texts("EmailAddress")?;
        let contact = ContactPerson {
            kind: kind.trim().chars().take(NAME).collect(),
            company: text("Company")?,
            given_name: text("GivenName")?,
            sur_name: text("SurName")?,
            email_addresses: emails.iter().map(|email| without_scheme(email).to_owned()).collect(),
            telephone_numbers: texts("TelephoneNumber")?,
        };
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
        if contacts.len() > MAX_CONTACTS {
            return Err(MetadataError::TooMany { what: "contacts", limit: MAX_CONTACTS });
        }
    }
    Ok(contacts)
}

/// The schema wants a URI; half of the field writes the bare address.
fn without_scheme(email: &str) -> &str {
    match email.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &email[7..],
        _ => email,
    }
}

/// SAML Metadata §2.3.2.1: the organisation of the role, else of the entity.
pub(in crate::metadata) fn organization(
    entity: Element<'_, '_>,
    role: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Option<SpOrganization>, MetadataError> {
    let Some(element) = role.child(MD, "Organization").or_else(|| entity.child(MD, "Organization")) else {
        return Ok(None);
    };
    let text = |local| localised(&element.children_named(MD, local).collect::<Vec<_>>(), NAME);
    let url = localised(&element.children_named(MD, "OrganizationURL").collect::<Vec<_>>(), SENTENCES)?;
    Ok(Some(SpOrganization {
        name: text("OrganizationName")?,
        display_name: text("OrganizationDisplayName")?,
        url: url.and_then(|url| usable_website(&url, notes)),
    }))
}

/// A website may be plain http: people open it, and nothing is sent there.
fn usable_website(url: &str, notes: &mut Vec<Note>) -> Option<String> {
    let plain = url.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("http:"));
    match plain {
        Some(_) => usable_address("website", &format!("https:{}", &url[5..]), notes).map(|_| url.to_owned()),
        None => usable_address("website", url, notes),
    }
}
