//! AuthnRequests over both bindings, verified against a registered SP.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use saml::binding::{MessageParameter, redirect};
use saml::error::RequestError;
use saml::response::{ResponseTarget, refuse};
use saml::xml::reader::{Document, Limits};
use saml::{
    NameIdFormat, RelayState, SecondLevelStatusCode, ServiceProvider, Status, StatusCode,
    UnverifiedAuthnRequest, VerifiedAuthnRequest,
};

use crate::fixture::{
    ACS, AUTHN_QUERY, AUTHN_XML, CountingRng, OTHER_ACS, SP, SSO, context, live, now, signing_sp, sp,
};
use crate::split_mode;

type Taken = Result<UnverifiedAuthnRequest, RequestError>;

/// Takes the input after `q` as a raw query, after `b` as the raw body of a form, after `s` as XML that the SP signs in
/// a query, and after any other byte as XML that is posted.
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = split_mode(data) else { return };
    let text = std::str::from_utf8(rest);
    match (mode, text) {
        (b'q', Ok(query)) => kept(&UnverifiedAuthnRequest::from_redirect(query)),
        (b'b', Ok(body)) => kept(&UnverifiedAuthnRequest::from_post_body(body)),
        (b's', Ok(xml)) => signed_now(xml),
        (b'q' | b'b' | b's', Err(_)) => {}
        _ => kept(&UnverifiedAuthnRequest::from_post(&STANDARD.encode(rest), Some("state 1"))),
    }
}

/// The keys are thrown away: what verifies as signed is one of the kept messages.
fn kept(request: &Taken) {
    let Ok(request) = request else { return };
    let lenient = judge(request, sp());
    let strict = judge(request, signing_sp());
    if let Some(verified) = &strict {
        assert!(verified.is_signed(), "not signed, and it must be");
        let verified = facts(verified);
        assert!(known().contains(&verified), "nobody signed this: {verified}");
    }
    assert_eq!(lenient.filter(VerifiedAuthnRequest::is_signed), strict, "two verdicts on one signature");
}

/// All that a request says, but for the RelayState, which an enveloped signature does not cover.
fn facts(request: &VerifiedAuthnRequest) -> serde_json::Value {
    let mut facts = serde_json::to_value(request).expect("a request is kept");
    if request.binding() == saml::Binding::HttpPost {
        facts["relay_state"].take();
    }
    facts
}

fn known() -> &'static [serde_json::Value] {
    static KNOWN: OnceLock<Vec<serde_json::Value>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let by_query = AUTHN_QUERY.iter().map(|seed| UnverifiedAuthnRequest::from_redirect(seed.text));
        let by_post = AUTHN_XML
            .iter()
            .map(|seed| UnverifiedAuthnRequest::from_post(&STANDARD.encode(seed.text), Some("state 1")));
        let verify =
            |request: Taken| request.expect("kept").verify(signing_sp(), &context()).expect("signed");
        by_query.chain(by_post).map(|request| facts(&verify(request))).collect()
    })
}

/// Past the signature, whatever the message says.
fn signed_now(xml: &str) {
    let state = RelayState::new("state 1").expect("a short one");
    let url = redirect::signed_url(SSO, MessageParameter::Request, xml, Some(&state), &live().signer);
    let url = url.expect("the key signs");
    let (_, query) = url.split_once('?').expect("there is a query");
    let Ok(request) = UnverifiedAuthnRequest::from_redirect(query) else { return };
    if let Some(verified) = judge(&request, &live().sp) {
        assert!(verified.is_signed() && verified.signature().is_some());
        assert_eq!(verified.relay_state(), Some(&state));
    }
}

fn judge(request: &UnverifiedAuthnRequest, sp: &ServiceProvider) -> Option<VerifiedAuthnRequest> {
    match request.verify(sp, &context()) {
        Ok(verified) => {
            check(request, &verified);
            Some(verified)
        }
        Err(refusal) => {
            if let Some(target) = &refusal.reply_to {
                answer(target, &refusal.error.status());
            }
            None
        }
    }
}

fn check(request: &UnverifiedAuthnRequest, verified: &VerifiedAuthnRequest) {
    assert_eq!(verified.issuer(), SP);
    assert_eq!(verified.is_signed(), request.is_signed());
    assert_eq!(verified.signature().is_some(), verified.is_signed());
    assert_eq!(verified.relay_state(), request.relay_state());
    assert_eq!((verified.id(), verified.binding()), (request.id(), request.binding()));
    assert!((now() - verified.issue_instant()).abs() <= TimeDelta::minutes(10), "too old or too new");
    let given = [NameIdFormat::EmailAddress, NameIdFormat::Persistent, NameIdFormat::Transient];
    assert!(given.contains(verified.name_id_format()), "a format that this SP is not given");
    let text = serde_json::to_string(verified).expect("a request is kept");
    let back: VerifiedAuthnRequest = serde_json::from_str(&text).expect("what was kept is read");
    assert_eq!(&back, verified);
    let denied = Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::RequestDenied));
    answer(&ResponseTarget::from(verified), &denied);
}

/// Whatever is answered goes to a registered address, and is XML that names the request.
fn answer(target: &ResponseTarget, status: &Status) {
    assert!([ACS, OTHER_ACS].contains(&target.acs_url()), "not registered: {}", target.acs_url());
    assert_eq!(target.sp_entity_id(), SP);
    let xml = refuse(target, SSO, status, None, now(), &mut CountingRng(1)).expect("an answer is written");
    let document = Document::read(xml.as_bytes(), &Limits::MESSAGE).expect("what we write we read");
    assert_eq!(document.root().attribute("InResponseTo"), target.in_response_to());
    assert_eq!(document.root().attribute("Destination"), Some(target.acs_url()));
}
