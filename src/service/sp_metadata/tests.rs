use super::*;
use crate::domain::connection::{Encrypt, NameIdFormat, ValueSource};

const SP: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/saml">
    <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" WantAssertionsSigned="true">
    <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
    <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="3"/>
    <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs2" index="1" isDefault="true"/>
    <AttributeConsumingService index="0"><ServiceName xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="en">Ledgerly</ServiceName>
    <RequestedAttribute Name="urn:oid:2.5.4.42" FriendlyName="givenName"/>
    <RequestedAttribute Name="plan" isRequired="true"/></AttributeConsumingService>
    </SPSSODescriptor></EntityDescriptor>"#;
const IDP: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://id.fernhill.example/saml2/a/metadata">
    <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://id.fernhill.example/saml2/a"/>
    </IDPSSODescriptor></EntityDescriptor>"#;

/// Nothing is blocked.
static OPEN: SamlConfig = SamlConfig { scope: None, blocked_algorithms: Vec::new() };

fn reading(current: &SamlConnection) -> Reading<'_> {
    Reading {
        entity_id: "",
        current,
        label: "Amplitude",
        organization: "Fernhill",
        public_url: "https://id.fernhill.example",
        config: &OPEN,
        now: DateTime::from_timestamp(1_790_000_000, 0).expect("in range"),
    }
}

#[test]
fn a_document_fills_in_what_it_says_and_leaves_the_rest() {
    let current = SamlConnection { default_relay_state: "/start".into(), ..SamlConnection::default() };
    let proposal = propose(SP, &reading(&current)).expect("readable");
    let then = &proposal.connection;
    assert_eq!(then.sp_entity_id, "https://sp.example/saml");
    let default: Vec<_> =
        then.acs_urls.iter().filter(|acs| acs.default).map(|acs| acs.url.as_str()).collect();
    assert_eq!(default, ["https://sp.example/acs2"]);
    assert_eq!(then.name_id_format, NameIdFormat::Persistent);
    assert_eq!(then.default_relay_state, "/start");
    assert_eq!(then.attributes[0].value, ValueSource::Source("first_name".into()));
    assert_eq!(proposal.display_name.as_deref(), Some("Ledgerly"));
    assert!(proposal.warnings.iter().any(|line| line.contains("plan")), "{:?}", proposal.warnings);
    let changed: Vec<_> =
        proposal.differences.iter().filter(|row| row.now != row.from_metadata).map(|row| row.field).collect();
    assert_eq!(changed, ["App entity ID", "Reply addresses", "NameID format", "Attributes"]);
}

fn with_key(of_use: &str, certificate: &str) -> String {
    let key = format!(
        "<KeyDescriptor{of_use}><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{certificate}\
         </X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    );
    SP.replacen("<NameIDFormat>", &format!("{key}<NameIDFormat>"), 1)
}

#[test]
fn sdp_idp11_the_review_says_that_a_key_begins_encryption() {
    let rows = |proposal: &Proposal| {
        let row = proposal.differences.iter().find(|row| row.field == "Encrypts assertions");
        row.map(|row| (row.now.clone(), row.from_metadata.clone())).expect("a row")
    };
    let encryption = with_key(" use=\"encryption\"", &certificate());
    let current = SamlConnection::default();
    let proposal = propose(&encryption, &reading(&current)).expect("readable");
    assert!(proposal.connection.encrypts());
    assert_eq!(rows(&proposal), ("no".into(), "yes".into()));
    assert!(
        proposal.warnings.iter().any(|line| line.contains("will be encrypted")),
        "{:?}",
        proposal.warnings
    );
    let again = propose(&encryption, &reading(&proposal.connection)).expect("readable");
    assert!(again.warnings.iter().all(|line| !line.contains("will be encrypted")), "nothing begins");
    // The other side: it ends.
    let ended = propose(SP, &reading(&proposal.connection)).expect("readable");
    assert_eq!(rows(&ended), ("yes".into(), "no".into()));
    assert!(
        ended.warnings.iter().any(|line| line.contains("no longer be encrypted")),
        "{:?}",
        ended.warnings
    );
    // An app of before stays as it is, and a key without use begins nothing.
    let off = SamlConnection { encrypt: Encrypt::Off, ..SamlConnection::default() };
    let proposal = propose(&encryption, &reading(&off)).expect("readable");
    assert_eq!(rows(&proposal), ("no".into(), "no".into()));
    let both = propose(&with_key("", &certificate()), &reading(&current)).expect("readable");
    assert!(!both.connection.encrypts() && both.connection.encryption_certificates.len() == 1);
    let ec =
        propose(&with_key(" use=\"encryption\"", &ec_certificate()), &reading(&current)).expect("readable");
    assert!(!ec.connection.encrypts(), "nobody is shut out");
}

#[test]
fn the_same_document_again_changes_nothing() {
    let current = SamlConnection::default();
    let first = propose(SP, &reading(&current)).expect("readable").connection;
    let again = propose(SP, &reading(&first)).expect("readable");
    assert!(again.differences.iter().all(|row| row.now == row.from_metadata), "{:?}", again.differences);
    assert_eq!(again.connection, first);
}

#[test]
fn our_own_file_and_other_files_are_refused_in_words() {
    let current = SamlConnection::default();
    let message = |xml: &str| {
        propose(xml, &reading(&current))
            .expect_err("refused")
            .of("metadata_xml")
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(message(IDP), "This file is Fernhill’s own metadata. Upload the one from Amplitude.");
    let theirs = IDP.replace("id.fernhill.example", "idp.other.example");
    assert!(message(&theirs).starts_with("This file describes an identity provider"));
    assert!(message("<EntityDescriptor").starts_with("Paste the whole XML"));
    assert!(message("").starts_with("Paste the whole XML"));
    assert!(message("<html/>").starts_with("Send SAML metadata"), "{}", message("<html/>"));
}

#[test]
fn another_entity_id_is_pointed_out() {
    let current = SamlConnection { sp_entity_id: "https://else.example".into(), ..SamlConnection::default() };
    let proposal = propose(SP, &reading(&current)).expect("readable");
    assert!(proposal.warnings.iter().any(|line| line.contains("another entity ID")));
}

/// A certificate of an RSA key, base64 DER.
pub(super) fn certificate() -> String {
    certificate_of(crate::domain::key::KeyAlgorithm::Rsa2048)
}

/// A certificate of a P-256 key, base64 DER.
pub(super) fn ec_certificate() -> String {
    certificate_of(crate::domain::key::KeyAlgorithm::P256)
}

fn certificate_of(algorithm: crate::domain::key::KeyAlgorithm) -> String {
    use crate::{id::KeyId, keyring::Keyring};
    use rand::{SeedableRng, rngs::StdRng};
    let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
    let id = KeyId::new(now, &mut StdRng::seed_from_u64(1));
    let keyring = Keyring::ephemeral().expect("randomness");
    let key = keyring.new_signing_key(id, None, algorithm, Some("sp.example"), now).expect("a key");
    key.certificate.expect("asked for")
}
