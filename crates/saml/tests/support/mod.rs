//! Owns what the tests share: keys made on the spot, a registered SP, requests signed by xmlsec1, and
//! the tools that judge what we issue. Does not test anything itself.
#![expect(dead_code, reason = "each test binary uses its own part of this module")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Name};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use saml::assertion::{AssertionSpec, Sign};
use saml::authn_context::{PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA};
use saml::error::Refusal;
use saml::{
    Attribute, AttributeNameFormat, CertificateDer, NameId, NameIdFormat, OpensslSigner, ResponseTarget,
    ServiceProvider, SignatureAlgorithm, UnverifiedAuthnRequest, VerifiedAuthnRequest, VerifyContext,
};

pub const IDP: &str = "https://sso.example/saml2/app";
pub const SSO: &str = "https://sso.example/saml2/app";
pub const SP: &str = "https://sp.example/metadata";
pub const ACS: &str = "https://sp.example/acs";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A key and its self-signed certificate.
pub struct KeyPair {
    pub key: PKey<Private>,
    pub certificate: X509,
}

impl KeyPair {
    pub fn der(&self) -> CertificateDer {
        CertificateDer::new(self.certificate.to_der().expect("a certificate encodes"))
            .expect("our own certificate")
    }

    pub fn signer(&self, algorithm: SignatureAlgorithm) -> OpensslSigner {
        OpensslSigner::new(self.key.clone(), self.der().as_der(), algorithm).expect("a pair")
    }
}

/// Certificates are expired on purpose: validity dates do not count (IIP-MD12).
pub fn self_signed(key: PKey<Private>) -> KeyPair {
    let mut name = X509Name::builder().expect("a name");
    name.append_entry_by_text("CN", "test").expect("a name");
    let name = name.build();
    let mut builder = X509::builder().expect("a certificate");
    builder.set_version(2).expect("a version");
    builder
        .set_serial_number(&BigNum::from_u32(1).expect("1").to_asn1_integer().expect("1"))
        .expect("a serial");
    builder.set_subject_name(&name).expect("a subject");
    builder.set_issuer_name(&name).expect("an issuer");
    builder.set_not_before(&Asn1Time::from_unix(0).expect("1970")).expect("a start");
    builder.set_not_after(&Asn1Time::from_unix(86_400).expect("1970")).expect("an end");
    builder.set_pubkey(&key).expect("a key");
    builder.sign(&key, MessageDigest::sha256()).expect("a signature");
    KeyPair { certificate: builder.build(), key }
}

pub fn new_rsa(bits: u32) -> KeyPair {
    self_signed(PKey::from_rsa(Rsa::generate(bits).expect("an RSA key")).expect("a key"))
}

pub fn new_ec(curve: Nid) -> KeyPair {
    let group = EcGroup::from_curve_name(curve).expect("a curve");
    self_signed(PKey::from_ec_key(EcKey::generate(&group).expect("an EC key")).expect("a key"))
}

/// The key of the SP.
pub fn sp_rsa() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| new_rsa(2048))
}

/// A key nobody registered.
pub fn other_rsa() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| new_rsa(2048))
}

/// Our own key.
pub fn idp_rsa() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| new_rsa(2048))
}

pub fn now() -> DateTime<Utc> {
    "2026-03-04T05:06:07Z".parse().expect("an instant")
}

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// An SP that may sign with [`sp_rsa`].
pub fn sp() -> ServiceProvider {
    ServiceProvider {
        signing_certificates: vec![sp_rsa().der()],
        ..ServiceProvider::new(SP, ACS, NameIdFormat::EmailAddress)
    }
}

pub fn context() -> VerifyContext<'static> {
    VerifyContext::new(&[SSO], now(), &[PASSWORD_PROTECTED_TRANSPORT, REFEDS_MFA])
}

