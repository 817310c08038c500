//! The HTTP-POST binding of logout messages (SAML Bindings §3.5), signed in the XML both ways. Owns the form and the signature,
//! not what the messages say.

use super::redirect::{Kind, Received};
use crate::saml_sp::{
    gate::{Refusal, decode, signed_root, strict},
    key::SpKey,
    verify::ALGORITHMS,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use samael::crypto::{CertificateDer, Crypto, CryptoProvider, ReduceMode};
use serde::Deserialize;

const ISSUER_END: &str = "</saml:Issuer>";

/// The fields of the form; one that stands twice is refused where the form is read.
#[derive(Debug, Deserialize)]
pub(crate) struct LogoutForm {
    #[serde(rename = "SAMLRequest")]
    request: Option<String>,
    #[serde(rename = "SAMLResponse")]
    response: Option<String>,
    #[serde(rename = "RelayState")]
    relay_state: Option<String>,
}

/// A message on its way in the browser.
#[derive(Debug)]
pub(crate) struct Letter {
    /// Where it goes.
    pub(crate) location: String,
    /// The field it stands in.
    pub(crate) field: &'static str,
    /// The signed message, in base64.
    pub(crate) message: String,
    /// Given back as it came.
    pub(crate) relay_state: Option<String>,
}

/// Signs a message for the form that takes it to `location`.
///
/// # Errors
/// The message could not be signed.
pub(crate) fn letter(
    location: String,
    kind: Kind,
    (id, xml): (&str, &str),
    relay_state: Option<String>,
    key: &SpKey,
) -> anyhow::Result<Letter> {
    // SAML schema: directly after Issuer, whose text is escaped.
    let prepared = xml.replacen(ISSUER_END, &format!("{ISSUER_END}{}", template(id)), 1);
    let message = STANDARD.encode(key.sign_xml(&prepared)?);
    Ok(Letter { location, field: kind.parameter(), message, relay_state })
}

fn template(id: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
}

/// Reads a form and verifies the signature of its message with one of the certificates. What is handed on is what was signed.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) fn read(form: &LogoutForm, certificates: &[CertificateDer]) -> Result<Received, Refusal> {
    let (kind, field) = match (&form.request, &form.response) {
        (Some(request), None) => (Kind::Request, request),
        (None, Some(response)) => (Kind::Response, response),
        _ => return Err(Refusal::Shape("it is neither one request nor one response")),
    };
    let xml = decode(field)?;
    strict(&xml, signed_root)?;
    let foreign = || Refusal::Signature("it is not the identity provider’s");
    // Without a certificate there is nothing to verify with, and no library should be asked what that means.
    if certificates.is_empty() {
        return Err(foreign());
    }
    let signed = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        &xml,
        certificates,
        ReduceMode::PreDigest,
        Some(&ALGORITHMS),
    )
    .map_err(|_| foreign())?;
    Ok(Received { kind, xml: signed, relay_state: form.relay_state.clone() })
}
