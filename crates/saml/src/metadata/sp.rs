//! Owns reading the metadata of an SP into what can be registered.
//! Does not verify its signature and does not replace what is registered already.

use chrono::{DateTime, Utc};

use super::address::{AddressError, check_acs_url, check_entity_id};
use super::entity::{choose, entity_id, sp_role};
use crate::attribute::AttributeNameFormat;
use crate::name_id::NameIdFormat;
use crate::parse::{parse_boolean, parse_date_time};
use crate::service_provider::AssertionConsumerService;
use crate::signature::{CertificateDer, CertificateError, VerificationKey};
use crate::uri::{BINDING_HTTP_POST, DS, MD, MDUI};
use crate::xml::reader::{Document, Element, Limits, XmlError};

/// The most keys one entity may publish (S-35).
pub const MAX_KEYS: usize = 16;
/// The most endpoints, formats or attributes that are read of one kind.
const MAX_ITEMS: usize = 256;

/// What the metadata of an SP says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProviderMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Its HTTP-POST endpoints for Responses; those with other bindings are left out.
    pub assertion_consumer_services: Vec<AssertionConsumerService>,
    /// The certificates for signatures: those for signing and those without a stated use.
    pub signing_certificates: Vec<CertificateDer>,
    /// The certificates for encryption: those for encryption and those without a stated use.
    pub encryption_certificates: Vec<CertificateDer>,
    /// Whether it says that it signs its requests.
    pub authn_requests_signed: bool,
    /// Whether it wants assertions signed.
    pub want_assertions_signed: bool,
    /// The formats of NameID it names, best first.
    pub name_id_formats: Vec<NameIdFormat>,
    /// Its name for people: English if there is one.
    pub display_name: Option<String>,
    /// The attributes it asks for, of its default attribute consuming service.
    pub requested_attributes: Vec<RequestedAttribute>,
    /// When this metadata expires: the earliest such instant around the role.
    pub valid_until: Option<DateTime<Utc>>,
    /// Where logout messages may go.
    pub single_logout_services: Vec<SingleLogoutService>,
}

/// SAML Metadata §2.4.4.2: an attribute an SP asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedAttribute {
    /// The name.
    pub name: String,
    /// How to read the name.
    pub name_format: AttributeNameFormat,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// Whether the SP cannot do without.
    pub is_required: bool,
}

/// SAML Metadata §2.4.2: where an SP takes logout messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleLogoutService {
    /// The URI of the binding.
    pub binding: String,
    /// Where requests go.
    pub location: String,
    /// Where responses go, if elsewhere.
    pub response_location: Option<String>,
}

