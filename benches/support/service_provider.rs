//! The service provider under load: its key, and requests that it signs. Does not own what comes back (`saml`).

use super::organisation::{SAML_SLUG, SP_ENTITY_ID};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use gatehouse::clock::Clock;
use openssl::{
    asn1::Asn1Time,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rsa::Rsa,
    sha::sha256,
    sign::Signer,
    x509::X509,
};
use std::{
    fmt::Write as _,
    io::Write,
    sync::atomic::{AtomicU64, Ordering},
};

/// Exclusive canonicalisation.
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Its RSA-2048 key, with a certificate that it signs and is encrypted to by.
pub struct ServiceProvider {
    key: PKey<Private>,
    certificate: String,
    /// So that no request id comes twice.
    next: AtomicU64,
}

impl ServiceProvider {
    pub fn new() -> Self {
        let key = Rsa::generate(2048).and_then(PKey::from_rsa).expect("a key");
        let mut builder = X509::builder().expect("a builder");
        builder.set_version(2).expect("a version");
        builder.set_pubkey(&key).expect("a key");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a start");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("an end");
        builder.sign(&key, MessageDigest::sha256()).expect("a signature");
        let certificate = STANDARD.encode(builder.build().to_der().expect("DER"));
        Self { key, certificate, next: AtomicU64::new(0) }
    }

    /// Base64 DER.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The query of an `AuthnRequest` by HTTP-Redirect, not signed.
    pub fn redirect(&self, base: &str, slug: &str) -> String {
        let (before, after) = self.request(base, slug);
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflate.write_all(format!("{before}{after}").as_bytes()).expect("in memory");
        let message = STANDARD.encode(deflate.finish().expect("in memory"));
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("SAMLRequest", message.as_str()), ("RelayState", "deep/link")])
            .finish();
        format!("/saml2/{slug}?{query}")
    }

    /// The `SAMLRequest` field of one by HTTP-POST, signed or not.
    pub fn posted(&self, base: &str, signed: bool) -> String {
        let (before, after) = self.request(base, SAML_SLUG);
        let signature = if signed { self.enveloped(&format!("{before}{after}")) } else { String::new() };
        STANDARD.encode(format!("{before}{signature}{after}"))
    }

    /// A request in canonical form already, before and after the place of its signature.
    fn request(&self, base: &str, slug: &str) -> (String, &'static str) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let instant = Clock::System.now().format("%Y-%m-%dT%H:%M:%SZ");
        let sp = if slug == SAML_SLUG { SP_ENTITY_ID.to_owned() } else { format!("{SP_ENTITY_ID}/{slug}") };
        let before = format!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             Destination=\"{base}/saml2/{slug}\" ID=\"_{id:032x}\" IssueInstant=\"{instant}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{sp}</saml:Issuer>"
        );
        (before, "</samlp:AuthnRequest>")
    }

    /// XML Signature §4: enveloped, RSA-SHA256, with the certificate.
    fn enveloped(&self, xml: &str) -> String {
        let id = xml.split(" ID=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("it has an id");
        let digest = STANDARD.encode(sha256(xml.as_bytes()));
        let mut inside = String::new();
        // Writing to a String can't fail.
        let _ = write!(
            inside,
            "><ds:CanonicalizationMethod Algorithm=\"{C14N}\"></ds:CanonicalizationMethod><ds:SignatureMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod><ds:Reference \
             URI=\"#{id}\"><ds:Transforms><ds:Transform \
             Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform><ds:Transform \
             Algorithm=\"{C14N}\"></ds:Transform></ds:Transforms><ds:DigestMethod \
             Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{digest}\
             </ds:DigestValue></ds:Reference></ds:SignedInfo>"
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"{inside}");
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).expect("a signer");
        let value = STANDARD.encode(signer.sign_oneshot_to_vec(signed.as_bytes()).expect("signed"));
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo{inside}<ds:SignatureValue>\
             {value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></ds:Signature>",
            self.certificate
        )
    }
}
