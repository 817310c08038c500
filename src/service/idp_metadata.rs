//! Our SAML metadata and certificate for one app. Does not own their form (`crates/saml`).

use super::{ServiceError, apps, keys, logout, settings, sign_on::saml::idp_entity_id};
use crate::{context::AppContext, domain::app::App, store};
use ::saml::{
    Binding, NameIdFormat, SingleLogoutService,
    metadata::idp::{
        AlgorithmSupport, Contact, ContactKind, FurtherContact, IdpDetails, IdpMetadata, Logo, Organization,
        Publication,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::num::NonZeroU32;

/// Where our logo is, whatever the version: other systems keep the address.
pub const LOGO_PATH: &str = "/logo.svg";
/// Pixels across and down, as it is meant to be shown.
const LOGO_SIZE: NonZeroU32 = NonZeroU32::new(26).expect("not zero");
/// Where apps send people whose sign-on failed there. The words in capitals are replaced by the app (REFEDS, SAML v2.0 Error
/// Handling URL).
const ERROR_PATH: &str = "/error?code=ERRORURL_CODE";

async fn saml_app(ctx: &AppContext, slug: &str) -> Result<App, ServiceError> {
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    found
        .map(|(app, _)| app)
        .filter(|app| app.connection.saml().is_some())
        .ok_or(ServiceError::NotFound("application"))
}

/// The certificate of the app's active key, DER.
pub async fn certificate_der(ctx: &AppContext, app: &App) -> Result<Vec<u8>, ServiceError> {
    let key = apps::active_key(ctx, app.id).await?;
    let text =
        key.certificate.ok_or_else(|| ServiceError::Internal("a SAML key without certificate".into()))?;
    STANDARD.decode(text).map_err(ServiceError::internal)
}

/// The app's slug now, and the EntityDescriptor.
pub async fn document(ctx: &AppContext, slug: &str) -> Result<(String, String), ServiceError> {
    let app = saml_app(ctx, slug).await?;
    let Some(connection) = app.connection.saml() else { return Err(ServiceError::NotFound("application")) };
    let certificates = keys::published_certificates(ctx, &app).await?;
    let organization = settings::organization(ctx).await?;
    // The agreed format first; the others can be asked for.
    let mut formats = vec![NameIdFormat::from(connection.name_id_format.uri())];
    for format in [NameIdFormat::Persistent, NameIdFormat::Transient] {
        if !formats.contains(&format) {
            formats.push(format);
        }
    }
    let url = ctx.config.http.public_url.as_str();
    let logout_services = logout_services(ctx, &app);
    let email = Some(organization.support_email.as_str()).filter(|email| !email.is_empty());
    let support = email
        .map(|email| FurtherContact { kind: ContactKind::Support, contact: Contact { name: None, email } });
    // MDUI §2.1.5, SDP-MD12: logo and error page are https, or not there.
    let secure = ctx.config.http.public_url.is_https();
    let (logo_url, error_url) = (ctx.url(LOGO_PATH), ctx.url(ERROR_PATH));
    let details = IdpDetails {
        single_logout_services: &logout_services,
        logo: secure.then_some(Logo { url: &logo_url, width: LOGO_SIZE, height: LOGO_SIZE }),
        contacts: support.as_slice(),
        algorithm_support: Some(AlgorithmSupport::OURS),
        error_url: secure.then_some(error_url.as_str()),
        ..IdpDetails::default()
    };
    let xml = IdpMetadata {
        entity_id: &idp_entity_id(ctx, &app, connection),
        sso_url: &ctx.url(&format!("/saml2/{}", app.slug)),
        want_authn_requests_signed: connection.requires_signed_requests(),
        signing_certificates: &certificates,
        name_id_formats: &formats,
        display_name: Some(&organization.name),
        organization: Some(Organization { name: &organization.name, display_name: &organization.name, url }),
        technical_contact: email.map(|email| Contact { name: None, email }),
    }
    .publish(&details, &Publication::default())
    .map_err(ServiceError::internal)?;
    Ok((app.slug, xml))
}

/// SAML Metadata §2.4.2: where this app's logout messages come, the bindings deployments agree on first.
fn logout_services(ctx: &AppContext, app: &App) -> Vec<SingleLogoutService> {
    [Binding::HttpRedirect, Binding::HttpPost, Binding::Soap]
        .map(|binding| SingleLogoutService {
            binding,
            location: match binding {
                Binding::Soap => logout::soap_address(ctx, &app.slug),
                _ => logout::address(ctx, &app.slug),
            },
            response_location: None,
        })
        .into()
}

/// The certificate that messages are signed with, as PEM; or the next one, if there is one.
pub async fn certificate_pem(ctx: &AppContext, slug: &str, next: bool) -> Result<String, ServiceError> {
    let app = saml_app(ctx, slug).await?;
    let der =
        if next { keys::next_certificate(ctx, &app).await? } else { certificate_der(ctx, &app).await? };
    let certificate = openssl::x509::X509::from_der(&der).map_err(ServiceError::internal)?;
    let pem = certificate.to_pem().map_err(ServiceError::internal)?;
    String::from_utf8(pem).map_err(ServiceError::internal)
}
