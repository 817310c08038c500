//! Owns verifying received signatures, enveloped and detached, against registered certificates.
//! Does not look at KeyInfo: a message never brings its own key.

use serde::{Deserialize, Serialize};

use super::algorithm::{Digest, SignatureAlgorithm, accepted_digest, accepted_method};
use super::certificate::CertificateDer;
use super::gate;
use crate::uri::MD;
use crate::xml::canonical::canonicalise;
use crate::xml::reader::{Document, Limits, XmlError};

/// Whose signatures count, and how old an algorithm may be.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The registered certificates; each is tried.
    pub certificates: &'a [CertificateDer],
    /// Whether SHA-1 is taken.
    pub allow_sha1: bool,
    /// The URIs of methods that are not taken although they could be (IIP-ALG08).
    pub blocked: &'a [String],
}

impl Trust<'_> {
    fn blocks(&self, uri: &str) -> bool {
        self.blocked.iter().any(|blocked| blocked == uri)
    }
}

/// The signature of an HTTP-Redirect query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedSignature {
    /// The octets it covers, exactly as they came.
    pub signed_octets: Vec<u8>,
    /// `SigAlg`, decoded.
    pub algorithm: String,
    /// `Signature`, decoded.
    pub value: Vec<u8>,
}

/// How a signature that verified was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedSignature {
    /// The signature method.
    pub algorithm: SignatureAlgorithm,
    /// Whether SHA-1 was used anywhere, in the method or in the digest: whoever is responsible for the SP
    /// is to be warned (S-17).
    pub sha1: bool,
}

/// What a verified enveloped signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The canonical form of the message without its signature. Only this may be parsed for logic.
    pub xml: String,
    /// How it was signed.
    pub signature: VerifiedSignature,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The document was not read.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The root is another element than expected.
    #[error("the root element is not the one expected")]
    Root,
    /// Not exactly one `ds:Signature`.
    #[error("there is not exactly one Signature")]
    Count,
    /// The signature is not directly after the Issuer of the root.
    #[error("the Signature is not where the schema puts it")]
    Position,
    /// Two identifiers are equal.
    #[error("an identifier occurs twice")]
    DuplicateId,
    /// The Reference does not name the root.
    #[error("the Reference does not name the root element by its ID")]
    Reference,
    /// Transforms other than the two allowed.
    #[error("the Transforms are not enveloped-signature and exclusive canonicalisation")]
    Transforms,
    /// Another canonicalisation.
    #[error("the canonicalisation is not the exclusive one without comments")]
    Canonicalization,
    /// The signature has another shape than SAML prescribes.
    #[error("the Signature has an unexpected shape: {0}")]
    Shape(String),
    /// An algorithm that is not on the list.
    #[error("the algorithm '{0}' is not accepted")]
    Algorithm(String),
    /// No certificate is registered that could verify it.
    #[error("no usable certificate is registered: {0}")]
    NoKey(String),
    /// The content was changed.
    #[error("the digest does not match the content")]
    Digest,
    /// No registered certificate verifies it.
    #[error("the signature does not verify with any of the {0} registered certificates")]
    Mismatch(usize),
}

/// Verifies received signatures. One implementation exists; the trait keeps it replaceable.
pub trait SignatureVerifier {
    /// Verifies the enveloped signature of a message whose root is `root` (namespace, local name) and
    /// returns what it covers.
    ///
    /// # Errors
    /// [`SignatureError`], unless a registered key signed exactly the returned octets.
    fn verify_enveloped(
        &self,
        xml: &[u8],
        root: (&'static str, &'static str),
        trust: Trust<'_>,
    ) -> Result<Covered, SignatureError>;

    /// Verifies the signature of an HTTP-Redirect query.
    ///
    /// # Errors
    /// [`SignatureError`], unless a registered key signed the octets.
    fn verify_detached(
        &self,
        signature: &DetachedSignature,
        trust: Trust<'_>,
    ) -> Result<VerifiedSignature, SignatureError>;
}

/// Our own gate and canonicaliser with OpenSSL's arithmetic.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnVerifier;

