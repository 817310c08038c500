//! The HTTP-Redirect binding of logout messages (SAML Bindings §3.4), signed both ways. Owns the query, not what the messages
//! say.

use crate::saml_sp::{
    gate::{MAX_MESSAGE, Refusal},
    key::SpKey,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use openssl::{
    bn::BigNum, ecdsa::EcdsaSig, error::ErrorStack, hash::MessageDigest, pkey::Id, sign::Verifier, x509::X509,
};
use samael::crypto::CertificateDer;
use std::io::{Read, Write};
use url::form_urlencoded::{byte_serialize, parse};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
/// The longest query that is looked at.
const MAX_QUERY: usize = 64 * 1024;

/// Which of the two a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
}

impl Kind {
    pub(crate) const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message whose signature holds.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) kind: Kind,
    pub(crate) xml: String,
    pub(crate) relay_state: Option<String>,
}

/// The address that takes a message to `location`.
pub(crate) fn address(
    location: &str,
    kind: Kind,
    xml: &str,
    relay_state: Option<&str>,
    key: &SpKey,
) -> anyhow::Result<String> {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes())?;
    let escaped = |value: &str| byte_serialize(value.as_bytes()).collect::<String>();
    let message = escaped(&STANDARD.encode(deflate.finish()?));
    let relay_state = relay_state.map(|state| format!("&RelayState={}", escaped(state))).unwrap_or_default();
    let query = format!("{}={message}{relay_state}&SigAlg={}", kind.parameter(), escaped(RSA_SHA256));
    // SAML Bindings §3.4.4.1: what is signed is the query as it is sent, in this order.
    let signature = STANDARD.encode(key.sign(query.as_bytes())?);
    let separator = if location.contains('?') { '&' } else { '?' };
    Ok(format!("{location}{separator}{query}&Signature={}", escaped(&signature)))
}

/// Reads a query and verifies its signature with one of the certificates.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) fn read(query: &str, certificates: &[CertificateDer]) -> Result<Received, Refusal> {
    if query.len() > MAX_QUERY {
        return Err(Refusal::Encoding);
    }
    let kind = match (raw(query, "SAMLRequest")?, raw(query, "SAMLResponse")?) {
        (Some(_), None) => Kind::Request,
        (None, Some(_)) => Kind::Response,
        _ => return Err(Refusal::Shape("it is neither one request nor one response")),
    };
    let value = |name: &str| raw(query, name).map(|found| found.map(decoded));
    let message = value(kind.parameter())?.unwrap_or_default();
    let unsigned = || Refusal::Signature("the message is not signed");
    let algorithm = value("SigAlg")?.ok_or_else(unsigned)?;
    let signature = value("Signature")?.ok_or_else(unsigned)?;
    let signature = STANDARD.decode(signature).map_err(|_| Refusal::Signature("it is not base64"))?;
    let (key, digest) = match algorithm.as_str() {
        RSA_SHA256 => (Id::RSA, MessageDigest::sha256()),
        RSA_SHA384 => (Id::RSA, MessageDigest::sha384()),
        RSA_SHA512 => (Id::RSA, MessageDigest::sha512()),
        ECDSA_SHA256 => (Id::EC, MessageDigest::sha256()),
        _ => return Err(Refusal::Signature("its algorithm is not allowed")),
    };
    let signed = signed_octets(query, kind)?;
    if !certificates.iter().any(|certificate| holds(certificate, key, digest, &signed, &signature)) {
        return Err(Refusal::Signature("it is not the identity provider’s"));
    }
    Ok(Received { kind, xml: inflate(&message)?, relay_state: value("RelayState")? })
}

/// SAML Bindings §3.4.4.1: the parameters as they came, escapes and all.
fn signed_octets(query: &str, kind: Kind) -> Result<String, Refusal> {
    let mut parts = Vec::new();
    for name in [kind.parameter(), "RelayState", "SigAlg"] {
        if let Some(value) = raw(query, name)? {
            parts.push(format!("{name}={value}"));
        }
    }
    Ok(parts.join("&"))
}

/// The undecoded value of a parameter; one that stands twice could be read in two ways.
fn raw<'a>(query: &'a str, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut found = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next();
    if found.next().is_some() { Err(Refusal::Shape("a parameter stands twice")) } else { Ok(first) }
}

fn decoded(raw: &str) -> String {
    let pair = format!("v={raw}");
    parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn holds(
    certificate: &CertificateDer,
    kind: Id,
    digest: MessageDigest,
    signed: &str,
    signature: &[u8],
) -> bool {
    let verify = || {
        let key = X509::from_der(certificate.der_data())?.public_key()?;
        if key.id() != kind {
            return Ok(false);
        }
        let mut verifier = Verifier::new(digest, &key)?;
        if kind == Id::EC {
            verifier.verify_oneshot(&der(signature)?, signed.as_bytes())
        } else {
            verifier.verify_oneshot(signature, signed.as_bytes())
        }
    };
    // A certificate that can't be read verifies nothing.
    verify().unwrap_or(false)
}

/// XML Signature 1.1 §6.4.3: r and s beside each other, each as long as the other; OpenSSL takes them in DER.
fn der(signature: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let (r, s) = signature.split_at(signature.len() / 2);
    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()
}

fn inflate(message: &str) -> Result<String, Refusal> {
    let deflated = STANDARD.decode(message).map_err(|_| Refusal::Encoding)?;
    let limit = u64::try_from(MAX_MESSAGE).unwrap_or(u64::MAX);
    let mut xml = String::new();
    DeflateDecoder::new(deflated.as_slice())
        .take(limit + 1)
        .read_to_string(&mut xml)
        .map_err(|_| Refusal::Encoding)?;
    if xml.len() > MAX_MESSAGE { Err(Refusal::Encoding) } else { Ok(xml) }
}
