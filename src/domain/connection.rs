//! The protocol half of an application: what was agreed with a service provider or a client.
//! Does not own keys and secrets (`keyring`, `store::client_secrets`) or the messages (`crates/saml`, `crates/oidc`).

use super::{
    text::{FieldErrors, LINE_MAX, VALUE_MAX, check_line},
    user::text_enum,
};
use serde::{Deserialize, Serialize};

/// How people sign on to an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case")]
pub enum Connection {
    /// SAML 2.0: we are the identity provider.
    Saml(Box<SamlConnection>),
    /// OpenID Connect: we are the issuer.
    Oidc(Box<OidcConnection>),
    /// A link; nothing is asserted.
    Bookmark(BookmarkConnection),
}

impl Connection {
    /// The word the store and the console filter by.
    pub fn protocol(&self) -> &'static str {
        match self {
            Self::Saml(_) => "saml",
            Self::Oidc(_) => "oidc",
            Self::Bookmark(_) => "bookmark",
        }
    }

    /// The icon of a tile nobody chose one for.
    pub fn default_glyph(&self) -> &'static str {
        match self {
            Self::Saml(_) => "shield-check",
            Self::Oidc(_) => "key-round",
            Self::Bookmark(_) => "link",
        }
    }

    /// The SAML half, if this is a SAML app.
    pub fn saml(&self) -> Option<&SamlConnection> {
        if let Self::Saml(saml) = self { Some(saml) } else { None }
    }

    /// The OIDC half, if this is an OIDC app.
    pub fn oidc(&self) -> Option<&OidcConnection> {
        if let Self::Oidc(oidc) = self { Some(oidc) } else { None }
    }

    /// Whether enough is known for people to sign on.
    pub fn is_complete(&self) -> bool {
        match self {
            Self::Saml(saml) => !saml.sp_entity_id.is_empty() && !saml.acs_urls.is_empty(),
            Self::Oidc(oidc) => !oidc.redirect_uris.is_empty(),
            Self::Bookmark(bookmark) => !bookmark.url.is_empty(),
        }
    }

    pub(super) fn check(&mut self, errors: &mut FieldErrors) {
        match self {
            Self::Saml(saml) => saml.check(errors),
            Self::Oidc(oidc) => oidc.check(errors),
            Self::Bookmark(bookmark) => {
                bookmark.url = bookmark.url.trim().to_owned();
                check_web_address(errors, "url", &bookmark.url);
            }
        }
    }
}

/// A tile that opens an address.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BookmarkConnection {
    /// An http or https address.
    pub url: String,
}

/// Where a value that we send comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueSource {
    /// An attribute of the person, see [`super::attributes::value_of`].
    Source(String),
    /// The same text for everybody.
    Constant(String),
}

/// One attribute or claim that an application gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueMapping {
    /// The name the application sees.
    pub name: String,
    /// SAML only: `NameFormat`; empty for the default of the name (`uri` for URIs, else `basic`).
    #[serde(default)]
    pub name_format: String,
    /// SAML only: `FriendlyName`.
    #[serde(default)]
    pub friendly_name: String,
    /// Where the value comes from.
    #[serde(flatten)]
    pub value: ValueSource,
}

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
}
text_enum!(NameIdFormat {
    EmailAddress = "emailAddress",
    Unspecified = "unspecified",
    Persistent = "persistent",
    Transient = "transient",
});

impl NameIdFormat {
    /// SAML Core §8.3.
    pub fn uri(self) -> &'static str {
        match self {
            Self::EmailAddress => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
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
    /// What is sent about a person.
    #[serde(default)]
    pub attributes: Vec<ValueMapping>,
    /// The attribute that carries the names of the groups bound to this app; empty: none.
    #[serde(default)]
    pub groups_attribute: String,
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
            attributes: Vec::new(),
            groups_attribute: String::new(),
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

    fn check(&mut self, errors: &mut FieldErrors) {
        self.sp_entity_id = self.sp_entity_id.trim().to_owned();
        check_line(errors, "sp_entity_id", &self.sp_entity_id, VALUE_MAX);
        check_line(errors, "idp_entity_id", &self.idp_entity_id, VALUE_MAX);
        for acs in &self.acs_urls {
            if let Err(error) = saml::metadata::check_acs_url(&acs.url) {
                errors.add("acs_urls", format!("{}: {error}", acs.url));
            }
        }
        let mut indexes: Vec<u16> = self.acs_urls.iter().map(|acs| acs.index).collect();
        indexes.sort_unstable();
        indexes.dedup();
        if indexes.len() != self.acs_urls.len() {
            errors.add("acs_urls", "Give each reply address an index of its own");
        }
        if !self.sign_assertion && !self.sign_response {
            errors.add("sign", "Sign the assertion, the response, or both");
        }
        if self.require_signed_requests == RequireSigned::Always && self.sp_certificates.is_empty() {
            errors.add(
                "require_signed_requests",
                "Add the app's certificate first: signatures are checked with it",
            );
        }
        if self.sp_certificates.len() > 16 {
            errors.add("sp_certificates", "Use at most 16 certificates");
        }
        for certificate in &self.sp_certificates {
            if let Err(error) = saml::CertificateDer::from_pem_or_base64(certificate) {
                errors.add("sp_certificates", error.to_string());
            }
        }
        if self.default_relay_state.len() > 2048 {
            errors.add("default_relay_state", "Use at most 2,048 bytes");
        }
        check_line(errors, "default_relay_state", &self.default_relay_state, 2048);
        check_line(errors, "groups_attribute", &self.groups_attribute, LINE_MAX);
        check_source(errors, "name_id_source", &self.name_id_source);
        check_mappings(errors, "attributes", &self.attributes, &self.groups_attribute);
    }
}

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
    /// A public client: PKCE only.
    None,
}
text_enum!(ClientAuth {
    ClientSecretBasic = "client_secret_basic",
    ClientSecretPost = "client_secret_post",
    None = "none",
});

