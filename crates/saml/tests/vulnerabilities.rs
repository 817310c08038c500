//! Published vulnerabilities of comparable products, each by name, against what we do in its place. The same
//! message without the attack is accepted.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::{MessageDigest, hash};
use saml::{ServiceProvider, SignatureAlgorithm};
use support::*;

/// A signed request with room for extensions, without XML declaration.
fn signed() -> String {
    let request = Request { signature: plain_template(), ..Request::default() };
    let xml = xmlsec_sign(&request.after("<samlp:Extensions><x/></samlp:Extensions>").xml(), sp_rsa());
    xml.split_once("?>\n").map_or(xml.as_str(), |(_, rest)| rest).trim_end().to_owned()
}

fn part<'x>(xml: &'x str, name: &str) -> &'x str {
    let start = xml.find(&format!("<ds:{name}")).expect("the part");
    let closing = format!("</ds:{name}>");
    let end = xml.find(&closing).expect("the part") + closing.len();
    &xml[start..end]
}

/// Refused with nobody told; the good twin was accepted.
fn refused(name: &str, good: &str, bad: &str) {
    assert_eq!(outcome(&post(good)), "accepted", "{name}");
    assert_ne!(good, bad, "{name}");
    let refusal = post(bad).expect_err(name);
    assert!(refusal.reply_to.is_none(), "{name}");
    assert!(matches!(refusal.error.check(), "signature" | "xml" | "message"), "{name}: {refusal}");
}

#[test]
fn cve_2024_45409_a_decoy_digest_in_extensions_is_not_found() {
    let good = signed();
    let changed = good.replace(ACS, "https://evil.example/acs");
    let digest = STANDARD.encode(hash(MessageDigest::sha256(), changed.as_bytes()).expect("a digest"));
    let decoy =
        format!("<ds:DigestValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{digest}</ds:DigestValue>");
    refused("decoy", &good, &changed.replace("<x/>", &decoy));
    let reference = part(&good, "Reference").replacen(
        "<ds:Reference",
        "<ds:Reference xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
        1,
    );
    refused("decoy Reference", &good, &changed.replace("<x/>", &reference));
}

#[test]
fn cve_2025_25291_and_25292_one_parser_sees_one_tree() {
    let good = signed();
    refused("document type", &good, &format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{good}"));
    let signature = part(&good, "Signature").to_owned();
    let redefined =
        signature.replace("xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"", "xmlns:ds=\"urn:other\"");
    refused("namespace redefined", &good, &good.replace(&signature, &redefined));
    refused("a second, hidden signature", &good, &good.replace("<x/>", &signature));
}

#[test]
fn cve_2025_66568_and_66475_no_digest_of_nothing() {
    let good = signed();
    let empty = STANDARD.encode(hash(MessageDigest::sha256(), b"").expect("a digest"));
    let digest = part(&good, "DigestValue").to_owned();
    let of_nothing = good.replace(&digest, &format!("<ds:DigestValue>{empty}</ds:DigestValue>"));
    refused("relative namespace", &good, &of_nothing.replace("<x/>", "<x xmlns=\"relative\"/>"));
    refused("digest of nothing", &good, &of_nothing);
}

#[test]
fn cve_2025_25293_and_54572_the_limit_comes_before_the_work() {
    assert_eq!(outcome(&post(&signed())), "accepted");
    let began = std::time::Instant::now();
    assert_eq!(outcome(&redirect(&format!("SAMLRequest={}", "A".repeat(100 << 20)))), "size");
    assert_eq!(outcome(&post(&" ".repeat(10 << 20))), "size");
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "even without optimisation");
}

#[test]
fn cve_2023_28119_and_26483_inflation_is_bounded() {
    let plain = query(&Request::default().xml());
    assert_eq!(outcome(&redirect(&plain)), "accepted");
    let bomb = escape(&STANDARD.encode(deflate(&vec![b'<'; 32 << 20])));
    assert_eq!(outcome(&redirect(&format!("SAMLRequest={bomb}"))), "size");
}

#[test]
fn cve_2025_47949_54419_and_2026_25922_what_is_used_is_what_was_verified() {
    let good = signed();
    let signature = part(&good, "Signature").to_owned();
    let original = good.replace(&signature, "");
    let evil = Request { signature: signature.clone(), ..Request::default() }
        .with("_r1", "_evil")
        .with(ACS, "https://evil.example/acs")
        .after(&format!("<samlp:Extensions>{original}</samlp:Extensions>"))
        .xml();
    refused("the signed request inside a forged one", &good, &evil);
    let object =
        signature.replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));
    let evil = Request { signature: object, ..Request::default() }.with("_r1", "_evil").xml();
    refused("the signed request inside the signature", &good, &evil);
}

