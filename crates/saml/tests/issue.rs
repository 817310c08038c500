//! What we issue, judged by tools that are not ours: xmlsec1 verifies it, xmllint finds it canonical and
//! valid against the OASIS schemas, samael reads it.

mod judges;
mod support;

use chrono::TimeDelta;
use judges::*;
use openssl::nid::Nid;
use proptest::prelude::*;
use saml::metadata::idp::{Contact, IdpMetadata, Organization};
use saml::response::{self, issue, refuse};
use saml::{
    Attribute, AttributeNameFormat, CertificateDer, IssueError, IssuedResponse, NameId, NameIdFormat,
    OpensslSigner, ResponseTarget, SecondLevelStatusCode, Sign, SignError, SignatureAlgorithm, Signer,
    Status, StatusCode,
};
use support::*;

fn issue_with(
    what: &Issue,
    target: &ResponseTarget,
    signer: &dyn Signer,
) -> Result<IssuedResponse, IssueError> {
    issue(target, &what.spec(), signer, now(), &mut rng(1))
}

#[test]
fn snapshots_of_every_message() {
    let issued = issue_with(&Issue::default(), &target(), &FixedSigner).expect("issued");
    insta::assert_snapshot!("response_both_signed", lines(&issued.xml));
    let bare =
        Issue { attributes: Vec::new(), sign: Sign { assertion: true, response: false }, ..Issue::default() };
    let unsolicited = ResponseTarget::unsolicited(&sp(), None).expect("an SP with an endpoint");
    insta::assert_snapshot!(
        "response_unsolicited_without_attributes",
        lines(&issue_with(&bare, &unsolicited, &FixedSigner).expect("issued").xml)
    );
    let status = Status {
        message: Some("The sign-in was not possible".to_owned()),
        ..Status::new(StatusCode::Responder, Some(SecondLevelStatusCode::AuthnFailed))
    };
    let refused = refuse(&target(), IDP, &status, Some(&FixedSigner), now(), &mut rng(1)).expect("refused");
    insta::assert_snapshot!("response_refused", lines(&refused));
    let unsigned =
        refuse(&target(), IDP, &Status::new(StatusCode::VersionMismatch, None), None, now(), &mut rng(1));
    insta::assert_snapshot!("response_refused_unsigned", lines(&unsigned.expect("refused")));
}

#[test]
fn every_algorithm_verifies_with_xmlsec1_and_validates() {
    let p256 = new_ec(Nid::X9_62_PRIME256V1);
    let p384 = new_ec(Nid::SECP384R1);
    let p521 = new_ec(Nid::SECP521R1);
    for (pair, algorithm) in [
        (idp_rsa(), SignatureAlgorithm::RsaSha256),
        (idp_rsa(), SignatureAlgorithm::RsaSha384),
        (idp_rsa(), SignatureAlgorithm::RsaSha512),
        (&p256, SignatureAlgorithm::EcdsaSha256),
        (&p384, SignatureAlgorithm::EcdsaSha384),
        (&p521, SignatureAlgorithm::EcdsaSha512),
        (idp_rsa(), SignatureAlgorithm::RsaSha1),
    ] {
        let issued = issue_with(&Issue::default(), &target(), &pair.signer(algorithm)).expect("issued");
        for element in ["Response", "Assertion"] {
            assert_eq!(xmlsec_verifies(&issued.xml, element, pair), Ok(()), "{algorithm:?} {element}");
            assert!(
                xmlsec_verifies(&issued.xml.replace("maya", "eve"), element, pair).is_err(),
                "{algorithm:?} {element}"
            );
        }
        assert!(issued.xml.contains(&format!("<ds:SignatureMethod Algorithm=\"{}\">", algorithm.uri())));
        assert_eq!(exc_c14n(&issued.xml), issued.xml);
        assert_eq!(schema_valid(&issued.xml), Ok(()));
    }
    assert!(schema_valid("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>").is_err());
}

#[test]
fn xs_02_each_part_can_be_signed_alone_but_not_neither() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    for (assertion, response) in [(true, true), (true, false), (false, true)] {
        let what = Issue { sign: Sign { assertion, response }, ..Issue::default() };
        let xml = issue_with(&what, &target(), &signer).expect("issued").xml;
        assert_eq!(xmlsec_verifies(&xml, "Assertion", idp_rsa()).is_ok(), assertion);
        assert_eq!(xmlsec_verifies(&xml, "Response", idp_rsa()).is_ok(), response);
        assert_eq!(schema_valid(&xml), Ok(()));
    }
    let neither = Issue { sign: Sign { assertion: false, response: false }, ..Issue::default() };
    assert!(matches!(issue_with(&neither, &target(), &signer), Err(IssueError::Unsigned)));
}

