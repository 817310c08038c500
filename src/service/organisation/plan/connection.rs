//! The protocol half of an app, from the blocks of the file. Does not own its rules (`domain::connection`).

use super::{
    Setting, metadata, metadata_source, oidc,
    recipe::{self, Recipe},
};
use crate::{
    domain::{
        app::App,
        connection::{
            AcsUrl, AttributeSet, BookmarkConnection, Connection, Encrypt, OidcConnection, RequireSigned,
            SamlConnection, ValueMapping, ValueSource,
        },
        text::FieldErrors,
    },
    service::{
        connectors::{Connector, Parameters},
        idp_entity_ids,
        organisation::document::{AppEntry, AutoOrBool, MappingEntry, SamlEntry, Signed},
    },
};

/// What a connection is made from.
pub(super) struct About<'a> {
    pub(super) entry: &'a AppEntry,
    pub(super) existing: Option<&'a App>,
    pub(super) organization: &'a str,
    pub(super) setting: Setting<'a>,
    /// What the block leaves out.
    pub(super) left_out: LeftOut,
}

/// What becomes of the settings that a block doesn't name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// They go back to what they are at first, or in the catalogue: a file says all.
    Default,
    /// They stay as they are saved: a draft says what to try.
    Kept,
}

impl About<'_> {
    pub(super) fn current(&self) -> Option<&Connection> {
        self.existing.map(|app| &*app.connection)
    }

    /// What the file says comes out of a catalogue file, or of none.
    fn base(&self, recipe: Option<&Recipe>) -> SamlConnection {
        let existing = self.current().and_then(Connection::saml);
        if let (LeftOut::Kept, Some(existing)) = (self.left_out, existing) {
            return existing.clone();
        }
        let made = recipe.and_then(|recipe| recipe.filled.connection.saml()).cloned().unwrap_or_default();
        SamlConnection {
            idp_entity_id: existing.map(|saml| saml.idp_entity_id.clone()).unwrap_or_default(),
            // An app that never was encrypted for isn't from now on, because a file that doesn't say so is applied again.
            encrypt: match existing.map(|saml| saml.encrypt) {
                Some(Encrypt::Off) => Encrypt::Off,
                Some(Encrypt::On | Encrypt::Auto) | None => made.encrypt,
            },
            ..made
        }
    }

    /// The same for a client.
    fn client_base(&self, recipe: Option<&Recipe>) -> OidcConnection {
        if let (LeftOut::Kept, Some(existing)) = (self.left_out, self.current().and_then(Connection::oidc)) {
            return existing.clone();
        }
        recipe.and_then(|recipe| recipe.filled.connection.oidc()).cloned().unwrap_or_default()
    }
}

/// What an app comes to.
pub(super) struct Wanted {
    pub(super) connection: Connection,
    /// What its connector was asked with.
    pub(super) parameters: Parameters,
    /// The catalogue file it is made from.
    pub(super) connector: Option<&'static Connector>,
    /// What deserves a second look, as sentences.
    pub(super) warnings: Vec<String>,
}

/// The connector of an app made by hand.
pub(super) fn default_connector(connection: &Connection) -> &'static str {
    match connection {
        Connection::Saml(_) => "custom-saml",
        Connection::Oidc(_) => "custom-oidc",
        Connection::Bookmark(_) => "bookmark",
    }
}

/// The connection the file asks for. Without a block, an app keeps what it has, or follows its connector's parameters.
pub(super) fn of(about: &About<'_>) -> Result<Wanted, FieldErrors> {
    let entry = about.entry;
    if entry.scim.is_some() {
        return Err(FieldErrors::one("scim", "provisioning isn't available in this version"));
    }
    let recipe = recipe::of(about)?;
    let connector = entry.connector.as_deref();
    let mut warnings = Vec::new();
    let connection = match (&entry.saml, &entry.oidc, &entry.url) {
        (Some(block), None, None) => {
            let mut made = saml(about, block, about.base(recipe.as_ref()), &mut warnings)?;
            if let Some(recipe) = recipe.as_ref().filter(|_| about.left_out == LeftOut::Default) {
                warnings.extend(recipe::lock(about, recipe, &mut made)?);
            }
            Connection::Saml(Box::new(made))
        }
        (None, Some(block), None) => {
            Connection::Oidc(Box::new(oidc::of(about, block, about.client_base(recipe.as_ref()))?))
        }
        (None, None, Some(url)) => Connection::Bookmark(BookmarkConnection { url: url.clone() }),
        (None, None, None) => match (about.current(), connector) {
            _ if recipe.is_some() => recipe::alone(about, recipe.as_ref())?,
            (Some(existing), _) => existing.clone(),
            (None, Some("custom-saml")) => Connection::Saml(Box::default()),
            (None, Some("custom-oidc")) => Connection::Oidc(Box::default()),
            (None, Some("bookmark")) => {
                return Err(FieldErrors::one("url", "Write where the bookmark leads"));
            }
            (None, _) => return Err(FieldErrors::one("connector", recipe::choices())),
        },
        _ => return Err(FieldErrors::one("connector", "Write one of saml, oidc and url, not several")),
    };
    let own = default_connector(&connection);
    if matches!(connector, Some("custom-saml" | "custom-oidc" | "bookmark")) && connector != Some(own) {
        return Err(FieldErrors::one(
            "connector",
            format!("Write {own}, which is what the block below is for"),
        ));
    }
    if about.current().is_some_and(|existing| existing.protocol() != connection.protocol()) {
        let message = "The app uses another protocol; remove it first, or choose another slug";
        return Err(FieldErrors::one("slug", message));
    }
    let kept = || about.existing.map(|app| app.parameters.clone()).unwrap_or_default();
    let parameters = match &recipe {
        Some(recipe) => recipe.filled.parameters.clone(),
        // By hand now: what another connector asked for is gone with it.
        None if about.existing.is_some_and(|app| connector.is_some_and(|name| name != app.connector)) => {
            Parameters::new()
        }
        None => kept(),
    };
    Ok(Wanted { connection, parameters, connector: recipe.map(|recipe| recipe.connector), warnings })
}

