//! What was agreed with a SAML service provider. Does not own its rules (`saml_check`), our keys (`keyring`) or the
//! messages (`crates/saml`).

use super::{
    algorithms::{ContentEncryption, KeyTransport, SamlSignatureAlgorithm},
    encryption::Encrypt,
    entity_attributes::EntityAttribute,
    mapping::ValueMapping,
    metadata_source::MetadataSource,
    saml_choices::{AttributeSet, Denied},
    start_links::StartLink,
};
use crate::domain::{recording::RecorderSettings, user::text_enum};
use serde::{Deserialize, Serialize};

/// The NameID formats that Gatehouse sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum NameIdFormat {
    /// `urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress`
    #[default]
    #[serde(rename = "emailAddress")]
    EmailAddress,
    /// `urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified`
    #[serde(rename = "unspecified")]
    Unspecified,
    /// `urn:oasis:names:tc:SAML:2.0:nameid-format:persistent`: random and pairwise, stored, never re-used.
    #[serde(rename = "persistent")]
    Persistent,
    /// `urn:oasis:names:tc:SAML:2.0:nameid-format:transient`: new at each sign-on.
    #[serde(rename = "transient")]
    Transient,
    /// `urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName`: a distinguished name.
    #[serde(rename = "X509SubjectName")]
    X509SubjectName,
}
text_enum!(NameIdFormat {
    EmailAddress = "emailAddress",
    Unspecified = "unspecified",
    Persistent = "persistent",
    Transient = "transient",
    X509SubjectName = "X509SubjectName",
});

impl NameIdFormat {
    /// SAML Core §8.3.
    pub fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::X509SubjectName => "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
        }
    }
}

/// Whether requests must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum RequireSigned {
    /// As the service provider's metadata says.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Not required; a signature that is there must still verify.
    Never,
}
text_enum!(RequireSigned { Auto = "auto", Always = "true", Never = "false" });

/// How a logout message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoutBinding {
    /// HTTP-Redirect, by the browser.
    Redirect,
    /// HTTP-POST, by the browser.
    Post,
    /// SOAP, from server to server.
    Soap,
}
text_enum!(LogoutBinding { Redirect = "redirect", Post = "post", Soap = "soap" });

impl LogoutBinding {
    /// The same in the protocol's words.
    pub fn protocol(self) -> ::saml::Binding {
        match self {
            Self::Redirect => ::saml::Binding::HttpRedirect,
            Self::Post => ::saml::Binding::HttpPost,
            Self::Soap => ::saml::Binding::Soap,
        }
    }
}

/// Where a provider takes logout messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutService {
    /// How they travel.
    pub binding: LogoutBinding,
    /// Where requests go.
    pub url: String,
    /// Where responses go; empty: to the same address.
    #[serde(default)]
    pub response_url: String,
}

/// One address that assertions may be posted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcsUrl {
    /// Compared letter for letter.
    pub url: String,
    /// `AssertionConsumerServiceIndex`.
    pub index: u16,
    /// Used when a request names none.
    #[serde(default)]
    pub default: bool,
}

