//! Settings filled in from metadata: everything it says, or only what does no harm. Does not own reading it (`crates/saml`).

use super::{
    super::sign_on::saml::subject_ids,
    algorithms::{self, Announced},
    sets,
};
use crate::{
    config::SamlConfig,
    domain::connection::{
        AcsUrl, Encrypt, EntityAttribute, LogoutBinding, LogoutService, NameIdFormat, SamlConnection,
        ValueMapping, ValueSource, entity_attributes::ENTITY_ATTRIBUTES_MAX,
    },
};
use ::saml::{
    AssertionConsumerService, CertificateDer,
    metadata::sp::{RequestedAttribute, ServiceProviderMetadata},
};

/// Names under which apps ask for a person's values: the name, lower case and without its prefix, and our source.
const KNOWN_NAMES: &[(&str, &str)] = &[
    ("mail", "email"),
    ("email", "email"),
    ("emailaddress", "email"),
    ("urn:oid:0.9.2342.19200300.100.1.3", "email"),
    ("givenname", "first_name"),
    ("firstname", "first_name"),
    ("first_name", "first_name"),
    ("urn:oid:2.5.4.42", "first_name"),
    ("sn", "last_name"),
    ("surname", "last_name"),
    ("lastname", "last_name"),
    ("last_name", "last_name"),
    ("urn:oid:2.5.4.4", "last_name"),
    ("displayname", "display_name"),
    ("name", "display_name"),
    ("urn:oid:2.16.840.1.113730.3.1.241", "display_name"),
    ("uid", "username"),
    ("username", "username"),
    ("urn:oid:0.9.2342.19200300.100.1.1", "username"),
    ("title", "job_title"),
    ("urn:oid:2.5.4.12", "job_title"),
    ("department", "department"),
];

/// The settings with everything that a document says, as an administrator reviews it.
pub(super) fn all(
    current: &SamlConnection,
    metadata: &ServiceProviderMetadata,
    config: &SamlConfig,
) -> SamlConnection {
    let format = known_formats(metadata).first().copied();
    let mut attributes = current.attributes.clone();
    for asked in &metadata.requested_attributes {
        if !names(&attributes, current, &asked.name) {
            attributes.extend(row(asked));
        }
    }
    attributes.extend(subject_ids::row_asked_for(&metadata.entity_attributes, &attributes));
    let attribute_sets = sets::filled(current, &attributes, metadata);
    let filled = SamlConnection {
        name_id_format: format.unwrap_or(current.name_id_format),
        sign_assertion: current.sign_assertion || metadata.want_assertions_signed,
        attributes,
        attribute_sets,
        ..keys_and_addresses(current, metadata, config)
    };
    // An app that is stored has an entity id of ours, and a key.
    algorithms::declared(filled, metadata, current.idp_entity_id.is_empty(), config)
}

/// The NameID formats of a document that we send, best first.
fn known_formats(metadata: &ServiceProviderMetadata) -> Vec<NameIdFormat> {
    let known = |wanted: &saml::NameIdFormat| {
        NameIdFormat::ALL.iter().copied().find(|known| known.uri() == wanted.uri())
    };
    metadata.name_id_formats.iter().filter_map(known).collect()
}

/// The format in the settings if the document names it, or `unspecified`, or none that we send; else its best one. What an
/// administrator chose among several stays.
fn name_id_format(current: NameIdFormat, metadata: &ServiceProviderMetadata) -> NameIdFormat {
    let known = known_formats(metadata);
    let fits = known.contains(&current) || known.contains(&NameIdFormat::Unspecified);
    known.first().copied().filter(|_| !fits).unwrap_or(current)
}

/// The settings with the keys and addresses of a document: who speaks for the app, where it is spoken to, and in which format it
/// is told who people are (SAML Metadata §2.4.1). Where the
/// document decides that assertions are encrypted, it decides by which algorithms, too: those that it names (IIP-MD10).
pub(super) fn keys_and_addresses(
    current: &SamlConnection,
    metadata: &ServiceProviderMetadata,
    config: &SamlConfig,
) -> SamlConnection {
    let acs_urls = marked(&metadata.assertion_consumer_services)
        .into_iter()
        .map(|service| AcsUrl { url: service.url, index: service.index, default: service.is_default })
        .collect();
    let filled = SamlConnection {
        sp_entity_id: metadata.entity_id.clone(),
        acs_urls,
        sp_signs_requests: metadata.authn_requests_signed,
        sp_certificates: metadata.signing_certificates.iter().map(CertificateDer::to_base64).collect(),
        encryption_certificates: encryption_certificates(metadata),
        sp_decrypts: algorithms::announced(metadata, config) == Announced::Usable,
        entity_attributes: entity_attributes(metadata).into_iter().take(ENTITY_ATTRIBUTES_MAX).collect(),
        logout_services: metadata.single_logout_services.iter().map(logout_service).collect(),
        name_id_format: name_id_format(current.name_id_format, metadata),
        ..current.clone()
    };
    if filled.encrypt == Encrypt::Auto && filled.sp_decrypts {
        algorithms::encrypting(filled, metadata, config)
    } else {
        filled
    }
}

fn encryption_certificates(metadata: &ServiceProviderMetadata) -> Vec<String> {
    metadata.encryption_certificates().map(CertificateDer::to_base64).collect()
}

