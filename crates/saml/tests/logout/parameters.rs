//! Queries, forms and envelopes that are not what they should be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::binding::MessageParameter;
use saml::logout::*;
use saml::{Binding, ServiceProvider, SignatureAlgorithm};

use crate::fixtures::*;
use crate::support::*;

#[test]
fn s_15_every_parameter_stands_once_and_the_raw_octets_are_verified() {
    let plain = request().query();
    let good = sign_query(&plain, SignatureAlgorithm::RsaSha256, sp_rsa());
    let check = |raw: &str| verdict(&take(Binding::HttpRedirect, raw));
    assert_eq!(check(&good), "accepted");
    let part = |name: &str| {
        let start = good.find(&format!("{name}=")).expect("the parameter");
        good[start..].split('&').next().expect("a part").to_owned()
    };
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        assert_eq!(check(&format!("{good}&{}", part(name))), "parameters", "{name} twice");
        let escaped = part(name).replacen('S', "%53", 1).replacen('R', "%52", 1);
        assert_eq!(check(&format!("{good}&{escaped}")), "parameters", "{name} in disguise");
    }
    assert_eq!(check(&format!("{good}&SAMLResponse=x")), "parameters");
    assert_eq!(check(&format!("{good}&SAMLart=x")), "parameters");
    assert_eq!(check(&format!("{good}&other=x&other=y")), "accepted");
    assert_eq!(check(&good.replace(&format!("&{}", part("SigAlg")), "")), "signature");
    assert_eq!(check(&good.replace(&format!("&{}", part("Signature")), "")), "signature");
    assert_eq!(check(&good.replace(&part("RelayState"), "RelayState=other")), "signature");
    assert_eq!(check(&good.replace(&format!("&{}", part("RelayState")), "")), "signature");
    let reordered = good.split('&').rev().collect::<Vec<_>>().join("&");
    assert_eq!(check(&reordered), "accepted", "the order of the signature is fixed, not that of the query");
    // An SP that writes its escapes in lower case signs them so.
    let lower = plain.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
    assert_eq!(check(&sign_query(&lower, SignatureAlgorithm::RsaSha256, sp_rsa())), "accepted");
    let (_, signature) = good.split_once("&SigAlg").expect("signed");
    if lower != plain {
        assert_eq!(check(&format!("{lower}&SigAlg{signature}")), "signature");
    }
}

#[test]
fn s_15_a_form_holds_one_message_and_no_query_signature() {
    let good = request().sent(Binding::HttpPost);
    let check = |raw: &str| verdict(&take(Binding::HttpPost, raw));
    assert_eq!(check(&good), "accepted");
    let message = good.split('&').next().expect("a message").to_owned();
    for more in [message.as_str(), "RelayState=x", "SAMLResponse=x", "SigAlg=x&Signature=y", "SAMLEncoding=x"]
    {
        assert_eq!(check(&format!("{good}&{more}")), "parameters", "{more}");
    }
    assert_eq!(check(&good.replace("SAMLRequest", "SAMLResponse")), "parameters");
    assert_eq!(check("RelayState=x"), "parameters");
}

