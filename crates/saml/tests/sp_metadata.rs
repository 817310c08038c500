//! Metadata of SPs, as good as in the field and as bad as an attacker makes it.

mod support;

use chrono::TimeDelta;
use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use saml::metadata::Note;
use saml::metadata::sp::{MetadataError, ServiceProviderMetadata, ValidityPolicy, parse};
use saml::signature::CertificateError;
use saml::{AssertionConsumerService, AttributeNameFormat, Binding, CertificateDer};
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
    assert_eq!(
        metadata.encryption_certificates().collect::<Vec<_>>(),
        [&certificate],
        "a key without use encrypts"
    );
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
    let notes: Vec<String> = metadata.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "The assertion consumer service 'http://paos.example' was left out: its binding PAOS is not used here",
            "The single logout service 'http://inside/slo' was left out: only https is taken, or http for a loopback host",
        ]
    );
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
    let two = |second: &str| {
        parse(entity(SP, "", &format!("{}{}", endpoint(ACS, "0"), endpoint(second, "0"))).as_bytes(), None)
    };
    assert_eq!(
        two("https://sp.example/acs2"),
        Err(MetadataError::Value("index")),
        "one number, two addresses"
    );
    let repeated = two(ACS).expect("the same endpoint twice is one");
    assert_eq!(repeated.assertion_consumer_services.len(), 1);
    assert_eq!(repeated.notes, [Note::Repeated { url: ACS.to_owned() }]);
}

