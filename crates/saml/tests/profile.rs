//! Requirements of the deployment profiles that no other test shows whole, by their numbers there.

mod judges;
mod support;

use judges::schema_valid;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use saml::response::issue;
use saml::signature::{CertificateError, VerificationKey};
use saml::xml::reader::{Document, Element, Limits};
use saml::{
    Attribute, AttributeNameFormat, CertificateDer, NameId, NameIdFormat, ServiceProvider, SignatureAlgorithm,
};
use support::*;

/// The two levels of the status an SP is told, without their common beginning.
fn told(xml: &str, sp: &ServiceProvider) -> Option<(&'static str, Option<&'static str>)> {
    let refusal = post_to(xml, sp).err()?;
    let target = refusal.reply_to.as_ref()?;
    assert_eq!((target.acs_url(), target.in_response_to()), (ACS, Some("_r1")), "{xml}");
    let last = |uri: &'static str| uri.rsplit(':').next().unwrap_or_default();
    let status = refusal.error.status();
    Some((last(status.code.uri()), status.second.map(|second| last(second.uri()))))
}

#[test]
fn iip_idp05_what_is_wrong_is_told_once_the_address_is_known() {
    let plain = Request::default();
    let version = |version: &str| plain.clone().with("Version=\"2.0\"", version).xml();
    let after = |inside: &str| plain.clone().after(inside).xml();
    for (xml, expected) in [
        (version("Version=\"1.1\""), ("VersionMismatch", Some("RequestVersionTooLow"))),
        (version("Version=\"3.0\""), ("VersionMismatch", Some("RequestVersionTooHigh"))),
        (
            plain.clone().with("2026-03-04T05:06:00Z", "2020-01-01T00:00:00Z").xml(),
            ("Requester", Some("RequestDenied")),
        ),
        (
            version("Version=\"2.0\" ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:PAOS\""),
            ("Requester", Some("UnsupportedBinding")),
        ),
        (
            after("<samlp:NameIDPolicy Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos\"/>"),
            ("Responder", Some("InvalidNameIDPolicy")),
        ),
        (
            after("<saml:Subject><saml:EncryptedID/></saml:Subject>"),
            ("Requester", Some("RequestUnsupported")),
        ),
        (
            after(
                "<samlp:RequestedAuthnContext><saml:AuthnContextClassRef>urn:x</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>",
            ),
            ("Requester", Some("NoAuthnContext")),
        ),
    ] {
        assert_eq!(told(&xml, &sp()), Some(expected), "{xml}");
        let nowhere = xml.replace(ACS, "https://evil.example/acs");
        assert_eq!(told(&nowhere, &sp()), None, "nobody is told at an address that is not registered");
    }
}

/// A certificate over `key` with the validity and the digest given.
fn certificate(key: &PKey<Private>, from: &str, to: &str, digest: MessageDigest) -> CertificateDer {
    let mut builder = X509::builder().expect("a certificate");
    builder.set_version(2).expect("a version");
    let serial = BigNum::from_u32(1).and_then(|one| one.to_asn1_integer()).expect("1");
    builder.set_serial_number(&serial).expect("a serial");
    builder.set_not_before(&Asn1Time::from_str(from).expect("an instant")).expect("a start");
    builder.set_not_after(&Asn1Time::from_str(to).expect("an instant")).expect("an end");
    builder.set_pubkey(key).expect("a key");
    builder.sign(key, digest).expect("a signature");
    CertificateDer::new(builder.build().to_der().expect("it encodes")).expect("a certificate")
}

