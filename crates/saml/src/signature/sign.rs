//! Owns making signatures: the signer, and the `ds:Signature` element around its result.
//! Does not decide what is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::Hasher;
use openssl::pkey::{Id, PKey, Private};

use super::algorithm::{KeyKind, SignatureAlgorithm};
use super::certificate::{CertificateDer, ec_width, holds_key};
use crate::uri;

/// Why a signer cannot be made or a signature not be given.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key is not of the type the algorithm needs, too small, or on another curve.
    #[error("the private key does not fit the signature algorithm")]
    KeyDoesNotFit,
    /// The certificate belongs to another key.
    #[error("the certificate does not belong to the private key")]
    NotAPair,
    /// The certificate is not usable.
    #[error(transparent)]
    Certificate(#[from] super::CertificateError),
    /// OpenSSL failed.
    #[error("the signature could not be made")]
    Openssl(#[from] openssl::error::ErrorStack),
    /// A signer elsewhere failed.
    #[error("the signature could not be made: {0}")]
    Other(String),
}

/// Signs octets with a private key that may live elsewhere.
pub trait Signer {
    /// The algorithm of the signatures. HTTP-Redirect names it by its [`uri`](SignatureAlgorithm::uri) in
    /// `SigAlg`.
    fn algorithm(&self) -> SignatureAlgorithm;
    /// The certificate of the key, in DER.
    fn certificate_der(&self) -> &[u8];
    /// Signs `message`: a canonical `ds:SignedInfo`, or the octets of a query. The result is in the form of
    /// XML Signature, which HTTP-Redirect uses too: for ECDSA, r and s side by side.
    ///
    /// # Errors
    /// [`SignError`], when the key refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A signer over a private key held in memory, parsed once.
pub struct OpensslSigner {
    key: PKey<Private>,
    certificate: CertificateDer,
    algorithm: SignatureAlgorithm,
    ec_width: usize,
}

impl std::fmt::Debug for OpensslSigner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OpensslSigner").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl OpensslSigner {
    /// Puts key, certificate and algorithm together.
    ///
    /// # Errors
    /// [`SignError`], when the key does not fit the algorithm or the certificate not the key.
    pub fn new(
        key: PKey<Private>,
        certificate_der: impl Into<Vec<u8>>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, SignError> {
        let ec_width = fitting_width(&key, algorithm)?;
        let certificate = CertificateDer::new(certificate_der)?;
        if !holds_key(&certificate, &key.public_key_to_der()?) {
            return Err(SignError::NotAPair);
        }
        Ok(Self { key, certificate, algorithm, ec_width })
    }

    /// The same key and certificate with another algorithm, without parsing either again.
    ///
    /// # Errors
    /// [`SignError::KeyDoesNotFit`], when the key is not of the type `algorithm` needs.
    pub fn with_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<Self, SignError> {
        let ec_width = fitting_width(&self.key, algorithm)?;
        Ok(Self { key: self.key.clone(), certificate: self.certificate.clone(), algorithm, ec_width })
    }
}

/// SDP-MD06, SDP-MD07: RSA keys have 2048 bits or more, EC keys are on a curve we know. Returns the width
/// of the numbers in an ECDSA signature, 0 for RSA.
fn fitting_width(key: &PKey<Private>, algorithm: SignatureAlgorithm) -> Result<usize, SignError> {
    match (algorithm.key_kind(), key.id()) {
        (KeyKind::Rsa, Id::RSA) if key.bits() >= 2048 => Ok(0),
        (KeyKind::Ec, Id::EC) => ec_width(key.ec_key()?.group().curve_name()).ok_or(SignError::KeyDoesNotFit),
        _ => Err(SignError::KeyDoesNotFit),
    }
}

impl Signer for OpensslSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn certificate_der(&self) -> &[u8] {
        self.certificate.as_der()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signer = openssl::sign::Signer::new(self.algorithm.digest().message_digest(), &self.key)?;
        let signature = signer.sign_oneshot_to_vec(message)?;
        if self.algorithm.key_kind() == KeyKind::Rsa {
            return Ok(signature);
        }
        let signature = EcdsaSig::from_der(&signature)?;
        let width = i32::try_from(self.ec_width).map_err(|_| SignError::KeyDoesNotFit)?;
        let mut side_by_side = signature.r().to_vec_padded(width)?;
        side_by_side.extend(signature.s().to_vec_padded(width)?);
        Ok(side_by_side)
    }
}

/// Makes the enveloped `ds:Signature` for the element `id`, whose canonical form without signature is
/// `before` followed by `after`. The result is canonical wherever `ds` is not declared around it.
///
/// XML Signature §4.4: what is signed is the canonical form of `SignedInfo`, which declares `ds` itself;
/// inside the document `Signature` declares it already.
pub(crate) fn enveloped_signature(
    signer: &dyn Signer,
    id: &str,
    before: &str,
    after: &str,
) -> Result<String, SignError> {
    let algorithm = signer.algorithm();
    let mut hasher = Hasher::new(algorithm.digest().message_digest())?;
    hasher.update(before.as_bytes())?;
    hasher.update(after.as_bytes())?;
    let digest = STANDARD.encode(hasher.finish()?);
    // The id is one of ours, an NCName in ASCII, and so needs no escapes.
    let inside = format!(
        ">\
         <ds:CanonicalizationMethod Algorithm=\"{c14n}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\">\
         <ds:Transforms>\
         <ds:Transform Algorithm=\"{enveloped}\"></ds:Transform>\
         <ds:Transform Algorithm=\"{c14n}\"></ds:Transform>\
         </ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue>\
         </ds:Reference>\
         </ds:SignedInfo>",
        c14n = uri::EXC_C14N,
        method = algorithm.uri(),
        enveloped = uri::ENVELOPED_SIGNATURE,
        digest_method = algorithm.digest().uri(),
    );
    let signed_info = format!("<ds:SignedInfo xmlns:ds=\"{}\"{inside}", uri::DS);
    let value = signer.sign(signed_info.as_bytes())?;
    let mut signature = String::with_capacity(inside.len() + 2 * signer.certificate_der().len() + 1024);
    signature.push_str("<ds:Signature xmlns:ds=\"");
    signature.push_str(uri::DS);
    signature.push_str("\"><ds:SignedInfo");
    signature.push_str(&inside);
    signature.push_str("<ds:SignatureValue>");
    STANDARD.encode_string(value, &mut signature);
    signature.push_str("</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
    STANDARD.encode_string(signer.certificate_der(), &mut signature);
    signature.push_str("</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>");
    Ok(signature)
}
