//! The logout messages we issue, judged by xmlsec1, xmllint and the OASIS schemas, and taken back in as an
//! SP would.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use openssl::nid::Nid;
use saml::binding::soap::{FaultCode, fault};
use saml::binding::{MessageParameter, OutboundMessage};
use saml::error::{SecondLevelStatusCode, Status};
use saml::logout::*;
use saml::{
    Binding, IssueError, NameId, NameIdFormat, OpensslSigner, RelayState, ServiceProvider, SignError,
    SignatureAlgorithm, Signer, StatusCode,
};

use crate::fixtures::*;
use crate::support::*;

const HOSTILE: &str = "a&b<c>d\"e'f\tg\nh\ri]]>\u{e9}😀<!-- -->";

fn name_id(value: &str) -> NameId {
    NameId {
        name_qualifier: Some(IDP.to_owned()),
        sp_name_qualifier: Some(SP.to_owned()),
        ..NameId::new(NameIdFormat::Persistent, value)
    }
}

fn spec<'a>(name_id: &'a NameId, relay_state: Option<&'a RelayState>) -> LogoutRequestSpec<'a> {
    LogoutRequestSpec {
        idp_entity_id: IDP,
        name_id,
        session_indexes: &["_s1", "_s2"],
        lifetime: LogoutRequestSpec::DEFAULT_LIFETIME,
        reason: Some(LogoutReason::Admin),
        relay_state,
    }
}

fn request_by(binding: Binding, value: &str, signer: &dyn Signer) -> IssuedLogoutRequest {
    let state = RelayState::new("a b+c&d=ü%").expect("a RelayState");
    let target = LogoutRequestTarget::of(&slo_sp(), &[binding]).expect("registered");
    assert_eq!((target.binding(), target.location(), target.sp_entity_id()), (binding, SP_SLO, SP));
    issue_request(&target, &spec(&name_id(value), Some(&state)), signer, now(), &mut rng(1)).expect("issued")
}

fn statuses() -> [LogoutStatus; 4] {
    let failed = |code, second, message: Option<&str>| {
        LogoutStatus::Failed(Status { message: message.map(str::to_owned), ..Status::new(code, second) })
    };
    [
        LogoutStatus::Success,
        LogoutStatus::Partial,
        failed(StatusCode::Requester, Some(SecondLevelStatusCode::RequestUnsupported), None),
        failed(StatusCode::Responder, None, Some(HOSTILE)),
    ]
}

fn response_by(binding: Binding, status: &LogoutStatus, signer: &dyn Signer) -> IssuedLogoutResponse {
    let asked = take(binding, &request().sent(binding)).expect("good");
    let target = asked.response_target(&slo_sp()).expect("registered");
    issue_response(&target, IDP, status, signer, now(), &mut rng(2)).expect("issued")
}

/// We as the SP sees us: with an address where it takes logout messages.
fn us(pair: &KeyPair) -> ServiceProvider {
    ServiceProvider { entity_id: IDP.to_owned(), signing_certificates: vec![pair.der()], ..sp() }
}

/// What the SP receives: the raw query, body or envelope.
fn arriving(message: &OutboundMessage) -> String {
    match message {
        OutboundMessage::Redirect { url } => {
            let (_, query) = url.split_once('?').expect("a query");
            query.to_owned()
        }
        OutboundMessage::Post { parameter, value, relay_state, .. } => {
            let state = relay_state.as_ref().map_or("", RelayState::as_str);
            format!("{}={}&RelayState={}", parameter.name(), escape(value), escape(state))
        }
        OutboundMessage::Soap { envelope, .. } => envelope.clone(),
    }
}

fn signers() -> [(KeyPair, SignatureAlgorithm); 4] {
    let rsa = || KeyPair { key: idp_rsa().key.clone(), certificate: idp_rsa().certificate.clone() };
    [
        (rsa(), SignatureAlgorithm::RsaSha256),
        (rsa(), SignatureAlgorithm::RsaSha512),
        (new_ec(Nid::X9_62_PRIME256V1), SignatureAlgorithm::EcdsaSha256),
        (new_ec(Nid::SECP384R1), SignatureAlgorithm::EcdsaSha384),
    ]
}