/// What a document says about its entity, value by value: at most one more than is kept, so that it shows when there are too
/// many. What can't be written in a line is nothing that a rule could name.
pub(super) fn entity_attributes(metadata: &ServiceProviderMetadata) -> Vec<EntityAttribute> {
    let mut said = Vec::new();
    for attribute in &metadata.entity_attributes {
        for value in &attribute.values {
            let one = EntityAttribute::new(&attribute.name, value);
            if one.can_be_named() && !said.contains(&one) {
                said.push(one);
            }
            if said.len() > ENTITY_ATTRIBUTES_MAX {
                return said;
            }
        }
    }
    said
}

/// The settings with what does no harm: assertions are signed if the app wants that, and attributes that it did not ask
/// for in the document `before` get rows, which an administrator switches on. Nothing more is released by itself (IIP-IDP03):
/// see [`taken_by_itself`]. And what it announces about a key on file is noted, where
/// that doesn't decide whether assertions are encrypted.
pub(super) fn harmless(
    current: &SamlConnection,
    metadata: &ServiceProviderMetadata,
    verified: bool,
    before: Option<&ServiceProviderMetadata>,
    config: &SamlConfig,
) -> SamlConnection {
    let mut saml = current.clone();
    saml.sign_assertion |= metadata.want_assertions_signed;
    let filled = keys_and_addresses(current, metadata, config);
    saml.entity_attributes = taken_by_itself(current, &filled.entity_attributes, verified);
    if current.encrypt != Encrypt::Auto && filled.encryption_certificates == current.encryption_certificates {
        saml.sp_decrypts = filled.sp_decrypts;
    }
    let Some(before) = before else { return saml };
    sets::add_switched_off(&mut saml, metadata, before);
    let was_asked = |name: &str| before.requested_attributes.iter().any(|asked| asked.name == name);
    for asked in metadata.requested_attributes.iter().filter(|asked| !was_asked(&asked.name)) {
        if !names(&saml.attributes, current, &asked.name) {
            saml.attributes.extend(row(asked).map(|row| ValueMapping { off: true, ..row }));
        }
    }
    saml
}

/// What of the things `said` counts without anybody's approval: those on file; and new ones for which no row waits, if the
/// signature of their source was `verified`. Unsigned, they are the app's own claim, and a row that is made to wait for
/// one later would be released by it.
pub(super) fn taken_by_itself(
    current: &SamlConnection,
    said: &[EntityAttribute],
    verified: bool,
) -> Vec<EntityAttribute> {
    let widening = current.would_release_more(said);
    let is_taken = |one: &&EntityAttribute| {
        current.entity_attributes.contains(one) || (verified && !widening.contains(one))
    };
    said.iter().filter(is_taken).cloned().collect()
}

/// Whether nothing was agreed with the app yet: there is nothing that a document could take away.
pub(super) fn is_blank(saml: &SamlConnection) -> bool {
    saml.acs_urls.is_empty()
        && saml.sp_certificates.is_empty()
        && saml.encryption_certificates.is_empty()
        && saml.logout_services.is_empty()
}

/// The reply addresses with exactly one default: the one marked, else the first.
pub(super) fn marked(services: &[AssertionConsumerService]) -> Vec<AssertionConsumerService> {
    let chosen = services.iter().position(|service| service.is_default).unwrap_or_default();
    let mark = |(position, service): (usize, &AssertionConsumerService)| AssertionConsumerService {
        is_default: position == chosen,
        ..service.clone()
    };
    services.iter().enumerate().map(mark).collect()
}

/// The row for an attribute whose name we know.
pub(super) fn row(asked: &RequestedAttribute) -> Option<ValueMapping> {
    Some(ValueMapping {
        name_format: match asked.name_format {
            saml::AttributeNameFormat::Unspecified => String::new(),
            ref given => given.uri().to_owned(),
        },
        friendly_name: asked.friendly_name.clone().unwrap_or_default(),
        ..ValueMapping::new(asked.name.clone(), ValueSource::Source(source_of(asked)?.to_owned()))
    })
}

fn logout_service(service: &saml::SingleLogoutService) -> LogoutService {
    LogoutService {
        binding: match service.binding {
            saml::Binding::HttpRedirect => LogoutBinding::Redirect,
            saml::Binding::HttpPost => LogoutBinding::Post,
            saml::Binding::Soap => LogoutBinding::Soap,
        },
        url: service.location.clone(),
        response_url: service.response_location.clone().unwrap_or_default(),
    }
}

/// Whether there is a row of this name, or the groups are sent under it.
pub(super) fn names(attributes: &[ValueMapping], current: &SamlConnection, name: &str) -> bool {
    current.groups_attribute == name || attributes.iter().any(|row| row.name == name)
}

/// The person's value that an attribute name stands for: by its friendly name, its name, or the end of a URI.
fn source_of(asked: &RequestedAttribute) -> Option<&'static str> {
    let full = asked.name.to_ascii_lowercase();
    let end = full.rsplit('/').next().unwrap_or_default().to_owned();
    let friendly = asked.friendly_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    [full, end, friendly]
        .iter()
        .find_map(|name| KNOWN_NAMES.iter().find(|(known, _)| known == name).map(|(_, source)| *source))
}
