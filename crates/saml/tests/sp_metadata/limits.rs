//! What is refused: documents beyond the limits, addresses that lead astray, keys too weak, times gone by.

use chrono::TimeDelta;
use openssl::bn::BigNum;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use saml::CertificateDer;
use saml::metadata::Note;
use saml::metadata::sp::{MetadataError, ValidityPolicy, parse};
use saml::signature::CertificateError;

use crate::support::*;
use crate::{endpoint, entity, key, sp_with};

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