#[test]
fn s_16_a_signature_inside_a_redirect_message_counts_for_nothing() {
    let signed_inside = request().signed_by(sp_rsa());
    let raw = query(&signed_inside);
    assert_eq!(verdict(&take(Binding::HttpRedirect, &raw)), "signature");
    let both = sign_query(&raw, SignatureAlgorithm::RsaSha256, sp_rsa());
    assert_eq!(verdict(&take(Binding::HttpRedirect, &both)), "signature");
    let outside = sign_query(&query(&request().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    assert_eq!(verdict(&take(Binding::HttpRedirect, &outside)), "accepted");
}

#[test]
fn s_17_algorithms_are_those_of_the_list() {
    let plain = request().query();
    let sha1 = sign_query(&plain, SignatureAlgorithm::RsaSha1, sp_rsa());
    assert_eq!(verdict(&take(Binding::HttpRedirect, &sha1)), "signature_algorithm");
    let legacy = ServiceProvider { allow_sha1: true, ..slo_sp() };
    let verified = take_to(Binding::HttpRedirect, &sha1, &legacy, &slo_context()).expect("agreed");
    assert!(verified.signature().sha1, "and whoever is responsible can be warned");
    let good = sign_query(&plain, SignatureAlgorithm::RsaSha256, sp_rsa());
    for other in ["http://www.w3.org/2001/04/xmldsig-more%23hmac-sha256", "none", ""] {
        let (before, after) = good.split_once("&SigAlg=").expect("signed");
        let (_, signature) = after.split_once('&').expect("signed");
        let raw = format!("{before}&SigAlg={other}&{signature}");
        assert_eq!(verdict(&take(Binding::HttpRedirect, &raw)), "signature_algorithm", "{other}");
    }
    for algorithm in [SignatureAlgorithm::RsaSha384, SignatureAlgorithm::RsaSha512] {
        let raw = sign_query(&plain, algorithm, sp_rsa());
        assert_eq!(verdict(&take(Binding::HttpRedirect, &raw)), "accepted");
    }
}

#[test]
fn s_01_and_s_40_other_documents_are_refused() {
    for binding in ALL {
        let pack = |xml: &str| match binding {
            Binding::HttpRedirect => sign_query(&query(xml), SignatureAlgorithm::RsaSha256, sp_rsa()),
            Binding::HttpPost => form("SAMLRequest", xml),
            Binding::Soap => envelope(xml),
        };
        let check = |xml: &str| verdict(&take(binding, &pack(xml)));
        let good = request().xml();
        let doctype = format!("<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/x\">{good}");
        assert_eq!(check(&doctype), "xml");
        assert_eq!(check(&good.replace("p-1", "&x;")), "xml");
        assert_eq!(check(&good.replace("p-1", "\0")), "xml");
        assert_eq!(check(&good[..good.len() - 1]), "xml");
        assert_eq!(check(&format!("{}{}", "<a>".repeat(70), "</a>".repeat(70))), "xml");
        assert_eq!(check(&Request::default().xml()), "message");
        assert_eq!(check(&response(SUCCESS, None).xml()), "message");
        assert_eq!(check(&good.replace("2.0:protocol", "1.1:protocol")), "message");
        let empty = check("");
        assert!(matches!(empty, "xml" | "message"), "{empty}");
        assert!(matches!(check(&good), "accepted" | "signature"), "the twin is read");
    }
}

#[test]
fn s_05_messages_are_limited_in_size() {
    let padded = |size: usize| {
        let text = request();
        let room = size - text.xml().len() - "<samlp:Extensions></samlp:Extensions>".len();
        let after = format!("<samlp:Extensions>{}</samlp:Extensions>{}", " ".repeat(room), text.after);
        text.after(after)
    };
    let limit = saml::binding::MAX_MESSAGE;
    let (fits, exceeds) = (padded(limit), padded(limit + 1));
    assert_eq!(verdict(&take(Binding::HttpRedirect, &fits.sent(Binding::HttpRedirect))), "accepted");
    for binding in [Binding::HttpRedirect, Binding::HttpPost] {
        assert_eq!(verdict(&take(binding, &exceeds.bare(binding))), "size", "{binding:?}");
    }
    assert_eq!(verdict(&take(Binding::Soap, &fits.bare(Binding::Soap))), "size", "the envelope counts");
    let mut trailing = deflate(request().xml().as_bytes());
    trailing.push(0);
    let raw = format!("SAMLRequest={}", escape(&STANDARD.encode(trailing)));
    assert_eq!(verdict(&take(Binding::HttpRedirect, &raw)), "encoding");
}

#[test]
fn a_query_or_form_says_which_message_it_holds() {
    assert_eq!(MessageParameter::of("RelayState=x&SAMLRequest=y"), Ok(MessageParameter::Request));
    assert_eq!(MessageParameter::of("SAMLResponse=y&a=b"), Ok(MessageParameter::Response));
    for bad in ["", "a=b", "SAMLRequest=y&SAMLResponse=z", "SAMLRequest=y&SAMLRequest=z", "%53AMLRequest=y"] {
        assert!(MessageParameter::of(bad).is_err(), "{bad}");
    }
    assert!(UnverifiedLogoutResponse::from_redirect(&request().query()).is_err());
    assert!(UnverifiedLogoutRequest::from_redirect(&response(SUCCESS, None).query()).is_err());
}
