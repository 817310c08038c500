//! The signature of a query, and what happens without one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::nid::Nid;
use saml::binding::RelayState;
use saml::{ServiceProvider, SignatureAlgorithm};

use crate::support::*;

#[test]
fn s_13_a_stripped_signature_is_refused_where_one_is_required() {
    let strict = ServiceProvider { require_signed_requests: true, ..sp() };
    let plain = Request::default().xml();
    assert_eq!(outcome(&post_to(signed_request(), &strict)), "accepted");
    assert_eq!(outcome(&post_to(&plain, &strict)), "signature");
    assert_eq!(
        outcome(&redirect_to(&sign_query(&query(&plain), SignatureAlgorithm::RsaSha256, sp_rsa()), &strict)),
        "accepted"
    );
    assert_eq!(outcome(&redirect_to(&query(&plain), &strict)), "signature");
}

#[test]
fn s_14_a_wrong_signature_of_the_query_is_never_ignored() {
    let plain = query(&Request::default().xml());
    let by_stranger = sign_query(&plain, SignatureAlgorithm::RsaSha256, other_rsa());
    let none_registered = ServiceProvider { signing_certificates: Vec::new(), ..sp() };
    assert_eq!(outcome(&redirect(&plain)), "accepted", "signing is optional");
    assert_eq!(outcome(&redirect(&by_stranger)), "signature");
    assert_eq!(outcome(&redirect_to(&by_stranger, &none_registered)), "signature");
    let both_registered =
        ServiceProvider { signing_certificates: vec![sp_rsa().der(), other_rsa().der()], ..sp() };
    assert_eq!(outcome(&redirect_to(&by_stranger, &both_registered)), "accepted", "each key is tried");
}

#[test]
fn s_17_the_algorithm_of_the_query_is_on_the_list_and_told() {
    let plain = query(&Request::default().xml());
    let (p256, p384, p521) = (new_ec(Nid::X9_62_PRIME256V1), new_ec(Nid::SECP384R1), new_ec(Nid::SECP521R1));
    let weak = new_rsa(1024);
    for (pair, algorithm) in [
        (sp_rsa(), SignatureAlgorithm::RsaSha256),
        (sp_rsa(), SignatureAlgorithm::RsaSha384),
        (sp_rsa(), SignatureAlgorithm::RsaSha512),
        (&p256, SignatureAlgorithm::EcdsaSha256),
        (&p384, SignatureAlgorithm::EcdsaSha384),
        (&p521, SignatureAlgorithm::EcdsaSha512),
    ] {
        let registered =
            ServiceProvider { signing_certificates: vec![other_rsa().der(), pair.der()], ..sp() };
        let verified = redirect_to(&sign_query(&plain, algorithm, pair), &registered).expect("on the list");
        let signature = verified.signature().expect("it was signed");
        assert_eq!((signature.algorithm, signature.sha1), (algorithm, false));
        let other = if pair.key.rsa().is_ok() { "ecdsa%2Dsha256" } else { "rsa%2Dsha256" };
        let name = algorithm.uri().rsplit('#').next().map(escape).expect("a fragment");
        let confused = sign_query(&plain, algorithm, pair).replace(&name, other);
        assert_eq!(outcome(&redirect_to(&confused, &registered)), "signature", "{algorithm:?}");
    }
    let sha1 = sign_query(&plain, SignatureAlgorithm::RsaSha1, sp_rsa());
    assert_eq!(outcome(&redirect(&sha1)), "signature_algorithm");
    let legacy = ServiceProvider { allow_sha1: true, ..sp() };
    let signature = redirect_to(&sha1, &legacy).expect("switched on").signature().expect("signed");
    assert_eq!((signature.algorithm, signature.sha1), (SignatureAlgorithm::RsaSha1, true));
    assert_eq!(redirect_to(&plain, &legacy).expect("unsigned").signature(), None);
    // A key of 1024 bits signs what it likes.
    let mut signer =
        openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &weak.key).expect("a signer");
    let signed = format!("{plain}&SigAlg={}", escape(RSA_SHA256));
    let value = signer.sign_oneshot_to_vec(signed.as_bytes()).expect("signed");
    let weakly = format!("{signed}&Signature={}", escape(&STANDARD.encode(value)));
    let registered = ServiceProvider { signing_certificates: vec![weak.der()], ..sp() };
    let refusal = redirect_to(&weakly, &registered).expect_err("too weak");
    assert!(refusal.error.detail().contains("1024 bits"), "{refusal}");
}

