//! LogoutRequests and LogoutResponses over all three bindings.

use std::fmt::Debug;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use saml::binding::{MessageParameter, redirect};
use saml::logout::{
    LogoutStatus, UnverifiedLogoutRequest, UnverifiedLogoutResponse, VerifiedLogoutRequest,
    VerifiedLogoutResponse, issue_response,
};
use saml::xml::reader::{Document, Limits};
use saml::{RelayState, ServiceProvider};
use url::form_urlencoded;

use crate::fixture::{
    CountingRng, LOGOUT_REQUEST_QUERY, LOGOUT_REQUEST_XML, LOGOUT_RESPONSE_QUERY, LOGOUT_RESPONSE_XML, SENT,
    SLO, SP, SP_SLO, SSO, Signed, live, logout_context, now, sp,
};
use crate::split_mode;

/// Takes the input as a request, or after a capital letter as a response: after `q` a raw query, `b` the raw body of a
/// form, `e` a SOAP envelope, `m` a message inside an envelope, `s` a message that the SP signs in a query; after any
/// other byte a message that is posted.
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = split_mode(data) else { return };
    let is_response = mode.is_ascii_uppercase();
    let mode = mode.to_ascii_lowercase();
    let signs = mode == b's';
    let Some(travelling) = travelling(mode, rest, is_response) else { return };
    if is_response { response(&travelling, signs) } else { request(&travelling, signs) }
}

/// A message on its way.
enum Travelling {
    Query(String),
    Body(String),
    Envelope(Vec<u8>),
}

fn parameter(is_response: bool) -> MessageParameter {
    if is_response { MessageParameter::Response } else { MessageParameter::Request }
}

fn travelling(mode: u8, rest: &[u8], is_response: bool) -> Option<Travelling> {
    let text = || String::from_utf8(rest.to_vec()).ok();
    let parameter = parameter(is_response);
    Some(match mode {
        b'q' => Travelling::Query(text()?),
        b'b' => Travelling::Body(text()?),
        b'e' => Travelling::Envelope(rest.to_vec()),
        b'm' => Travelling::Envelope(envelope(rest)),
        b's' => {
            let state = RelayState::new("state 1").expect("a short one");
            let url = redirect::signed_url(SLO, parameter, &text()?, Some(&state), &live().signer);
            Travelling::Query(url.expect("the key signs").split_once('?').expect("a query").1.to_owned())
        }
        _ => Travelling::Body(form(rest, parameter)),
    })
}

fn envelope(message: &[u8]) -> Vec<u8> {
    let start = b"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>";
    [start, message, b"</s:Body></s:Envelope>"].concat()
}

fn form(message: &[u8], parameter: MessageParameter) -> String {
    let value = STANDARD.encode(message);
    form_urlencoded::Serializer::new(String::new())
        .append_pair(parameter.name(), &value)
        .append_pair("RelayState", "state 1")
        .finish()
}

fn take_request(travelling: &Travelling) -> Option<UnverifiedLogoutRequest> {
    match travelling {
        Travelling::Query(query) => UnverifiedLogoutRequest::from_redirect(query),
        Travelling::Body(body) => UnverifiedLogoutRequest::from_post_body(body),
        Travelling::Envelope(body) => UnverifiedLogoutRequest::from_soap(body),
    }
    .ok()
}

fn take_response(travelling: &Travelling) -> Option<UnverifiedLogoutResponse> {
    match travelling {
        Travelling::Query(query) => UnverifiedLogoutResponse::from_redirect(query),
        Travelling::Body(body) => UnverifiedLogoutResponse::from_post_body(body),
        Travelling::Envelope(body) => UnverifiedLogoutResponse::from_soap(body),
    }
    .ok()
}

fn party(signs: bool) -> &'static ServiceProvider {
    if signs { &live().sp } else { sp() }
}

