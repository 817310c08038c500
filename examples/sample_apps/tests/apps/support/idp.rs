//! A SAML identity provider for tests: makes responses of any shape and signs them with xmlsec.

use super::now;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::SecondsFormat;
use openssl::{
    asn1::Asn1Time,
    bn::BigNum,
    ec::{EcGroup, EcKey},
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    nid::Nid,
    pkey::{Id, PKey, Private},
    rsa::Rsa,
    x509::{X509, X509NameBuilder},
};
use samael::crypto::{Crypto, CryptoProvider};
use std::io::Write;

pub(crate) const ENTITY_ID: &str = "https://idp.example/metadata";

/// Where it takes logout messages.
pub(crate) const SLO_URL: &str = "https://idp.example/slo?tenant=1";

/// A key and its self-signed certificate.
pub(crate) struct Idp {
    key: PKey<Private>,
    certificate: X509,
    /// What it signs with.
    algorithm: &'static str,
}

/// Everything about a response that a test may want to get wrong.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) audience: String,
    pub(crate) recipient: String,
    pub(crate) destination: String,
    pub(crate) issuer: String,
    pub(crate) in_response_to: Option<String>,
    pub(crate) confirmation_in_response_to: Option<String>,
    pub(crate) name_id: String,
    pub(crate) assertion_id: String,
    /// Seconds from now.
    pub(crate) issued: i64,
    pub(crate) ends: i64,
    pub(crate) session_ends: i64,
    pub(crate) conditions: bool,
    pub(crate) status: &'static str,
    pub(crate) digest: &'static str,
    pub(crate) sign_assertion: bool,
    pub(crate) sign_response: bool,
}

impl Plan {
    /// A right answer of this moment.
    pub(crate) fn good(app: &str, in_response_to: Option<&str>) -> Self {
        let acs_url = format!("{app}/saml/acs");
        let mut id = [0_u8; 16];
        openssl::rand::rand_bytes(&mut id).unwrap();
        Self {
            audience: format!("{app}/saml/metadata"),
            recipient: acs_url.clone(),
            destination: acs_url,
            issuer: ENTITY_ID.into(),
            in_response_to: in_response_to.map(str::to_owned),
            confirmation_in_response_to: in_response_to.map(str::to_owned),
            name_id: "maya.okafor@fernhill.example".into(),
            assertion_id: id.iter().fold("_a".to_owned(), |text, byte| format!("{text}{byte:02x}")),
            issued: 0,
            ends: 120,
            session_ends: 3600,
            conditions: true,
            status: "urn:oasis:names:tc:SAML:2.0:status:Success",
            digest: "http://www.w3.org/2001/04/xmlenc#sha256",
            sign_assertion: true,
            sign_response: true,
        }
    }
}

impl Idp {
    pub(crate) fn new() -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        Self::with(key, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    }

    /// One whose key is on the curve P-256.
    pub(crate) fn on_a_curve() -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self::with(key, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
    }

    fn with(key: PKey<Private>, algorithm: &'static str) -> Self {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "idp.example").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        Self { key, certificate: certificate.build(), algorithm }
    }

