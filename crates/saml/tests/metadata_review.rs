//! The review of metadata: what changes, what it touches, and how it reads.

mod support;

use saml::metadata::review::{Difference, Registered, Touches, compare};
use saml::metadata::sp::{ServiceProviderMetadata, parse};
use saml::{AssertionConsumerService, NameIdFormat};
use support::*;

fn document(certificates: &[&KeyPair], acs: &[(&str, &str)], attributes: &str) -> ServiceProviderMetadata {
    let key = |pair: &&KeyPair| {
        format!(
            "<KeyDescriptor><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
            pair.der().to_base64()
        )
    };
    let service = |(url, index): &(&str, &str)| {
        format!(
            "<AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{url}\" index=\"{index}\"/>"
        )
    };
    let keys = certificates.iter().map(key).collect::<Vec<_>>().concat();
    let services = acs.iter().map(service).collect::<Vec<_>>().concat();
    let xml = format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{SP}\"><SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"{attributes}>{keys}\
         <SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://sp.example/slo\" ResponseLocation=\"https://sp.example/done\"/>\
         <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>{services}\
         <AttributeConsumingService index=\"0\"><ServiceName>Ledgerly</ServiceName><RequestedAttribute Name=\"urn:oid:2.5.4.42\" FriendlyName=\"givenName\" isRequired=\"true\"/></AttributeConsumingService>\
         </SPSSODescriptor></EntityDescriptor>"
    );
    parse(xml.as_bytes(), None).expect("good")
}

/// What is registered once `metadata` was taken over.
fn taken_over<'a>(
    metadata: &'a ServiceProviderMetadata,
    encryption: &'a [saml::CertificateDer],
) -> Registered<'a> {
    Registered {
        entity_id: &metadata.entity_id,
        assertion_consumer_services: &metadata.assertion_consumer_services,
        single_logout_services: &metadata.single_logout_services,
        signing_certificates: &metadata.signing_certificates,
        encryption_certificates: encryption,
        authn_requests_signed: metadata.authn_requests_signed,
        want_assertions_signed: metadata.want_assertions_signed,
        name_id_formats: &metadata.name_id_formats,
        requested_attributes: &metadata.requested_attributes,
        display_name: metadata.display_name.as_deref(),
    }
}

fn changed(rows: &[Difference]) -> Vec<(&'static str, Touches)> {
    rows.iter().filter(|row| row.changes).map(|row| (row.field, row.touches)).collect()
}

#[test]
fn the_same_metadata_again_changes_nothing_whatever_its_order() {
    let (one, two) = (sp_rsa(), other_rsa());
    let first = document(&[one, two], &[(ACS, "0"), ("https://sp.example/acs2", "1")], "");
    let encryption: Vec<_> = first.encryption_certificates().cloned().collect();
    let registered = taken_over(&first, &encryption);
    assert_eq!(changed(&compare(&registered, &first)), []);
    let turned = document(&[two, one], &[("https://sp.example/acs2", "1"), (ACS, "0")], "");
    assert_eq!(changed(&compare(&registered, &turned)), [("Encryption certificates", Touches::Keys)]);
}

#[test]
fn everything_is_new_for_a_new_sp_and_reads_in_words() {
    let metadata =
        document(&[sp_rsa()], &[(ACS, "3"), ("https://sp.example/acs2", "1")], " AuthnRequestsSigned=\"1\"");
    let rows = compare(&Registered::default(), &metadata);
    assert!(rows.iter().all(|row| row.now.is_empty() || row.now == "no"), "{rows:#?}");
    let text = |field: &str| rows.iter().find(|row| row.field == field).expect("a row").from_metadata.clone();
    assert_eq!(text("Entity ID"), SP);
    assert_eq!(
        text("Reply addresses"),
        format!("{ACS} (index 3)\nhttps://sp.example/acs2 (index 1, default)")
    );
    assert_eq!(
        text("Logout addresses"),
        "https://sp.example/slo (HTTP-Redirect, responses to https://sp.example/done)"
    );
    assert_eq!(text("Attributes asked for"), "urn:oid:2.5.4.42 (givenName), required");
    assert_eq!(text("Signs its requests"), "yes");
    assert_eq!(text("Name"), "Ledgerly");
    let digest = openssl::sha::sha256(sp_rsa().der().as_der());
    let pairs: Vec<String> = digest.iter().map(|octet| format!("{octet:02X}")).collect();
    assert_eq!(
        text("Signing certificates"),
        format!("SHA-256 {}, valid until 2 January 1970", pairs.join(":"))
    );
}

#[test]
fn s_35_changes_of_keys_and_endpoints_stand_out() {
    let first = document(&[sp_rsa()], &[(ACS, "0")], " AuthnRequestsSigned=\"true\"");
    let encryption: Vec<_> = first.encryption_certificates().cloned().collect();
    let registered = taken_over(&first, &encryption);
    let (keys, endpoints) = (Touches::Keys, Touches::Endpoints);

    let rekeyed = document(&[other_rsa()], &[(ACS, "0")], " AuthnRequestsSigned=\"true\"");
    assert_eq!(
        changed(&compare(&registered, &rekeyed)),
        [("Signing certificates", keys), ("Encryption certificates", keys)]
    );
    let moved = document(&[sp_rsa()], &[("https://evil.example/acs", "0")], " AuthnRequestsSigned=\"true\"");
    assert_eq!(changed(&compare(&registered, &moved)), [("Reply addresses", endpoints)]);
    let renumbered = document(&[sp_rsa()], &[(ACS, "1")], " AuthnRequestsSigned=\"true\"");
    assert_eq!(changed(&compare(&registered, &renumbered)), [("Reply addresses", endpoints)]);
    let unsigned = document(&[sp_rsa()], &[(ACS, "0")], "");
    assert_eq!(changed(&compare(&registered, &unsigned)), [("Signs its requests", keys)]);

    let other = Registered { entity_id: "urn:other", single_logout_services: &[], ..registered };
    assert_eq!(
        changed(&compare(&other, &first)),
        [("Entity ID", endpoints), ("Logout addresses", endpoints)]
    );
    let harmless = Registered {
        name_id_formats: &[NameIdFormat::EmailAddress],
        display_name: Some("Old name"),
        want_assertions_signed: true,
        requested_attributes: &[],
        ..registered
    };
    let rows = compare(&harmless, &first);
    assert!(changed(&rows).iter().all(|(_, touches)| *touches == Touches::Other), "{rows:#?}");
    assert_eq!(changed(&rows).len(), 4);
    let marked = [AssertionConsumerService { url: ACS.to_owned(), index: 0, is_default: true }];
    let marked = Registered { assertion_consumer_services: &marked, ..registered };
    assert_eq!(changed(&compare(&marked, &first)), [], "the only one is the default, marked or not");
}
