//! The review of a document: each setting that filling in can change, as it is and as it would be. Does not own filling in
//! (`fill`).

use crate::domain::connection::{AcsUrl, Encrypt, EntityAttribute, LogoutService, SamlConnection};
use ::saml::CertificateDer;

/// One setting as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, as the console calls it.
    pub field: &'static str,
    /// What is stored; may be empty.
    pub now: String,
    /// What would be stored.
    pub from_metadata: String,
}

/// Setting by setting, unchanged ones too. Whatever `fill` sets has a row here: nothing changes that the table doesn't show.
pub(super) fn differences(now: &SamlConnection, then: &SamlConnection) -> Vec<Difference> {
    let yes = |value: bool| if value { "yes".to_owned() } else { "no".to_owned() };
    let row = |field, of: &dyn Fn(&SamlConnection) -> String| Difference {
        field,
        now: of(now),
        from_metadata: of(then),
    };
    let mut rows = vec![
        row("App entity ID", &|saml| saml.sp_entity_id.clone()),
        row("Reply addresses", &reply_addresses),
        row("NameID format", &|saml| saml.name_id_format.as_str().to_owned()),
        row("Sign", &signed),
        row("Certificates", &|saml| fingerprints(&saml.sp_certificates)),
        row("Encryption certificates", &|saml| fingerprints(&saml.encryption_certificates)),
        row("Signature algorithm", &|saml| saml.signature_algorithm.as_str().to_owned()),
        row("Encryption", &encryption),
        row("Encrypts assertions", &|saml| yes(saml.encrypts())),
        row("Entity attributes", &said),
        row("Logout addresses", &logout_addresses),
        row("Signs its requests", &|saml| yes(saml.sp_signs_requests)),
        row("Attributes", &|saml| names(saml.attributes.iter().map(|row| row.name.as_str()), "\n")),
        row("Attribute sets", &sets),
    ];
    if now.encrypt != Encrypt::Auto {
        // What is noted of the app, though it decides nothing now.
        rows.push(row("Announces a key for encryption", &|saml| yes(saml.sp_decrypts)));
    }
    rows
}

fn names<'a>(names: impl Iterator<Item = &'a str>, between: &str) -> String {
    names.collect::<Vec<_>>().join(between)
}

