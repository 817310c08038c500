//! What was agreed with a SAML app, as the protocol needs it. Does not own the settings (`domain::connection`).

use crate::domain::connection::{LogoutService, SamlConnection};
use ::saml::{AssertionConsumerService, CertificateDer, NameIdFormat, ServiceProvider, SingleLogoutService};

/// A stored certificate that can't be read. Without it, what the app rightly signs would be refused for another reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Certificate {number} of {total} on file can’t be read ({problem}); it begins with “{beginning}”.")]
pub struct UnreadableCertificate {
    number: usize,
    total: usize,
    problem: String,
    beginning: String,
}

/// Everything, with the certificates that requests are checked by.
///
/// # Errors
/// The first certificate that can't be read.
pub fn with_certificates(connection: &SamlConnection) -> Result<ServiceProvider, UnreadableCertificate> {
    let total = connection.sp_certificates.len();
    let certificate = |(position, text): (usize, &String)| {
        CertificateDer::from_pem_or_base64(text).map_err(|error| UnreadableCertificate {
            number: position + 1,
            total,
            problem: error.to_string(),
            beginning: text.chars().take(24).collect(),
        })
    };
    let signing_certificates =
        connection.sp_certificates.iter().enumerate().map(certificate).collect::<Result<_, _>>()?;
    Ok(ServiceProvider { signing_certificates, ..without_certificates(connection) })
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
