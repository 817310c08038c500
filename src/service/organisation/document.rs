//! The shape of an organisation file. Does not own what is done with it (`plan`).

mod bound_group;
mod mapping;
mod oidc;
mod start_links;

use super::one_or_many::OneOrMany;
use crate::{
    domain::{
        connection::{
            ContentEncryption, Denied, Encrypt, EndedMetadata, EntityAttribute, KeyTransport, LogoutService,
            MetadataApply, NameIdFormat, SamlSignatureAlgorithm,
        },
        recording::RecorderSettings,
        user::{CustomValue, Profile, Role, UserState},
    },
    keyring::SecretText,
};
pub use oidc::{JwkSetEntry, OidcEntry, SealedSecret};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

pub use bound_group::BoundGroup;
pub use mapping::{AttributeSetEntry, MappingEntry};
pub use start_links::{OidcStartLink, SamlStartLink};

/// A whole file. A list that is absent says nothing about its nouns, not even that there are none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The organisation's name.
    #[serde(default, alias = "organization", skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Whom people write to when something fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_email: Option<String>,
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<UserEntry>>,
    /// Groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupEntry>>,
    /// Applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apps: Option<Vec<AppEntry>>,
}

/// A person. In the file the standard attributes stand beside the other fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserEntry {
    /// Unique under case and width.
    pub username: String,
    /// Unique likewise; needed for a new person.
    #[serde(default)]
    pub email: Option<String>,
    /// How pages and apps call them.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whether they may sign in.
    #[serde(default)]
    pub state: Option<UserState>,
    /// What they may do in the console.
    #[serde(default)]
    pub role: Option<Role>,
    /// Set only when the person has none; never written out.
    #[serde(default, deserialize_with = "secret")]
    pub password: Option<SecretText>,
    /// The same, already hashed.
    #[serde(default, deserialize_with = "secret")]
    pub password_hash: Option<SecretText>,
    /// Standard attributes; the empty text takes one away.
    #[serde(default)]
    pub profile: Profile,
    /// Custom attributes, complete when there.
    #[serde(default)]
    pub attributes: Option<BTreeMap<String, CustomValue>>,
}

impl Serialize for UserEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("username", &self.username)?;
        for (name, value) in [("email", &self.email), ("display_name", &self.display_name)] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(state) = self.state {
            map.serialize_entry("state", &state)?;
        }
        if let Some(role) = self.role {
            map.serialize_entry("role", &role)?;
        }
        for (key, value) in &self.profile {
            map.serialize_entry(key, value)?;
        }
        if let Some(attributes) = &self.attributes {
            map.serialize_entry("attributes", attributes)?;
        }
        if let Some(hash) = &self.password_hash {
            map.serialize_entry("password_hash", hash.expose())?;
        }
        map.end()
    }
}

/// A group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// Unique under case and width.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// User names; complete when there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
}

/// An application.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppEntry {
    /// The name in addresses.
    pub slug: String,
    /// The caption of the tile; the slug, when a new app has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The line under the caption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `custom-saml`, `custom-oidc`, `bookmark`, or the name of a catalogue file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// What the catalogue asks for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// An icon of the sprite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glyph: Option<String>,
    /// A colour of the palette.
    #[serde(alias = "colour", skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The portal's filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whether the portal shows a tile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_in_portal: Option<bool>,
    /// Whether anyone may sign on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Groups that may open it; nobody else may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<BoundGroup>>,
    /// People chosen by hand, beside the groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// The address of a bookmark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The SAML half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saml: Option<SamlEntry>,
    /// The OpenID Connect half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcEntry>,
    /// Provisioning.
    #[serde(skip_serializing)]
    pub scim: Option<serde_json::Value>,
}