/// What was agreed with a SAML service provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SamlConnection {
    /// Our entity id for this app: kept when the slug changes, until an admin changes it. Empty: the metadata address.
    #[serde(default)]
    pub idp_entity_id: String,
    /// Theirs; also the audience. Case-sensitive.
    #[serde(default)]
    pub sp_entity_id: String,
    /// Where assertions go.
    #[serde(default)]
    pub acs_urls: Vec<AcsUrl>,
    /// The attribute that identifies people.
    pub name_id_source: String,
    /// Its format.
    #[serde(default)]
    pub name_id_format: NameIdFormat,
    /// Sign the assertion.
    pub sign_assertion: bool,
    /// Sign the response.
    pub sign_response: bool,
    /// Whether requests must be signed.
    #[serde(default)]
    pub require_signed_requests: RequireSigned,
    /// `AuthnRequestsSigned` of their metadata.
    #[serde(default)]
    pub sp_signs_requests: bool,
    /// Their signing certificates: base64 DER, key containers only.
    #[serde(default)]
    pub sp_certificates: Vec<String>,
    /// Refuse a RelayState over 80 bytes.
    #[serde(default)]
    pub strict_relay_state: bool,
    /// Accept SHA-1 signatures from this legacy provider.
    #[serde(default)]
    pub allow_sha1: bool,
    /// Whether tiles post an assertion nobody asked for.
    pub allow_idp_initiated: bool,
    /// RelayState of IdP-initiated sign-on.
    #[serde(default)]
    pub default_relay_state: String,
    /// Places in the app, each with the RelayState that leads there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start_links: Vec<StartLink>,
    /// What is sent about a person.
    #[serde(default)]
    pub attributes: Vec<ValueMapping>,
    /// The attribute that carries the names of the groups bound to this app; empty: none.
    #[serde(default)]
    pub groups_attribute: String,
    /// Instead of the bound groups, all groups of the person whose name matches this, `*` standing for anything; empty: the
    /// bound ones.
    #[serde(default)]
    pub groups_matching: String,
    /// Makes the NameID; empty: `name_id_source` does.
    #[serde(default)]
    pub name_id_expression: String,
    /// What we sign with.
    #[serde(default)]
    pub signature_algorithm: SamlSignatureAlgorithm,
    /// Whether assertions are encrypted.
    #[serde(default)]
    pub encrypt: Encrypt,
    /// Whether the app announces a key that it decrypts with: by `use="encryption"`, by naming what it decrypts, or because an
    /// administrator entered one. A key without `use` alone doesn't count.
    #[serde(default)]
    pub sp_decrypts: bool,
    /// Their certificates for encryption: base64 DER; the first usable one is taken.
    #[serde(default)]
    pub encryption_certificates: Vec<String>,
    /// How.
    #[serde(default)]
    pub content_encryption: ContentEncryption,
    /// How the key gets there.
    #[serde(default)]
    pub key_transport: KeyTransport,
    /// Seconds from issue to `NotOnOrAfter`.
    #[serde(default = "assertion_seconds")]
    pub assertion_seconds: u32,
    /// Seconds by which clocks may differ, before `NotBefore` and around a request's instant.
    #[serde(default = "skew_seconds")]
    pub skew_seconds: u32,
    /// Audiences beside the entity id.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Where logout messages go; empty: the app takes none.
    #[serde(default)]
    pub logout_services: Vec<LogoutService>,
    /// Where the tile leads: the app then asks for sign-on itself; empty: the tile posts an assertion.
    #[serde(default)]
    pub start_url: String,
    /// Where its metadata is fetched from; none: it is uploaded, pasted or typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_source: Option<MetadataSource>,
    /// Leave the NameID out, for an app that goes by attributes alone; one that asks for a format gets it all the same.
    #[serde(default)]
    pub omit_name_id: bool,
    /// What is sent instead of `attributes` to a request that names one of these by its number.
    #[serde(default)]
    pub attribute_sets: Vec<AttributeSet>,
    /// What becomes of somebody who may not open the app, when the app asked.
    #[serde(default)]
    pub denied: Denied,
    /// Read identifiers that this legacy provider encrypted with AES-CBC, in messages whose signature verified.
    #[serde(default)]
    pub accept_cbc: bool,
    /// What its metadata says about it: categories and the like, which rows can be released by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entity_attributes: Vec<EntityAttribute>,
    /// How many sign-ons are recorded, and for how long; none: as many as the server keeps of any app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<RecorderSettings>,
    /// Publish our metadata signed, and with an end.
    #[serde(default)]
    pub sign_metadata: bool,
    /// For how many days signed metadata of ours is valid.
    #[serde(default = "metadata_valid_days")]
    pub metadata_valid_days: u16,
    /// Make a lasting pseudonym only when a request allows it.
    #[serde(default)]
    pub strict_allow_create: bool,
}

/// Two weeks: an app that fetches it daily may miss many of them.
fn metadata_valid_days() -> u16 {
    14
}

fn assertion_seconds() -> u32 {
    300
}

/// Three minutes: what peers allow (XS-33), and the least that deployments ask for (IIP-G01).
fn skew_seconds() -> u32 {
    180
}

impl Default for SamlConnection {
    fn default() -> Self {
        Self {
            idp_entity_id: String::new(),
            sp_entity_id: String::new(),
            acs_urls: Vec::new(),
            name_id_source: "email".into(),
            name_id_format: NameIdFormat::EmailAddress,
            sign_assertion: true,
            sign_response: true,
            require_signed_requests: RequireSigned::Auto,
            sp_signs_requests: false,
            sp_certificates: Vec::new(),
            strict_relay_state: false,
            allow_sha1: false,
            allow_idp_initiated: true,
            default_relay_state: String::new(),
            start_links: Vec::new(),
            attributes: Vec::new(),
            groups_attribute: String::new(),
            groups_matching: String::new(),
            name_id_expression: String::new(),
            signature_algorithm: SamlSignatureAlgorithm::RsaSha256,
            encrypt: Encrypt::Auto,
            sp_decrypts: false,
            encryption_certificates: Vec::new(),
            content_encryption: ContentEncryption::Aes256Gcm,
            key_transport: KeyTransport::RsaOaepMgf1p,
            assertion_seconds: assertion_seconds(),
            skew_seconds: skew_seconds(),
            audiences: Vec::new(),
            logout_services: Vec::new(),
            start_url: String::new(),
            metadata_source: None,
            omit_name_id: false,
            attribute_sets: Vec::new(),
            denied: Denied::Page,
            accept_cbc: false,
            entity_attributes: Vec::new(),
            recorder: None,
            sign_metadata: false,
            metadata_valid_days: metadata_valid_days(),
            strict_allow_create: false,
        }
    }
}

impl SamlConnection {
    /// Whether an unsigned request is refused.
    pub fn requires_signed_requests(&self) -> bool {
        match self.require_signed_requests {
            RequireSigned::Auto => self.sp_signs_requests,
            RequireSigned::Always => true,
            RequireSigned::Never => false,
        }
    }

    /// SAML Core §3.4.1: the rows of the set that a request names by `AttributeConsumingServiceIndex`. The section leaves us free
    /// to pass over a number that we don't know: then, as without one, the app's own rows count.
    pub fn attributes_of(&self, index: Option<u16>) -> &[ValueMapping] {
        let set = index.and_then(|index| self.attribute_sets.iter().find(|set| set.index == index));
        set.map_or(&self.attributes, |set| &set.attributes)
    }
}
