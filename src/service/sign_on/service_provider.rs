//! What was agreed with a SAML app, as the protocol needs it. Does not own the settings (`domain::connection`).

use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{ContentEncryption, KeyTransport, LogoutService, SamlConnection},
    },
    id::AppId,
};
use ::saml::{
    AssertionConsumerService, CertificateDer, EncryptError, EncryptTo, NameIdFormat, ServiceProvider,
    SingleLogoutService,
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Most apps whose certificates are kept read.
const CAPACITY: usize = 4096;

/// The certificates of apps, read once: reading them costs several times what verifying a signature does.
#[derive(Default)]
pub struct PeerKeys {
    signing: Cache<Vec<String>, Vec<CertificateDer>>,
    encryption: Cache<EncryptionInputs, EncryptTo>,
}

/// What was made for each app.
type Cache<I, V> = Mutex<HashMap<AppId, Kept<I, V>>>;

/// Everything that [`EncryptTo`] is made of.
type EncryptionInputs = (Vec<String>, ContentEncryption, KeyTransport);

/// A value, and what it was made of (D-10): when that changes, it is made anew.
struct Kept<I, V> {
    inputs: I,
    value: V,
}

fn kept<I: PartialEq + Clone, V: Clone, E>(
    cache: &Cache<I, V>,
    app: AppId,
    is_of: impl Fn(&I) -> bool,
    inputs: impl FnOnce() -> I,
    make: impl FnOnce() -> Result<V, E>,
) -> Result<V, E> {
    // Poisoned or not, the map holds whole entries only.
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(&app).filter(|found| is_of(&found.inputs)) {
        return Ok(found.value.clone());
    }
    let value = make()?;
    let mut cache = lock();
    if cache.len() >= CAPACITY && !cache.contains_key(&app) {
        cache.clear();
    }
    cache.insert(app, Kept { inputs: inputs(), value: value.clone() });
    Ok(value)
}

/// Everything, with the certificates that requests are checked by, read once, and what this server blocks.
///
/// # Errors
/// The first certificate that can't be read.
pub fn of(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
) -> Result<ServiceProvider, UnreadableCertificate> {
    let signing_certificates = kept(
        &ctx.peer_keys().signing,
        app.id,
        |inputs| *inputs == connection.sp_certificates,
        || connection.sp_certificates.clone(),
        || certificates(connection),
    )?;
    let blocked_algorithms = ctx.config.saml.blocked_uris();
    Ok(ServiceProvider { signing_certificates, blocked_algorithms, ..without_certificates(connection) })
}

/// With which certificate and how assertions are encrypted, read once.
///
/// # Errors
/// None of the certificates is usable.
pub fn encrypt_to(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
) -> Result<EncryptTo, EncryptError> {
    let (content, transport) = (connection.content_encryption, connection.key_transport);
    kept(
        &ctx.peer_keys().encryption,
        app.id,
        |inputs| {
            inputs.0 == connection.encryption_certificates && (inputs.1, inputs.2) == (content, transport)
        },
        || (connection.encryption_certificates.clone(), content, transport),
        || connection.encrypt_to(),
    )
}

/// A stored certificate that can't be read. Without it, what the app rightly signs would be refused for another reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Certificate {number} of {total} on file can’t be read ({problem}); it begins with “{beginning}”.")]
pub struct UnreadableCertificate {
    number: usize,
    total: usize,
    problem: String,
    beginning: String,
}

/// Everything, with the certificates that requests are checked by, read anew: for settings that nobody saved.
///
/// # Errors
/// The first certificate that can't be read.
pub fn with_certificates(connection: &SamlConnection) -> Result<ServiceProvider, UnreadableCertificate> {
    Ok(ServiceProvider {
        signing_certificates: certificates(connection)?,
        ..without_certificates(connection)
    })
}

fn certificates(connection: &SamlConnection) -> Result<Vec<CertificateDer>, UnreadableCertificate> {
    let total = connection.sp_certificates.len();
    let certificate = |(position, text): (usize, &String)| {
        CertificateDer::from_pem_or_base64(text).map_err(|error| UnreadableCertificate {
            number: position + 1,
            total,
            problem: error.to_string(),
            beginning: text.chars().take(24).collect(),
        })
    };
    connection.sp_certificates.iter().enumerate().map(certificate).collect()
}

/// What an answer to nobody's request needs. Persistent and transient ids can be given to any app that asks.
pub fn without_certificates(connection: &SamlConnection) -> ServiceProvider {
    ServiceProvider {
        entity_id: connection.sp_entity_id.clone(),
        assertion_consumer_services: connection
            .acs_urls
            .iter()
            .map(|acs| AssertionConsumerService {
                url: acs.url.clone(),
                index: acs.index,
                is_default: acs.default,
            })
            .collect(),
        signing_certificates: Vec::new(),
        require_signed_requests: connection.requires_signed_requests(),
        strict_relay_state: connection.strict_relay_state,
        allow_sha1: connection.allow_sha1,
        name_id_format: NameIdFormat::from(connection.name_id_format.uri()),
        other_name_id_formats: vec![NameIdFormat::Persistent, NameIdFormat::Transient],
        ignore_name_id_policy_format: false,
        single_logout_services: connection.logout_services.iter().map(logout_service).collect(),
        blocked_algorithms: Vec::new(),
    }
}

fn logout_service(service: &LogoutService) -> SingleLogoutService {
    SingleLogoutService {
        binding: service.binding.protocol(),
        location: service.url.clone(),
        response_location: Some(service.response_url.clone()).filter(|url| !url.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for this test; its key was thrown away.
    fn certificate() -> String {
        use openssl::{asn1::Asn1Time, ec::EcKey, hash::MessageDigest, nid::Nid, pkey::PKey, x509::X509};
        let group = openssl::ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
        let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
        let mut builder = X509::builder().expect("a builder");
        builder.set_pubkey(&key).expect("set");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("set");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        String::from_utf8(builder.build().to_pem().expect("PEM")).expect("text")
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_named_and_never_left_out() {
        let mut connection =
            SamlConnection { sp_certificates: vec![certificate(); 2], ..SamlConnection::default() };
        let read = with_certificates(&connection).expect("both can be read");
        assert_eq!(read.signing_certificates.len(), 2);
        connection.sp_certificates[1] = "MIIBroken+and+much+longer+than+is+shown".into();
        let refused = with_certificates(&connection).map(|_| ()).expect_err("the second can't");
        let words = refused.to_string();
        assert!(words.starts_with("Certificate 2 of 2 on file can’t be read"), "{words}");
        assert!(words.ends_with("it begins with “MIIBroken+and+much+longe”."), "{words}");
    }
}