#[test]
fn iip_md12_a_certificate_is_only_a_container_of_a_key() {
    let signed = sign_query(&query(&Request::default().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    let (past, future) = ("19700101000000Z", "20400101000000Z");
    for (name, from, to, digest) in [
        ("valid", past, future, MessageDigest::sha256()),
        ("expired", past, "20010101000000Z", MessageDigest::sha256()),
        ("not valid yet", future, "20410101000000Z", MessageDigest::sha256()),
        ("for ever", past, "99991231235959Z", MessageDigest::sha256()),
        ("signed with SHA-1", past, future, MessageDigest::sha1()),
        ("signed with MD5", past, future, MessageDigest::md5()),
    ] {
        let of = |pair: &KeyPair| ServiceProvider {
            signing_certificates: vec![certificate(&pair.key, from, to, digest)],
            ..sp()
        };
        assert_eq!(outcome(&redirect_to(&signed, &of(sp_rsa()))), "accepted", "{name}");
        assert_eq!(outcome(&post_to(signed_request(), &of(sp_rsa()))), "accepted", "{name}");
        assert_eq!(outcome(&redirect_to(&signed, &of(other_rsa()))), "signature", "{name}");
    }
}

#[test]
fn iip_md07_every_signing_key_is_tried() {
    let signed = sign_query(&query(&Request::default().xml()), SignatureAlgorithm::RsaSha256, sp_rsa());
    let ec = new_ec(Nid::X9_62_PRIME256V1);
    let others: Vec<CertificateDer> =
        [other_rsa(), &ec, idp_rsa()].iter().cycle().take(15).map(|pair| pair.der()).collect();
    for place in [0, 7, 15] {
        let mut signing_certificates = others.clone();
        signing_certificates.insert(place, sp_rsa().der());
        let sixteen = ServiceProvider { signing_certificates, ..sp() };
        assert_eq!(outcome(&redirect_to(&signed, &sixteen)), "accepted", "{place}");
        assert_eq!(outcome(&post_to(signed_request(), &sixteen)), "accepted", "{place}");
    }
    let strangers = ServiceProvider { signing_certificates: others, ..sp() };
    assert_eq!(outcome(&redirect_to(&signed, &strangers)), "signature");
    assert_eq!(outcome(&post_to(signed_request(), &strangers)), "signature");
}

#[test]
fn sdp_md06_and_md07_keys_are_as_long_as_advised() {
    let judged = |pair: &KeyPair| VerificationKey::from_certificate(&pair.der()).map(|_| ());
    for curve in [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1] {
        assert_eq!(judged(&new_ec(curve)), Ok(()), "{curve:?}");
    }
    for curve in [Nid::X9_62_PRIME192V1, Nid::SECP224R1, Nid::SECP256K1] {
        assert_eq!(judged(&new_ec(curve)), Err(CertificateError::EcKey), "{curve:?}");
    }
    assert_eq!(judged(sp_rsa()), Ok(()));
    assert_eq!(judged(&new_rsa(1536)), Err(CertificateError::RsaSize(1536)));
}

/// What `of` picks from every element `name` of a Response that says this much about somebody.
fn issued<T>(
    name_id: &NameId,
    attributes: &[Attribute],
    name: &str,
    of: impl Fn(Element<'_, '_>) -> T,
) -> Vec<T> {
    let what = Issue { name_id: name_id.clone(), attributes: attributes.to_vec(), ..Issue::default() };
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let xml = issue(&target(), &what.spec(), &signer, now(), &mut rng(1)).expect("issued").xml;
    assert_eq!(schema_valid(&xml), Ok(()));
    let document = Document::read(xml.as_bytes(), &Limits::MESSAGE).expect("well formed");
    document.elements().filter(|element| element.name() == name).map(of).collect()
}

#[test]
fn iip_idp01_attributes_of_any_name_and_format() {
    let named = [
        ("mail", AttributeNameFormat::Basic),
        ("urn:oid:0.9.2342.19200300.100.1.3", AttributeNameFormat::Uri),
        ("https://app.example/claims/role?a=1&b=2#c", AttributeNameFormat::Uri),
        ("First name", AttributeNameFormat::Unspecified),
        ("<Rolle> & \"Änderung\" 𝒢", AttributeNameFormat::Other("urn:example:format".to_owned())),
        ("urn:oid:1", AttributeNameFormat::Basic),
    ];
    let attributes: Vec<Attribute> = named
        .iter()
        .map(|(name, name_format)| Attribute {
            name: (*name).to_owned(),
            name_format: name_format.clone(),
            friendly_name: Some(format!("{name}!")),
            values: vec!["v".to_owned()],
        })
        .collect();
    let read = issued(&Issue::default().name_id, &attributes, "Attribute", |element| {
        let text = |name| element.attribute(name).unwrap_or_default().to_owned();
        (text("Name"), text("NameFormat"), text("FriendlyName"))
    });
    let sent: Vec<_> = named
        .iter()
        .map(|(name, format)| ((*name).to_owned(), format.uri().to_owned(), format!("{name}!")))
        .collect();
    assert_eq!(read, sent);
}

#[test]
fn sdp_idp18_names_that_are_uris_say_so() {
    for name in ["urn:oid:2.5.4.42", "http://schemas.example/mail", "https://app.example/role"] {
        assert_eq!(AttributeNameFormat::for_name(name), AttributeNameFormat::Uri, "{name}");
    }
    for name in ["mail", "First name", "oid:2.5.4.42", ""] {
        assert_eq!(AttributeNameFormat::for_name(name), AttributeNameFormat::Basic, "{name}");
    }
}

#[test]
fn iip_g02_values_of_256_characters_are_sent_whole() {
    for unit in ["x", "é", "e\u{301}", "𝒢", "<", "&", "\"", "'", ">", "\t", "\n", "x y", "\r"] {
        for length in [255, 256] {
            let value: String = unit.chars().cycle().take(length).collect();
            let name_id = NameId::new(NameIdFormat::Unspecified, format!("_{value}"));
            let attribute = Attribute {
                name: "note".to_owned(),
                name_format: AttributeNameFormat::Basic,
                friendly_name: Some(value.clone()),
                values: vec![value.clone()],
            };
            let text = |element: Element<'_, '_>| element.text().expect("text");
            let attributes = [attribute];
            assert_eq!(issued(&name_id, &attributes, "AttributeValue", text), [value.as_str()], "{unit:?}");
            assert_eq!(issued(&name_id, &attributes, "NameID", text), [format!("_{value}")], "{unit:?}");
            let friendly = |element: Element<'_, '_>| element.attribute("FriendlyName").map(str::to_owned);
            assert_eq!(issued(&name_id, &attributes, "Attribute", friendly), [Some(value)], "{unit:?}");
        }
    }
}
