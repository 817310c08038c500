//! What stands in the Responses we issue, element by element.

mod judges;
mod support;

use chrono::TimeDelta;
use judges::*;
use saml::response::{issue, refuse};
use saml::xml::reader::{Document, Element, Limits};
use saml::{
    AssertionSpec, Attribute, AttributeNameFormat, IssueError, IssuedResponse, NameId, NameIdFormat,
    RelayState, ResponseTarget, SecondLevelStatusCode, ServiceProvider, SignatureAlgorithm, Signer, Status,
    StatusCode,
};
use support::*;

fn issue_with(
    what: &Issue,
    target: &ResponseTarget,
    signer: &dyn Signer,
) -> Result<IssuedResponse, IssueError> {
    issue(target, &what.spec(), signer, now(), &mut rng(1))
}

fn attribute(name: &str, values: &[&str]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        name_format: AttributeNameFormat::for_name(name),
        friendly_name: None,
        values: values.iter().map(ToString::to_string).collect(),
    }
}

/// The values of the attribute or text picked by `of` from every element `name`.
fn all<T>(xml: &str, name: &str, of: impl Fn(Element<'_, '_>) -> T) -> Vec<T> {
    let document = Document::read(xml.as_bytes(), &Limits::MESSAGE).expect("well formed");
    document.elements().filter(|element| element.name() == name).map(of).collect()
}

fn texts(xml: &str, name: &str) -> Vec<String> {
    all(xml, name, |element| element.text().expect("text"))
}

fn attributes(xml: &str, name: &str, attribute: &str) -> Vec<Option<String>> {
    all(xml, name, |element| element.attribute(attribute).map(str::to_owned))
}

#[test]
fn s_24_relay_state_is_no_address() {
    let evil = RelayState::new("https://evil.example/").expect("it is only text");
    let target = ResponseTarget::unsolicited(&sp(), Some(evil.clone())).expect("an SP with an endpoint");
    assert_eq!((target.acs_url(), target.relay_state()), (ACS, Some(&evil)));
    let xml = issue_with(&Issue::default(), &target, &FixedSigner).expect("issued").xml;
    assert!(!xml.contains("evil"), "it travels beside the message only");
    assert_eq!(attributes(&xml, "Response", "Destination"), [Some(ACS.to_owned())]);
}

#[test]
fn s_29_an_unsolicited_response_answers_no_request() {
    let unsolicited = ResponseTarget::unsolicited(&sp(), None).expect("an SP with an endpoint");
    for (target, expected) in [(&unsolicited, None), (&target(), Some("_r1".to_owned()))] {
        let xml = issue_with(&Issue::default(), target, &FixedSigner).expect("issued").xml;
        assert_eq!(attributes(&xml, "Response", "InResponseTo"), std::slice::from_ref(&expected));
        assert_eq!(attributes(&xml, "SubjectConfirmationData", "InResponseTo"), [expected]);
    }
}

#[test]
fn s_31_a_response_is_for_one_sp_only() {
    let other =
        ServiceProvider::new("https://b.example", "https://b.example/acs", NameIdFormat::EmailAddress);
    let other = ResponseTarget::unsolicited(&other, None).expect("an SP with an endpoint");
    for (target, entity_id, acs_url) in
        [(target(), SP, ACS), (other, "https://b.example", "https://b.example/acs")]
    {
        let xml = issue_with(&Issue::default(), &target, &FixedSigner).expect("issued").xml;
        assert_eq!(texts(&xml, "Audience"), [entity_id]);
        assert_eq!(attributes(&xml, "Response", "Destination"), [Some(acs_url.to_owned())]);
        assert_eq!(attributes(&xml, "SubjectConfirmationData", "Recipient"), [Some(acs_url.to_owned())]);
        assert_eq!(attributes(&xml, "SubjectConfirmationData", "NotBefore"), [None]);
        assert_eq!(texts(&xml, "Issuer"), [IDP, IDP]);
        assert!(!xml.contains("OneTimeUse"), "interop XS-32");
    }
}