#[test]
fn s_15_the_query_is_verified_over_its_own_octets() {
    let plain = query(&Request::default().xml());
    let rsa = SignatureAlgorithm::RsaSha256;
    let with_state = format!("{plain}&RelayState=a%20b%2f");
    let good = sign_query(&with_state, rsa, sp_rsa());
    assert_eq!(redirect(&good).expect("good").relay_state().map(RelayState::as_str), Some("a b/"));
    // Lower-case escapes, as .NET writes them, and parameters in another order.
    let lower: String =
        sign_query(&plain.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"), rsa, sp_rsa());
    assert_eq!(outcome(&redirect(&lower)), "accepted");
    let mut reordered: Vec<&str> = good.split('&').collect();
    reordered.reverse();
    assert_eq!(outcome(&redirect(&reordered.join("&"))), "accepted");
    assert_eq!(outcome(&redirect(&format!("{good}&unrelated=1"))), "accepted");
    let ec = new_ec(Nid::X9_62_PRIME256V1);
    let by_ec = sign_query(&plain, SignatureAlgorithm::EcdsaSha256, &ec);
    assert_eq!(
        outcome(&redirect_to(&by_ec, &ServiceProvider { signing_certificates: vec![ec.der()], ..sp() })),
        "accepted"
    );
    assert_eq!(outcome(&redirect(&by_ec)), "signature", "an EC algorithm with an RSA key");

    let signed_without_state = sign_query(&plain, rsa, sp_rsa());
    let half =
        |drop: &str| good.split('&').filter(|pair| !pair.starts_with(drop)).collect::<Vec<_>>().join("&");
    for (attack, query, check) in [
        ("RelayState added", format!("{signed_without_state}&RelayState=x"), "signature"),
        ("RelayState removed", half("RelayState="), "signature"),
        ("RelayState changed", good.replace("RelayState=a", "RelayState=b"), "signature"),
        ("escapes rewritten", good.replace("b%2f&", "b%2F&"), "signature"),
        ("no SigAlg", half("SigAlg="), "signature"),
        ("no Signature", half("Signature="), "signature"),
        ("by a stranger", sign_query(&plain, rsa, other_rsa()), "signature"),
        ("SigAlg twice", format!("{good}&SigAlg=x"), "parameters"),
        ("SAMLRequest twice", format!("{good}&{plain}"), "parameters"),
        ("SAMLRequest twice, escaped", format!("{good}&%53AMLRequest=x"), "parameters"),
        ("a response beside it", format!("{good}&SAMLResponse=x"), "parameters"),
        ("RelayState twice", format!("{good}&RelayState=x"), "parameters"),
        ("another encoding", format!("{good}&SAMLEncoding=urn%3Ax"), "encoding"),
        ("HMAC", good.replace("rsa%2Dsha256", "hmac%2Dsha256"), "signature_algorithm"),
        (
            "SHA-1",
            good.replace("2001%2F04%2Fxmldsig%2Dmore%23rsa%2Dsha256", "2000%2F09%2Fxmldsig%23rsa%2Dsha1"),
            "signature_algorithm",
        ),
        ("an empty signature", format!("{}&Signature=", half("Signature=")), "signature"),
        ("no request", "RelayState=x".to_owned(), "parameters"),
        ("a broken escape", "SAMLRequest=%4".to_owned(), "encoding"),
    ] {
        assert_eq!(outcome(&redirect(&query)), check, "{attack}");
    }
    assert_eq!(
        outcome(&redirect(&format!(
            "{plain}&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
        ))),
        "accepted"
    );
}

#[test]
fn s_16_a_signature_inside_a_redirected_message_does_not_count() {
    let plain = sign_query(&query(&Request::default().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    assert_eq!(outcome(&redirect(&plain)), "accepted");
    assert_eq!(outcome(&redirect(&query(signed_request()))), "signature");
}

#[test]
fn iip_alg08_what_is_blocked_is_not_taken_on_either_binding() {
    let plain = query(&Request::default().xml());
    let signed = sign_query(&plain, SignatureAlgorithm::RsaSha256, sp_rsa());
    let blocking = |uri: &str| ServiceProvider { blocked_algorithms: vec![uri.to_owned()], ..sp() };
    let unrelated = blocking(SignatureAlgorithm::RsaSha1.uri());
    assert_eq!(outcome(&redirect_to(&signed, &unrelated)), "accepted");
    assert_eq!(outcome(&post_to(signed_request(), &unrelated)), "accepted");
    let method = blocking(RSA_SHA256);
    assert_eq!(outcome(&redirect_to(&signed, &method)), "signature_algorithm");
    assert_eq!(outcome(&post_to(signed_request(), &method)), "signature_algorithm");
    let digest = blocking(SHA256);
    assert_eq!(outcome(&redirect_to(&signed, &digest)), "accepted", "a query has no digest of its own");
    assert_eq!(outcome(&post_to(signed_request(), &digest)), "signature_algorithm");
    assert_eq!(outcome(&post_to(&Request::default().xml(), &method)), "accepted", "nothing is signed");
}