/// The default first; with the numbers by which requests name them.
fn reply_addresses(saml: &SamlConnection) -> String {
    let mut list: Vec<&AcsUrl> = saml.acs_urls.iter().collect();
    list.sort_by_key(|acs| (!acs.default, acs.index));
    let line = |acs: &&AcsUrl| {
        let mark = if acs.default { ", default" } else { "" };
        format!("{} (index {}{mark})", acs.url, acs.index)
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn signed(saml: &SamlConnection) -> String {
    let parts = [("assertion", saml.sign_assertion), ("response", saml.sign_response)];
    names(parts.into_iter().filter(|(_, signed)| *signed).map(|(part, _)| part), ", ")
}

fn said(saml: &SamlConnection) -> String {
    saml.entity_attributes.iter().map(EntityAttribute::words).collect::<Vec<_>>().join("\n")
}

/// By which algorithms.
pub(super) fn encryption(saml: &SamlConnection) -> String {
    format!("{}, {}", saml.content_encryption.as_str(), saml.key_transport.as_str())
}

fn logout_addresses(saml: &SamlConnection) -> String {
    let one = |service: &LogoutService| {
        let answers = match service.response_url.as_str() {
            "" => String::new(),
            url => format!(", answers to {url}"),
        };
        format!("{} {}{answers}", service.binding.as_str(), service.url)
    };
    saml.logout_services.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn sets(saml: &SamlConnection) -> String {
    let one = |set: &crate::domain::connection::AttributeSet| {
        let sends = names(set.attributes.iter().map(|row| row.name.as_str()), ", ");
        format!("{} {}: {sends}", set.index, set.name).replace(" :", ":")
    };
    saml.attribute_sets.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn fingerprints(certificates: &[String]) -> String {
    let one = |text: &String| match CertificateDer::from_pem_or_base64(text) {
        Ok(certificate) => crate::keyring::fingerprint_sha256(certificate.as_der()),
        Err(error) => error.to_string(),
    };
    certificates.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::SamlConfig, service::sp_metadata::fill};
    use serde_json::Value;

    /// A document that says everything that settings are filled in from.
    fn everything(key: &str) -> ::saml::metadata::sp::ServiceProviderMetadata {
        let info = format!(
            "<KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data><X509Certificate>{key}</X509Certificate></X509Data>\
             </KeyInfo>"
        );
        let xml = format!(
            r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport"
            xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
            entityID="https://sp.example/saml"><Extensions>
            <mdattr:EntityAttributes><saml:Attribute Name="http://macedir.org/entity-category"><saml:AttributeValue>urn:x</saml:AttributeValue>
            </saml:Attribute></mdattr:EntityAttributes></Extensions>
            <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" AuthnRequestsSigned="true"
            WantAssertionsSigned="true">
            <Extensions><alg:SigningMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"/></Extensions>
            <KeyDescriptor use="signing">{info}</KeyDescriptor>
            <KeyDescriptor use="encryption">{info}
            <EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"/>
            <EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep"/></KeyDescriptor>
            <SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/slo"
            ResponseLocation="https://sp.example/answers"/>
            <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
            <AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="3"/>
            <AttributeConsumingService index="1"><ServiceName xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="en">One</ServiceName>
            <RequestedAttribute Name="mail"/></AttributeConsumingService>
            <AttributeConsumingService index="2"><ServiceName xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="en">Two</ServiceName>
            <RequestedAttribute Name="sn"/></AttributeConsumingService>
            </SPSSODescriptor></EntityDescriptor>"#
        );
        ::saml::metadata::sp::parse(xml.as_bytes(), None).expect("metadata")
    }

    fn members(saml: &SamlConnection) -> serde_json::Map<String, Value> {
        match serde_json::to_value(saml).expect("settings") {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    /// Each setting that a document changes is changed alone, and the table must show it.
    #[test]
    fn s_35_whatever_filling_in_changes_has_a_row() {
        let config = SamlConfig { scope: None, blocked_algorithms: Vec::new() };
        let metadata = everything(&crate::service::sp_metadata::tests::certificate());
        let responses = SamlConnection { sign_assertion: false, ..SamlConnection::default() };
        let legacy = SamlConnection { encrypt: Encrypt::On, ..responses.clone() };
        let mut seen = Vec::new();
        for now in [responses, legacy] {
            let (before, after) = (members(&now), members(&fill::all(&now, &metadata, &config)));
            for (field, value) in after.iter().filter(|(field, value)| before.get(*field) != Some(value)) {
                let mut one = before.clone();
                one.insert(field.clone(), value.clone());
                let then: SamlConnection = serde_json::from_value(Value::Object(one)).expect("settings");
                let shown = differences(&now, &then).into_iter().any(|row| row.now != row.from_metadata);
                assert!(shown, "{field} changes unseen");
                seen.push(field.clone());
            }
        }
        seen.sort_unstable();
        seen.dedup();
        // What `fill` sets: the document of this test must speak of all of it.
        let expected = [
            "acs_urls",
            "attribute_sets",
            "attributes",
            "content_encryption",
            "encryption_certificates",
            "entity_attributes",
            "key_transport",
            "logout_services",
            "name_id_format",
            "sign_assertion",
            "signature_algorithm",
            "sp_certificates",
            "sp_decrypts",
            "sp_entity_id",
            "sp_signs_requests",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn every_part_of_an_address_is_seen() {
        let acs = |index, default| AcsUrl { url: "https://sp.example/acs".into(), index, default };
        let with = |one: AcsUrl| SamlConnection { acs_urls: vec![one], ..SamlConnection::default() };
        let changes = |now: &SamlConnection, then: &SamlConnection| {
            differences(now, then).into_iter().filter(|row| row.now != row.from_metadata).count()
        };
        assert_eq!(changes(&with(acs(1, true)), &with(acs(1, true))), 0);
        assert_eq!(changes(&with(acs(1, true)), &with(acs(2, true))), 1);
        assert_eq!(changes(&with(acs(1, true)), &with(acs(1, false))), 1);
    }
}