fn request(travelling: &Travelling, signs: bool) {
    let Some(request) = take_request(travelling) else { return };
    let sp = party(signs);
    let target = match request.verify(sp, &logout_context()) {
        Ok(verified) => {
            assert!(request.is_signed(), "logout without a signature");
            assert_eq!(verified.issuer(), SP);
            assert!((now() - verified.issue_instant()).abs() <= TimeDelta::minutes(10));
            assert!(verified.replay_key().remember_until >= now(), "forgotten before it is too old");
            let text = serde_json::to_string(&verified).expect("a request is kept");
            let back: VerifiedLogoutRequest = serde_json::from_str(&text).expect("what was kept is read");
            assert_eq!(back, verified);
            if !signs {
                let said = request_facts(&verified);
                assert!(known_requests().contains(&said), "nobody signed this: {said}");
            }
            verified.response_target(sp)
        }
        Err(refusal) => refusal.reply_to.map(|target| *target),
    };
    let Some(target) = target else { return };
    assert!(target.location().is_none_or(|location| location == SP_SLO), "not registered");
    assert_eq!(target.sp_entity_id(), SP);
    let issued =
        issue_response(&target, SSO, &LogoutStatus::Success, &live().signer, now(), &mut CountingRng(1))
            .expect("an answer is written");
    let document = Document::read(issued.xml.as_bytes(), &Limits::MESSAGE).expect("what we write we read");
    assert_eq!(document.root().attribute("InResponseTo"), Some(target.in_response_to()));
}

fn response(travelling: &Travelling, signs: bool) {
    let Some(response) = take_response(travelling) else { return };
    let Ok(verified) = response.verify(party(signs), &["_other", SENT], &logout_context()) else { return };
    assert!(response.is_signed(), "an answer without a signature");
    assert_eq!(verified.issuer(), SP);
    assert!(["_other", SENT].contains(&verified.in_response_to()));
    if !signs {
        let said = response_facts(&verified);
        assert!(known_responses().contains(&said), "nobody signed this: {said}");
    }
}

/// All that a request says, but for how it came and the RelayState, which an enveloped signature does not cover.
fn request_facts(request: &VerifiedLogoutRequest) -> String {
    let mut facts = serde_json::to_value(request).expect("a request is kept");
    if request.binding() != saml::Binding::HttpRedirect {
        facts["relay_state"].take();
        facts["binding"].take();
    }
    facts.to_string()
}

fn response_facts(response: &VerifiedLogoutResponse) -> String {
    let covered = response.binding() == saml::Binding::HttpRedirect;
    let state = response.relay_state().filter(|_| covered);
    let said: [&dyn Debug; 6] = [
        &response.id(),
        &response.in_response_to(),
        &response.outcome(),
        &response.status_message(),
        &response.signature(),
        &state,
    ];
    format!("{said:?}")
}

fn all<T>(
    queries: &[Signed],
    messages: &[Signed],
    is_response: bool,
    read: impl Fn(Travelling) -> T,
) -> Vec<T> {
    let queries = queries.iter().map(|seed| Travelling::Query(seed.text.to_owned()));
    let bodies =
        messages.iter().map(|seed| Travelling::Body(form(seed.text.as_bytes(), parameter(is_response))));
    queries.chain(bodies).map(read).collect()
}

fn known_requests() -> &'static [String] {
    static KNOWN: OnceLock<Vec<String>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        all(&LOGOUT_REQUEST_QUERY, &LOGOUT_REQUEST_XML, false, |travelling| {
            let request = take_request(&travelling).expect("kept");
            request_facts(&request.verify(sp(), &logout_context()).expect("signed"))
        })
    })
}

fn known_responses() -> &'static [String] {
    static KNOWN: OnceLock<Vec<String>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        all(&LOGOUT_RESPONSE_QUERY, &LOGOUT_RESPONSE_XML, true, |travelling| {
            let response = take_response(&travelling).expect("kept");
            response_facts(&response.verify(sp(), &[SENT], &logout_context()).expect("signed"))
        })
    })
}