impl SignatureVerifier for OwnVerifier {
    fn verify_enveloped(
        &self,
        xml: &[u8],
        root: (&'static str, &'static str),
        trust: Trust<'_>,
    ) -> Result<Covered, SignatureError> {
        let document = Document::read(xml, limits(root))?;
        let gated = gate::pass(&document, root)?;
        let method = method(gated.method, trust)?;
        let digest = accepted_digest(gated.digest_method, trust.allow_sha1)
            .filter(|_| !trust.blocks(gated.digest_method))
            .ok_or_else(|| SignatureError::Algorithm(gated.digest_method.to_owned()))?;

        let signed_info = canonicalise(gated.signed_info, None, &gated.signed_info_prefixes);
        check_signature(method, signed_info.as_bytes(), &gated.signature_value, trust)?;
        let covered = canonicalise(document.root(), Some(gated.signature.id()), &gated.root_prefixes);
        check_digest(digest, &covered, &gated.digest_value)?;
        check_covered(&covered, document.root().attribute("ID"), root)?;
        let sha1 = method.is_legacy() || digest == Digest::Sha1;
        Ok(Covered { xml: covered, signature: VerifiedSignature { algorithm: method, sha1 } })
    }

    fn verify_detached(
        &self,
        signature: &DetachedSignature,
        trust: Trust<'_>,
    ) -> Result<VerifiedSignature, SignatureError> {
        let method = method(&signature.algorithm, trust)?;
        check_signature(method, &signature.signed_octets, &signature.value, trust)?;
        Ok(VerifiedSignature { algorithm: method, sha1: method.is_legacy() })
    }
}

/// Metadata may be larger than a message. Processing instructions would be part of what is signed, and are
/// taken in neither.
fn limits((namespace, _): (&'static str, &'static str)) -> &'static Limits {
    const METADATA: Limits = Limits { processing_instructions: false, ..Limits::METADATA };
    if namespace == MD { &METADATA } else { &Limits::MESSAGE }
}

fn method(uri: &str, trust: Trust<'_>) -> Result<SignatureAlgorithm, SignatureError> {
    accepted_method(uri, trust.allow_sha1)
        .filter(|_| !trust.blocks(uri))
        .ok_or_else(|| SignatureError::Algorithm(uri.chars().take(120).collect()))
}

/// IIP-MD07: every signing key is tried until one verifies.
fn check_signature(
    method: SignatureAlgorithm,
    message: &[u8],
    value: &[u8],
    trust: Trust<'_>,
) -> Result<(), SignatureError> {
    let mut unusable = vec!["none registered".to_owned()];
    let mut tried = 0;
    for certificate in trust.certificates {
        match certificate.key() {
            Ok(key) if key.is_kind(method.key_kind()) => {
                tried += 1;
                if key.verifies(method, message, value) {
                    return Ok(());
                }
            }
            Ok(_) => unusable.push("the key is of another type than the algorithm".to_owned()),
            Err(error) => unusable.push(error.to_string()),
        }
    }
    if tried > 0 {
        return Err(SignatureError::Mismatch(tried));
    }
    Err(SignatureError::NoKey(unusable.pop().unwrap_or_default()))
}

/// XML Signature §3.2.1. An empty canonical form never has a digest (S-11).
fn check_digest(digest: Digest, covered: &str, expected: &[u8]) -> Result<(), SignatureError> {
    let actual = digest.hash([covered.as_bytes()]);
    if covered.is_empty() || !openssl_eq(&actual, expected) { Err(SignatureError::Digest) } else { Ok(()) }
}

fn openssl_eq(actual: &[u8], expected: &[u8]) -> bool {
    actual.len() == expected.len() && openssl::memcmp::eq(actual, expected)
}

/// What was covered must be the message: the same root with the same ID, and no further signature.
fn check_covered(
    covered: &str,
    id: Option<&str>,
    root: (&'static str, &'static str),
) -> Result<(), SignatureError> {
    let document = Document::read(covered.as_bytes(), limits(root))?;
    if !document.root().is(root.0, root.1) || document.root().attribute("ID") != id {
        return Err(SignatureError::Root);
    }
    if gate::has_signature(&document) { Err(SignatureError::Count) } else { Ok(()) }
}
