//! What an SP says about itself, in the order of the schema and out of it.

use chrono::TimeDelta;
use saml::metadata::sp::{MetadataError, parse};
use saml::{AssertionConsumerService, AttributeNameFormat, Binding};

use crate::support::*;
use crate::{POST, endpoint, entity, key, sp_with};

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
fn unknown_extensions_break_nothing() {
    let strange = "<md:Extensions><x:a xmlns:x=\"urn:x\" y=\"1\"><md:SPSSODescriptor/><x:b>text</x:b></x:a><md:EntityDescriptor entityID=\"urn:inner\"/></md:Extensions>";
    let plain = sp_with("", "").expect("good");
    assert_eq!(sp_with(" xmlns:z=\"urn:z\" z:w=\"1\"", strange), Ok(plain));
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
fn of_two_defaults_the_first_is() {
    let twice = endpoint("https://sp.example/a", "1").replace("/>", " isDefault=\"true\"/>")
        + &endpoint("https://sp.example/b", "2").replace("/>", " isDefault=\"true\"/>");
    let metadata = sp_with("", &twice).expect("read all the same");
    let defaults: Vec<_> = metadata
        .assertion_consumer_services
        .iter()
        .filter(|service| service.is_default)
        .map(|service| service.url.as_str())
        .collect();
    assert_eq!(defaults, ["https://sp.example/a"]);
    assert!(metadata.notes.iter().any(|note| note.to_string().contains("default")), "{:?}", metadata.notes);
}

#[test]
fn sdp_idp11_a_key_is_announced_by_its_use_or_by_what_it_decrypts_and_announced_ones_come_first() {
    let descriptor = |of_use: &str, pair: &KeyPair, methods: &str| {
        let end = format!("{methods}</md:KeyDescriptor>");
        key(of_use, &pair.der().to_base64()).replace("</md:KeyDescriptor>", &end)
    };
    let method = "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>";
    let encryption = " use=\"encryption\"";
    let read = |keys: &str| {
        let metadata = sp_with("", keys).expect("good");
        let of = |key: &saml::metadata::sp::EncryptionKey| {
            (key.certificate == sp_rsa().der(), key.announced, key.methods.len())
        };
        metadata.encryption_keys.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(read(&descriptor("", sp_rsa(), "")), [(true, false, 0)]);
    assert_eq!(read(&descriptor(" use=\"signing\"", sp_rsa(), method)), []);
    assert_eq!(read(&descriptor(encryption, sp_rsa(), "")), [(true, true, 0)]);
    assert_eq!(read(&descriptor("", sp_rsa(), method)), [(true, true, 1)]);
    let both = descriptor("", sp_rsa(), "") + &descriptor(encryption, sp_rsa(), method);
    assert_eq!(read(&both), [(true, true, 1)], "one key, said twice");
    let two = descriptor("", idp_rsa(), "") + &descriptor(encryption, sp_rsa(), "");
    assert_eq!(read(&two), [(true, true, 0), (false, false, 0)], "the announced one is taken");
}
