//! The form of a SAML app's sign-on: stored settings to fields, and fields to settings. Does not own checking them.

use super::{
    catalogue, certificates, conditions, reply_addresses, rows, saml_advanced, saml_words, sets, source,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{AcsUrl, EntityAttribute, NameIdFormat, RequireSigned, SamlConnection},
        text::FieldErrors,
    },
    keyring::fingerprint_sha256,
    service::{
        ServiceError, apps,
        connectors::{self, Parameters},
        recordings, sign_on,
    },
    web::{
        admin::{frame::console, saving::Compared},
        error::Failure,
        extract::{Admin, Fields},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    preview::Preview,
                    saml::{SamlFields, SamlGive, SamlSso},
                    source::{EntityChoice, SourceFields},
                },
            },
            form::Errors,
        },
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Refused fields that have another name in the form.
pub const RENAMES: &[(&str, &str)] = &[("attributes", "attribute_name"), ("client_id", "")];

/// Values of the select and what is stored.
const REQUIRE_SIGNED: &[(&str, RequireSigned)] =
    &[("auto", RequireSigned::Auto), ("yes", RequireSigned::Always), ("no", RequireSigned::Never)];

/// Stored settings as fields.
pub fn fields_of(saml: &SamlConnection) -> SamlFields {
    let mut addresses: Vec<&AcsUrl> = saml.acs_urls.iter().collect();
    addresses.sort_by_key(|acs| (!acs.default, acs.index));
    let require = REQUIRE_SIGNED.iter().find(|(_, value)| *value == saml.require_signed_requests);
    SamlFields {
        acs_urls: reply_addresses::text(&addresses),
        sp_entity_id: saml.sp_entity_id.clone(),
        name_id_source: saml.name_id_source.clone(),
        name_id_format: saml.name_id_format.as_str().to_owned(),
        sign: match (saml.sign_assertion, saml.sign_response) {
            (true, false) => "assertion",
            (false, true) => "response",
            _ => "both",
        }
        .to_owned(),
        require_signed_requests: require.map_or("auto", |(word, _)| word).to_owned(),
        start_url: saml.start_url.clone(),
        default_relay_state: saml.default_relay_state.clone(),
        sp_certificates: certificates::to_pem_list(&saml.sp_certificates),
        attributes: rows::of(&saml.attributes),
        groups_attribute: saml.groups_attribute.clone(),
        advanced: saml_advanced::fields_of(saml),
    }
}

/// The fields as typed; what the form left out is as it is stored.
pub fn typed(fields: &Fields, stored: &SamlConnection) -> SamlFields {
    let text = |name: &str| fields.get(name).trim().to_owned();
    SamlFields {
        acs_urls: text("acs_urls"),
        sp_entity_id: text("sp_entity_id"),
        name_id_source: text("name_id_source"),
        name_id_format: text("name_id_format"),
        sign: text("sign"),
        require_signed_requests: text("require_signed_requests"),
        start_url: text("start_url"),
        default_relay_state: text("default_relay_state"),
        sp_certificates: text("sp_certificates"),
        attributes: rows::typed(fields),
        groups_attribute: text("groups_attribute"),
        advanced: saml_advanced::typed(fields).unwrap_or_else(|| saml_advanced::fields_of(stored)),
    }
}

/// The fields beside each other, for a form that was overtaken.
pub fn compared(stored: &SamlFields, typed: &SamlFields) -> Vec<Compared> {
    let (old, new) = (stored, typed);
    let pair = Compared::new;
    let mut pairs = vec![
        pair("Reply addresses", &["acs_urls"], &old.acs_urls, &new.acs_urls),
        pair("App entity ID", &["sp_entity_id"], &old.sp_entity_id, &new.sp_entity_id),
        pair("Identify people by", &["name_id_source"], &old.name_id_source, &new.name_id_source),
        pair("Written as", &["name_id_format"], &old.name_id_format, &new.name_id_format),
        pair("Sign", &["sign_assertion", "sign_response"], &old.sign, &new.sign),
        pair(
            "Require signed requests",
            &["require_signed_requests"],
            &old.require_signed_requests,
            &new.require_signed_requests,
        ),
        pair("Start page", &["default_relay_state"], &old.default_relay_state, &new.default_relay_state),
        pair("Its certificates", &["sp_certificates"], &old.sp_certificates, &new.sp_certificates),
        pair("Attributes", &["attributes"], &rows::text(&old.attributes), &rows::text(&new.attributes)),
        pair("Groups", &["groups_attribute"], &old.groups_attribute, &new.groups_attribute),
        pair("Start address", &["start_url"], &old.start_url, &new.start_url),
    ];
    pairs.extend(saml_advanced::compared(&old.advanced, &new.advanced));
    pairs
}

