//! Owns reading the metadata of an SP into what can be registered.
//! Does not verify its signature (see `verify`) and does not replace what is registered already.

mod model;

pub use super::error::MetadataError;
pub use model::{
    AttributeConsumingService, ContactPerson, EncryptionKey, EncryptionMethod, LogoImage, RequestedAttribute,
    ServiceProviderMetadata, SpOrganization, UserInterface,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::address::check_entity_id;
use super::aggregate::{self, AggregateLimits};
use super::note::Note;
use super::read::{self, attributes, endpoints, keys, people};
use crate::name_id::NameIdFormat;
use crate::signature::CertificateDer;
use crate::uri::MD;
use crate::xml::reader::{Document, Element, Limits};

/// The most keys one entity may publish (S-35).
pub const MAX_KEYS: usize = 16;

/// Reads the metadata of one SP: a single `EntityDescriptor`, or an aggregate out of which
/// `expected_entity_id` is taken, or its only SP.
///
/// Whether it has expired is for the caller, who has the clock: [`ServiceProviderMetadata::check_validity`].
///
/// # Errors
/// [`MetadataError`], with a reason for the administrator.
pub fn parse(xml: &[u8], expected_entity_id: Option<&str>) -> Result<ServiceProviderMetadata, MetadataError> {
    parse_within(xml, expected_entity_id, &AggregateLimits::default())
}

/// The same with other limits on sizes.
///
/// # Errors
/// [`MetadataError`], with a reason for the administrator.
pub fn parse_within(
    xml: &[u8],
    expected_entity_id: Option<&str>,
    limits: &AggregateLimits,
) -> Result<ServiceProviderMetadata, MetadataError> {
    let one = aggregate::cut(xml, expected_entity_id, limits)?;
    let document = Document::read(one.as_bytes(), &Limits { bytes: usize::MAX, ..Limits::ENTITY })?;
    let entity = document.root();
    let entity_id = read::entity_id(entity).to_owned();
    check_entity_id(&entity_id).map_err(MetadataError::EntityId)?;
    // The scan chose by the same attribute; what counts is what the strict reader found.
    if let Some(expected) = expected_entity_id.filter(|expected| *expected != entity_id) {
        return Err(MetadataError::OtherEntity { expected: expected.to_owned(), found: entity_id });
    }
    let mut roles = read::sp_roles(entity);
    let Some(role) = roles.next() else {
        let identity_provider = entity.child(MD, "IDPSSODescriptor").is_some();
        return Err(MetadataError::NoServiceProvider { identity_provider });
    };
    let further = roles.count();
    let mut metadata = role_of(entity, role, entity_id)?;
    if further > 0 {
        metadata.notes.push(Note::FurtherRoles(further));
    }
    Ok(metadata)
}

fn role_of(
    entity: Element<'_, '_>,
    role: Element<'_, '_>,
    entity_id: String,
) -> Result<ServiceProviderMetadata, MetadataError> {
    let mut notes = Vec::new();
    let keys = keys::keys(role, &mut notes)?;
    let authn_requests_signed = read::boolean(role, "AuthnRequestsSigned")?;
    if authn_requests_signed && keys.signing.is_empty() {
        notes.push(Note::SignsWithoutKey);
    }
    let services = attributes::attribute_consuming_services(role, &mut notes)?;
    // SAML Metadata §2.4.4: the service marked as default, else the first.
    let default_service = services.iter().find(|service| service.is_default).or_else(|| services.first());
    Ok(ServiceProviderMetadata {
        entity_id,
        assertion_consumer_services: endpoints::assertion_consumer_services(role, &mut notes)?,
        single_logout_services: endpoints::single_logout_services(role, &mut notes)?,
        signing_certificates: keys.signing,
        encryption_keys: keys.encryption,
        signing_methods: keys::signing_methods(entity, role)?,
        authn_requests_signed,
        want_assertions_signed: read::boolean(role, "WantAssertionsSigned")?,
        name_id_formats: name_id_formats(role)?,
        display_name: people::display_name(entity, role)?,
        requested_attributes: default_service.map(|one| one.requested_attributes.clone()).unwrap_or_default(),
        attribute_consuming_services: services,
        user_interface: people::user_interface(role, &mut notes)?,
        contacts: people::contacts(entity, role)?,
        organization: people::organization(entity, role, &mut notes)?,
        entity_attributes: attributes::entity_attributes(entity, &mut notes)?,
        valid_until: read::valid_until(&[entity, role])?,
        cache_duration: read::cache_duration(&[entity, role])?,
        notes,
    })
}

fn name_id_formats(role: Element<'_, '_>) -> Result<Vec<NameIdFormat>, MetadataError> {
    let mut formats = Vec::new();
    for element in read::limited(role.children_named(MD, "NameIDFormat"), "name identifier formats")? {
        let format = NameIdFormat::from(element.text()?.trim());
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    Ok(formats)
}

/// How long metadata may be relied upon (S-35, IIP-MD04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValidityPolicy {
    /// Whether metadata that does not say until when it is valid is refused (SDP-MD03).
    pub required: bool,
    /// How far away the end may be, `None` for any distance.
    pub longest: Option<TimeDelta>,
    /// How much the clocks may differ.
    pub skew: TimeDelta,
}

impl ServiceProviderMetadata {
    /// IIP-MD04: whether the metadata may be relied upon at `now`.
    ///
    /// # Errors
    /// [`MetadataError::NoValidUntil`], [`MetadataError::Ended`], [`MetadataError::ValidTooLong`].
    pub fn check_validity(&self, now: DateTime<Utc>, policy: &ValidityPolicy) -> Result<(), MetadataError> {
        let Some(end) = self.valid_until else {
            return if policy.required { Err(MetadataError::NoValidUntil) } else { Ok(()) };
        };
        // Differences of instants do not overflow; sums might.
        if now - end >= policy.skew {
            return Err(MetadataError::Ended(end));
        }
        match policy.longest {
            Some(longest) if end - now > longest => Err(MetadataError::ValidTooLong(end)),
            _ => Ok(()),
        }
    }

    /// Every note, with those that depend on the present instant: what has ended.
    #[must_use]
    pub fn notes_at(&self, now: DateTime<Utc>) -> Vec<Note> {
        let ended = |certificate: &CertificateDer| {
            let ended = certificate.not_after().filter(|end| *end <= now)?;
            Some(Note::CertificateEnded { fingerprint: certificate.fingerprint(), ended })
        };
        let mut notes = self.notes.clone();
        notes.extend(self.valid_until.filter(|end| *end <= now).map(Note::MetadataEnded));
        for note in self.signing_certificates.iter().chain(self.encryption_certificates()).filter_map(ended) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }
}