/// Why a document is no usable metadata of an SP. Each says what the administrator can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not XML we read.
    #[error("the file could not be read: {0}")]
    Xml(#[from] XmlError),
    /// XML, but no metadata.
    #[error("this is not SAML metadata: the root element is '{0}'")]
    NotMetadata(String),
    /// Metadata of another entity than expected.
    #[error("this is the metadata of '{found}', expected was '{expected}'")]
    OtherEntity {
        /// Whom we asked about.
        expected: String,
        /// Whom it is about.
        found: String,
    },
    /// The aggregate does not hold the entity.
    #[error("the file does not hold '{expected}'; it holds: {}", .choices.join(", "))]
    NotInAggregate {
        /// Whom we asked about.
        expected: String,
        /// Some of the SPs in it.
        choices: Vec<String>,
    },
    /// The aggregate holds several SPs; one must be named.
    #[error("the file holds several service providers, choose one: {}", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// No SP role. With `identity_provider`, somebody uploaded the metadata of an identity provider:
    /// often our own.
    #[error("{}", no_service_provider(*.identity_provider))]
    NoServiceProvider {
        /// Whether it describes an identity provider instead.
        identity_provider: bool,
    },
    /// The entity id is missing or not usable.
    #[error("the entity id is not usable: {0}")]
    EntityId(AddressError),
    /// An endpoint is not usable.
    #[error("the address '{url}' is not usable: {error}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// No HTTP-POST endpoint for Responses.
    #[error("it names no assertion consumer service with the HTTP-POST binding")]
    NoAssertionConsumerService,
    /// A certificate is not usable.
    #[error("a certificate is not usable: {0}")]
    Certificate(#[from] CertificateError),
    /// Too many of something.
    #[error("it holds more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value is not what the schema says.
    #[error("the value of {0} is not valid")]
    Value(&'static str),
}

fn no_service_provider(identity_provider: bool) -> &'static str {
    if identity_provider {
        "this describes an identity provider, not a service provider; upload the metadata of the application, not of Gatehouse"
    } else {
        "this holds no SAML 2.0 service provider"
    }
}

/// Reads the metadata of one SP: a single `EntityDescriptor`, or an aggregate out of which
/// `expected_entity_id` is taken, or its only SP.
///
/// Whether it has expired is for the caller, who has the clock.
///
/// # Errors
/// [`MetadataError`], with a reason for the administrator.
pub fn parse(xml: &[u8], expected_entity_id: Option<&str>) -> Result<ServiceProviderMetadata, MetadataError> {
    let document = Document::read(xml, &Limits::METADATA)?;
    let entity = choose(&document, expected_entity_id)?;
    let entity_id = entity_id(entity).to_owned();
    check_entity_id(&entity_id).map_err(MetadataError::EntityId)?;
    let Some(role) = sp_role(entity) else {
        let identity_provider = entity.child(MD, "IDPSSODescriptor").is_some();
        return Err(MetadataError::NoServiceProvider { identity_provider });
    };
    let (signing_certificates, encryption_certificates) = certificates(role)?;
    Ok(ServiceProviderMetadata {
        entity_id,
        assertion_consumer_services: assertion_consumer_services(role)?,
        signing_certificates,
        encryption_certificates,
        authn_requests_signed: boolean(role, "AuthnRequestsSigned")?,
        want_assertions_signed: boolean(role, "WantAssertionsSigned")?,
        name_id_formats: name_id_formats(role)?,
        display_name: display_name(entity, role)?,
        requested_attributes: requested_attributes(role)?,
        valid_until: valid_until(&[document.root(), entity, role])?,
        single_logout_services: single_logout_services(role)?,
    })
}

/// SAML Metadata §2.4.1.1: a KeyDescriptor without `use` counts for both (IIP-MD11, S-35). KeyInfo may hold
/// several certificates of one key; other kinds of KeyInfo are passed over.
fn certificates(role: Element<'_, '_>) -> Result<(Vec<CertificateDer>, Vec<CertificateDer>), MetadataError> {
    let (mut signing, mut encryption) = (Vec::new(), Vec::new());
    for (count, descriptor) in role.children_named(MD, "KeyDescriptor").enumerate() {
        if count >= MAX_KEYS {
            return Err(MetadataError::TooMany { what: "keys", limit: MAX_KEYS });
        }
        let usage = descriptor.attribute("use");
        if !matches!(usage, None | Some("signing" | "encryption")) {
            return Err(MetadataError::Value("use"));
        }
        let texts = descriptor
            .children_named(DS, "KeyInfo")
            .flat_map(|info| info.children_named(DS, "X509Data"))
            .flat_map(|x509| x509.children_named(DS, "X509Certificate"));
        for text in texts {
            let certificate = CertificateDer::from_pem_or_base64(&text.text()?)?;
            VerificationKey::from_certificate(&certificate)?;
            for (list, other) in [(&mut signing, "encryption"), (&mut encryption, "signing")] {
                if usage != Some(other) && !list.contains(&certificate) {
                    list.push(certificate.clone());
                }
            }
            if signing.len() > MAX_KEYS || encryption.len() > MAX_KEYS {
                return Err(MetadataError::TooMany { what: "keys", limit: MAX_KEYS });
            }
        }
    }
    Ok((signing, encryption))
}

/// SAML Metadata §2.2.3: endpoints are numbered. Only HTTP-POST is of use to us (interop XQ-07); only its
/// addresses are checked, so that a PAOS endpoint does no harm.
fn assertion_consumer_services(
    role: Element<'_, '_>,
) -> Result<Vec<AssertionConsumerService>, MetadataError> {
    let mut services: Vec<AssertionConsumerService> = Vec::new();
    for endpoint in limited(role, "AssertionConsumerService", "assertion consumer services")? {
        if endpoint.attribute("Binding").map(str::trim) != Some(BINDING_HTTP_POST) {
            continue;
        }
        let url = address(endpoint.attribute("Location").unwrap_or_default())?;
        let index = match endpoint.attribute("index") {
            Some(index) => index.trim().parse().map_err(|_| MetadataError::Value("index"))?,
            None => return Err(MetadataError::Value("index")),
        };
        let is_default = boolean(endpoint, "isDefault")?;
        if services.iter().any(|service| service.index == index) {
            return Err(MetadataError::Value("index"));
        }
        services.push(AssertionConsumerService { url, index, is_default });
    }
    if services.is_empty() { Err(MetadataError::NoAssertionConsumerService) } else { Ok(services) }
}

fn single_logout_services(role: Element<'_, '_>) -> Result<Vec<SingleLogoutService>, MetadataError> {
    let endpoints = limited(role, "SingleLogoutService", "single logout services")?;
    let read = |endpoint: &Element<'_, '_>| {
        Ok(SingleLogoutService {
            binding: endpoint.attribute("Binding").unwrap_or_default().trim().to_owned(),
            location: address(endpoint.attribute("Location").unwrap_or_default())?,
            response_location: endpoint.attribute("ResponseLocation").map(address).transpose()?,
        })
    };
    // A SOAP endpoint is called from server to server, and not by us.
    endpoints
        .iter()
        .filter(|endpoint| !endpoint.attribute("Binding").unwrap_or_default().ends_with(":SOAP"))
        .map(read)
        .collect()
}

fn name_id_formats(role: Element<'_, '_>) -> Result<Vec<NameIdFormat>, MetadataError> {
    let formats = limited(role, "NameIDFormat", "name identifier formats")?;
    formats.into_iter().map(|format| Ok(NameIdFormat::from(format.text()?.trim()))).collect()
}

/// SAML Metadata §2.4.4: the service marked as default, else the first.
fn requested_attributes(role: Element<'_, '_>) -> Result<Vec<RequestedAttribute>, MetadataError> {
    let services = limited(role, "AttributeConsumingService", "attribute consuming services")?;
    let mut chosen = services.first();
    for service in &services {
        if boolean(*service, "isDefault")? {
            chosen = Some(service);
            break;
        }
    }
    let Some(service) = chosen else {
        return Ok(Vec::new());
    };
    let attributes = limited(*service, "RequestedAttribute", "requested attributes")?;
    let read = |attribute: Element<'_, '_>| {
        Ok(RequestedAttribute {
            name: attribute.attribute("Name").ok_or(MetadataError::Value("Name"))?.to_owned(),
            name_format: attribute
                .attribute("NameFormat")
                .map_or(AttributeNameFormat::Unspecified, AttributeNameFormat::from),
            friendly_name: attribute.attribute("FriendlyName").map(str::to_owned),
            is_required: boolean(attribute, "isRequired")?,
        })
    };
    attributes.into_iter().map(read).collect()
}

/// The name in `mdui:UIInfo`, else of the attribute consuming service, else of the organisation.
fn display_name(entity: Element<'_, '_>, role: Element<'_, '_>) -> Result<Option<String>, MetadataError> {
    let ui = role
        .children_named(MD, "Extensions")
        .flat_map(|extensions| extensions.children_named(MDUI, "UIInfo"));
    let names: [Vec<Element<'_, '_>>; 3] = [
        ui.flat_map(|info| info.children_named(MDUI, "DisplayName")).collect(),
        role.children_named(MD, "AttributeConsumingService")
            .flat_map(|service| service.children_named(MD, "ServiceName"))
            .collect(),
        entity
            .children_named(MD, "Organization")
            .flat_map(|organization| organization.children_named(MD, "OrganizationDisplayName"))
            .collect(),
    ];
    let english = |name: &&Element<'_, '_>| {
        name.attributes()
            .any(|(_, local, value)| local == "lang" && value.to_ascii_lowercase().starts_with("en"))
    };
    for candidates in &names {
        if let Some(name) = candidates.iter().find(english).or_else(|| candidates.first()) {
            let name: String = name.text()?.split_whitespace().collect::<Vec<_>>().join(" ");
            if !name.is_empty() {
                return Ok(Some(name.chars().take(200).collect()));
            }
        }
    }
    Ok(None)
}

/// SAML Metadata §2.3.1: the earliest instant around a role counts.
fn valid_until(around: &[Element<'_, '_>]) -> Result<Option<DateTime<Utc>>, MetadataError> {
    let mut earliest = None;
    for value in around.iter().filter_map(|element| element.attribute("validUntil")) {
        let instant = parse_date_time(value).ok_or(MetadataError::Value("validUntil"))?;
        earliest = Some(earliest.map_or(instant, |earliest: DateTime<Utc>| earliest.min(instant)));
    }
    Ok(earliest)
}

fn limited<'a, 'i>(
    parent: Element<'a, 'i>,
    local: &'static str,
    what: &'static str,
) -> Result<Vec<Element<'a, 'i>>, MetadataError> {
    let found: Vec<_> = parent.children_named(MD, local).take(MAX_ITEMS + 1).collect();
    if found.len() > MAX_ITEMS { Err(MetadataError::TooMany { what, limit: MAX_ITEMS }) } else { Ok(found) }
}

fn address(url: &str) -> Result<String, MetadataError> {
    // `anyURI` collapses white space around it (XML Schema §3.2.17).
    let url = url.trim();
    match check_acs_url(url) {
        Ok(()) => Ok(url.to_owned()),
        Err(error) => Err(MetadataError::Address { url: crate::parse::clip(url), error }),
    }
}

fn boolean(element: Element<'_, '_>, name: &'static str) -> Result<bool, MetadataError> {
    element.attribute(name).map_or(Ok(false), |value| parse_boolean(value).ok_or(MetadataError::Value(name)))
}