#[test]
fn samael_accepts_the_response_as_an_sp() {
    use samael::metadata::EntityDescriptor;
    use samael::service_provider::ServiceProviderBuilder;
    let metadata = IdpMetadata {
        entity_id: IDP,
        sso_url: SSO,
        want_authn_requests_signed: false,
        signing_certificates: &[idp_rsa().der()],
        name_id_formats: &[NameIdFormat::EmailAddress],
        display_name: None,
        organization: None,
        technical_contact: None,
    };
    let metadata: EntityDescriptor =
        metadata.write().expect("written").parse().expect("samael reads our metadata");
    let provider = ServiceProviderBuilder::default()
        .entity_id(SP.to_owned())
        .acs_url(ACS.to_owned())
        .idp_metadata(metadata)
        .max_clock_skew(TimeDelta::days(36_500))
        .max_issue_delay(TimeDelta::days(36_500))
        .build()
        .expect("an SP");
    let what = Issue { attributes: vec![attribute("name", &["AT&T <b>\"'"])], ..Issue::default() };
    let issued =
        issue_with(&what, &target(), &idp_rsa().signer(SignatureAlgorithm::RsaSha256)).expect("issued");
    let assertion = provider.parse_xml_response(&issued.xml, Some(&["_r1"])).expect("samael accepts it");
    assert_eq!(assertion.id, issued.assertion_id);
    assert!(provider.parse_xml_response(&issued.xml.replace("AT&amp;T", "ATT"), Some(&["_r1"])).is_err());
}

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        name_format: AttributeNameFormat::for_name(name),
        friendly_name: None,
        values: values.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn what_makes_no_sense_is_not_issued() {
    let issue = |change: &dyn Fn(&mut saml::AssertionSpec<'_>), what: &Issue| {
        let mut spec = what.spec();
        change(&mut spec);
        response::issue(&target(), &spec, &FixedSigner, now(), &mut rng(1))
    };
    let plain = Issue::default();
    assert!(issue(&|_| {}, &plain).is_ok());
    assert!(issue(&|spec| spec.session_not_on_or_after = Some(now()), &plain).is_err());
    assert!(issue(&|spec| spec.lifetime = TimeDelta::zero(), &plain).is_err());
    assert!(issue(&|spec| spec.lifetime = TimeDelta::MAX, &plain).is_err());
    assert!(issue(&|spec| spec.not_before_skew = -TimeDelta::seconds(1), &plain).is_err());
    assert!(issue(&|spec| spec.authn_instant = now() + TimeDelta::seconds(1), &plain).is_err());
    let twice =
        Issue { attributes: vec![attribute("a", &["1"]), attribute("a", &["2"])], ..Issue::default() };
    assert!(matches!(issue(&|_| {}, &twice), Err(IssueError::DuplicateAttribute(name)) if name == "a"));
    let success = Status::new(StatusCode::Success, None);
    assert!(refuse(&target(), IDP, &success, None, now(), &mut rng(1)).is_err());
    let asked =
        post(&Request::default().after("<saml:Subject><saml:NameID>maya</saml:NameID></saml:Subject>").xml())
            .expect("good");
    let asked = ResponseTarget::from(&asked);
    let maya = Issue { name_id: NameId::new(NameIdFormat::EmailAddress, "maya"), ..Issue::default() };
    assert!(issue_with(&maya, &asked, &FixedSigner).is_ok());
    assert!(matches!(issue_with(&plain, &asked, &FixedSigner), Err(IssueError::SubjectMismatch)));
}