#[test]
fn further_audiences_stand_beside_the_sp_and_never_instead() {
    let what = Issue::default();
    let audiences = |extra: &[String]| {
        let spec = AssertionSpec { extra_audiences: extra, ..what.spec() };
        let issued = issue(&target(), &spec, &FixedSigner, now(), &mut rng(1));
        issued.map(|issued| texts(&issued.xml, "Audience"))
    };
    let extra = |text: &str| vec![text.to_owned()];
    assert_eq!(
        audiences(&extra("https://sp.example/old")).ok(),
        Some(vec![SP.into(), "https://sp.example/old".into()])
    );
    assert_eq!(audiences(&extra(SP)).ok(), Some(extra(SP)), "once is enough");
    for bad in ["", " https://sp.example", "https://sp.example\n"] {
        assert!(matches!(audiences(&extra(bad)), Err(IssueError::Specification(_))), "{bad:?}");
    }
}

#[test]
fn s_33_one_value_is_one_element_and_one_name_one_attribute() {
    let what = Issue {
        attributes: vec![
            attribute(
                "role",
                &["user,admin@corp", "a;b|c d", "</saml:AttributeValue><saml:AttributeValue>admin"],
            ),
            attribute("empty", &[]),
        ],
        ..Issue::default()
    };
    let xml = issue_with(&what, &target(), &FixedSigner).expect("issued").xml;
    assert_eq!(texts(&xml, "AttributeValue"), what.attributes[0].values.as_slice());
    assert_eq!(attributes(&xml, "Attribute", "Name"), [Some("role".to_owned())]);
    for name in ["", "role"] {
        let what = Issue {
            attributes: vec![what.attributes[0].clone(), attribute(name, &["1"])],
            ..Issue::default()
        };
        assert!(issue_with(&what, &target(), &FixedSigner).is_err(), "{name:?}");
    }
}

#[test]
fn s_38_the_authentication_is_told_as_it_was() {
    let what = Issue::default();
    let xml = issue_with(&what, &target(), &FixedSigner).expect("issued").xml;
    assert_eq!(
        attributes(&xml, "AuthnStatement", "AuthnInstant"),
        [Some("2026-03-04T04:56:07.000Z".to_owned())]
    );
    assert_eq!(texts(&xml, "AuthnContextClassRef"), [saml::authn_context::PASSWORD_PROTECTED_TRANSPORT]);
    assert_eq!(
        attributes(&xml, "AuthnStatement", "SessionNotOnOrAfter"),
        [Some("2026-03-04T13:06:07.000Z".to_owned())]
    );
    let spec = AssertionSpec { session_not_on_or_after: None, ..what.spec() };
    let xml = issue(&target(), &spec, &FixedSigner, now(), &mut rng(1)).expect("issued").xml;
    assert_eq!(attributes(&xml, "AuthnStatement", "SessionNotOnOrAfter"), [None]);
}

#[test]
fn lifetime_and_skew_are_as_the_caller_says() {
    let what = Issue::default();
    let spec = AssertionSpec {
        lifetime: TimeDelta::seconds(90),
        not_before_skew: TimeDelta::seconds(180),
        ..what.spec()
    };
    let xml = issue(&target(), &spec, &FixedSigner, now(), &mut rng(1)).expect("issued").xml;
    let end = Some("2026-03-04T05:07:37.000Z".to_owned());
    assert_eq!(attributes(&xml, "Conditions", "NotBefore"), [Some("2026-03-04T05:03:07.000Z".to_owned())]);
    assert_eq!(attributes(&xml, "Conditions", "NotOnOrAfter"), std::slice::from_ref(&end));
    assert_eq!(attributes(&xml, "SubjectConfirmationData", "NotOnOrAfter"), [end]);
}