/// The settings that fields stand for; what the form doesn't show stays as it is.
///
/// # Errors
/// Fields that can't be read at all. The rest is checked when the app is saved.
pub fn to_connection(fields: &SamlFields, current: &SamlConnection) -> Result<SamlConnection, FieldErrors> {
    let mut errors = FieldErrors::default();
    let certificates = certificates::parse(&fields.sp_certificates).unwrap_or_else(|message| {
        errors.add("sp_certificates", message);
        Vec::new()
    });
    let format = NameIdFormat::parse(&fields.name_id_format);
    if format.is_none() {
        errors.add("name_id_format", "Choose one of the formats");
    }
    let sign = match fields.sign.as_str() {
        "both" => Some((true, true)),
        "assertion" => Some((true, false)),
        "response" => Some((false, true)),
        _ => None,
    };
    if sign.is_none() {
        errors.add("sign", "Choose what is signed");
    }
    let require = REQUIRE_SIGNED.iter().find(|(word, _)| *word == fields.require_signed_requests);
    if require.is_none() {
        errors.add("require_signed_requests", "Choose one of the three");
    }
    let acs_urls = reply_addresses::parse(&fields.acs_urls, &current.acs_urls).unwrap_or_else(|message| {
        errors.add("acs_urls", message);
        Vec::new()
    });
    let advanced =
        saml_advanced::to_connection(&fields.advanced, current.clone()).unwrap_or_else(|refused| {
            errors.0.extend(refused.0);
            current.clone()
        });
    let attributes =
        rows::mappings(&fields.attributes, &current.attributes, "attributes").unwrap_or_else(|refused| {
            errors.0.extend(refused.0);
            Vec::new()
        });
    errors.finish()?;
    let (sign_assertion, sign_response) = sign.unwrap_or((true, true));
    let mut saml = SamlConnection {
        sp_entity_id: fields.sp_entity_id.clone(),
        acs_urls,
        name_id_source: fields.name_id_source.clone(),
        name_id_format: format.unwrap_or_default(),
        sign_assertion,
        sign_response,
        require_signed_requests: require.map(|(_, value)| *value).unwrap_or_default(),
        sp_certificates: certificates,
        start_url: fields.start_url.clone(),
        default_relay_state: fields.default_relay_state.clone(),
        attributes,
        groups_attribute: fields.groups_attribute.clone(),
        ..advanced
    };
    saml.forget_another_entity(current);
    Ok(saml)
}

/// What was typed into the other forms of the page.
#[derive(Default)]
pub struct Beside {
    /// Pasted metadata.
    pub metadata_xml: String,
    /// Which of the apps in it, when it holds several.
    pub chosen: EntityChoice,
    /// Parameters; `None` shows the stored ones.
    pub parameters: Option<Parameters>,
    /// Where the metadata comes from; `None` shows what is stored.
    pub source: Option<SourceFields>,
}

