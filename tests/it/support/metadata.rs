//! Servers of metadata on loopback, and what they serve: descriptors, certificates, signatures. Does not own what a test expects.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
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
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// A key with a certificate of its own.
pub struct Pair {
    /// The private half.
    pub key: PKey<Private>,
    /// The certificate, base64 DER.
    pub certificate: String,
}

impl Pair {
    /// A new RSA key of 2048 bits.
    pub fn new() -> Self {
        let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let mut builder = X509::builder().expect("a builder");
        builder.set_pubkey(&key).expect("set");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("set");
        builder.set_not_after(&Asn1Time::days_from_now(9_000).expect("a time")).expect("set");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        let der = builder.build().to_der().expect("DER");
        Self { key, certificate: STANDARD.encode(der) }
    }
}

/// A descriptor in canonical form, so that it can be signed by hand.
#[derive(Clone)]
pub struct Descriptor {
    /// The entity id.
    pub entity_id: String,
    /// Reply addresses.
    pub acs: Vec<String>,
    /// Signing certificates.
    pub certificates: Vec<String>,
    /// Attributes asked for.
    pub asks: Vec<&'static str>,
    /// More attributes of the root, after `entityID` in the alphabet: `validUntil`, not `cacheDuration`.
    pub valid_until: Option<String>,
    /// `cacheDuration`.
    pub cache: Option<&'static str>,
    /// More content, in canonical form: before the role, and in the role before its addresses.
    pub holds: (String, String),
}

impl Descriptor {
    /// One that says little.
    pub fn new(entity_id: &str, acs: &str) -> Self {
        Self {
            entity_id: entity_id.to_owned(),
            acs: vec![acs.to_owned()],
            certificates: Vec::new(),
            asks: Vec::new(),
            valid_until: None,
            cache: None,
            holds: (String::new(), String::new()),
        }
    }

    /// With more content of the role (before its addresses), and of the entity (before the role), in canonical form.
    pub fn holding(mut self, role: &str, entity: &str) -> Self {
        self.holds = (entity.to_owned(), role.to_owned());
        self
    }

    /// With these signing certificates.
    pub fn with(mut self, certificates: &[&str]) -> Self {
        self.certificates = certificates.iter().map(|text| (*text).to_owned()).collect();
        self
    }

    /// The document.
    pub fn xml(&self) -> String {
        self.document("")
    }

    fn document(&self, signature: &str) -> String {
        use std::fmt::Write;
        let mut xml =
            String::from("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m\"");
        if let Some(cache) = self.cache {
            write!(xml, " cacheDuration=\"{cache}\"").expect("a String takes it");
        }
        write!(xml, " entityID=\"{}\"", self.entity_id).expect("a String takes it");
        if let Some(end) = &self.valid_until {
            write!(xml, " validUntil=\"{end}\"").expect("a String takes it");
        }
        xml.push('>');
        xml.push_str(signature);
        xml.push_str(&self.holds.0);
        xml.push_str(
            "<md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
        );
        for certificate in &self.certificates {
            write!(
                xml,
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
                 <ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
            .expect("a String takes it");
        }
        xml.push_str(&self.holds.1);
        for (index, acs) in self.acs.iter().enumerate() {
            write!(
                xml,
                "<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
                 Location=\"{acs}\" index=\"{index}\"></md:AssertionConsumerService>"
            )
            .expect("a String takes it");
        }
        if !self.asks.is_empty() {
            xml.push_str("<md:AttributeConsumingService index=\"0\"><md:ServiceName xml:lang=\"en\">CRM</md:ServiceName>");
            for name in &self.asks {
                write!(xml, "<md:RequestedAttribute Name=\"{name}\"></md:RequestedAttribute>")
                    .expect("a String takes it");
            }
            xml.push_str("</md:AttributeConsumingService>");
        }
        xml.push_str("</md:SPSSODescriptor></md:EntityDescriptor>");
        xml
    }

    /// The document, signed with this key.
    pub fn signed(&self, pair: &Pair) -> String {
        let digest = STANDARD.encode(sha256(self.xml().as_bytes()));
        let info = |declared: &str| {
            format!(
                "<ds:SignedInfo{declared}><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
                 </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">\
                 </ds:SignatureMethod><ds:Reference URI=\"#_m\"><ds:Transforms>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
                 <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
                 <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
            )
        };
        let mut signer = Signer::new(MessageDigest::sha256(), &pair.key).expect("a signer");
        let canonical = info(" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"");
        let value = STANDARD.encode(signer.sign_oneshot_to_vec(canonical.as_bytes()).expect("signed"));
        self.document(&format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>",
            info("")
        ))
    }
}

/// What a path answers.
#[derive(Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What was asked.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The path and query, as sent.
    pub path: String,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `Accept`.
    pub accept: String,
}

#[derive(Default)]
struct Shelf {
    replies: HashMap<String, Reply>,
    asked: Vec<Asked>,
}

/// A server of documents; paths without one answer 404.
#[derive(Clone)]
pub struct MetadataServer {
    /// Its address, without slash at the end.
    pub url: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl MetadataServer {
    /// Starts on loopback.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let shelf = Arc::<Mutex<Shelf>>::default();
        let router = Router::new().fallback(answer).with_state(shelf.clone());
        super::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        Self { url: format!("http://127.0.0.1:{port}"), shelf }
    }

    /// Serves a document with an `ETag` of its content.
    pub fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        let body = body.into();
        let etag = format!("\"{}\"", STANDARD.encode(&sha256(&body)[..9]));
        self.reply(path, Reply { status: 200, headers: vec![("etag", etag)], body });
    }

    /// Serves any answer.
    pub fn reply(&self, path: &str, reply: Reply) {
        self.shelf.lock().expect("no panic").replies.insert(path.to_owned(), reply);
    }

    /// Redirects.
    pub fn redirect(&self, path: &str, status: u16, to: &str) {
        self.reply(path, Reply { status, headers: vec![("location", to.to_owned())], body: Vec::new() });
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.shelf.lock().expect("no panic").asked.clone()
    }
}

async fn answer(State(shelf): State<Arc<Mutex<Shelf>>>, uri: Uri, headers: HeaderMap, _: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = Asked {
        path: uri.to_string(),
        if_none_match: header("if-none-match"),
        accept: header("accept").unwrap_or_default(),
    };
    let mut shelf = shelf.lock().expect("no panic");
    shelf.asked.push(asked.clone());
    let Some(reply) = shelf.replies.get(&asked.path).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    drop(shelf);
    let etag = reply.headers.iter().find(|(name, _)| *name == "etag").map(|(_, value)| value.clone());
    if etag.is_some() && etag == asked.if_none_match {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(reply.body.into()).expect("a response")
}
