//! The signature gate of HTTP-POST against forged, moved, cloned and malformed signatures. Every attack
//! stands beside its valid twin.

mod support;

use openssl::nid::Nid;
use saml::{ResponseTarget, ServiceProvider, SignatureAlgorithm};
use support::*;

/// The signature element of the signed request.
fn signature_of(xml: &str) -> &str {
    let start = xml.find("<ds:Signature ").expect("a signature");
    let end = xml.find("</ds:Signature>").expect("a signature") + "</ds:Signature>".len();
    &xml[start..end]
}

/// The signed request without XML declaration.
fn signed() -> &'static str {
    signed_request().split_once("?>\n").map_or(signed_request(), |(_, rest)| rest).trim_end()
}

/// Refused by the gate, before anything is computed.
fn refused(name: &str, xml: &str) {
    let detail = refused_somewhere(name, xml);
    let computed = ["the digest does not match", "does not verify with any"];
    assert!(!computed.iter().any(|text| detail.contains(text)), "{name}: got as far as {detail}");
}

/// Refused by the gate or by the arithmetic.
fn refused_somewhere(name: &str, xml: &str) -> String {
    let refusal = post(xml).expect_err(name);
    assert!(refusal.reply_to.is_none(), "{name}: nobody may be told");
    let check = refusal.error.check();
    assert!(
        matches!(check, "signature" | "signature_algorithm" | "xml" | "message" | "id"),
        "{name}: {refusal}"
    );
    refusal.error.detail().to_owned()
}

#[test]
fn a_request_signed_by_xmlsec1_is_accepted_and_read_from_the_covered_octets() {
    let verified = post(signed_request()).expect("the signature is good");
    assert_eq!((verified.id(), verified.issuer(), verified.acs_url()), ("_r1", SP, ACS));
    assert!(verified.is_signed());
    assert_eq!(ResponseTarget::from(&verified).in_response_to(), Some("_r1"));
}

#[test]
fn a_request_signed_by_samael_is_accepted() {
    use samael::crypto::CryptoProvider as _;
    let unsigned = Request { signature: plain_template(), ..Request::default() }.xml();
    let key = sp_rsa().key.private_key_to_der().expect("a key encodes");
    let signed = samael::crypto::Crypto::sign_xml(&unsigned, &key).expect("samael signs");
    assert!(post(&signed).expect("the signature is good").is_signed());
    assert_eq!(outcome(&post(&signed.replace("AllowCreate=\"true\"", "AllowCreate=\"false\""))), "signature");
}