/// The page, without a preview.
pub async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    mut fields: SamlFields,
    errors: Errors,
    beside: Beside,
) -> Result<SamlSso, Failure> {
    let Some(saml) = app.connection.saml() else { return Err(Failure::NotFound) };
    let connector = connectors::of(app);
    rows::lock(&mut fields.attributes, &saml.attributes, connector);
    let typed = beside.parameters.as_ref().unwrap_or(&app.parameters);
    let (mut panel, waiting) = source::panel(ctx, admin, app, saml).await?;
    if let Some(typed) = beside.source {
        panel.fields = typed;
    }
    let now = ctx.now();
    let key = apps::active_key(ctx, app.id).await?;
    let same_entity = apps::of_the_same_entity(ctx, &admin.caller, app).await?;
    let (signs_with, key_misfit) = saml_words::signing(saml.signature_algorithm, key.algorithm);
    Ok(SamlSso {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: super::frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        preview: Preview::default(),
        give: give(ctx, app, saml).await?,
        gave_note: if app.connection.is_complete() {
            match connector {
                Some(connector) => format!(
                    "Filled in from the catalogue’s entry for {}. You can edit any value.",
                    connector.name
                ),
                None => "You can edit any value.".to_owned(),
            }
        } else {
            "Send its metadata on the right, or copy the values from its settings.".to_owned()
        },
        complete: app.connection.is_complete(),
        name_id_sources: rows::identifiers(&fields.name_id_source),
        fields,
        sources: rows::sources(),
        metadata_xml: beside.metadata_xml,
        choice: beside.chosen,
        recipe: connector.map(|connector| catalogue::recipe(connector, &app.parameters, typed)),
        signs_with,
        key_misfit,
        source: panel,
        waiting,
        sp_certificates: saml_words::lines_of(&saml.sp_certificates, now),
        encryption_certificates: saml_words::lines_of(&saml.encryption_certificates, now),
        encryption_now: saml_words::encryption_now(saml),
        same_entity: same_entity
            .into_iter()
            .map(|other| {
                (format!("/admin/apps/{}/sso", other.slug), format!("{} ({})", other.label, other.slug))
            })
            .collect(),
        entity_attributes: saml.entity_attributes.iter().map(EntityAttribute::words).collect(),
        conditions: conditions::offered(saml),
        blocked: saml_words::blocked(&ctx.config.saml.blocked_uris()),
        sets: sets::lines(app, saml),
        recorded: recordings::kept(ctx, app).is_some(),
    })
}

async fn give(ctx: &AppContext, app: &App, saml: &SamlConnection) -> Result<SamlGive, Failure> {
    let key = apps::active_key(ctx, app.id).await?;
    let certificate = key.certificate.unwrap_or_default();
    let der = STANDARD.decode(&certificate).map_err(ServiceError::internal)?;
    Ok(SamlGive {
        metadata_url: ctx.url(&format!("/saml2/{}/metadata", app.slug)),
        sign_in_url: ctx.url(&format!("/saml2/{}", app.slug)),
        issuer: sign_on::saml::idp_entity_id(ctx, app, saml),
        fingerprint: fingerprint_sha256(&der),
        certificate_pem: certificates::to_pem(&certificate),
        portal_url: ctx.url("/"),
        logout_url: ctx.url(&format!("/saml2/{}/slo", app.slug)),
        certificate_href: format!("/saml2/{}/certificate.pem", app.slug),
        certificate_ends: key.not_after.map(|end| end.format("%-d %B %Y").to_string()).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> SamlConnection {
        SamlConnection {
            idp_entity_id: "https://id.example/saml2/old/metadata".into(),
            sp_entity_id: "https://sp.example".into(),
            acs_urls: vec![
                AcsUrl { url: "https://sp.example/a".into(), index: 7, default: false },
                AcsUrl { url: "https://sp.example/b".into(), index: 2, default: true },
            ],
            sp_certificates: vec![certificates::tests::certificate()],
            sign_response: false,
            allow_sha1: true,
            require_signed_requests: RequireSigned::Never,
            ..SamlConnection::default()
        }
    }

    #[test]
    fn a_form_sent_back_unchanged_changes_only_the_order_of_addresses() {
        let stored = stored();
        let again = to_connection(&fields_of(&stored), &stored).expect("readable");
        let mut sorted = stored.clone();
        sorted.acs_urls.reverse();
        assert_eq!(again, sorted, "what the form doesn't show is kept, indexes too");
    }

    #[test]
    fn what_cannot_be_read_is_said_beside_its_field() {
        let broken =
            SamlFields { sp_certificates: "hello".into(), sign: "none".into(), ..fields_of(&stored()) };
        let refused = to_connection(&broken, &stored()).expect_err("refused");
        assert!(refused.of("sp_certificates").is_some() && refused.of("sign").is_some());
        assert!(refused.of("acs_urls").is_none());
    }
}