/// The fields of the block, over what the connector makes.
fn saml(
    about: &About<'_>,
    block: &SamlEntry,
    base: SamlConnection,
    warnings: &mut Vec<String>,
) -> Result<SamlConnection, FieldErrors> {
    let mut errors = FieldErrors::default();
    if block.sp_metadata_file.is_some() {
        let message = "Files can't be read here; put the document itself into sp_metadata";
        errors.add("saml.sp_metadata_file", message);
    }
    let (mut saml, proposal) = match &block.sp_metadata {
        None if about.left_out == LeftOut::Kept => (base, None),
        None => (metadata_source::kept(about.current(), block, base), None),
        Some(xml) => metadata::read(about, block, xml, base, &mut errors),
    };
    if let Some(addresses) = &block.acs_urls {
        saml.acs_urls.clear();
        for (position, acs) in addresses.iter().enumerate() {
            if let Err(error) = ::saml::metadata::check_acs_url(&acs.url) {
                errors.add(&format!("saml.acs_urls[{position}].url"), error.to_string());
            }
            let index = acs.index.unwrap_or_else(|| u16::try_from(position).unwrap_or(u16::MAX));
            saml.acs_urls.push(AcsUrl { url: acs.url.clone(), index, default: acs.default });
        }
        if saml.acs_urls.iter().filter(|acs| acs.default).count() > 1 {
            errors.add("saml.acs_urls", "Mark one address as default, not several");
        }
    }
    if let Some(name_id) = &block.name_id {
        match (&name_id.source, &name_id.expression) {
            (Some(_), Some(_)) => errors.add("saml.name_id", "Write one of source and expression"),
            (Some(source), None) => {
                saml.name_id_source.clone_from(source);
                saml.name_id_expression.clear();
            }
            (None, Some(expression)) => saml.name_id_expression.clone_from(expression),
            (None, None) => {}
        }
        saml.name_id_format = name_id.format.unwrap_or(saml.name_id_format);
        saml.omit_name_id = name_id.omit.unwrap_or(saml.omit_name_id);
    }
    if let Some(sign) = &block.sign {
        saml.sign_assertion = sign.contains(&Signed::Assertion);
        saml.sign_response = sign.contains(&Signed::Response);
    }
    match &block.require_signed_requests {
        None => {}
        Some(AutoOrBool::Bool(true)) => saml.require_signed_requests = RequireSigned::Always,
        Some(AutoOrBool::Bool(false)) => saml.require_signed_requests = RequireSigned::Never,
        Some(AutoOrBool::Word(word)) => match RequireSigned::parse(word) {
            Some(parsed) => saml.require_signed_requests = parsed,
            None => errors.add("saml.require_signed_requests", "Write auto, true or false"),
        },
    }
    if let Some(wanted) = &block.sp_certificates {
        saml.sp_certificates = certificates("saml.sp_certificates", wanted, &mut errors);
    }
    if let Some(wanted) = &block.encryption_certificates {
        saml.encryption_certificates = certificates("saml.encryption_certificates", wanted, &mut errors);
        // Who writes down a key for encryption says that the app decrypts with it.
        saml.sp_decrypts = !saml.encryption_certificates.is_empty();
    }
    saml.encrypt = block.encrypt.unwrap_or(saml.encrypt);
    saml.sp_decrypts = block.sp_decrypts.unwrap_or(saml.sp_decrypts);
    if let Some(said) = &block.entity_attributes {
        saml.entity_attributes.clone_from(said);
    }
    for (field, value) in [
        (&mut saml.sp_entity_id, &block.sp_entity_id),
        (&mut saml.idp_entity_id, &block.idp_entity_id),
        (&mut saml.default_relay_state, &block.default_relay_state),
        (&mut saml.groups_attribute, &block.groups_attribute),
        (&mut saml.groups_matching, &block.groups_matching),
        (&mut saml.start_url, &block.start_url),
    ] {
        if let Some(value) = value {
            field.clone_from(value);
        }
    }
    if block.idp_entity_id.as_deref().is_some_and(|named| named.trim().is_empty()) {
        // As a new app gets it, and as the console saves it.
        saml.idp_entity_id = idp_entity_ids::address(about.setting.public_url, about.entry.slug.trim());
    }
    for (field, value) in [
        (&mut saml.sp_signs_requests, block.sp_signs_requests),
        (&mut saml.strict_relay_state, block.strict_relay_state),
        (&mut saml.allow_sha1, block.allow_sha1),
        (&mut saml.allow_idp_initiated, block.allow_idp_initiated),
        (&mut saml.accept_cbc, block.accept_cbc),
        (&mut saml.sign_metadata, block.sign_metadata),
        (&mut saml.strict_allow_create, block.strict_allow_create),
    ] {
        *field = value.unwrap_or(*field);
    }
    saml.signature_algorithm = block.signature_algorithm.unwrap_or(saml.signature_algorithm);
    saml.content_encryption = block.content_encryption.unwrap_or(saml.content_encryption);
    saml.key_transport = block.key_transport.unwrap_or(saml.key_transport);
    saml.assertion_seconds = block.assertion_seconds.unwrap_or(saml.assertion_seconds);
    saml.skew_seconds = block.skew_seconds.unwrap_or(saml.skew_seconds);
    saml.metadata_valid_days = block.metadata_valid_days.unwrap_or(saml.metadata_valid_days);
    if let Some(audiences) = &block.audiences {
        saml.audiences.clone_from(audiences);
    }
    if let Some(links) = &block.start_links {
        saml.start_links = links.iter().map(Into::into).collect();
    }
    if let Some(services) = &block.logout_services {
        saml.logout_services.clone_from(services);
    }
    if let Some(rows) = &block.attributes {
        saml.attributes = mappings("saml.attributes", rows, &mut errors);
    }
    let source = metadata_source::of(block, &mut errors);
    if source.is_some() || about.left_out == LeftOut::Default {
        saml.metadata_source = source;
    }
    if let Some(sets) = &block.attribute_sets {
        saml.attribute_sets = sets
            .iter()
            .enumerate()
            .map(|(position, set)| AttributeSet {
                index: set.index,
                name: set.name.clone(),
                attributes: mappings(
                    &format!("saml.attribute_sets[{position}].attributes"),
                    &set.attributes,
                    &mut errors,
                ),
            })
            .collect();
    }
    saml.denied = block.denied.unwrap_or(saml.denied);
    saml.recorder = block.recorder.or(saml.recorder);
    errors.finish()?;
    if let Some(proposal) = &proposal {
        warnings.extend(metadata::warnings(about, block, proposal, &saml));
    }
    Ok(saml)
}

