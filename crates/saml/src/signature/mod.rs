//! Owns XML Signature, the detached signature of HTTP-Redirect, and certificates. Beside `encryption` it is
//! the only place that touches OpenSSL. Does not own keys: they come in as values and leave as nothing.
//!
//! Received signatures are verified by our own code: the gate in `gate` fixes the shape of the
//! signature, `xml::canonical` makes the octets, OpenSSL checks digest and signature, and only the
//! octets that were digested are parsed again for logic. No XML library in C reads hostile input, no
//! reference is ever dereferenced, nothing is written to the error output, and one parser serves both
//! verification and logic. A canonicaliser that erred could only refuse, never admit.

mod algorithm;
mod certificate;
#[cfg(test)]
mod differential;
mod gate;
mod sign;
mod verify;

pub(crate) use algorithm::DIGEST_URIS;
pub use algorithm::SignatureAlgorithm;
pub use certificate::{CertificateDer, CertificateError, VerificationKey};
pub(crate) use gate::has_signature;
pub(crate) use sign::enveloped_signature;
pub use sign::{OpensslSigner, SignError, Signer};
pub use verify::{
    Covered, DetachedSignature, OwnVerifier, SignatureError, SignatureVerifier, Trust, VerifiedSignature,
};