#[test]
fn our_requests_are_understood_by_the_other_side_of_every_binding() {
    for (pair, algorithm) in signers() {
        for binding in ALL {
            let issued = request_by(binding, HOSTILE, &pair.signer(algorithm));
            assert_eq!(issued.message.binding(), binding);
            let context = LogoutVerifyContext::new(&[SP_SLO], now());
            let verified =
                take_to(binding, &arriving(&issued.message), &us(&pair), &context).expect("it verifies");
            assert_eq!(verified.id(), issued.id);
            // A carriage return is kept by its reference.
            assert_eq!(*verified.name_id(), name_id(HOSTILE));
            assert_eq!(verified.session_indexes(), ["_s1", "_s2"]);
            assert_eq!(verified.reason(), Some("urn:oasis:names:tc:SAML:2.0:logout:admin"));
            assert_eq!(verified.not_on_or_after(), Some(issued.not_on_or_after));
            assert_eq!(issued.not_on_or_after, now() + TimeDelta::minutes(5));
            let state = (binding != Binding::Soap).then_some("a b+c&d=ü%");
            assert_eq!(verified.relay_state().map(RelayState::as_str), state);
            // And nobody else's key passes for ours.
            assert!(take_to(binding, &arriving(&issued.message), &us(other_rsa()), &context).is_err());
        }
    }
}

#[test]
fn our_responses_are_understood_by_the_other_side_of_every_binding() {
    for binding in ALL {
        for status in statuses() {
            let issued = response_by(binding, &status, &idp_rsa().signer(SignatureAlgorithm::RsaSha256));
            let raw = arriving(&issued.message);
            let unverified = match binding {
                Binding::HttpRedirect => UnverifiedLogoutResponse::from_redirect(&raw),
                Binding::HttpPost => UnverifiedLogoutResponse::from_post_body(&raw),
                Binding::Soap => UnverifiedLogoutResponse::from_soap(raw.as_bytes()),
            };
            let context = LogoutVerifyContext::new(&[SP_SLO, SP_SLO_RETURN], now());
            let verified = unverified
                .and_then(|response| response.verify(&us(idp_rsa()), &["_r1"], &context))
                .expect("it verifies");
            assert_eq!((verified.id(), verified.in_response_to()), (issued.id.as_str(), "_r1"));
            let expected = match &status {
                LogoutStatus::Success => LogoutOutcome::Success,
                LogoutStatus::Partial => LogoutOutcome::Partial,
                LogoutStatus::Failed(status) => LogoutOutcome::Failed {
                    top: status.code.uri().to_owned(),
                    second: status.second.map(|second| second.uri().to_owned()),
                },
            };
            assert_eq!(*verified.outcome(), expected);
            let message = matches!(&status, LogoutStatus::Failed(status) if status.message.is_some());
            assert_eq!(verified.status_message(), message.then_some(HOSTILE));
            let state = (binding != Binding::Soap).then_some("state 1");
            assert_eq!(verified.relay_state().map(RelayState::as_str), state, "echoed");
        }
    }
}

#[test]
fn messages_go_where_they_are_registered_in_the_form_of_their_binding() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let redirect = request_by(Binding::HttpRedirect, "p-1", &signer);
    let OutboundMessage::Redirect { url } = &redirect.message else { panic!("a redirect") };
    let query = url.strip_prefix(&format!("{SP_SLO}&")).expect("the query of the address is kept");
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    assert_eq!(names, ["SAMLRequest", "RelayState", "SigAlg", "Signature"]);
    assert!(!redirect.xml.contains("Signature"), "the signature is in the query only");
    assert!(query.contains("&RelayState=a%20b%2Bc%26d%3D%C3%BC%25&"));
    let post = request_by(Binding::HttpPost, "p-1", &signer);
    let OutboundMessage::Post { action, parameter, value, .. } = &post.message else { panic!("a form") };
    assert_eq!((action.as_str(), *parameter), (SP_SLO, MessageParameter::Request));
    assert_eq!(STANDARD.decode(value).ok(), Some(post.xml.clone().into_bytes()));
    let soap = request_by(Binding::Soap, "p-1", &signer);
    let OutboundMessage::Soap { location, envelope } = &soap.message else { panic!("an envelope") };
    assert_eq!(location.as_deref(), Some(SP_SLO));
    assert!(envelope.contains(&soap.xml));

    let redirect = response_by(Binding::HttpRedirect, &LogoutStatus::Partial, &signer);
    let OutboundMessage::Redirect { url } = &redirect.message else { panic!("a redirect") };
    assert!(url.starts_with(&format!("{SP_SLO_RETURN}?SAMLResponse=")));
    assert!(redirect.xml.contains(&format!("Destination=\"{SP_SLO_RETURN}\"")));
    // SAML Core §3.7.3.2: the session here has ended, so the top-level code is Success.
    let codes = format!(
        "<samlp:StatusCode Value=\"{SUCCESS}\"><samlp:StatusCode Value=\"{PARTIAL}\"></samlp:StatusCode></samlp:StatusCode>"
    );
    assert!(redirect.xml.contains(&codes));
    let soap = response_by(Binding::Soap, &LogoutStatus::Success, &signer);
    assert!(matches!(&soap.message, OutboundMessage::Soap { location: None, .. }));
    assert!(!soap.xml.contains("Destination"), "within the exchange there is no address");
}