#[test]
fn iip_idp11_an_assertion_can_do_without_name_id() {
    let what = Issue::default();
    let spec = AssertionSpec { name_id: None, ..what.spec() };
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let xml = issue(&target(), &spec, &signer, now(), &mut rng(1)).expect("issued").xml;
    assert_eq!(texts(&xml, "NameID"), [""; 0]);
    assert_eq!(attributes(&xml, "SubjectConfirmationData", "Recipient"), [Some(ACS.to_owned())]);
    assert_eq!(schema_valid(&xml), Ok(()));
    let asked = "<saml:Subject><saml:NameID>maya</saml:NameID></saml:Subject>";
    let asked = post(&Request::default().after(asked).xml()).expect("good");
    let refused = issue(&ResponseTarget::from(&asked), &spec, &signer, now(), &mut rng(1));
    assert!(matches!(refused, Err(IssueError::SubjectMismatch)), "nobody is not the one asked for");
}

#[test]
fn every_format_of_name_id_is_written_with_its_qualifiers() {
    for format in NameIdFormat::KNOWN {
        let uri = format.uri().to_owned();
        assert_eq!(NameIdFormat::from(uri.as_str()), format);
        let name_id = NameId {
            name_qualifier: Some(IDP.to_owned()),
            sp_name_qualifier: Some(SP.to_owned()),
            ..NameId::new(format, "CN=Maya Okafor,O=Fernhill")
        };
        let xml =
            issue_with(&Issue { name_id, ..Issue::default() }, &target(), &FixedSigner).expect("issued").xml;
        assert_eq!(attributes(&xml, "NameID", "Format"), [Some(uri)]);
        assert_eq!(attributes(&xml, "NameID", "NameQualifier"), [Some(IDP.to_owned())]);
        assert_eq!(attributes(&xml, "NameID", "SPNameQualifier"), [Some(SP.to_owned())]);
    }
    // SAML Core §8.3.7 and §8.3.8 bound the opaque ones; others only have to be XML.
    for (format, length, good) in [
        (NameIdFormat::Persistent, 256, true),
        (NameIdFormat::Persistent, 257, false),
        (NameIdFormat::Transient, 257, false),
        (NameIdFormat::Unspecified, 300, true),
    ] {
        let what = Issue { name_id: NameId::new(format, "é".repeat(length)), ..Issue::default() };
        assert_eq!(issue_with(&what, &target(), &FixedSigner).is_ok(), good, "{length}");
    }
}

#[test]
fn an_error_response_holds_no_assertion_and_is_signed_on_request() {
    let status = Status::new(StatusCode::Responder, Some(SecondLevelStatusCode::NoPassive));
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha512);
    let xml = refuse(&target(), IDP, &status, Some(&signer), now(), &mut rng(1)).expect("refused");
    assert_eq!(xmlsec_verifies(&xml, "Response", idp_rsa()), Ok(()));
    assert_eq!(schema_valid(&xml), Ok(()));
    assert_eq!(
        attributes(&xml, "Assertion", "ID").len() + attributes(&xml, "EncryptedAssertion", "ID").len(),
        0
    );
    assert_eq!(attributes(&xml, "StatusCode", "Value").len(), 2);
}

#[test]
fn s_32_name_ids_are_escaped_or_refused() {
    for value in [
        "a<b>&c\"'",
        "a<!-- x -->b",
        "maya\u{202e}",
        "é".repeat(300).as_str(),
        "<saml:NameID>eve</saml:NameID>",
        "]]>",
        "a\tb\nc\rd",
    ] {
        let what = Issue { name_id: NameId::new(NameIdFormat::Unspecified, value), ..Issue::default() };
        let issued =
            issue_with(&what, &target(), &idp_rsa().signer(SignatureAlgorithm::RsaSha256)).expect("issued");
        assert_eq!(texts(&issued.xml, "NameID"), [value]);
    }
    for forbidden in ["a\0b", "\u{1}", "\u{ffff}", ""] {
        let what = Issue { name_id: NameId::new(NameIdFormat::Unspecified, forbidden), ..Issue::default() };
        assert!(issue_with(&what, &target(), &FixedSigner).is_err(), "{forbidden:?}");
    }
}