/// Certificates as they are stored.
fn certificates(path: &str, texts: &[String], errors: &mut FieldErrors) -> Vec<String> {
    let mut certificates = Vec::with_capacity(texts.len());
    for (position, text) in texts.iter().enumerate() {
        match ::saml::CertificateDer::from_pem_or_base64(text) {
            Ok(certificate) => certificates.push(certificate.to_base64()),
            Err(error) => errors.add(&format!("{path}[{position}]"), error.to_string()),
        }
    }
    certificates
}

pub(super) fn mappings(path: &str, rows: &[MappingEntry], errors: &mut FieldErrors) -> Vec<ValueMapping> {
    let mut mappings = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let at = format!("{path}[{position}]");
        let value = match (&row.source, &row.constant, &row.expression) {
            (None, None, Some(expression)) => ValueSource::Expression(expression.clone()),
            (Some(source), None, None) => ValueSource::Source(source.clone()),
            (None, Some(constant), None) => ValueSource::Constant(constant.clone()),
            _ => {
                errors.add(&at, "Write one of source, constant and expression");
                continue;
            }
        };
        mappings.push(ValueMapping {
            name_format: row.name_format.clone().unwrap_or_default(),
            friendly_name: row.friendly_name.clone().unwrap_or_default(),
            required: row.required,
            off: row.off,
            only_for: row.only_for.clone(),
            destination: row.destination.unwrap_or_default(),
            list: row.list,
            ..ValueMapping::new(row.name.clone(), value)
        });
    }
    mappings
}
