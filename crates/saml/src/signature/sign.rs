//! Owns making signatures: the signer, and the `ds:Signature` element around its result.
//! Does not decide what is signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::{Padding, Rsa};

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
    key: SigningKey,
    certificate: CertificateDer,
    algorithm: SignatureAlgorithm,
}

/// A key as the arithmetic wants it: through `EVP_PKEY` each signature would look its algorithms up anew.
#[derive(Clone)]
enum SigningKey {
    Rsa(Rsa<Private>),
    /// And the width of the numbers in a signature, in bytes.
    Ec(EcKey<Private>, i32),
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
    #[expect(clippy::needless_pass_by_value, reason = "the signer takes the key over: it has no other user")]
    pub fn new(
        key: PKey<Private>,
        certificate_der: impl Into<Vec<u8>>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, SignError> {
        let signing = SigningKey::of(&key)?;
        signing.check(algorithm)?;
        let certificate = CertificateDer::new(certificate_der)?;
        if !holds_key(&certificate, &key.public_key_to_der()?) {
            return Err(SignError::NotAPair);
        }
        Ok(Self { key: signing, certificate, algorithm })
    }

    /// The same key and certificate with another algorithm, without parsing either again.
    ///
    /// # Errors
    /// [`SignError::KeyDoesNotFit`], when the key is not of the type `algorithm` needs.
    pub fn with_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<Self, SignError> {
        self.key.check(algorithm)?;
        Ok(Self { key: self.key.clone(), certificate: self.certificate.clone(), algorithm })
    }
}

impl SigningKey {
    /// SDP-MD06, SDP-MD07: RSA keys have 2048 bits or more, EC keys are on a curve we know.
    fn of(key: &PKey<Private>) -> Result<Self, SignError> {
        match key.id() {
            Id::RSA if key.bits() >= 2048 => Ok(Self::Rsa(key.rsa()?)),
            Id::EC => {
                let key = key.ec_key()?;
                let width = ec_width(key.group().curve_name()).and_then(|width| i32::try_from(width).ok());
                Ok(Self::Ec(key, width.ok_or(SignError::KeyDoesNotFit)?))
            }
            _ => Err(SignError::KeyDoesNotFit),
        }
    }

    fn check(&self, algorithm: SignatureAlgorithm) -> Result<(), SignError> {
        match (self, algorithm.key_kind()) {
            (Self::Rsa(_), KeyKind::Rsa) | (Self::Ec(..), KeyKind::Ec) => Ok(()),
            _ => Err(SignError::KeyDoesNotFit),
        }
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
        let digest = self.algorithm.digest();
        let hash = digest.hash([message]);
        match &self.key {
            // RFC 8017 §8.2.1: EMSA-PKCS1-v1_5 pads the DigestInfo; the rest is the private key's operation.
            SigningKey::Rsa(key) => {
                let digest_info = [digest.digest_info(), &hash].concat();
                let mut signature =
                    vec![0; usize::try_from(key.size()).map_err(|_| SignError::KeyDoesNotFit)?];
                let length = key.private_encrypt(&digest_info, &mut signature, Padding::PKCS1)?;
                signature.truncate(length);
                Ok(signature)
            }
            // RFC 4050 §3.3: r and s, each padded to the width of the curve's order.
            SigningKey::Ec(key, width) => {
                let signature = EcdsaSig::sign(&hash, key)?;
                let mut side_by_side = signature.r().to_vec_padded(*width)?;
                side_by_side.extend(signature.s().to_vec_padded(*width)?);
                Ok(side_by_side)
            }
        }
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
    let digest = STANDARD.encode(algorithm.digest().hash([before.as_bytes(), after.as_bytes()]));
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

#[cfg(test)]
mod tests {
    use openssl::ec::EcGroup;
    use openssl::nid::Nid;
    use openssl::sign::Verifier;
    use openssl::{asn1::Asn1Time, hash::MessageDigest, x509::X509};

    use super::*;

    fn signer(key: PKey<Private>, algorithm: SignatureAlgorithm) -> OpensslSigner {
        let mut builder = X509::builder().expect("a builder");
        builder.set_pubkey(&key).expect("a key");
        builder.set_not_after(&Asn1Time::days_from_now(1).expect("a time")).expect("a time");
        builder.set_not_before(&Asn1Time::days_from_now(0).expect("a time")).expect("a time");
        builder.sign(&key, MessageDigest::sha256()).expect("signed");
        let certificate = builder.build().to_der().expect("it encodes");
        OpensslSigner::new(key, certificate, algorithm).expect("a pair")
    }

    fn verifies(key: &PKey<Private>, algorithm: SignatureAlgorithm, signature: &[u8]) -> bool {
        let mut verifier = Verifier::new(algorithm.digest().message_digest(), key).expect("a verifier");
        verifier.verify_oneshot(signature, b"what is signed").unwrap_or(false)
    }

    #[test]
    fn every_rsa_algorithm_verifies_by_the_general_interface() {
        let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
        let signer = signer(key.clone(), SignatureAlgorithm::RsaSha256);
        for algorithm in SignatureAlgorithm::ALL.into_iter().filter(|one| one.key_kind() == KeyKind::Rsa) {
            let signature =
                signer.with_algorithm(algorithm).and_then(|signer| signer.sign(b"what is signed"));
            let mut signature = signature.expect("signed");
            assert_eq!(signature.len(), 256);
            assert!(verifies(&key, algorithm, &signature), "{algorithm:?}");
            signature[255] ^= 1;
            assert!(!verifies(&key, algorithm, &signature), "{algorithm:?}, one bit off");
        }
    }

    #[test]
    fn every_ec_algorithm_verifies_by_the_general_interface() {
        let curves = [(Nid::X9_62_PRIME256V1, 64), (Nid::SECP384R1, 96), (Nid::SECP521R1, 132)];
        for (curve, length) in curves {
            let group = EcGroup::from_curve_name(curve).expect("a known curve");
            let key = EcKey::generate(&group).and_then(PKey::from_ec_key).expect("a key");
            let signer = signer(key.clone(), SignatureAlgorithm::EcdsaSha256);
            for algorithm in SignatureAlgorithm::ALL.into_iter().filter(|one| one.key_kind() == KeyKind::Ec) {
                let signature =
                    signer.with_algorithm(algorithm).and_then(|signer| signer.sign(b"what is signed"));
                let signature = signature.expect("signed");
                assert_eq!(signature.len(), length);
                let (r, s) = signature.split_at(length / 2);
                let number = |bytes| openssl::bn::BigNum::from_slice(bytes).expect("a number");
                let der =
                    EcdsaSig::from_private_components(number(r), number(s)).and_then(|pair| pair.to_der());
                assert!(verifies(&key, algorithm, &der.expect("it encodes")), "{algorithm:?} on {curve:?}");
            }
        }
    }
}
