//! Metadata of SPs, as good as in the field and as bad as an attacker makes it.

mod support;

use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use saml::AssertionConsumerService;
use saml::CertificateDer;
use saml::metadata::sp::{MetadataError, ServiceProviderMetadata, parse};
use saml::signature::CertificateError;
use support::*;

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

fn endpoint(url: &str, index: &str) -> String {
    format!("<md:AssertionConsumerService Binding=\"{POST}\" Location=\"{url}\" index=\"{index}\"/>")
}

fn key(usage: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn entity(id: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{id}\">\
         <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\"{attributes}>{inside}</md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

fn sp_with(attributes: &str, inside: &str) -> Result<ServiceProviderMetadata, MetadataError> {
    parse(entity(SP, attributes, &format!("{inside}{}", endpoint(ACS, "0"))).as_bytes(), Some(SP))
}

#[test]
fn everything_an_sp_says_is_read() {
    let certificate = sp_rsa().der();
    let base64 = certificate.to_base64();
    let wrapped: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let wrapped = wrapped.join("\n    ");
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?xml-stylesheet href=\"x.xsl\"?>\n<!-- exported -->\n\
        <EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{SP}\" validUntil=\"2030-01-01T00:00:00Z\" cacheDuration=\"PT1H\">\
        <Extensions><x xmlns=\"urn:unknown\"/></Extensions>\
        <SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\" AuthnRequestsSigned=\"1\" WantAssertionsSigned=\"true\" validUntil=\"2029-01-01T00:00:00Z\" cacheDuration=\"PT1H\">\
        <Extensions><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\"><mdui:DisplayName xml:lang=\"de\">Auswertung</mdui:DisplayName><mdui:DisplayName xml:lang=\"en\"> Product\n analytics </mdui:DisplayName></mdui:UIInfo></Extensions>\
        <KeyDescriptor><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><KeyName>k</KeyName><X509Data><X509Certificate>{wrapped}\n</X509Certificate></X509Data></KeyInfo></KeyDescriptor>\
        <SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"http://inside/slo\"/>\
        <SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://sp.example/slo\" ResponseLocation=\"https://sp.example/slo/done\"/>\
        <NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</NameIDFormat>\
        <AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:PAOS\" Location=\"http://paos.example\" index=\"9\"/>\
        <AssertionConsumerService Binding=\"{POST}\" Location=\" {ACS} \" index=\"2\" isDefault=\"1\"/>\
        <AssertionConsumerService Binding=\"{POST}\" Location=\"https://sp.example/acs2\" index=\"1\"/>\
        <AttributeConsumingService index=\"0\"><ServiceName xml:lang=\"en\">x</ServiceName><RequestedAttribute Name=\"urn:oid:0.9.2342.19200300.100.1.3\" FriendlyName=\"mail\" isRequired=\"1\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"/></AttributeConsumingService>\
        </SPSSODescriptor></EntityDescriptor>"
    );
    let metadata = parse(xml.as_bytes(), None).expect("good");
    assert_eq!(metadata.entity_id, SP);
    assert!(metadata.authn_requests_signed && metadata.want_assertions_signed);
    assert_eq!(metadata.signing_certificates, std::slice::from_ref(&certificate), "a key without use signs");
    assert_eq!(metadata.encryption_certificates, [certificate], "a key without use encrypts");
    assert_eq!(metadata.display_name.as_deref(), Some("Product analytics"));
    assert_eq!(metadata.valid_until, "2029-01-01T00:00:00Z".parse().ok());
    let service =
        |url: &str, index, is_default| AssertionConsumerService { url: url.to_owned(), index, is_default };
    assert_eq!(
        metadata.assertion_consumer_services,
        [service(ACS, 2, true), service("https://sp.example/acs2", 1, false)]
    );
    assert_eq!(metadata.single_logout_services.len(), 1);
    assert_eq!(
        metadata.single_logout_services[0].response_location.as_deref(),
        Some("https://sp.example/slo/done")
    );
    assert!(metadata.requested_attributes[0].is_required);
    assert_eq!(metadata.name_id_formats, [saml::NameIdFormat::EmailAddress]);
}

#[test]
fn an_aggregate_needs_a_choice() {
    let plain = |id: &str| entity(id, "", &endpoint(ACS, "0"));
    let idp = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:idp\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></md:EntityDescriptor>";
    let aggregate = |inside: &str| {
        format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"><md:EntitiesDescriptor>{inside}</md:EntitiesDescriptor></md:EntitiesDescriptor>"
        )
    };
    let two = aggregate(&format!("{}{idp}{}", plain("urn:a"), plain("urn:b")));
    assert_eq!(
        parse(two.as_bytes(), None),
        Err(MetadataError::Ambiguous(vec!["urn:a".into(), "urn:b".into()]))
    );
    assert_eq!(parse(two.as_bytes(), Some("urn:b")).map(|found| found.entity_id), Ok("urn:b".to_owned()));
    assert!(
        matches!(parse(two.as_bytes(), Some("urn:c")), Err(MetadataError::NotInAggregate { choices, .. }) if choices.len() == 2)
    );
    let one = aggregate(&format!("{idp}{}", plain("urn:a")));
    assert_eq!(parse(one.as_bytes(), None).map(|found| found.entity_id), Ok("urn:a".to_owned()));
    let twice = aggregate(&plain("urn:a").repeat(2));
    assert!(matches!(parse(twice.as_bytes(), Some("urn:a")), Err(MetadataError::Ambiguous(_))));
    assert!(matches!(parse(aggregate(idp).as_bytes(), None), Err(MetadataError::NoServiceProvider { .. })));
    // Our own metadata, uploaded by mistake.
    assert_eq!(
        parse(idp.as_bytes(), None),
        Err(MetadataError::NoServiceProvider { identity_provider: true })
    );
    let many: String = (0..3_000).map(|number| plain(&format!("urn:sp:{number}"))).collect();
    assert_eq!(
        parse(aggregate(&many).as_bytes(), Some("urn:sp:2999")).map(|found| found.entity_id),
        Ok("urn:sp:2999".to_owned())
    );
}

