//! The metadata Ledgerly publishes, for an administrator to upload at the identity provider.

use super::key::SpKey;
use crate::page::escape;

/// An SP `EntityDescriptor` (SAML Metadata §2.4.4): one HTTP-POST assertion consumer, signed assertions wanted, logout by
/// HTTP-Redirect and HTTP-POST with the key that signs it, and the attributes the app can show.
pub(crate) fn entity_descriptor(
    entity_id: &str,
    acs_url: &str,
    slo_url: &str,
    key: &SpKey,
) -> anyhow::Result<String> {
    let (entity_id, acs_url, slo_url) = (escape(entity_id), escape(acs_url), escape(slo_url));
    let certificate = key.certificate()?;
    let requested: Vec<String> = [("email", true), ("firstName", false), ("lastName", false), ("displayName", false)]
        .iter()
        .map(|(name, required)| {
            format!(
                "<md:RequestedAttribute Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\" isRequired=\"{required}\"/>"
            )
        })
        .collect();
    let requested = requested.concat();
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{entity_id}\">\
         <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
         <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{slo_url}\"/>\
         <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{slo_url}\"/>\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{acs_url}\" index=\"0\" isDefault=\"true\"/>\
         <md:AttributeConsumingService index=\"0\" isDefault=\"true\"><md:ServiceName xml:lang=\"en\">Ledgerly</md:ServiceName>{requested}</md:AttributeConsumingService>\
         </md:SPSSODescriptor></md:EntityDescriptor>"
    ))
}