/// The text of an AuthnRequest with pieces to exchange.
#[derive(Clone)]
pub struct Request {
    pub attributes: String,
    pub issuer: String,
    pub signature: String,
    pub after: String,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            attributes: format!(
                "ID=\"_r1\" Version=\"2.0\" IssueInstant=\"2026-03-04T05:06:00Z\" Destination=\"{SSO}\" AssertionConsumerServiceURL=\"{ACS}\""
            ),
            issuer: format!("<saml:Issuer>{SP}</saml:Issuer>"),
            signature: String::new(),
            after: "<samlp:NameIDPolicy AllowCreate=\"true\"/>".to_owned(),
        }
    }
}

impl Request {
    pub fn xml(&self) -> String {
        format!(
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" {}>\n  {}{}{}\n</samlp:AuthnRequest>",
            self.attributes, self.issuer, self.signature, self.after
        )
    }

    /// Replaces `from` in the attributes, which must hold it.
    pub fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.attributes.contains(from), "the attributes hold {from}");
        self.attributes = self.attributes.replace(from, to);
        self
    }

    pub fn after(mut self, after: &str) -> Self {
        after.clone_into(&mut self.after);
        self
    }
}

/// The signature template xmlsec1 fills in.
pub fn template(method: &str, digest: &str, uri: &str, transforms: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
         <ds:SignatureMethod Algorithm=\"{method}\"/><ds:Reference URI=\"{uri}\">{transforms}\
         <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
         <ds:SignatureValue/><ds:KeyInfo><ds:X509Data/></ds:KeyInfo></ds:Signature>"
    )
}

pub const TRANSFORMS: &str = "<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>";

pub fn plain_template() -> String {
    template(RSA_SHA256, SHA256, "#_r1", TRANSFORMS)
}

/// A file that is removed at the end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(contents: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("gatehouse-saml-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, contents).expect("a scratch file");
        Self(path)
    }

    pub fn arg(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs a tool and returns what it printed, or what it complained about.
pub fn tool(name: &str, args: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new(name).args(args).output().expect("xmlsec1 and xmllint must be on the PATH");
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Signs `xml`, which holds a template, with xmlsec1: a signer independent of ours.
pub fn xmlsec_sign(xml: &str, pair: &KeyPair) -> String {
    let key = Scratch::new(&pair.key.private_key_to_pem_pkcs8().expect("a key encodes"));
    let certificate = Scratch::new(&pair.certificate.to_pem().expect("a certificate encodes"));
    let document = Scratch::new(xml.as_bytes());
    let pair = format!("{},{}", key.arg(), certificate.arg());
    let signed = tool(
        "xmlsec1",
        &[
            "--sign",
            "--privkey-pem",
            &pair,
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest",
            &document.arg(),
        ],
    );
    String::from_utf8(signed.expect("xmlsec1 signs")).expect("UTF-8")
}

/// A request signed by the SP for HTTP-POST.
pub fn signed_request() -> &'static str {
    static SIGNED: OnceLock<String> = OnceLock::new();
    SIGNED.get_or_init(|| {
        xmlsec_sign(&Request { signature: plain_template(), ..Request::default() }.xml(), sp_rsa())
    })
}

/// Posts `xml` to the SP registered as `sp`.
pub fn post_to(xml: &str, sp: &ServiceProvider) -> Result<VerifiedAuthnRequest, Refusal> {
    let request = UnverifiedAuthnRequest::from_post(&STANDARD.encode(xml), Some("state"))?;
    request.verify(sp, &context())
}

pub fn post(xml: &str) -> Result<VerifiedAuthnRequest, Refusal> {
    post_to(xml, &sp())
}

/// The name of the check that refused, or `accepted`.
pub fn outcome(result: &Result<VerifiedAuthnRequest, Refusal>) -> &'static str {
    result.as_ref().map_or_else(|refusal| refusal.error.check(), |_| "accepted")
}

pub fn deflate(xml: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(xml).expect("memory");
    encoder.finish().expect("memory")
}

