//! Owns the endpoints of a role: where Responses go, where logout messages go.
//! Does not judge addresses (see `address`).

use super::{lenient_boolean, limited};
use crate::binding::Binding;
use crate::metadata::address::{AddressError, check_acs_url};
use crate::metadata::error::MetadataError;
use crate::metadata::note::Note;
use crate::parse::clip;
use crate::service_provider::{AssertionConsumerService, SingleLogoutService};
use crate::uri::{BINDING_HTTP_POST, MD};
use crate::xml::reader::Element;

const ACS: &str = "assertion consumer service";
const SLO: &str = "single logout service";

/// SAML Metadata §2.2.3: endpoints are numbered. Only HTTP-POST is of use to us (interop XQ-07); only its
/// addresses are checked, so that a PAOS endpoint does no harm.
///
/// One number for two addresses is refused: an AssertionConsumerServiceIndex would name either (S-20). A
/// missing number gets the next one that is free.
pub(in crate::metadata) fn assertion_consumer_services(
    role: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Vec<AssertionConsumerService>, MetadataError> {
    let mut found: Vec<Numbered> = Vec::new();
    for endpoint in
        limited(role.children_named(MD, "AssertionConsumerService"), "assertion consumer services")?
    {
        let (binding, location) = (trimmed(endpoint, "Binding"), trimmed(endpoint, "Location"));
        if binding != BINDING_HTTP_POST {
            notes.push(other_binding(ACS, binding, location));
            continue;
        }
        let url = address(location)?;
        let index = endpoint
            .attribute("index")
            .map(|index| index.trim().parse::<u16>().map_err(|_| MetadataError::Value("index")))
            .transpose()?;
        let is_default = lenient_boolean(endpoint, "isDefault", notes);
        let same = found.iter().find(|other| index.is_some() && other.index == index);
        match same {
            Some(same) if same.url == url => notes.push(Note::Repeated { url }),
            Some(_) => return Err(MetadataError::Value("index")),
            None => found.push(Numbered { url, index, is_default }),
        }
    }
    if found.iter().filter(|service| service.is_default).count() > 1 {
        notes.push(Note::SeveralDefaults("assertion consumer services"));
    }
    if found.is_empty() { Err(MetadataError::NoAssertionConsumerService) } else { Ok(number(found, notes)) }
}

/// An assertion consumer service that may lack its number.
struct Numbered {
    url: String,
    index: Option<u16>,
    is_default: bool,
}

/// Gives the endpoints without number the next ones that are free. Endpoints are few.
fn number(found: Vec<Numbered>, notes: &mut Vec<Note>) -> Vec<AssertionConsumerService> {
    let taken: Vec<u16> = found.iter().filter_map(|service| service.index).collect();
    let mut free = (0..=u16::MAX).filter(|index| !taken.contains(index));
    let mut numbered = Vec::with_capacity(found.len());
    // SAML Metadata §2.2.3: of several that claim to be the default, the first is.
    let default = found.iter().position(|service| service.is_default);
    for (position, Numbered { url, index, .. }) in found.into_iter().enumerate() {
        let is_default = default == Some(position);
        let index = index.or_else(|| {
            let index = free.next()?;
            notes.push(Note::Unnumbered { url: url.clone(), index });
            Some(index)
        });
        // There are more numbers than endpoints, so one was free.
        numbered.extend(index.map(|index| AssertionConsumerService { url, index, is_default }));
    }
    numbered
}

/// SAML Metadata §2.4.2: where logout messages may go by a binding we speak. What cannot be used is left
/// out: without logout, sign-on goes on to work.
pub(in crate::metadata) fn single_logout_services(
    role: Element<'_, '_>,
    notes: &mut Vec<Note>,
) -> Result<Vec<SingleLogoutService>, MetadataError> {
    let mut services = Vec::new();
    for endpoint in limited(role.children_named(MD, "SingleLogoutService"), "single logout services")? {
        let (binding, location) = (trimmed(endpoint, "Binding"), trimmed(endpoint, "Location"));
        let Some(known) = Binding::from_uri(binding) else {
            notes.push(other_binding(SLO, binding, location));
            continue;
        };
        let response_location = endpoint.attribute("ResponseLocation").map(str::trim);
        let unusable = std::iter::once(location)
            .chain(response_location)
            .find_map(|url| check_acs_url(url).err().map(|error| (url, error)));
        if let Some((url, error)) = unusable {
            notes.push(left_out(SLO, url, error));
            continue;
        }
        let service = SingleLogoutService {
            binding: known,
            location: location.to_owned(),
            response_location: response_location.map(str::to_owned),
        };
        if services.contains(&service) {
            notes.push(Note::Repeated { url: service.location });
        } else {
            services.push(service);
        }
    }
    Ok(services)
}

/// An address for display that is left out, with a note, unless it could be registered.
pub(super) fn usable_address(what: &'static str, url: &str, notes: &mut Vec<Note>) -> Option<String> {
    match check_acs_url(url) {
        Ok(()) => Some(url.to_owned()),
        Err(error) => {
            notes.push(left_out(what, url, error));
            None
        }
    }
}

fn left_out(what: &'static str, url: &str, error: AddressError) -> Note {
    Note::Address { what, url: clip(url), error }
}

fn other_binding(what: &'static str, binding: &str, location: &str) -> Note {
    Note::OtherBinding { what, binding: clip(binding), location: clip(location) }
}

/// `anyURI` collapses white space around it (XML Schema §3.2.17).
fn trimmed<'a>(endpoint: Element<'a, '_>, name: &str) -> &'a str {
    endpoint.attribute(name).unwrap_or_default().trim()
}

fn address(url: &str) -> Result<String, MetadataError> {
    match check_acs_url(url) {
        Ok(()) => Ok(url.to_owned()),
        Err(error) => Err(MetadataError::Address { url: clip(url), error }),
    }
}