/// What was agreed with a SAML service provider.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamlEntry {
    /// Their metadata, in a file beside this one.
    #[serde(skip_serializing)]
    pub sp_metadata_file: Option<String>,
    /// The same, as text.
    #[serde(skip_serializing)]
    pub sp_metadata: Option<String>,
    /// Theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_entity_id: Option<String>,
    /// Ours for this app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp_entity_id: Option<String>,
    /// Where assertions go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acs_urls: Option<Vec<AcsEntry>>,
    /// What identifies people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_id: Option<NameIdEntry>,
    /// What is signed; both, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<Vec<Signed>>,
    /// `auto`, `true` or `false`: whether assertions are encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encrypt: Option<Encrypt>,
    /// Whether the app announces a key that it decrypts with; `encryption_certificates` say so too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_decrypts: Option<bool>,
    /// `auto`, `true` or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_requests: Option<AutoOrBool>,
    /// `AuthnRequestsSigned` of their metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_signs_requests: Option<bool>,
    /// Their signing certificates, PEM or base64 DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_certificates: Option<Vec<String>>,
    /// Refuse a RelayState over 80 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_relay_state: Option<bool>,
    /// Accept SHA-1 signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_sha1: Option<bool>,
    /// Whether tiles post an assertion nobody asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_idp_initiated: Option<bool>,
    /// RelayState of IdP-initiated sign-on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_relay_state: Option<String>,
    /// Places in the app that its tile offers, each with its own RelayState.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_links: Option<Vec<SamlStartLink>>,
    /// What is sent about a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<MappingEntry>>,
    /// The attribute that carries the names of the groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups_attribute: Option<String>,
    /// Which groups it names instead of the bound ones; `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups_matching: Option<String>,
    /// What we sign with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<SamlSignatureAlgorithm>,
    /// Their certificates for encryption, PEM or base64 DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_certificates: Option<Vec<String>>,
    /// How content is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encryption: Option<ContentEncryption>,
    /// How the key gets there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_transport: Option<KeyTransport>,
    /// Seconds that an assertion is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_seconds: Option<u32>,
    /// Seconds by which clocks may differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_seconds: Option<u32>,
    /// Audiences beside the entity id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audiences: Option<Vec<String>>,
    /// Where logout messages go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_services: Option<Vec<LogoutService>>,
    /// Where the tile leads, when sign-on begins at the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
    /// Where their metadata is fetched from: one address, or several that are tried in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_url: Option<OneOrMany>,
    /// Whether the addresses are bases of the Metadata Query Protocol, asked for `sp_entity_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_mdq: Option<bool>,
    /// Whose signature what comes from there must bear: PEM or base64 DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_certificate: Option<OneOrMany>,
    /// Refuse metadata that doesn't say until when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_require_valid_until: Option<bool>,
    /// Refuse metadata whose end is more days away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_max_valid_days: Option<u32>,
    /// `keep` or `refuse`: what happens once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_ended: Option<EndedMetadata>,
    /// `review` or `signed`: what happens to changes of keys and addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_metadata_apply: Option<MetadataApply>,
    /// What is sent instead of `attributes` when a request names a set by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_sets: Option<Vec<AttributeSetEntry>>,
    /// `page` or `status`: what becomes of somebody who may not open the app, when the app asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<Denied>,
    /// Read identifiers encrypted with AES-CBC, in messages whose signature verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_cbc: Option<bool>,
    /// What the app's metadata says about it, such as its entity categories; rows can be released by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_attributes: Option<Vec<EntityAttribute>>,
    /// How many sign-ons are recorded, and for how long, instead of what the server keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorder: Option<RecorderSettings>,
    /// Publish our metadata signed by the app's key, and with an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_metadata: Option<bool>,
    /// For how many days signed metadata of ours is valid: 1 to 365, 14 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_valid_days: Option<u16>,
    /// Make a lasting pseudonym only when a request says `AllowCreate="true"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_allow_create: Option<bool>,
}

/// One reply address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcsEntry {
    /// Compared letter for letter.
    pub url: String,
    /// Its number; its place in the list, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u16>,
    /// Used when a request names none.
    #[serde(default)]
    pub default: bool,
}

/// What identifies people.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameIdEntry {
    /// Which attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Or what makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// In which format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<NameIdFormat>,
    /// Left out, unless a request asks for a format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omit: Option<bool>,
}

/// What can be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// The assertion.
    Assertion,
    /// The response around it.
    Response,
}

/// `auto`, `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AutoOrBool {
    /// Yes or no.
    Bool(bool),
    /// A word.
    Word(String),
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretText::new))
}
