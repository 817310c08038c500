//! Owns what the metadata of an SP says, once read.
//! Does not own how it is read.

use chrono::{DateTime, TimeDelta, Utc};

use crate::attribute::{Attribute, AttributeNameFormat};
use crate::metadata::note::Note;
use crate::name_id::NameIdFormat;
use crate::service_provider::{AssertionConsumerService, SingleLogoutService};
use crate::signature::CertificateDer;

/// What the metadata of an SP says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProviderMetadata {
    /// Its entity id.
    pub entity_id: String,
    /// Its HTTP-POST endpoints for Responses; those with other bindings are left out and noted.
    pub assertion_consumer_services: Vec<AssertionConsumerService>,
    /// Where logout messages may go, by HTTP-Redirect, HTTP-POST or SOAP, in its own order.
    pub single_logout_services: Vec<SingleLogoutService>,
    /// The certificates for signatures: those for signing and those without a stated use.
    pub signing_certificates: Vec<CertificateDer>,
    /// The keys for encryption: first those announced for it, then those without a stated use.
    pub encryption_keys: Vec<EncryptionKey>,
    /// The URIs of the signature methods it takes, best first; empty when it does not say (IIP-MD10).
    pub signing_methods: Vec<String>,
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
    /// Every attribute consuming service, the default one too.
    pub attribute_consuming_services: Vec<AttributeConsumingService>,
    /// What it shows to people.
    pub user_interface: UserInterface,
    /// Whom to write to: first those of the role, then those of the entity.
    pub contacts: Vec<ContactPerson>,
    /// Who runs it.
    pub organization: Option<SpOrganization>,
    /// What is said about it: entity categories, subject-id requirements and the like.
    pub entity_attributes: Vec<Attribute>,
    /// When this metadata expires: the earliest such instant around the role.
    pub valid_until: Option<DateTime<Utc>>,
    /// How long it may be kept without asking again: the shortest such duration around the role.
    pub cache_duration: Option<TimeDelta>,
    /// What was left out, and why. Those that depend on time come from
    /// [`notes_at`](ServiceProviderMetadata::notes_at).
    pub notes: Vec<Note>,
}

impl ServiceProviderMetadata {
    /// The certificates of the keys for encryption.
    pub fn encryption_certificates(&self) -> impl Iterator<Item = &CertificateDer> {
        self.encryption_keys.iter().map(|key| &key.certificate)
    }
}

/// SAML Metadata §2.4.1.1: a key to encrypt to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionKey {
    /// The certificate that holds it.
    pub certificate: CertificateDer,
    /// What the SP can decrypt with it, best first; empty when it does not say.
    pub methods: Vec<EncryptionMethod>,
    /// Whether the SP says that it decrypts with this key: by `use="encryption"`, or by naming what it decrypts with it.
    /// A key without either counts for encryption too (IIP-MD11), but many publish such a key and have signatures
    /// alone in mind, so that encryption begun by itself would shut them out.
    pub announced: bool,
}

/// An algorithm the SP can decrypt: a block cipher or a key transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionMethod {
    /// The URI.
    pub algorithm: String,
    /// The digest of an RSA-OAEP key transport, if stated.
    pub digest_method: Option<String>,
    /// The mask generation function of an RSA-OAEP key transport, if stated.
    pub mask_generation: Option<String>,
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
    /// The values it is interested in, none for any.
    pub values: Vec<String>,
}

/// SAML Metadata §2.4.4.1: a set of attributes that a service of the SP asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeConsumingService {
    /// Its number, which requests may name; `None` when it has no valid one.
    pub index: Option<u16>,
    /// Whether the SP names it as the default.
    pub is_default: bool,
    /// The name of the service.
    pub name: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// What it asks for.
    pub requested_attributes: Vec<RequestedAttribute>,
}

/// MDUI §2.1: what an SP shows to people beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserInterface {
    /// A sentence about it.
    pub description: Option<String>,
    /// Its largest logo.
    pub logo: Option<LogoImage>,
    /// A page about it, https.
    pub information_url: Option<String>,
    /// Its privacy statement, https.
    pub privacy_statement_url: Option<String>,
}

/// MDUI §2.1.5: an image elsewhere. The size is what the SP claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoImage {
    /// The address of the image, https.
    pub url: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// SAML Metadata §2.3.2.2: somebody to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPerson {
    /// About what: `technical`, `support`, `administrative`, `billing`, `security` or `other`.
    pub kind: String,
    /// The company.
    pub company: Option<String>,
    /// The given name, or the name of a desk.
    pub given_name: Option<String>,
    /// The family name.
    pub sur_name: Option<String>,
    /// E-mail addresses as they stand there, without `mailto:`. They are not checked.
    pub email_addresses: Vec<String>,
    /// Telephone numbers as they stand there.
    pub telephone_numbers: Vec<String>,
}

/// SAML Metadata §2.3.2.1: who runs an SP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpOrganization {
    /// The name.
    pub name: Option<String>,
    /// The name for people.
    pub display_name: Option<String>,
    /// Its website, http or https.
    pub url: Option<String>,
}