pub fn escape(value: &str) -> String {
    value
        .bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// A query without signature.
pub fn query(xml: &str) -> String {
    format!("SAMLRequest={}", escape(&STANDARD.encode(deflate(xml.as_bytes()))))
}

/// Signs `SAMLRequest[&RelayState]&SigAlg` as it stands.
pub fn sign_query(query: &str, algorithm: SignatureAlgorithm, pair: &KeyPair) -> String {
    use saml::Signer as _;
    let signed = format!("{query}&SigAlg={}", escape(algorithm.uri()));
    let value = pair.signer(algorithm).sign(signed.as_bytes()).expect("a signature");
    format!("{signed}&Signature={}", escape(&STANDARD.encode(value)))
}

pub fn redirect_to(query: &str, sp: &ServiceProvider) -> Result<VerifiedAuthnRequest, Refusal> {
    UnverifiedAuthnRequest::from_redirect(query)?.verify(sp, &context())
}

pub fn redirect(query: &str) -> Result<VerifiedAuthnRequest, Refusal> {
    redirect_to(query, &sp())
}

/// What an assertion says unless a test says otherwise.
pub struct Issue {
    pub name_id: NameId,
    pub attributes: Vec<Attribute>,
    pub sign: Sign,
}

impl Default for Issue {
    fn default() -> Self {
        Self {
            name_id: NameId::new(NameIdFormat::EmailAddress, "maya.okafor@fernhill.example"),
            attributes: vec![
                Attribute {
                    name: "email".to_owned(),
                    name_format: AttributeNameFormat::Basic,
                    friendly_name: None,
                    values: vec!["maya.okafor@fernhill.example".to_owned()],
                },
                Attribute {
                    name: "urn:oid:1.3.6.1.4.1.5923.1.5.1.1".to_owned(),
                    name_format: AttributeNameFormat::Uri,
                    friendly_name: Some("isMemberOf".to_owned()),
                    values: vec!["Product analytics".to_owned(), "R&D <core>".to_owned()],
                },
            ],
            sign: Sign::default(),
        }
    }
}

impl Issue {
    pub fn spec(&self) -> AssertionSpec<'_> {
        AssertionSpec {
            idp_entity_id: IDP,
            name_id: Some(&self.name_id),
            attributes: &self.attributes,
            authn_instant: now() - TimeDelta::minutes(10),
            authn_context_class_ref: PASSWORD_PROTECTED_TRANSPORT,
            session_index: "_session1",
            session_not_on_or_after: Some(now() + TimeDelta::hours(8)),
            extra_audiences: &[],
            sign: self.sign,
            encrypt: None,
            lifetime: AssertionSpec::DEFAULT_LIFETIME,
            not_before_skew: AssertionSpec::DEFAULT_NOT_BEFORE_SKEW,
        }
    }
}

/// The target of an answer to the plain request.
pub fn target() -> ResponseTarget {
    ResponseTarget::from(&post(&Request::default().xml()).expect("the plain request is good"))
}

/// `<saml:EncryptedID>` of `plain` for a key: AES-256-GCM and RSA-OAEP, in canonical form and standing alone.
pub fn encrypted_for(pair: &KeyPair, plain: &str) -> String {
    let (key, iv, mut tag) = ([9; 32], [7; 12], [0; 16]);
    let cipher = openssl::symm::Cipher::aes_256_gcm();
    let content = openssl::symm::encrypt_aead(cipher, &key, Some(&iv), &[], plain.as_bytes(), &mut tag);
    let content = [&iv[..], &content.expect("encrypts"), &tag].concat();
    let mut encrypter = openssl::encrypt::Encrypter::new(&pair.key).expect("a key");
    encrypter.set_rsa_padding(openssl::rsa::Padding::PKCS1_OAEP).expect("set");
    let mut wrapped = vec![0; encrypter.encrypt_len(&key).expect("a length")];
    let length = encrypter.encrypt(&key, &mut wrapped).expect("encrypts");
    wrapped.truncate(length);
    format!(
        "<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></xenc:EncryptionMethod><ds:KeyInfo \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey><xenc:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"></xenc:EncryptionMethod><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedID>",
        STANDARD.encode(wrapped),
        STANDARD.encode(content)
    )
}