#[test]
fn every_algorithm_on_the_list_verifies_with_its_key_type_only() {
    let p256 = new_ec(Nid::X9_62_PRIME256V1);
    let p384 = new_ec(Nid::SECP384R1);
    let p521 = new_ec(Nid::SECP521R1);
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    for (pair, method, digest) in [
        (sp_rsa(), "rsa-sha256", SHA256),
        (sp_rsa(), "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384"),
        (sp_rsa(), "rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
        (&p256, "ecdsa-sha256", SHA256),
        (&p384, "ecdsa-sha384", SHA256),
        (&p521, "ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    ] {
        let signature = template(&format!("{more}{method}"), digest, "#_r1", TRANSFORMS);
        let xml = xmlsec_sign(&Request { signature, ..Request::default() }.xml(), pair);
        // Several certificates: the right one comes last.
        let registered =
            ServiceProvider { signing_certificates: vec![other_rsa().der(), pair.der()], ..sp() };
        let verified = post_to(&xml, &registered).expect(method);
        let signature = verified.signature().expect("it was signed");
        assert_eq!((signature.algorithm.uri(), signature.sha1), (format!("{more}{method}").as_str(), false));
        let other = ServiceProvider { signing_certificates: vec![other_rsa().der(), p256.der()], ..sp() };
        let expected = if method == "ecdsa-sha256" { "accepted" } else { "signature" };
        assert_eq!(outcome(&post_to(&xml, &other)), expected, "{method}");
    }
}

#[test]
fn canonicalisation_agrees_with_xmlsec1_on_hostile_markup() {
    let after = "<samlp:Extensions xmlns:z=\"urn:z\" xmlns=\"urn:d\" xmlns:a=\"urn:a\"><e b=\"1\" a:b='2&#9;\"&lt;&#xA;' z:a=\"3\"><f xmlns=\"\"/>\
         <!-- gone --><![CDATA[<&>]]>&#xD;\r\n\u{e9}😀<a:g xmlns:a=\"urn:other\"><e xml:lang=\"en\"/></a:g></e></samlp:Extensions>";
    let prefixes = TRANSFORMS.replace(
        "exc-c14n#\"/></ds:Transforms>",
        "exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"z saml #default\"/></ds:Transform></ds:Transforms>",
    );
    assert_ne!(prefixes, TRANSFORMS);
    for transforms in [TRANSFORMS, &prefixes] {
        let signature = template(RSA_SHA256, SHA256, "#_r1", transforms);
        let request = Request { signature, ..Request::default() }.after(after);
        let xml = xmlsec_sign(&request.xml(), sp_rsa());
        assert_eq!(outcome(&post(&xml)), "accepted", "{xml}");
        assert_eq!(outcome(&post(&xml.replace("urn:other", "urn:changed"))), "signature");
    }
}

#[test]
fn s_06_signature_wrapping_in_eight_permutations() {
    let good = signed();
    let signature = signature_of(good);
    let original_without = good.replace(signature, "");
    let evil_acs = "https://evil.example/acs";
    // The attacker's message: another ID and another address, and room for a signature.
    let evil = |id: &str, inside: &str| {
        Request { signature: inside.to_owned(), ..Request::default() }
            .with("_r1", id)
            .with(ACS, evil_acs)
            .xml()
    };
    let object = |inside: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{inside}</ds:Object></ds:Signature>"))
    };
    let extensions = |inside: &str| format!("<samlp:Extensions>{inside}</samlp:Extensions>");
    let wrapped = |inside: &str, after: &str| {
        Request { signature: inside.to_owned(), ..Request::default() }
            .with("_r1", "_evil")
            .with(ACS, evil_acs)
            .after(after)
            .xml()
    };
    assert_eq!(outcome(&post(good)), "accepted");
    for (name, xml) in [
        (
            "XSW-1: the original inside the signature of the forged root",
            evil("_evil", &object(&original_without)),
        ),
        (
            "XSW-2: a detached signature before the original",
            wrapped(signature, &extensions(&original_without)),
        ),
        ("XSW-3: the forged message beside the original", format!("<x>{}{good}</x>", evil("_evil", ""))),
        ("XSW-4: the original inside the forged one", wrapped("", &extensions(good))),
        (
            "XSW-5: the same ID on both, the original last",
            wrapped(signature, &extensions(&original_without)).replace("_evil", "_r1"),
        ),
        ("XSW-6: the same ID, the original inside the signature", evil("_r1", &object(&original_without))),
        ("XSW-8: the original in an Object, the forged message signed nowhere", wrapped(&object(good), "")),
        ("a sibling root", format!("{}{good}", evil("_evil", ""))),
        (
            "the signature moved to the end",
            good.replace(signature, "")
                .replace("</samlp:AuthnRequest>", &format!("{signature}</samlp:AuthnRequest>")),
        ),
        (
            "the signature before the Issuer",
            good.replace(signature, "").replacen("<saml:Issuer>", &format!("{signature}<saml:Issuer>"), 1),
        ),
        ("two signatures", good.replace(signature, &format!("{signature}{signature}"))),
        (
            "an attacker's signature after the good one",
            good.replace(
                "<samlp:NameIDPolicy",
                &format!("<samlp:Extensions>{signature}</samlp:Extensions><samlp:NameIDPolicy"),
            ),
        ),
    ] {
        refused(name, &xml);
    }
    // Here the signature is in place and the attacker changed what it covers.
    let inside = format!("{}<samlp:NameIDPolicy", extensions(&evil("_evil", "")));
    for (name, xml) in [
        (
            "XSW-7: the forged message in Extensions of the original",
            good.replace("<samlp:NameIDPolicy", &inside),
        ),
        ("another address", good.replace(ACS, evil_acs)),
    ] {
        assert!(refused_somewhere(name, &xml).contains("the digest does not match"), "{name}");
    }
}

#[test]
fn s_07_duplicate_identifiers() {
    let with = |extension: &str| {
        let request = Request { signature: plain_template(), ..Request::default() };
        request.after(&format!("<samlp:Extensions><x {extension}/></samlp:Extensions>")).xml()
    };
    let good = xmlsec_sign(&with("ID=\"_other\""), sp_rsa());
    assert_eq!(outcome(&post(&good)), "accepted");
    for name in ["ID", "Id", "id", "xml:id"] {
        refused(name, &good.replace("ID=\"_other\"", &format!("{name}=\"_r1\"")));
    }
    let case = xmlsec_sign(&with("id=\"_r1\""), sp_rsa());
    refused("signed by the right key", &case);
}

#[test]
fn s_08_one_reference_to_the_root_and_one_of_everything() {
    let good = signed();
    assert_eq!(outcome(&post(good)), "accepted");
    let part = |name: &str| {
        let start = good.find(&format!("<ds:{name}")).expect("the part");
        let closing = format!("</ds:{name}>");
        let end = good.find(&closing).expect("the part") + closing.len();
        &good[start..end]
    };
    let (info, value, reference) = (part("SignedInfo"), part("SignatureValue"), part("Reference"));
    refused("two SignedInfo", &good.replace(info, &format!("{info}{info}")));
    refused("two SignatureValue", &good.replace(value, &format!("{value}{value}")));
    refused("two Reference", &good.replace(reference, &format!("{reference}{reference}")));
    let foreign = reference.replace("#_r1", "#_other");
    refused("a foreign Reference first", &good.replace(reference, &format!("{foreign}{reference}")));
    refused("no SignatureValue", &good.replace(value, ""));
    // These are signed by the right key, and still not taken.
    for uri in ["", "#xpointer(/)", "#xpointer(id('_r1'))"] {
        let signature = template(RSA_SHA256, SHA256, uri, TRANSFORMS);
        refused(uri, &xmlsec_sign(&Request { signature, ..Request::default() }.xml(), sp_rsa()));
    }
    for uri in ["http://127.0.0.1:9/x", "file:///etc/hostname", "#_r2", "_r1"] {
        refused(uri, &good.replace("URI=\"#_r1\"", &format!("URI=\"{uri}\"")));
    }
    refused("no URI", &good.replace(" URI=\"#_r1\"", ""));
}

#[test]
fn s_09_only_the_two_transforms() {
    assert_eq!(outcome(&post(signed())), "accepted");
    let transform = |algorithm: &str| format!("<ds:Transform Algorithm=\"{algorithm}\"/>");
    let (enveloped, exclusive) =
        ("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#");
    // Signed by the right key where xmlsec1 can.
    for algorithms in [
        vec![enveloped],
        vec![enveloped, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"],
        vec![enveloped, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"],
        vec![enveloped, exclusive, exclusive],
    ] {
        let transforms: String = algorithms.iter().map(|algorithm| transform(algorithm)).collect();
        let signature =
            template(RSA_SHA256, SHA256, "#_r1", &format!("<ds:Transforms>{transforms}</ds:Transforms>"));
        let request = Request { signature, ..Request::default() };
        match std::panic::catch_unwind(|| xmlsec_sign(&request.xml(), sp_rsa())) {
            Ok(signed) => refused(&transforms, &signed),
            Err(_) => refused(
                &transforms,
                &signed().replace(TRANSFORMS, &format!("<ds:Transforms>{transforms}</ds:Transforms>")),
            ),
        }
    }
    for algorithm in [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2002/06/xmldsig-filter2",
    ] {
        refused(
            algorithm,
            &signed().replace(
                &format!("Transform Algorithm=\"{exclusive}\""),
                &format!("Transform Algorithm=\"{algorithm}\""),
            ),
        );
    }
    refused(
        "inclusive SignedInfo",
        &signed().replace(
            "Method Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "Method Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"",
        ),
    );
}

#[test]
fn s_10_comments_in_values() {
    let good = signed();
    let cut = |name: &str| good.replacen(&format!("<ds:{name}>"), &format!("<ds:{name}><!-- x -->"), 1);
    refused("DigestValue", &cut("DigestValue"));
    refused("SignatureValue", &cut("SignatureValue"));
    // Exclusive canonicalisation drops comments, so this still verifies; the Issuer is read whole.
    let commented = good.replace("https://sp.example/metadata<", "https://sp.example<!-- x -->/metadata<");
    assert_ne!(commented, good);
    assert_eq!(post(&commented).map(|verified| verified.issuer().to_owned()), Ok(SP.to_owned()));
    let other = Request {
        issuer: format!("<saml:Issuer>{SP}<!-- x -->.evil.example</saml:Issuer>"),
        ..Request::default()
    };
    assert_eq!(outcome(&post(&other.xml())), "issuer");
}

#[test]
fn s_11_relative_namespaces_have_no_canonical_form() {
    let extension = |uri: &str| format!("<samlp:Extensions><x xmlns=\"{uri}\"/></samlp:Extensions>");
    let request = Request { signature: plain_template(), ..Request::default() };
    let good = xmlsec_sign(&request.after(&extension("urn:x")).xml(), sp_rsa());
    assert_eq!(outcome(&post(&good)), "accepted");
    refused("relative", &good.replace("urn:x", "x"));
}

#[test]
fn s_14_a_wrong_signature_is_never_ignored() {
    let by_stranger =
        xmlsec_sign(&Request { signature: plain_template(), ..Request::default() }.xml(), other_rsa());
    let optional = ServiceProvider { require_signed_requests: false, ..sp() };
    assert_eq!(outcome(&post_to(&by_stranger, &optional)), "signature");
    let none_registered = ServiceProvider { signing_certificates: Vec::new(), ..optional.clone() };
    assert_eq!(outcome(&post_to(signed(), &none_registered)), "signature");
    assert_eq!(outcome(&post_to(&Request::default().xml(), &none_registered)), "accepted");
    assert_eq!(outcome(&post_to(signed(), &optional)), "accepted");
}

#[test]
fn s_17_algorithm_confusion() {
    let good = signed();
    for method in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "none",
        "",
        ECDSA_SHA256,
    ] {
        refused(method, &good.replace(RSA_SHA256, method));
    }
    for digest in
        ["http://www.w3.org/2000/09/xmldsig#sha1", "http://www.w3.org/2001/04/xmldsig-more#md5", "urn:x"]
    {
        refused(digest, &good.replace(SHA256, digest));
    }
    let sha1 = template(
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "#_r1",
        TRANSFORMS,
    );
    let legacy = xmlsec_sign(&Request { signature: sha1, ..Request::default() }.xml(), sp_rsa());
    assert_eq!(outcome(&post(&legacy)), "signature_algorithm");
    let switched_on = ServiceProvider { allow_sha1: true, ..sp() };
    let signature = post_to(&legacy, &switched_on).expect("switched on").signature().expect("signed");
    assert_eq!((signature.algorithm, signature.sha1), (SignatureAlgorithm::RsaSha1, true));
    // The digest alone can be the weak part.
    let half = template(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#sha1", "#_r1", TRANSFORMS);
    let half = xmlsec_sign(&Request { signature: half, ..Request::default() }.xml(), sp_rsa());
    assert_eq!(outcome(&post(&half)), "signature_algorithm");
    let signature = post_to(&half, &switched_on).expect("switched on").signature().expect("signed");
    assert_eq!((signature.algorithm, signature.sha1), (SignatureAlgorithm::RsaSha256, true));
    assert!(!post_to(good, &switched_on).expect("good").signature().expect("signed").sha1);
    let weak = new_rsa(1024);
    let signed_weakly =
        xmlsec_sign(&Request { signature: plain_template(), ..Request::default() }.xml(), &weak);
    let registered = ServiceProvider { signing_certificates: vec![weak.der()], ..sp() };
    assert_eq!(outcome(&post_to(&signed_weakly, &registered)), "signature");
}

#[test]
fn s_18_key_info_is_no_source_of_keys() {
    let by_stranger =
        xmlsec_sign(&Request { signature: plain_template(), ..Request::default() }.xml(), other_rsa());
    assert!(by_stranger.contains("X509Certificate"), "the stranger's certificate is inside");
    assert!(refused_somewhere("certificate", &by_stranger).contains("does not verify with any"));
    let good = signed();
    let start = good.find("<ds:KeyInfo>").expect("KeyInfo");
    let end = good.find("</ds:KeyInfo>").expect("KeyInfo") + "</ds:KeyInfo>".len();
    for other in [
        "",
        "<ds:KeyInfo><ds:RetrievalMethod URI=\"http://127.0.0.1:9/k\"/></ds:KeyInfo>",
        "<ds:KeyInfo><ds:KeyName>evil</ds:KeyName></ds:KeyInfo>",
    ] {
        let replaced = format!("{}{other}{}", &good[..start], &good[end..]);
        assert_eq!(outcome(&post(&replaced)), "accepted", "KeyInfo is not looked at: {other}");
    }
}