#[test]
fn cve_2025_29774_and_29775_one_signed_info_and_no_comment_in_a_digest() {
    let good = signed();
    let info = part(&good, "SignedInfo").to_owned();
    refused("two SignedInfo", &good, &good.replace(&info, &format!("{info}{info}")));
    let digest = good.replace("<ds:DigestValue>", "<ds:DigestValue><!-- x -->");
    refused("a comment in the digest", &good, &digest);
}

#[test]
fn cve_2026_33487_each_of_two_references_is_one_too_many() {
    let good = signed();
    let reference = part(&good, "Reference").to_owned();
    let other = reference.replace("#_r1", "#_other");
    for both in [format!("{reference}{other}"), format!("{other}{reference}"), reference.repeat(2)] {
        refused("two References", &good, &good.replace(&reference, &both));
    }
}

#[test]
fn cve_2025_27773_and_31335_the_query_verified_is_the_query_used() {
    let good = sign_query(&query(&Request::default().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    assert_eq!(outcome(&redirect(&good)), "accepted");
    let forged = query(&Request::default().with("_r1", "_evil").xml());
    for bad in [format!("{forged}&{good}"), format!("{good}&{forged}"), format!("{good}&SAMLResponse=PGEvPg")]
    {
        assert_eq!(outcome(&redirect(&bad)), "parameters");
    }
}

#[test]
fn cve_2024_52806_no_document_type_is_loaded() {
    let good = signed();
    refused("external", &good, &format!("<!DOCTYPE a SYSTEM \"file:///etc/passwd\">{good}"));
}

#[test]
fn cve_2024_8698_the_reference_decides_and_not_the_position() {
    let good = signed();
    refused(
        "another element is meant",
        &good,
        &good.replace("URI=\"#_r1\"", "URI=\"#_other\"").replace("<x/>", "<x ID=\"_other\"/>"),
    );
    refused("the whole document is meant", &good, &good.replace("URI=\"#_r1\"", "URI=\"\""));
}

#[test]
fn cve_2026_18217_no_wildcard_and_no_query_of_an_attacker() {
    for (url, expected) in
        [(ACS, "accepted"), ("https://sp.example/acs?SAMLResponse=x&amp;", "assertion_consumer_service")]
    {
        let xml = Request::default().with(ACS, url).xml();
        assert_eq!(outcome(&post(&xml)), expected);
        assert_eq!(outcome(&redirect(&query(&xml))), expected);
    }
}

#[test]
fn cve_2026_40165_and_57580_a_comment_does_not_cut_an_identifier() {
    let ask = |name: &str| {
        let subject = format!("<saml:Subject><saml:NameID>{name}</saml:NameID></saml:Subject>");
        let verified = post(&Request::default().after(&subject).xml()).expect("carried");
        verified.subject().map(|subject| subject.value.clone())
    };
    assert_eq!(ask("admin@x.example").as_deref(), Some("admin@x.example"));
    assert_eq!(ask("admin@x.example<!-- -->.evil.example").as_deref(), Some("admin@x.example.evil.example"));
}

#[test]
fn ghsa_cxwx_9x59_28qm_a_malformed_message_is_only_refused() {
    for bad in ["", "<", "<a", "<a></b>", "\u{0}", "<samlp:AuthnRequest/>", "<a xmlns:a=''/>", "&#x110000;"] {
        assert_eq!(outcome(&post(bad)), "xml", "{bad}");
        assert_eq!(outcome(&redirect(&query(bad))), "xml", "{bad}");
    }
    assert_eq!(outcome(&post(&Request::default().xml())), "accepted");
}

#[test]
fn cve_2026_2092_an_encrypted_assertion_beside_the_signed_part_is_refused() {
    let good = signed();
    let encrypted = "<saml:EncryptedAssertion/>";
    refused("inside", &good, &good.replace("<x/>", encrypted));
    refused(
        "beside",
        &good,
        &good.replace("</samlp:AuthnRequest>", &format!("{encrypted}</samlp:AuthnRequest>")),
    );
    let required = ServiceProvider { require_signed_requests: true, ..sp() };
    assert_eq!(outcome(&post_to(&good, &required)), "accepted");
}
