//! S-40: a flipped byte never verifies as something else, and nothing panics.

use proptest::prelude::*;
use saml::Binding;
use saml::logout::*;

use crate::fixtures::*;
use crate::support::*;

/// Every byte of `raw`, flipped in one bit.
fn flipped(raw: &str) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let bytes = raw.as_bytes().to_vec();
    (0..bytes.len()).flat_map(move |at| {
        let bytes = bytes.clone();
        [0x01, 0x02, 0x20, 0x80].into_iter().map(move |bit| {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            (at, changed)
        })
    })
}

/// Without KeyInfo, which no signature covers.
fn bare_signature() -> Text {
    let template = plain_template().replace("<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>", "");
    Text { signature: template, ..request() }
}

#[test]
fn s_40_a_flipped_byte_in_a_signed_message_never_verifies() {
    let signed = xmlsec_sign_message(&bare_signature().xml(), sp_rsa());
    let good = take(Binding::HttpPost, &form("SAMLRequest", &signed)).expect("good");
    // The line breaks xmlsec1 puts into the signature value are of no meaning.
    let signed: String = signed.lines().collect();
    assert_eq!(take(Binding::HttpPost, &form("SAMLRequest", &signed)), Ok(good));
    for (at, changed) in flipped(&signed) {
        use base64::Engine as _;
        let value = base64::engine::general_purpose::STANDARD.encode(&changed);
        let raw = format!("SAMLRequest={}&RelayState=state+1", escape(&value));
        let result = take(Binding::HttpPost, &raw);
        assert!(result.is_err(), "byte {at}: {}", String::from_utf8_lossy(&changed));
    }
}

#[test]
fn s_40_a_flipped_byte_in_an_envelope_never_makes_another_request() {
    let signed = xmlsec_sign_message(&bare_signature().xml(), sp_rsa());
    let raw = envelope(&signed.lines().collect::<String>());
    let good = take(Binding::Soap, &raw).expect("good");
    for (at, changed) in flipped(&raw) {
        if let Ok(request) = UnverifiedLogoutRequest::from_soap(&changed)
            && let Ok(verified) = request.verify(&slo_sp(), &slo_context())
        {
            panic!("byte {at} does not matter: {verified:?} {good:?}");
        }
    }
}

#[test]
fn s_40_a_flipped_byte_in_a_query_never_makes_another_request() {
    let raw = request().sent(Binding::HttpRedirect);
    let good = take(Binding::HttpRedirect, &raw).expect("good");
    let covered = raw.find("&Signature=").expect("signed");
    for (at, changed) in flipped(&raw) {
        let Ok(changed) = String::from_utf8(changed) else { continue };
        if let Ok(verified) = take(Binding::HttpRedirect, &changed) {
            // Only the case of an escape in the signature value is without meaning.
            assert!(at > covered, "byte {at}: {changed}");
            assert_eq!(verified, good);
        }
    }
}

#[test]
fn s_40_a_flipped_byte_in_a_response_never_verifies() {
    let text = Text { signature: bare_signature().signature, ..response(RESPONDER, Some(PARTIAL)) };
    let raw = envelope(&xmlsec_sign_message(&text.xml(), sp_rsa()).lines().collect::<String>());
    assert_eq!(heard(&hear(Binding::Soap, &raw)), "accepted");
    for (at, changed) in flipped(&raw) {
        if let Ok(response) = UnverifiedLogoutResponse::from_soap(&changed) {
            assert!(response.verify(&slo_sp(), &["_sent"], &slo_context()).is_err(), "byte {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn s_40_any_octets_are_refused_in_peace(octets in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
        prop_assert!(UnverifiedLogoutRequest::from_soap(&octets).is_err());
        prop_assert!(UnverifiedLogoutResponse::from_soap(&octets).is_err());
        for inside in [text.clone(), String::from_utf8_lossy(&octets).into_owned()] {
            prop_assert!(UnverifiedLogoutRequest::from_redirect(&inside).is_err());
            prop_assert!(UnverifiedLogoutRequest::from_post_body(&inside).is_err());
            prop_assert!(UnverifiedLogoutResponse::from_redirect(&inside).is_err());
            prop_assert!(UnverifiedLogoutRequest::from_soap(envelope(&inside).as_bytes()).is_err());
            prop_assert!(UnverifiedLogoutRequest::from_redirect(&query(&inside)).is_err());
            prop_assert!(UnverifiedLogoutRequest::from_post_body(&form("SAMLRequest", &inside)).is_err());
        }
    }

    #[test]
    fn s_40_a_spliced_envelope_is_the_same_request_or_none(
        at in any::<prop::sample::Index>(),
        length in 0_usize..80,
        inserted in prop::sample::select(vec!["", "<!--", "-->", "<s:Body>", "</s:Body>", " ID=\"_r1\"", "<ds:Object/>", "xmlns=\"\"", "<![CDATA[", "&#0;"]),
    ) {
        let raw = envelope(signed_once());
        let good = take(Binding::Soap, &raw).expect("good");
        let mut bytes = raw.into_bytes();
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, inserted.bytes());
        if let Ok(request) = UnverifiedLogoutRequest::from_soap(&bytes)
            && let Ok(verified) = request.verify(&slo_sp(), &slo_context())
        {
            prop_assert_eq!(verified, good);
        }
    }
}

fn signed_once() -> &'static str {
    static SIGNED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    SIGNED.get_or_init(|| request().signed_by(sp_rsa()))
}
