//! Signed metadata of SPs: signed by xmlsec1, then left alone, changed, moved or wrapped.

mod support;

use saml::metadata::verify_metadata;
use saml::signature::SignatureError;
use support::*;

const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor";
const ENTITIES: &str = "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor";

fn entity(attributes: &str, signature: &str, acs: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{SP}\"{attributes}>{signature}\
         <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs}\" index=\"0\"/>\
         </md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

fn group(signature: &str, inside: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m1\" validUntil=\"2026-03-05T00:00:00Z\">{signature}{inside}</md:EntitiesDescriptor>"
    )
}

fn sign(xml: &str, id_element: &str) -> String {
    let pair = sp_rsa();
    let key = Scratch::new(&pair.key.private_key_to_pem_pkcs8().expect("a key encodes"));
    let certificate = Scratch::new(&pair.certificate.to_pem().expect("a certificate encodes"));
    let document = Scratch::new(xml.as_bytes());
    let keys = format!("{},{}", key.arg(), certificate.arg());
    let signed =
        tool("xmlsec1", &["--sign", "--privkey-pem", &keys, "--id-attr:ID", id_element, &document.arg()]);
    String::from_utf8(signed.expect("xmlsec1 signs")).expect("UTF-8")
}

fn signed_entity() -> String {
    let signature = template(RSA_SHA256, SHA256, "#_m1", TRANSFORMS);
    sign(&entity(" ID=\"_m1\"", &signature, ACS), ENTITY)
}

fn acs_of(xml: &str) -> Result<String, String> {
    let verified = verify_metadata(xml.as_bytes(), &[other_rsa().der(), sp_rsa().der()])
        .map_err(|error| error.to_string())?;
    let metadata = verified.parse(Some(SP)).map_err(|error| error.to_string())?;
    Ok(metadata.assertion_consumer_services[0].url.clone())
}

#[test]
fn a_signature_over_the_root_is_verified_and_only_what_it_covers_is_read() {
    let signed = signed_entity();
    assert_eq!(acs_of(&signed), Ok(ACS.to_owned()));
    let verified = verify_metadata(signed.as_bytes(), &[sp_rsa().der()]).expect("good");
    assert!(!verified.as_str().contains("Signature"));

    let signature = template(RSA_SHA256, SHA256, "#_m1", TRANSFORMS);
    let signed = sign(&group(&signature, &entity("", "", ACS)), ENTITIES);
    assert_eq!(acs_of(&signed), Ok(ACS.to_owned()), "an aggregate");
    let metadata = verify_metadata(signed.as_bytes(), &[sp_rsa().der()]).expect("good").parse(None);
    assert_eq!(metadata.expect("good").valid_until, "2026-03-05T00:00:00Z".parse().ok(), "inherited");
}

#[test]
fn s_35_unsigned_changed_or_foreign_metadata_is_refused() {
    let signed = signed_entity();
    assert_eq!(acs_of(&signed), Ok(ACS.to_owned()));
    let verify = |xml: &str| verify_metadata(xml.as_bytes(), &[sp_rsa().der()]).map(|_| ());
    assert_eq!(verify(&entity("", "", ACS)), Err(SignatureError::Reference), "no ID, no signature");
    assert_eq!(verify(&entity(" ID=\"_m1\"", "", ACS)), Err(SignatureError::Count));
    assert_eq!(verify(&signed.replace(ACS, "https://evil.example/acs")), Err(SignatureError::Digest));
    assert_eq!(
        verify(&signed.replace("entityID=", "validUntil=\"2099-01-01T00:00:00Z\" entityID=")),
        Err(SignatureError::Digest)
    );
    assert!(matches!(
        verify_metadata(signed.as_bytes(), &[other_rsa().der()]),
        Err(SignatureError::Mismatch(1))
    ));
    assert!(matches!(verify_metadata(signed.as_bytes(), &[]), Err(SignatureError::NoKey(_))));
    assert_eq!(verify("<html/>"), Err(SignatureError::Root));
    let sha1 = template(
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "#_m1",
        TRANSFORMS,
    );
    let sha1 = sign(&entity(" ID=\"_m1\"", &sha1, ACS), ENTITY);
    assert!(matches!(verify(&sha1), Err(SignatureError::Algorithm(_))));
}

#[test]
fn s_06_a_signed_entity_inside_vouches_for_nothing_around_it() {
    let signed = signed_entity();
    let signed = signed.split_once("?>\n").map_or(signed.as_str(), |(_, rest)| rest).trim_end().to_owned();
    assert_eq!(acs_of(&signed), Ok(ACS.to_owned()));
    let evil = "https://evil.example/acs";
    let start = signed.find("<ds:Signature ").expect("a signature");
    let end = signed.find("</ds:Signature>").expect("a signature") + "</ds:Signature>".len();
    let signature = &signed[start..end];
    let original = signed.replace(signature, "");
    let object =
        signature.replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));
    let extensions = |inside: &str| format!("<md:Extensions>{inside}</md:Extensions>");
    for (name, xml) in [
        ("inside a group", group("", &signed)),
        ("beside a forged one", group("", &format!("{}{signed}", entity("", "", evil)))),
        ("a group under the signature of its entity", group(signature, &original.replace("_m1", "_m2"))),
        ("the original inside the signature", entity(" ID=\"_m2\"", &object, evil)),
        ("the same ID twice", entity(" ID=\"_m1\"", &object, evil)),
        ("in the extensions", entity(" ID=\"_m2\"", &extensions(&signed), evil)),
        (
            "the signature in front",
            entity(" ID=\"_m2\"", &format!("{signature}{}", extensions(&original)), evil),
        ),
        ("two signatures", signed.replace(signature, &signature.repeat(2))),
        (
            "the signature last",
            original.replace("</md:EntityDescriptor>", &format!("{signature}</md:EntityDescriptor>")),
        ),
    ] {
        assert!(acs_of(&xml).is_err(), "{name}");
    }
}
