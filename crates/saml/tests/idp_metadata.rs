//! Our own metadata in full: valid by the schemas, canonical, signed so that xmlsec1 agrees, and readable.

mod support;

use std::num::NonZeroU32;

use chrono::TimeDelta;
use openssl::nid::Nid;
use saml::metadata::idp::{
    AlgorithmSupport, Contact, ContactKind, FurtherContact, IdpDetails, IdpMetadata, Logo, Organization,
    Publication, PublishError,
};
use saml::metadata::verify_metadata;
use saml::service_provider::SingleLogoutService;
use saml::xml::reader::{Document, Element, Limits};
use saml::{
    Attribute, AttributeNameFormat, Binding, CertificateDer, NameIdFormat, SignatureAlgorithm, Signer,
};
use support::*;

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
const ALG: &str = "urn:oasis:names:tc:SAML:metadata:algsupport";

/// What Debian's catalogues of the schemas lack: the addresses under which they import each other.
const CATALOGUE: &str = r#"<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
<nextCatalog catalog="/usr/share/xml/opensaml/saml20-catalog.xml"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
<rewriteSystem systemIdStartString="http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/" rewritePrefix="file:///usr/share/xml/xmltooling/"/>
<rewriteSystem systemIdStartString="http://www.w3.org/2001/xml.xsd" rewritePrefix="file:///usr/share/xml/xmltooling/xml.xsd"/>
</catalog>"#;

/// Metadata with every extension we write: otherwise a schema would pass over them.
const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:metadata" schemaLocation="file:///usr/share/xml/opensaml/saml-schema-metadata-2.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:metadata:ui" schemaLocation="file:///usr/share/xml/opensaml/sstc-saml-metadata-ui-v1.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:metadata:algsupport" schemaLocation="file:///usr/share/xml/opensaml/sstc-saml-metadata-algsupport-v1.0.xsd"/>
</xs:schema>"#;

fn schema_valid(xml: &str) -> Result<(), String> {
    let (catalogue, schema) = (Scratch::new(CATALOGUE.as_bytes()), Scratch::new(SCHEMA.as_bytes()));
    let file = Scratch::new(xml.as_bytes());
    let output = std::process::Command::new("xmllint")
        .env("XML_CATALOG_FILES", catalogue.arg())
        .args(["--nonet", "--noout", "--schema", &schema.arg(), &file.arg()])
        .output()
        .expect("xmllint must be on the PATH");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn exc_c14n(xml: &str) -> String {
    let file = Scratch::new(xml.as_bytes());
    String::from_utf8(tool("xmllint", &["--exc-c14n", &file.arg()]).expect("xmllint reads it"))
        .expect("UTF-8")
}

fn xmlsec_verifies(xml: &str, pair: &KeyPair) -> Result<(), String> {
    let file = Scratch::new(xml.as_bytes());
    let key = Scratch::new(&pair.key.public_key_to_pem().expect("a key encodes"));
    let id = "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor";
    tool("xmlsec1", &["--verify", "--pubkey-pem", &key.arg(), "--id-attr:ID", id, &file.arg()]).map(|_| ())
}

fn logout(binding: Binding, location: &str, response: Option<&str>) -> SingleLogoutService {
    SingleLogoutService {
        binding,
        location: location.to_owned(),
        response_location: response.map(str::to_owned),
    }
}

/// Everything that can be said, with `text` wherever a text is.
fn published(text: &str, publication: &Publication<'_>) -> Result<String, PublishError> {
    let certificates = [idp_rsa().der(), next_certificate()];
    let services = [
        logout(Binding::HttpRedirect, "https://sso.example/slo", Some("https://sso.example/slo/done")),
        logout(Binding::HttpPost, "https://sso.example/slo", None),
        logout(Binding::Soap, "https://sso.example/slo/soap?a=1&b=2", None),
    ];
    let contact = |kind, email| FurtherContact { kind, contact: Contact { name: Some(text), email } };
    let attributes = [
        Attribute {
            name: "email".to_owned(),
            name_format: AttributeNameFormat::Basic,
            friendly_name: None,
            values: Vec::new(),
        },
        Attribute {
            name: "urn:oid:1.3.6.1.4.1.5923.1.1.1.1".to_owned(),
            name_format: AttributeNameFormat::Uri,
            friendly_name: Some(text.to_owned()),
            values: vec!["member".to_owned(), text.to_owned()],
        },
    ];
    IdpMetadata {
        entity_id: IDP,
        sso_url: SSO,
        want_authn_requests_signed: false,
        signing_certificates: &certificates,
        name_id_formats: &[NameIdFormat::Persistent, NameIdFormat::Transient],
        display_name: Some(text),
        organization: Some(Organization { name: text, display_name: text, url: "https://fernhill.example" }),
        technical_contact: Some(Contact { name: None, email: "desk@fernhill.example" }),
    }
    .publish(
        &IdpDetails {
            single_logout_services: &services,
            description: Some(text),
            logo: Some(Logo {
                url: "https://sso.example/logo.svg",
                width: NonZeroU32::new(320).expect("not 0"),
                height: NonZeroU32::new(80).expect("not 0"),
            }),
            information_url: Some("https://fernhill.example/sign-in"),
            privacy_statement_url: Some("https://fernhill.example/privacy"),
            contacts: &[
                contact(ContactKind::Support, "help@fernhill.example"),
                contact(ContactKind::Security, "security@fernhill.example"),
                contact(ContactKind::Administrative, "office@fernhill.example"),
            ],
            algorithm_support: Some(AlgorithmSupport::OURS),
            attributes: &attributes,
            error_url: Some("https://sso.example/trouble"),
            encryption_certificates: &[other_rsa().der(), sp_rsa().der()],
            scope: Some("fernhill.example"),
        },
        publication,
    )
}

/// The certificate of the key that is next.
fn next_certificate() -> CertificateDer {
    static NEXT: std::sync::OnceLock<CertificateDer> = std::sync::OnceLock::new();
    NEXT.get_or_init(|| new_ec(Nid::X9_62_PRIME256V1).der()).clone()
}

fn signed_by(signer: &dyn Signer) -> Publication<'_> {
    Publication {
        id: Some("_m1"),
        valid_until: Some(now() + TimeDelta::days(14)),
        cache_duration: Some(TimeDelta::hours(6)),
        signer: Some(signer),
    }
}

