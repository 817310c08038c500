//! S-40: messages broken at random never panic, and never become a different accepted request.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use saml::UnverifiedAuthnRequest;
use saml::metadata::sp;
use support::*;

#[derive(Debug, Clone)]
enum Mutation {
    Replace(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Truncate(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let fragment = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..6),
        prop::sample::select(vec![
            "<",
            ">",
            "&",
            "\"",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<!DOCTYPE a>",
            "<?x?>",
            "xmlns=\"\"",
            " ID=\"_r1\"",
            "&#0;",
            "\u{feff}",
            "</",
            "/>",
            "<ds:Object/>"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<usize>(), fragment).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (any::<usize>(), 1..64_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), 1..512_usize).prop_map(|(at, length)| Mutation::Repeat(at, length)),
        any::<usize>().prop_map(Mutation::Truncate),
    ]
}

fn apply(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let place = |at: usize, bytes: &[u8]| at % (bytes.len() + 1);
    match mutation {
        Mutation::Replace(at, byte) => {
            let at = place(*at, bytes);
            if let Some(found) = bytes.get_mut(at) {
                *found = *byte;
            }
        }
        Mutation::Insert(at, inserted) => {
            let at = place(*at, bytes);
            bytes.splice(at..at, inserted.iter().copied());
        }
        Mutation::Remove(at, length) => {
            let at = place(*at, bytes);
            let end = (at + length).min(bytes.len());
            bytes.drain(at..end);
        }
        Mutation::Repeat(at, length) => {
            let at = place(*at, bytes);
            let end = (at + length).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(end..end, copy);
        }
        Mutation::Truncate(at) => bytes.truncate(place(*at, bytes)),
    }
}

fn mutated(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        apply(&mut bytes, mutation);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn s_40_a_mutated_signed_post_is_the_same_request_or_none(mutations in prop::collection::vec(mutation(), 1..5)) {
        let original = post(signed_request()).expect("good");
        let required = saml::ServiceProvider { require_signed_requests: true, ..sp() };
        let xml = mutated(signed_request().as_bytes().to_vec(), &mutations);
        if let Ok(request) = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), Some("state"))
            && let Ok(verified) = request.verify(&required, &context())
        {
            prop_assert_eq!(verified, original);
        }
    }

    #[test]
    fn s_40_a_mutated_unsigned_post_never_leaves_the_registered_address(mutations in prop::collection::vec(mutation(), 1..5)) {
        let xml = mutated(Request::default().xml().into_bytes(), &mutations);
        if let Ok(request) = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), None) {
            match request.verify(&sp(), &context()) {
                Ok(verified) => prop_assert_eq!(verified.acs_url(), ACS),
                Err(refusal) => prop_assert!(refusal.reply_to.is_none_or(|target| target.acs_url() == ACS)),
            }
        }
    }

    #[test]
    fn s_40_a_mutated_query_is_the_same_request_or_none(mutations in prop::collection::vec(mutation(), 1..4)) {
        let plain = format!("{}&RelayState=state", query(&Request::default().xml()));
        let signed = sign_query(&plain, saml::SignatureAlgorithm::RsaSha256, sp_rsa());
        let required = saml::ServiceProvider { require_signed_requests: true, ..sp() };
        let original = redirect_to(&signed, &required).expect("good");
        let raw = mutated(signed.into_bytes(), &mutations);
        if let Ok(verified) = redirect_to(&String::from_utf8_lossy(&raw), &required) {
            prop_assert_eq!(verified, original);
        }
    }

    #[test]
    fn s_40_mutated_metadata_does_not_panic(mutations in prop::collection::vec(mutation(), 1..5)) {
        let xml = format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{SP}\"><md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\" index=\"0\"/></md:SPSSODescriptor></md:EntityDescriptor>",
            sp_rsa().der().to_base64()
        );
        prop_assert!(sp::parse(xml.as_bytes(), None).is_ok());
        if let Ok(metadata) = sp::parse(&mutated(xml.into_bytes(), &mutations), None) {
            prop_assert!(!metadata.assertion_consumer_services.is_empty());
        }
    }

    #[test]
    fn s_40_any_octets_are_refused_in_peace(octets in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,100}") {
        prop_assert!(UnverifiedAuthnRequest::from_post(&STANDARD.encode(&octets), Some(&text)).is_err());
        prop_assert!(UnverifiedAuthnRequest::from_redirect(&text).is_err());
        prop_assert!(UnverifiedAuthnRequest::from_post_body(&text).is_err());
        prop_assert!(sp::parse(&octets, Some(&text)).is_err());
    }
}
