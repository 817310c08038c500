//! The HTTP-Redirect binding: a raw query becomes XML, RelayState and signed octets.

use saml::RelayState;
use saml::binding::{MAX_MESSAGE, MessageParameter, redirect};
use saml::signature::{SignError, SignatureAlgorithm, Signer};

use crate::split_mode;

/// Takes the input after `q` as a raw query with a request, after `r` with a response, and after any other byte as a
/// RelayState and a message, separated by a NUL, which are encoded and decoded again (a response after an odd byte).
pub fn run(data: &[u8]) {
    let Some((mode, rest)) = split_mode(data) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match mode {
        b'q' => decode(text, MessageParameter::Request),
        b'r' => decode(text, MessageParameter::Response),
        _ if mode % 2 == 1 => round_trip(text, MessageParameter::Response),
        _ => round_trip(text, MessageParameter::Request),
    }
}

/// The raw value of `name`; the parser refuses a second one.
fn raw<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| match pair.split_once('=') {
        Some((found, value)) if found == name => Some(value),
        None if pair == name => Some(""),
        _ => None,
    })
}

fn decode(query: &str, parameter: MessageParameter) {
    let Ok(message) = redirect::decode_of(query, parameter) else { return };
    assert!(message.xml.len() <= MAX_MESSAGE, "larger than the limit");
    assert!(message.relay_state.is_none_or(|state| state.as_str().len() <= RelayState::MAX));
    let once = |name: &str| {
        let is_it = |pair: &&str| pair.split('=').next() == Some(name);
        query.split('&').filter(is_it).count() <= 1
    };
    for name in ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"] {
        assert!(once(name), "{name} twice");
    }
    let other = if parameter == MessageParameter::Request { "SAMLResponse" } else { "SAMLRequest" };
    assert_eq!(raw(query, other), None);
    // SAML Bindings §3.4.4.1: what is signed are the octets as they came, in the order that is prescribed.
    let signature = message.signature;
    assert_eq!(signature.is_some(), raw(query, "Signature").is_some());
    if let Some(signature) = signature {
        let name = parameter.name();
        let mut expected = format!("{name}={}", raw(query, name).expect("the message"));
        if let Some(state) = raw(query, "RelayState") {
            expected.extend(["&RelayState=", state]);
        }
        expected.extend(["&SigAlg=", raw(query, "SigAlg").expect("the algorithm")]);
        assert_eq!(String::from_utf8(signature.signed_octets).as_deref(), Ok(expected.as_str()));
    }
}

/// Signs nothing: repeats the octets, so that what is covered can be compared.
struct Repeat;

impl Signer for Repeat {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaSha384
    }

    fn certificate_der(&self) -> &[u8] {
        &[]
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(message.to_vec())
    }
}

fn round_trip(text: &str, parameter: MessageParameter) {
    let (state, xml) = text.split_once('\0').unwrap_or(("", text));
    let Ok(state) = RelayState::new(state) else { return };
    let state = Some(state).filter(|state| !state.as_str().is_empty());
    let url = redirect::signed_url("https://sp.example/slo", parameter, xml, state.as_ref(), &Repeat);
    let url = url.expect("nothing fails");
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "not an address: {url}");
    let (_, query) = url.split_once('?').expect("there is a query");
    let (covered, _) = query.split_once("&Signature=").expect("there is a signature");
    match redirect::decode_of(query, parameter) {
        Ok(message) => {
            assert_eq!(message.xml, xml.as_bytes());
            assert_eq!(message.relay_state, state);
            let signature = message.signature.expect("it is signed");
            assert_eq!(signature.algorithm, SignatureAlgorithm::EcdsaSha384.uri());
            assert_eq!(signature.value, covered.as_bytes());
            assert_eq!(signature.signed_octets, covered.as_bytes());
        }
        Err(error) => assert!(xml.len() > MAX_MESSAGE, "{error}"),
    }
}