/// Whether xmlsec1 verifies the one signature in `xml`.
fn xmlsec_verifies(xml: &str, pair: &KeyPair) -> Result<(), String> {
    let file = Scratch::new(xml.as_bytes());
    let key = Scratch::new(&pair.key.public_key_to_pem().expect("a key encodes"));
    let [request, response] = ["LogoutRequest", "LogoutResponse"]
        .map(|name| format!("urn:oasis:names:tc:SAML:2.0:protocol:{name}"));
    let key = key.arg();
    let args =
        ["--verify", "--pubkey-pem", &key, "--id-attr:ID", &request, "--id-attr:ID", &response, &file.arg()];
    tool("xmlsec1", &args).map(|_| ())
}

#[test]
fn xmlsec1_verifies_what_we_post_and_what_we_put_into_envelopes() {
    for (pair, algorithm) in signers() {
        let signer = pair.signer(algorithm);
        for binding in [Binding::HttpPost, Binding::Soap] {
            let mut messages = vec![{
                let issued = request_by(binding, HOSTILE, &signer);
                (issued.xml, issued.message)
            }];
            messages.extend(statuses().iter().map(|status| {
                let issued = response_by(binding, status, &signer);
                (issued.xml, issued.message)
            }));
            for (xml, message) in messages {
                xmlsec_verifies(&xml, &pair).expect("xmlsec1 verifies it");
                if let OutboundMessage::Soap { envelope, .. } = &message {
                    xmlsec_verifies(envelope, &pair).expect("xmlsec1 verifies it in its envelope");
                    assert!(
                        xmlsec_verifies(&envelope.replace("_r1", "_r9").replace("_s1", "_s9"), &pair)
                            .is_err()
                    );
                }
                assert!(xmlsec_verifies(&xml.replace(IDP, "https://evil.example"), &pair).is_err());
            }
        }
    }
}

#[test]
fn xmllint_finds_what_we_write_canonical_and_valid_by_the_oasis_schemas() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    for binding in ALL {
        let mut xml = vec![request_by(binding, HOSTILE, &signer).xml];
        let mut envelopes = Vec::new();
        for status in statuses() {
            let issued = response_by(binding, &status, &signer);
            xml.push(issued.xml);
            if let OutboundMessage::Soap { envelope, .. } = issued.message {
                envelopes.push(envelope);
            }
        }
        for message in xml.iter().chain(&envelopes) {
            schema_valid(message).unwrap_or_else(|error| panic!("{error}\n{message}"));
        }
        for text in xml.iter().chain(&envelopes) {
            let file = Scratch::new(text.as_bytes());
            let canonical = tool("xmllint", &["--exc-c14n", &file.arg()]).expect("xmllint reads it");
            assert_eq!(String::from_utf8(canonical).as_ref(), Ok(text));
        }
    }
    schema_valid(&fault(FaultCode::Client, "refused")).expect("the fault is valid");
    // The validation can fail, inside an envelope too.
    for binding in [Binding::HttpRedirect, Binding::Soap] {
        let issued = request_by(binding, "p-1", &signer);
        let text = match issued.message {
            OutboundMessage::Soap { envelope, .. } => envelope,
            _ => issued.xml,
        };
        assert!(schema_valid(&text).is_ok());
        assert!(schema_valid(&text.replace("SessionIndex", "SessionIndices")).is_err());
    }
}

/// The catalogue of the Debian packages opensaml-schemas and xmltooling-schemas, and the addresses under
/// which the schemas import each other.
const CATALOGUE: &str = r#"<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
<nextCatalog catalog="/usr/share/xml/opensaml/saml20-catalog.xml"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
</catalog>"#;

/// Messages and the envelopes around them.
const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:protocol" schemaLocation="file:///usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd"/>
<xs:import namespace="http://schemas.xmlsoap.org/soap/envelope/" schemaLocation="file:///usr/share/xml/xmltooling/soap-envelope.xsd"/>
</xs:schema>"#;