#[test]
fn s_01_and_s_04_metadata_is_read_within_limits() {
    let good = entity(SP, "", &endpoint(ACS, "0"));
    assert!(parse(good.as_bytes(), None).is_ok());
    let doctype = format!("<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x\">{good}");
    assert!(matches!(parse(doctype.as_bytes(), None), Err(MetadataError::Xml(_))));
    let deep =
        entity(SP, "", &format!("{}{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000), endpoint(ACS, "0")));
    assert!(matches!(parse(deep.as_bytes(), None), Err(MetadataError::Xml(_))));
    for other in ["", "<html/>", "{\"a\":1}", "<EntityDescriptor/>"] {
        assert!(parse(other.as_bytes(), None).is_err(), "{other}");
    }
}

#[test]
fn s_22_addresses_in_metadata() {
    for bad in [
        "javascript:alert(1)",
        "http://sp.example/acs",
        "data:text/html,x",
        "https://a@sp.example/",
        "https://sp.example/&quot;x",
        "",
    ] {
        let xml = entity(SP, "", &endpoint(bad, "0"));
        assert!(matches!(parse(xml.as_bytes(), None), Err(MetadataError::Address { .. })), "{bad}");
    }
    assert!(parse(entity(SP, "", &endpoint("http://localhost:3000/acs", "0")).as_bytes(), None).is_ok());
    let redirect_only = endpoint(ACS, "0").replace("HTTP-POST", "HTTP-Redirect");
    assert_eq!(
        parse(entity(SP, "", &redirect_only).as_bytes(), None),
        Err(MetadataError::NoAssertionConsumerService)
    );
    for index in ["", "-1", "65536", "x"] {
        assert!(parse(entity(SP, "", &endpoint(ACS, index)).as_bytes(), None).is_err(), "{index}");
    }
    assert!(parse(entity(SP, "", &endpoint(ACS, "0").repeat(2)).as_bytes(), None).is_err());
}

#[test]
fn s_35_keys_within_limits() {
    let good = sp_rsa().der().to_base64();
    assert!(
        sp_with("", &key(" use=\"signing\"", &good))
            .is_ok_and(|found| found.encryption_certificates.is_empty())
    );
    assert!(
        sp_with("", &key(" use=\"encryption\"", &good))
            .is_ok_and(|found| found.signing_certificates.is_empty())
    );
    assert!(
        sp_with("", &key("", &good)).is_ok_and(|found| !found.signing_certificates.is_empty()),
        "a key without use enables signature checks"
    );
    assert_eq!(sp_with("", &key(" use=\"other\"", &good)), Err(MetadataError::Value("use")));
    let certificate = |error| Err(MetadataError::Certificate(error));
    for garbage in ["", "AAAA", "not base64!", "-----BEGIN CERTIFICATE-----"] {
        assert_eq!(
            sp_with("", &key("", garbage)),
            certificate(CertificateError::NotACertificate),
            "{garbage}"
        );
    }
    let pem = format!("-----BEGIN CERTIFICATE-----\n{good}\n-----END CERTIFICATE-----\n");
    assert!(sp_with("", &key("", &pem)).is_ok());
    assert_eq!(sp_with("", &key("", &"A".repeat(64 * 1024))), certificate(CertificateError::TooLarge));
    assert_eq!(
        sp_with("", &key("", &new_rsa(1024).der().to_base64())),
        certificate(CertificateError::RsaSize(1024))
    );
    let exponent = |e: u32| {
        let rsa = Rsa::generate_with_e(2048, &BigNum::from_u32(e).expect("a number")).expect("a key");
        self_signed(PKey::from_rsa(rsa).expect("a key")).der().to_base64()
    };
    assert_eq!(sp_with("", &key("", &exponent(3))), certificate(CertificateError::RsaExponent));
    assert!(sp_with("", &key("", &exponent(65537))).is_ok());
    assert!(sp_with("", &key("", &good).repeat(16)).is_ok());
    assert!(matches!(sp_with("", &key("", &good).repeat(17)), Err(MetadataError::TooMany { .. })));
    assert!(matches!(
        sp_with("", &key("", &good).repeat(10_000)),
        Err(MetadataError::TooMany { .. } | MetadataError::Xml(_))
    ));
    let other = entity("urn:other", "", &endpoint(ACS, "0"));
    assert!(matches!(parse(other.as_bytes(), Some(SP)), Err(MetadataError::OtherEntity { .. })));
    assert!(sp_with(" validUntil=\"soon\"", "").is_err());
    assert!(sp_with(" AuthnRequestsSigned=\"yes\"", "").is_err());
    assert!(sp_with(" AuthnRequestsSigned=\" 1 \"", "").is_ok_and(|found| found.authn_requests_signed));
    assert_eq!(CertificateDer::from_pem_or_base64(&good).map(|found| found.to_base64()), Ok(good));
}