#[test]
fn sdp_idp15_and_iip_idp19_the_scope_and_the_keys_to_encrypt_for_are_published() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let xml = published("Fernhill", &signed_by(&signer)).expect("published");
    let scope =
        "<shibmd:Scope xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"false\">fernhill.example<";
    assert_eq!(xml.matches(scope).count(), 1, "{xml}");
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let keys: Vec<_> = document
        .descendants()
        .filter(|node| {
            node.tag_name().name() == "KeyDescriptor" && node.attribute("use") == Some("encryption")
        })
        .collect();
    assert_eq!(keys.len(), 2, "both of a rollover");
    for (key, pair) in keys.iter().zip([other_rsa(), sp_rsa()]) {
        let text = |name: &str| {
            key.descendants().find(|node| node.tag_name().name() == name).and_then(|node| node.text())
        };
        assert_eq!(text("X509Certificate"), Some(pair.der().to_base64().as_str()), "in the order given");
        let methods: Vec<_> = key.children().filter_map(|node| node.attribute("Algorithm")).collect();
        assert!(
            methods[0].ends_with("#aes256-gcm") && methods.iter().any(|uri| uri.ends_with("#rsa-oaep-mgf1p"))
        );
        assert!(!methods.iter().any(|uri| uri.contains("cbc") || uri.ends_with("#rsa-1_5")), "{methods:?}");
    }
}

#[test]
fn the_full_document_is_valid_canonical_and_signed() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let xml = published("Fernhill <sign-in> & \"more\"", &signed_by(&signer)).expect("published");
    assert_eq!(schema_valid(&xml), Ok(()));
    assert_eq!(exc_c14n(&xml), xml);
    assert_eq!(xmlsec_verifies(&xml, idp_rsa()), Ok(()));
    assert!(xmlsec_verifies(&xml, other_rsa()).is_err());
    assert!(xmlsec_verifies(&xml.replace("slo/done", "slo/evil"), idp_rsa()).is_err());
    assert!(verify_metadata(xml.as_bytes(), &[idp_rsa().der()]).is_ok(), "our own verifier agrees");
    let ec = new_ec(Nid::X9_62_PRIME256V1);
    let xml = published("x", &signed_by(&ec.signer(SignatureAlgorithm::EcdsaSha256))).expect("published");
    assert_eq!(xmlsec_verifies(&xml, &ec), Ok(()));
    // The schema does look into the extensions.
    for (good, bad) in [
        ("MinKeySize=\"2048\"", "MinKeySize=\"none\""),
        ("height=\"80\"", "height=\"none\""),
        ("<mdui:Description xml:lang=\"en\">", "<mdui:Description>"),
        ("contactType=\"support\"", "contactType=\"security\""),
        ("cacheDuration=\"PT21600S\"", "cacheDuration=\"6 hours\""),
    ] {
        assert!(xml.contains(good), "{good}");
        assert!(schema_valid(&xml.replace(good, bad)).is_err(), "{bad}");
    }
}