/// The algorithm of a client's ID tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum IdTokenAlgorithm {
    /// RSA 2048 with SHA-256: every client can.
    #[default]
    RS256,
    /// P-256: nineteen times cheaper.
    ES256,
    /// Ed25519.
    EdDSA,
}
text_enum!(IdTokenAlgorithm { RS256 = "RS256", ES256 = "ES256", EdDSA = "EdDSA" });

/// What was agreed with an OpenID Connect client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OidcConnection {
    /// Chosen or generated; unique.
    pub client_id: String,
    /// Compared letter for letter.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after logout; compared letter for letter.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether refresh tokens are given.
    #[serde(default)]
    pub refresh_tokens: bool,
    /// How the client authenticates.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// Whether PKCE must be used; always so for public clients, and always checked when used.
    pub require_pkce: bool,
    /// Where the tile starts sign-in at the app; empty: the app can't be started from the portal.
    #[serde(default)]
    pub initiate_login_uri: String,
    /// The algorithm of ID tokens.
    #[serde(default)]
    pub id_token_algorithm: IdTokenAlgorithm,
    /// Claims beside those of the scopes.
    #[serde(default)]
    pub claims: Vec<ValueMapping>,
}

impl Default for OidcConnection {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            refresh_tokens: true,
            client_auth: ClientAuth::ClientSecretBasic,
            require_pkce: true,
            initiate_login_uri: String::new(),
            id_token_algorithm: IdTokenAlgorithm::RS256,
            claims: Vec::new(),
        }
    }
}

impl OidcConnection {
    fn check(&mut self, errors: &mut FieldErrors) {
        if self.client_id.is_empty()
            || self.client_id.len() > 128
            || !self
                .client_id
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b':' | b'"' | b'\\' | b'<' | b'>'))
        {
            errors.add("client_id", "Use letters, digits and . _ ~ - only, at most 128");
        }
        let public = self.client_auth == ClientAuth::None;
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > 64 {
                errors.add(field, "Use at most 64 addresses");
            }
            for uri in uris {
                if let Err(error) = oidc::redirect_uri::check_registration(uri, public) {
                    errors.add(field, format!("{uri}: {error}"));
                }
            }
        }
        if !self.initiate_login_uri.is_empty() {
            check_web_address(errors, "initiate_login_uri", &self.initiate_login_uri);
        }
        if public {
            self.require_pkce = true;
        }
        check_mappings(errors, "claims", &self.claims, "");
    }
}

/// An address a browser may be sent to: http or https, a host, no user part, no spaces or controls. Never `javascript:` or `data:`.
fn check_web_address(errors: &mut FieldErrors, field: &str, value: &str) {
    let valid =
        !value.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'))
            && value.len() <= 2048
            && url::Url::parse(value).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some()
                    && url.username().is_empty()
                    && url.password().is_none()
            });
    if !valid {
        errors.add(field, "Enter a web address, for example https://wiki.example");
    }
}

fn check_source(errors: &mut FieldErrors, field: &str, source: &str) {
    if !super::attributes::is_source(source) {
        errors
            .add(field, format!("There is no attribute “{source}”; custom ones are written attributes.name"));
    }
}

fn check_mappings(errors: &mut FieldErrors, field: &str, mappings: &[ValueMapping], groups: &str) {
    if mappings.len() > 64 {
        errors.add(field, "Use at most 64 rows");
    }
    let mut seen = std::collections::HashSet::new();
    for mapping in mappings {
        check_line(errors, field, &mapping.name, LINE_MAX);
        check_line(errors, field, &mapping.friendly_name, LINE_MAX);
        check_line(errors, field, &mapping.name_format, LINE_MAX);
        if mapping.name.is_empty() {
            errors.add(field, "Give each row a name");
        }
        if !seen.insert(mapping.name.as_str()) || mapping.name == groups {
            errors.add(field, format!("“{}” stands twice; one row may carry several values", mapping.name));
        }
        match &mapping.value {
            ValueSource::Source(source) => check_source(errors, field, source),
            ValueSource::Constant(text) => check_line(errors, field, text, VALUE_MAX),
        }
    }
}