#[test]
fn s_41_identifiers_are_unpredictable_and_never_repeat() {
    let (mut seen, mut rng) = (std::collections::HashSet::new(), rng(7));
    for _ in 0..1_000_000 {
        let id = saml::new_session_index(&mut rng);
        assert!(
            id.len() == 41 && id.starts_with('_') && id[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
        );
        assert!(seen.insert(id));
    }
    let issued = issue_with(&Issue::default(), &target(), &FixedSigner).expect("issued");
    assert_ne!(issued.response_id, issued.assertion_id);
    assert!(saml::xml::is_ncname(&issued.response_id));
}

#[test]
fn a_signer_takes_only_a_matching_pair() {
    let (rsa, other) = (idp_rsa(), other_rsa());
    let make = |pair: &KeyPair, certificate: CertificateDer, algorithm| {
        OpensslSigner::new(pair.key.clone(), certificate.as_der(), algorithm)
    };
    assert!(make(rsa, rsa.der(), SignatureAlgorithm::RsaSha256).is_ok());
    assert!(matches!(make(rsa, other.der(), SignatureAlgorithm::RsaSha256), Err(SignError::NotAPair)));
    assert!(matches!(make(rsa, rsa.der(), SignatureAlgorithm::EcdsaSha256), Err(SignError::KeyDoesNotFit)));
    let weak = new_rsa(1024);
    assert!(matches!(make(&weak, weak.der(), SignatureAlgorithm::RsaSha256), Err(SignError::KeyDoesNotFit)));
    // One opened key serves several SPs with several algorithms.
    let signer = rsa.signer(SignatureAlgorithm::default());
    assert_eq!(signer.algorithm(), SignatureAlgorithm::RsaSha256);
    let sha512 = signer.with_algorithm(SignatureAlgorithm::RsaSha512).expect("RSA as well");
    assert_eq!(
        (sha512.algorithm(), sha512.certificate_der()),
        (SignatureAlgorithm::RsaSha512, rsa.der().as_der())
    );
    assert_ne!(sha512.sign(b"x").expect("signed"), signer.sign(b"x").expect("signed"));
    assert!(matches!(signer.with_algorithm(SignatureAlgorithm::EcdsaSha256), Err(SignError::KeyDoesNotFit)));
    for algorithm in SignatureAlgorithm::ALL {
        assert_eq!(SignatureAlgorithm::from_uri(algorithm.uri()), Some(algorithm));
        assert_eq!(algorithm.is_legacy(), algorithm == SignatureAlgorithm::RsaSha1);
    }
}

#[test]
fn our_metadata_is_canonical_and_valid() {
    let certificates = [idp_rsa().der(), new_ec(Nid::X9_62_PRIME256V1).der()];
    let full = IdpMetadata {
        entity_id: IDP,
        sso_url: SSO,
        want_authn_requests_signed: true,
        signing_certificates: &certificates,
        name_id_formats: &[NameIdFormat::EmailAddress, NameIdFormat::Persistent],
        display_name: Some("Fernhill <sign-in> & more"),
        organization: Some(Organization {
            name: "Fernhill",
            display_name: "Fernhill",
            url: "https://fernhill.example",
        }),
        technical_contact: Some(Contact { name: Some("Service desk"), email: "desk@fernhill.example" }),
    };
    let short = IdpMetadata {
        display_name: None,
        organization: None,
        technical_contact: None,
        want_authn_requests_signed: false,
        signing_certificates: &certificates[..1],
        ..full.clone()
    };
    for metadata in [&full, &short] {
        let xml = metadata.write().expect("written");
        assert_eq!(exc_c14n(&xml), xml);
        assert_eq!(schema_valid(&xml), Ok(()));
    }
    let mut readable = lines(&full.write().expect("written"));
    for certificate in &certificates {
        readable = readable.replace(&certificate.to_base64(), "CERTIFICATE");
    }
    insta::assert_snapshot!("idp_metadata", readable);
    let misplaced = short.write().expect("written").replace("md:NameIDFormat", "md:NameIDFormats");
    assert!(schema_valid(&misplaced).is_err(), "the schema does refuse");
    assert!(IdpMetadata { display_name: Some("\u{0}"), ..full }.write().is_err());
}

/// Text of every kind XML allows, heavy on what needs escaping.
fn hostile() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::sample::select(vec!['&', '<', '>', '"', '\'', '\t', '\n', '\r', ' ', ']', '-', '!', ';', '#', '=', '/', '\u{85}', '\u{2028}', '\u{7f}', '\u{feff}', '\u{fffd}']),
        3 => prop::char::range('a', 'z'),
        2 => any::<char>().prop_filter("XML allows it", |character| saml::xml::is_xml_char(*character)),
    ];
    prop::collection::vec(character, 1..24).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn hostile_values_stay_canonical_and_signed(
        name_id in hostile(), name in hostile(), friendly in hostile(), values in prop::collection::vec(hostile(), 1..3), qualifier in hostile(),
    ) {
        let what = Issue {
            name_id: NameId { name_qualifier: Some(qualifier), ..NameId::new(NameIdFormat::Persistent, name_id) },
            attributes: vec![Attribute { name, name_format: AttributeNameFormat::Basic, friendly_name: Some(friendly), values }],
            ..Issue::default()
        };
        let issued = issue_with(&what, &target(), &idp_rsa().signer(SignatureAlgorithm::RsaSha256)).expect("issued");
        prop_assert_eq!(exc_c14n(&issued.xml), issued.xml.clone());
        prop_assert_eq!(xmlsec_verifies(&issued.xml, "Response", idp_rsa()), Ok(()));
        prop_assert_eq!(xmlsec_verifies(&issued.xml, "Assertion", idp_rsa()), Ok(()));
    }
}