#[test]
fn s_35_keys_within_limits() {
    let good = sp_rsa().der().to_base64();
    assert!(sp_with("", &key(" use=\"signing\"", &good)).is_ok_and(|found| found.encryption_keys.is_empty()));
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

/// Everything the field writes, in an order the schema does not know.
#[test]
fn unsorted_and_repeated_parts_are_read_all_the_same() {
    let encryption = new_rsa(2048).der();
    let inside = format!(
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>\
         <md:AttributeConsumingService index=\"1\"><md:ServiceName xml:lang=\"en\">Plain</md:ServiceName>\
         <md:RequestedAttribute Name=\"a\"/></md:AttributeConsumingService>\
         <md:AssertionConsumerService Binding=\"{POST}\" Location=\"{ACS}\"/>\
         <md:KeyDescriptor use=\"encryption\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         <md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/>\
         <md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\"><ds:DigestMethod Algorithm=\"{SHA256}\"/>\
         <x:MGF xmlns:x=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/></md:EncryptionMethod></md:KeyDescriptor>\
         <md:Extensions/><md:Extensions><ui:UIInfo xmlns:ui=\"urn:oasis:names:tc:SAML:metadata:ui\">\
         <ui:Logo width=\"16\" height=\"16\">https://sp.example/small.png</ui:Logo><ui:Logo width=\"64\" height=\"32\"> https://sp.example/large.png </ui:Logo>\
         <ui:Logo width=\"999\" height=\"999\">data:image/png;base64,AAAA</ui:Logo><ui:Logo width=\"big\" height=\"1\">https://sp.example/x.png</ui:Logo>\
         <ui:Description xml:lang=\"EN-gb\">Counts things</ui:Description><ui:DisplayName xml:lang=\"en\">Analytics</ui:DisplayName>\
         <ui:InformationURL xml:lang=\"en\">https://sp.example/about</ui:InformationURL><ui:PrivacyStatementURL xml:lang=\"en\">javascript:alert(1)</ui:PrivacyStatementURL>\
         </ui:UIInfo></md:Extensions>\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:KeyName>only a name</ds:KeyName></ds:KeyInfo></md:KeyDescriptor>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\" Location=\"https://sp.example/art\" index=\"0\"/>\
         <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://sp.example/soap\"/>\
         <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\" Location=\"https://sp.example/art\"/>\
         <md:AssertionConsumerService Binding=\"{POST}\" Location=\"https://sp.example/acs0\" index=\"0\" isDefault=\"maybe\"/>\
         <md:AttributeConsumingService index=\"2\" isDefault=\"1\"><md:ServiceName xml:lang=\"en\">Default</md:ServiceName>\
         <md:RequestedAttribute Name=\"b\" isRequired=\"false\"><saml:AttributeValue xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml:AttributeValue></md:RequestedAttribute>\
         <md:RequestedAttribute Name=\"b\" isRequired=\"1\"/></md:AttributeConsumingService>\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>",
        encryption.to_base64()
    );
    let around = "<md:ContactPerson contactType=\"support\"><md:EmailAddress>MAILTO:help@sp.example</md:EmailAddress><md:GivenName>Desk</md:GivenName></md:ContactPerson>\
         <md:ContactPerson xmlns:remd=\"http://refeds.org/metadata\" contactType=\"other\" remd:contactType=\"http://refeds.org/metadata/contactType/security\"><md:EmailAddress>cert@sp.example</md:EmailAddress></md:ContactPerson>\
         <md:Organization><md:OrganizationURL xml:lang=\"en\">http://sp.example</md:OrganizationURL><md:OrganizationName xml:lang=\"en\">SP Ltd</md:OrganizationName></md:Organization>\
         <md:Extensions><x:EntityAttributes xmlns:x=\"urn:oasis:names:tc:SAML:metadata:attribute\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><saml:Attribute Name=\"http://macedir.org/entity-category\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">\
         <saml:AttributeValue>https://refeds.org/category/code-of-conduct/v2</saml:AttributeValue><saml:AttributeValue><b/></saml:AttributeValue></saml:Attribute></x:EntityAttributes></md:Extensions>";
    let role = format!(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:AssertionConsumerService Binding=\"{POST}\" Location=\"https://sp.example/second-role\" index=\"0\"/></md:SPSSODescriptor>"
    );
    let xml = entity(SP, " AuthnRequestsSigned=\"true\" cacheDuration=\"PT1H\"", &inside)
        .replace("</md:EntityDescriptor>", &format!("{role}{around}</md:EntityDescriptor>"));
    let metadata = parse(xml.as_bytes(), None).expect("good");

    let service =
        |url: &str, index| AssertionConsumerService { url: url.to_owned(), index, is_default: false };
    assert_eq!(
        metadata.assertion_consumer_services,
        [service(ACS, 1), service("https://sp.example/acs0", 0)]
    );
    assert_eq!(metadata.encryption_keys[0].certificate, encryption);
    let methods: Vec<_> =
        metadata.encryption_keys[0].methods.iter().map(|method| method.algorithm.as_str()).collect();
    assert_eq!(
        methods,
        ["http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2009/xmlenc11#rsa-oaep"]
    );
    assert_eq!(metadata.encryption_keys[0].methods[1].digest_method.as_deref(), Some(SHA256));
    assert_eq!(
        metadata.encryption_keys[0].methods[1].mask_generation.as_deref(),
        Some("http://www.w3.org/2009/xmlenc11#mgf1sha256")
    );
    assert_eq!(metadata.single_logout_services.len(), 1);
    assert_eq!(metadata.single_logout_services[0].binding, Binding::Soap);
    assert_eq!(metadata.name_id_formats, [saml::NameIdFormat::Transient]);
    assert_eq!(metadata.display_name.as_deref(), Some("Analytics"));
    let ui = &metadata.user_interface;
    assert_eq!(ui.description.as_deref(), Some("Counts things"));
    assert_eq!(ui.logo.as_ref().map(|logo| logo.url.as_str()), Some("https://sp.example/large.png"));
    assert_eq!(ui.information_url.as_deref(), Some("https://sp.example/about"));
    assert_eq!(ui.privacy_statement_url, None);
    let kinds: Vec<_> = metadata
        .contacts
        .iter()
        .map(|contact| (contact.kind.as_str(), contact.email_addresses[0].as_str()))
        .collect();
    assert_eq!(kinds, [("support", "help@sp.example"), ("security", "cert@sp.example")]);
    let organization = metadata.organization.as_ref().expect("there is one");
    assert_eq!(
        (organization.name.as_deref(), organization.url.as_deref()),
        (Some("SP Ltd"), Some("http://sp.example"))
    );
    assert_eq!(metadata.entity_attributes[0].name_format, AttributeNameFormat::Uri);
    assert_eq!(metadata.entity_attributes[0].values, ["https://refeds.org/category/code-of-conduct/v2"]);
    assert_eq!(metadata.attribute_consuming_services.len(), 2);
    assert_eq!(metadata.requested_attributes.len(), 1, "of the default service, each once");
    assert!(metadata.requested_attributes[0].is_required);
    assert_eq!(metadata.requested_attributes[0].values, ["x"]);
    assert_eq!(metadata.cache_duration, Some(TimeDelta::hours(1)));
    let expected = [
        "Keys without a certificate were passed over: 1",
        "It says that it signs its requests but publishes no certificate for signatures",
        "The value 'maybe' of isDefault is not valid and was passed over",
        "The assertion consumer service 'https://sp.example/art' was left out: its binding HTTP-Artifact is not used here",
        &format!("The address '{ACS}' has no index and was numbered 1"),
        "The single logout service 'https://sp.example/art' was left out: its binding HTTP-Artifact is not used here",
        "The logo 'data:image/png;base64,AAAA' was left out: only https is taken, or http for a loopback host",
        "The value 'https://sp.example/x.png' of Logo is not valid and was passed over",
        "The privacy statement 'javascript:alert(1)' was left out: only https is taken, or http for a loopback host",
        "The value 'http://macedir.org/entity-category' of AttributeValue is not valid and was passed over",
        "Further service provider roles were passed over: 1",
    ];
    let notes: Vec<String> = metadata.notes.iter().map(ToString::to_string).collect();
    for note in expected {
        assert!(notes.iter().any(|found| found == note), "{note} in {notes:#?}");
    }
    assert_eq!(notes.len(), expected.len(), "{notes:#?}");
}

#[test]
fn s_13_authn_requests_signed_is_true_or_1() {
    for (value, signed) in [("true", true), ("1", true), ("false", false), ("0", false)] {
        let found = sp_with(&format!(" AuthnRequestsSigned=\"{value}\""), "").expect("good");
        assert_eq!(found.authn_requests_signed, signed, "{value}");
        let found = sp_with(&format!(" WantAssertionsSigned=\"{value}\""), "").expect("good");
        assert_eq!(found.want_assertions_signed, signed, "{value}");
    }
    assert!(sp_with("", "").is_ok_and(|found| !found.authn_requests_signed && !found.want_assertions_signed));
    for bad in ["yes", "TRUE", "", "2"] {
        let attribute = format!(" AuthnRequestsSigned=\"{bad}\"");
        assert_eq!(sp_with(&attribute, ""), Err(MetadataError::Value("AuthnRequestsSigned")), "{bad}");
    }
}

#[test]
fn s_35_metadata_that_ended_or_never_ends() {
    let until = |end: &str| sp_with(&format!(" validUntil=\"{end}\""), "").expect("good");
    let week =
        ValidityPolicy { required: true, longest: Some(TimeDelta::days(7)), skew: TimeDelta::minutes(3) };
    let check = |end: &str, policy: &ValidityPolicy| until(end).check_validity(now(), policy);
    assert_eq!(check("2026-03-05T00:00:00Z", &week), Ok(()));
    assert_eq!(check("2026-03-04T05:05:00Z", &week), Ok(()), "within the skew");
    assert!(matches!(check("2026-03-04T05:03:07Z", &week), Err(MetadataError::Ended(_))));
    assert!(matches!(
        check("1970-01-01T00:00:00Z", &ValidityPolicy::default()),
        Err(MetadataError::Ended(_))
    ));
    assert!(matches!(check("2026-03-12T00:00:00Z", &week), Err(MetadataError::ValidTooLong(_))));
    assert!(matches!(check("9999-12-31T23:59:59Z", &week), Err(MetadataError::ValidTooLong(_))));
    assert_eq!(check("9999-12-31T23:59:59Z", &ValidityPolicy::default()), Ok(()));
    let without = sp_with("", "").expect("good");
    assert_eq!(without.check_validity(now(), &week), Err(MetadataError::NoValidUntil));
    assert_eq!(without.check_validity(now(), &ValidityPolicy::default()), Ok(()));
    for bad in ["soon", "2026-03-04", "PT1H"] {
        assert_eq!(
            sp_with(&format!(" validUntil=\"{bad}\""), ""),
            Err(MetadataError::Value("validUntil")),
            "{bad}"
        );
    }
    assert_eq!(sp_with(" cacheDuration=\"1 h\"", ""), Err(MetadataError::Value("cacheDuration")));
}

#[test]
fn expired_certificates_are_noted_and_count() {
    let key = key("", &sp_rsa().der().to_base64());
    let metadata = sp_with(" validUntil=\"2026-01-01T00:00:00Z\"", &key).expect("good");
    assert_eq!(metadata.signing_certificates.len(), 1, "IIP-MD12");
    assert_eq!(metadata.notes, []);
    let notes: Vec<String> = metadata.notes_at(now()).iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(notes[0], "This metadata was valid until 1 January 2026; ask for a new file");
    assert!(notes[1].ends_with(" ended on 2 January 1970; its key goes on to count"), "{}", notes[1]);
    let before = "1970-01-01T12:00:00Z".parse().expect("an instant");
    assert_eq!(metadata.notes_at(before), []);
}

#[test]
fn unknown_extensions_break_nothing() {
    let strange = "<md:Extensions><x:a xmlns:x=\"urn:x\" y=\"1\"><md:SPSSODescriptor/><x:b>text</x:b></x:a><md:EntityDescriptor entityID=\"urn:inner\"/></md:Extensions>";
    let plain = sp_with("", "").expect("good");
    assert_eq!(sp_with(" xmlns:z=\"urn:z\" z:w=\"1\"", strange), Ok(plain));
}

#[test]
fn s_04_parts_without_number_are_refused() {
    let many = |part: &str, count: usize| sp_with("", &part.repeat(count));
    let attribute = "<md:RequestedAttribute Name=\"a\"/>";
    let service = |count: usize| {
        format!(
            "<md:AttributeConsumingService index=\"0\">{}</md:AttributeConsumingService>",
            attribute.repeat(count)
        )
    };
    for part in [
        "<md:NameIDFormat>urn:x</md:NameIDFormat>".to_owned(),
        "<md:SingleLogoutService Binding=\"urn:x\" Location=\"y\"/>".to_owned(),
        "<md:AssertionConsumerService Binding=\"urn:x\" Location=\"y\"/>".to_owned(),
        service(1),
    ] {
        assert!(many(&part, 250).is_ok(), "{part}");
        assert!(matches!(many(&part, 257), Err(MetadataError::TooMany { limit: 256, .. })), "{part}");
    }
    assert!(sp_with("", &service(256)).is_ok());
    assert!(matches!(sp_with("", &service(257)), Err(MetadataError::TooMany { .. })));
    let contact = |number: usize| {
        format!("<md:ContactPerson><md:EmailAddress>{number}</md:EmailAddress></md:ContactPerson>")
    };
    let contacts = |count: usize| (0..count).map(contact).collect::<String>();
    assert!(sp_with("", &contacts(32)).is_ok_and(|found| found.contacts.len() == 32));
    assert!(matches!(sp_with("", &contacts(33)), Err(MetadataError::TooMany { what: "contacts", .. })));
    let long = format!(
        "<md:AttributeConsumingService index=\"0\"><md:ServiceName>{}</md:ServiceName></md:AttributeConsumingService>",
        "n".repeat(100_000)
    );
    assert!(sp_with("", &long).is_ok_and(|found| found.display_name.is_some_and(|name| name.len() == 200)));
}
