//! Metadata of SPs, as good as in the field and as bad as an attacker makes it.

mod limits;
mod reading;
#[path = "../support/mod.rs"]
mod support;

use saml::metadata::sp::{MetadataError, ServiceProviderMetadata, parse};
use support::{ACS, SP};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

fn endpoint(url: &str, index: &str) -> String {
    format!("<md:AssertionConsumerService Binding=\"{POST}\" Location=\"{url}\" index=\"{index}\"/>")
}

fn key(usage: &str, certificate: &str) -> String {
    format!(
        "<md:KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn entity(id: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{id}\">\
         <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol\"{attributes}>{inside}</md:SPSSODescriptor></md:EntityDescriptor>"
    )
}

fn sp_with(attributes: &str, inside: &str) -> Result<ServiceProviderMetadata, MetadataError> {
    parse(entity(SP, attributes, &format!("{inside}{}", endpoint(ACS, "0"))).as_bytes(), Some(SP))
}
