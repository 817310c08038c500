//! Our SAML metadata and certificate for one app. Does not own their form (`crates/saml`).

use super::{
    ServiceError, apps, decryption_keys, keys, logout, settings,
    sign_on::saml::{idp_entity_id, signer, subject_ids},
};
use crate::{context::AppContext, domain::app::App, keyring::secret_hash, store};
use ::saml::{
    Binding, NameIdFormat, Signer, SingleLogoutService,
    metadata::idp::{
        AlgorithmSupport, Contact, ContactKind, FurtherContact, IdpDetails, IdpMetadata, Logo, Organization,
        Publication,
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
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

/// Our metadata for one app, as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The app's slug now.
    pub slug: String,
    /// The EntityDescriptor.
    pub xml: String,
    /// Names what it says: the same for as long as nothing of it changes, its end neither. Base64url.
    pub tag: String,
    /// Whether two with the same tag are the same octets: not with a signature, of which some are made at random.
    pub exact: bool,
}

/// Our metadata for the app of a slug; signed, and with an end, if the app is set so.
pub async fn document(ctx: &AppContext, slug: &str) -> Result<Published, ServiceError> {
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
    let encryption_certificates = decryption_keys::certificates(ctx, &app).await?;
    let details = IdpDetails {
        single_logout_services: &logout_services,
        encryption_certificates: &encryption_certificates,
        scope: subject_ids::are_sent(connection).then(|| subject_ids::scope(ctx)),
        logo: secure.then_some(Logo { url: &logo_url, width: LOGO_SIZE, height: LOGO_SIZE }),
        contacts: support.as_slice(),
        algorithm_support: Some(AlgorithmSupport::OURS),
        error_url: secure.then_some(error_url.as_str()),
        ..IdpDetails::default()
    };
    let metadata = IdpMetadata {
        entity_id: &idp_entity_id(ctx, &app, connection),
        sso_url: &ctx.url(&format!("/saml2/{}", app.slug)),
        want_authn_requests_signed: connection.requires_signed_requests(),
        signing_certificates: &certificates,
        name_id_formats: &formats,
        display_name: Some(&organization.name),
        organization: Some(Organization { name: &organization.name, display_name: &organization.name, url }),
        technical_contact: email.map(|email| Contact { name: None, email }),
    };
    let bare = metadata.publish(&details, &Publication::default()).map_err(ServiceError::internal)?;
    if !connection.sign_metadata {
        return Ok(Published { tag: secret_hash(&bare), slug: app.slug, xml: bare, exact: true });
    }
    // SAML Metadata §2.3.2, §3: signed by the key that the document itself names, and valid until an instant of its own.
    let signer = signer(ctx, &app, connection).await?;
    let valid_until = end(ctx.now(), connection.metadata_valid_days);
    let tag = secret_hash(&format!("{bare}\0{valid_until}\0{}", Signer::algorithm(&*signer).uri()));
    // SAML Core §1.3.4: an identifier of this document alone, and of no other end.
    let id = format!("_{tag}");
    let publication = Publication {
        id: Some(&id),
        valid_until: Some(valid_until),
        signer: Some(&*signer),
        ..Publication::default()
    };
    let xml = metadata.publish(&details, &publication).map_err(ServiceError::internal)?;
    Ok(Published { slug: app.slug, xml, tag, exact: false })
}

/// Until when what is published now is valid. It moves by the hour, so that a document stays the same for a while, and is never
/// further away than the days say.
fn end(now: DateTime<Utc>, days: u16) -> DateTime<Utc> {
    const HOUR: i64 = 3_600;
    let since = now.timestamp().rem_euclid(HOUR);
    let hour =
        now - TimeDelta::seconds(since) - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
    hour + TimeDelta::days(i64::from(days))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_moves_by_the_hour_and_is_never_too_far_away() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        assert_eq!(end(at("2026-11-22T15:59:59.999Z"), 14), at("2026-12-06T15:00:00Z"));
        assert_eq!(end(at("2026-11-22T15:00:00Z"), 14), at("2026-12-06T15:00:00Z"));
        assert_eq!(end(at("2026-11-22T16:00:00Z"), 1), at("2026-11-23T16:00:00Z"));
    }
}