fn schema_valid(xml: &str) -> Result<(), String> {
    let folder = std::path::Path::new("/usr/share/xml/opensaml");
    assert!(folder.exists(), "the Debian packages opensaml-schemas and xmltooling-schemas must be installed");
    let (catalogue, schema) = (Scratch::new(CATALOGUE.as_bytes()), Scratch::new(SCHEMA.as_bytes()));
    let file = Scratch::new(xml.as_bytes());
    let output = std::process::Command::new("xmllint")
        .env("XML_CATALOG_FILES", catalogue.arg())
        .args(["--nonet", "--noout", "--schema", &schema.arg(), &file.arg()])
        .output()
        .expect("xmllint must be on the PATH");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn what_makes_no_sense_is_not_issued() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let target = LogoutRequestTarget::of(&slo_sp(), &Binding::FRONT_CHANNEL).expect("registered");
    assert_eq!(target.binding(), Binding::HttpRedirect, "the best of the front channel");
    let issue = |target: &LogoutRequestTarget, spec: &LogoutRequestSpec<'_>, signer: &OpensslSigner| {
        issue_request(target, spec, signer, now(), &mut rng(1)).map(|_| ())
    };
    let good = name_id("p-1");
    assert!(issue(&target, &spec(&good, None), &signer).is_ok());
    let refused = |result| matches!(result, Err(IssueError::Specification(_)));
    assert!(refused(issue(&target, &spec(&name_id(""), None), &signer)));
    let timeless = LogoutRequestSpec { lifetime: TimeDelta::zero(), ..spec(&good, None) };
    assert!(refused(issue(&target, &timeless, &signer)));
    let endless = LogoutRequestSpec { lifetime: TimeDelta::MAX, ..spec(&good, None) };
    assert!(refused(issue(&target, &endless, &signer)));
    let forbidden = issue(&target, &spec(&name_id("nul\u{0}"), None), &signer);
    assert!(matches!(forbidden, Err(IssueError::Forbidden(_))));
    for location in ["javascript:alert(1)", "http://sp.example/slo", "https://sp.example/slo#x", ""] {
        let mut sp = slo_sp();
        sp.single_logout_services.iter_mut().for_each(|service| location.clone_into(&mut service.location));
        for binding in ALL {
            let target = LogoutRequestTarget::of(&sp, &[binding]).expect("registered");
            assert!(refused(issue(&target, &spec(&good, None), &signer)), "S-22: {location}");
        }
    }
    let asked = take(Binding::HttpPost, &request().sent(Binding::HttpPost)).expect("good");
    let target = asked.response_target(&slo_sp()).expect("registered");
    let lie = LogoutStatus::Failed(Status::new(StatusCode::Success, None));
    assert!(refused(issue_response(&target, IDP, &lie, &signer, now(), &mut rng(1)).map(|_| ())));
}

/// A key that is out of reach.
struct Unreachable;

impl Signer for Unreachable {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaSha256
    }

    fn certificate_der(&self) -> &[u8] {
        &[]
    }

    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::Other("no connection".to_owned()))
    }
}

#[test]
fn without_a_signature_nothing_leaves() {
    for binding in ALL {
        let target = LogoutRequestTarget::of(&slo_sp(), &[binding]).expect("registered");
        let name_id = name_id("p-1");
        let result = issue_request(&target, &spec(&name_id, None), &Unreachable, now(), &mut rng(1));
        assert!(matches!(result, Err(IssueError::Sign(_))), "{binding:?}");
    }
}

#[test]
fn single_logout_services_are_chosen_by_preference_and_kept_with_the_sp() {
    let sp = slo_sp();
    let chosen = |preference: &[Binding]| sp.single_logout_service(preference).map(|service| service.binding);
    assert_eq!(chosen(&Binding::BACK_CHANNEL), Some(Binding::Soap));
    assert_eq!(chosen(&[Binding::HttpPost, Binding::Soap]), Some(Binding::HttpPost));
    assert_eq!(chosen(&[]), None);
    for binding in ALL {
        assert_eq!(Binding::from_uri(binding.uri()), Some(binding));
    }
    assert_eq!(Binding::from_uri("urn:oasis:names:tc:SAML:2.0:bindings:PAOS"), None);
    let mut json = serde_json::to_value(&sp).expect("it can be kept");
    assert_eq!(serde_json::from_value::<ServiceProvider>(json.clone()).ok(), Some(sp));
    json.as_object_mut().expect("an object").remove("single_logout_services");
    let older: ServiceProvider = serde_json::from_value(json).expect("kept before there was logout");
    assert!(older.single_logout_services.is_empty());
    assert!(LogoutRequestTarget::of(&older, &ALL).is_none());
}