    pub(crate) fn metadata(&self, sso_url: &str) -> String {
        let certificate = STANDARD.encode(self.certificate.to_der().unwrap());
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{ENTITY_ID}\">\
             <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
             <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{sso_url}\"/>\
             <md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{SLO_URL}\"/>\
             </md:IDPSSODescriptor></md:EntityDescriptor>"
        )
    }

    /// The response of a plan, as XML.
    pub(crate) fn response(&self, plan: &Plan) -> String {
        let time = |shift| now(shift).to_rfc3339_opts(SecondsFormat::Millis, true);
        let assertion = self.assertion(plan);
        let signature = if plan.sign_response { self.template("_r1", plan.digest) } else { String::new() };
        let answers = attribute("InResponseTo", plan.in_response_to.as_deref());
        let xml = format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{}\" ID=\"_r1\"{answers} IssueInstant=\"{}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>{signature}\
             <samlp:Status><samlp:StatusCode Value=\"{}\"></samlp:StatusCode></samlp:Status>{assertion}</samlp:Response>",
            plan.destination,
            time(plan.issued),
            plan.issuer,
            plan.status,
        );
        if plan.sign_response { self.sign(&xml) } else { xml }
    }

    fn assertion(&self, plan: &Plan) -> String {
        let time = |shift| now(shift).to_rfc3339_opts(SecondsFormat::Millis, true);
        let signature =
            if plan.sign_assertion { self.template(&plan.assertion_id, plan.digest) } else { String::new() };
        let answers = attribute("InResponseTo", plan.confirmation_in_response_to.as_deref());
        let conditions = format!(
            "<saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\"><saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction></saml:Conditions>",
            time(plan.issued - 60),
            time(plan.ends),
            plan.audience
        );
        let xml = format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{id}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
             <saml:Issuer>{issuer}</saml:Issuer>{signature}\
             <saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{name_id}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData{answers} NotOnOrAfter=\"{ends}\" Recipient=\"{recipient}\"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>{conditions}\
             <saml:AuthnStatement AuthnInstant=\"{issued}\" SessionIndex=\"_s1\" SessionNotOnOrAfter=\"{session}\"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
             <saml:AttributeStatement><saml:Attribute Name=\"displayName\"><saml:AttributeValue>Maya O&amp;kafor &lt;b&gt;</saml:AttributeValue></saml:Attribute>\
             <saml:Attribute Name=\"memberOf\"><saml:AttributeValue>Growth</saml:AttributeValue><saml:AttributeValue>Everyone</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>",
            id = plan.assertion_id,
            issued = time(plan.issued),
            issuer = plan.issuer,
            name_id = plan.name_id,
            ends = time(plan.ends),
            session = time(plan.session_ends),
            recipient = plan.recipient,
            conditions = if plan.conditions { conditions.as_str() } else { "" },
        );
        if plan.sign_assertion { self.sign(&xml) } else { xml }
    }

    /// A signed query of the HTTP-Redirect binding.
    pub(crate) fn query(&self, parameter: &str, xml: &str, relay_state: &str) -> String {
        let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflate.write_all(xml.as_bytes()).unwrap();
        let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let signed = format!(
            "{parameter}={}&RelayState={}&SigAlg={}",
            escaped(&STANDARD.encode(deflate.finish().unwrap())),
            escaped(relay_state),
            escaped(self.algorithm)
        );
        let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let mut signature = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
        if self.key.id() == Id::EC {
            let parts = EcdsaSig::from_der(&signature).unwrap();
            signature = [parts.r().to_vec_padded(32).unwrap(), parts.s().to_vec_padded(32).unwrap()].concat();
        }
        format!("{signed}&Signature={}", escaped(&STANDARD.encode(signature)))
    }

    /// A message with a signature of the whole after its Issuer, for the HTTP-POST binding.
    pub(crate) fn posted(&self, id: &str, xml: &str) -> String {
        let template = self.template(id, "http://www.w3.org/2001/04/xmlenc#sha256");
        self.sign(&xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{template}"), 1))
    }

    fn template(&self, id: &str, digest: &str) -> String {
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"{}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>",
            self.algorithm
        )
    }

    fn sign(&self, xml: &str) -> String {
        let signed = Crypto::sign_xml(xml, &self.key.private_key_to_der().unwrap()).unwrap();
        let body = signed.find("?>").map_or(signed.as_str(), |end| &signed[end + 2..]);
        body.trim().to_owned()
    }
}

fn attribute(name: &str, value: Option<&str>) -> String {
    value.map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
}

/// As a form field.
pub(crate) fn field(xml: &str) -> String {
    STANDARD.encode(xml)
}