#[test]
fn an_sp_finds_what_it_needs() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let xml = published("Fernhill", &signed_by(&signer)).expect("published");
    let document = Document::read(xml.as_bytes(), &Limits::ENTITY).expect("well formed");
    let root = document.root();
    assert_eq!(root.attribute("validUntil"), Some("2026-03-18T05:06:07.000Z"));
    assert_eq!(root.attribute("cacheDuration"), Some("PT21600S"));
    assert_eq!(root.children().next().map(Element::name), Some("Signature"), "first, as the schema wants");
    let role = root.child(MD, "IDPSSODescriptor").expect("a role");
    assert_eq!(role.attribute("errorURL"), Some("https://sso.example/trouble"));
    let certificates: Vec<String> = role
        .children_named(MD, "KeyDescriptor")
        .filter(|key| key.attribute("use") == Some("signing"))
        .map(|key| key.children().next().and_then(|info| info.children().next()).expect("X509Data"))
        .map(|data| data.children().next().expect("a certificate").text().expect("text"))
        .collect();
    assert_eq!(
        certificates,
        [idp_rsa().der().to_base64(), next_certificate().to_base64()],
        "the active one first, the next one after it"
    );
    let endpoints: Vec<_> = role
        .children_named(MD, "SingleLogoutService")
        .map(|endpoint| ["Binding", "Location", "ResponseLocation"].map(|name| endpoint.attribute(name)))
        .collect();
    assert_eq!(endpoints.len(), 3);
    assert_eq!(endpoints[0][2], Some("https://sso.example/slo/done"));
    assert_eq!(endpoints[1][2], None);
    assert_eq!(endpoints[2][0], Some("urn:oasis:names:tc:SAML:2.0:bindings:SOAP"));
    assert_eq!(endpoints[2][1], Some("https://sso.example/slo/soap?a=1&b=2"));
    let extensions = role.child(MD, "Extensions").expect("extensions");
    let methods: Vec<_> = extensions
        .children_named(ALG, "SigningMethod")
        .map(|method| ["Algorithm", "MinKeySize", "MaxKeySize"].map(|name| method.attribute(name)))
        .collect();
    for algorithm in SignatureAlgorithm::ALL {
        let listed = methods.iter().any(|method| method[0] == Some(algorithm.uri()));
        assert_eq!(listed, !algorithm.is_legacy(), "{algorithm:?}");
    }
    assert_eq!(methods[0][1..], [Some("2048"), Some("8192")]);
    assert_eq!(extensions.children_named(ALG, "DigestMethod").count(), 3);
    let logo = extensions.child(MDUI, "UIInfo").and_then(|ui| ui.child(MDUI, "Logo")).expect("a logo");
    assert_eq!((logo.attribute("width"), logo.attribute("height")), (Some("320"), Some("80")));
    let contacts: Vec<_> = root
        .children_named(MD, "ContactPerson")
        .map(|contact| {
            let security = contact.attributes().any(|(namespace, _, value)| {
                namespace == Some("http://refeds.org/metadata") && value.ends_with("/security")
            });
            let email = contact.child(MD, "EmailAddress").expect("an address").text().expect("text");
            (contact.attribute("contactType"), security, email)
        })
        .collect();
    assert_eq!(
        contacts,
        [
            (Some("technical"), false, "mailto:desk@fernhill.example".to_owned()),
            (Some("support"), false, "mailto:help@fernhill.example".to_owned()),
            (Some("other"), true, "mailto:security@fernhill.example".to_owned()),
            (Some("administrative"), false, "mailto:office@fernhill.example".to_owned()),
        ]
    );
    assert_eq!(role.children().last().map(Element::name), Some("Attribute"));
}

#[test]
fn s_32_hostile_values_stay_values() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    for text in [
        "</md:EntityDescriptor>",
        "\"><evil/>",
        "]]><!-- -->",
        "&amp;&#65;",
        "tab\tline\nreturn\r",
        "\u{202e}é😀",
        "${x}%s",
    ] {
        let xml = published(text, &signed_by(&signer)).expect("published");
        assert_eq!(exc_c14n(&xml), xml, "{text:?}");
        assert_eq!(xmlsec_verifies(&xml, idp_rsa()), Ok(()), "{text:?}");
        let document = Document::read(xml.as_bytes(), &Limits::ENTITY).expect("well formed");
        let name = document.elements().find(|element| element.is(MDUI, "DisplayName")).expect("a name");
        assert_eq!(name.text().as_deref(), Ok(text));
    }
    for text in ["a\0b", "\u{1}", "\u{ffff}"] {
        assert!(matches!(published(text, &signed_by(&signer)), Err(PublishError::Forbidden(_))), "{text:?}");
    }
}

#[test]
fn a_signature_needs_a_name_and_a_cache_some_time() {
    let signer = idp_rsa().signer(SignatureAlgorithm::RsaSha256);
    let good = signed_by(&signer);
    assert!(published("x", &good).is_ok());
    for id in [None, Some(""), Some("1a"), Some("a b"), Some("a:b"), Some("é"), Some("a\"b")] {
        assert!(matches!(published("x", &Publication { id, ..good }), Err(PublishError::Id)), "{id:?}");
    }
    for cache_duration in [TimeDelta::zero(), -TimeDelta::hours(1), TimeDelta::milliseconds(999)] {
        let publication = Publication { cache_duration: Some(cache_duration), ..good };
        assert!(matches!(published("x", &publication), Err(PublishError::CacheDuration)), "{cache_duration}");
    }
    let unsigned = published("x", &Publication::default()).expect("published");
    assert_eq!(schema_valid(&unsigned), Ok(()));
    assert!(
        !unsigned.contains("ds:Signature") && !unsigned.contains(" ID=") && !unsigned.contains("validUntil")
    );
    let identified = published("x", &Publication { id: Some("_m1"), ..Publication::default() });
    assert!(identified.is_ok_and(|xml| xml.contains(" ID=\"_m1\"")));
}
