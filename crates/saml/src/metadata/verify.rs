//! Owns verifying the signature over the root of a metadata document.
//! Does not decide whose certificate counts: it is agreed upon outside of the document.

use super::aggregate::AggregateLimits;
use super::error::MetadataError;
use super::sp::{ServiceProviderMetadata, parse_within};
use crate::signature::{CertificateDer, OwnVerifier, SignatureError, SignatureVerifier as _, Trust};
use crate::uri::MD;

/// Metadata whose signature was verified: only the octets that it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedMetadata(String);

impl VerifiedMetadata {
    /// The XML the signature covers, in canonical form and without the signature.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads one SP out of what was verified; see [`super::sp::parse`].
    ///
    /// # Errors
    /// [`MetadataError`], with a reason for the administrator.
    pub fn parse(&self, expected_entity_id: Option<&str>) -> Result<ServiceProviderMetadata, MetadataError> {
        parse_within(self.0.as_bytes(), expected_entity_id, &AggregateLimits::default())
    }
}

/// IIP-MD03: verifies the enveloped signature of the document element with one of `certificates`, which
/// are known from elsewhere; what the document says about its key, and the rest of the certificate, do
/// not count. SHA-1 is not taken. A signature further inside counts for nothing and is refused.
///
/// # Errors
/// [`SignatureError`], unless one of the keys signed the whole document.
pub fn verify_metadata(
    xml: &[u8],
    certificates: &[CertificateDer],
) -> Result<VerifiedMetadata, SignatureError> {
    let trust = Trust { certificates, allow_sha1: false, blocked: &[] };
    let verify = |root| OwnVerifier.verify_enveloped(xml, (MD, root), trust);
    match verify("EntityDescriptor") {
        Err(SignatureError::Root) => verify("EntitiesDescriptor"),
        other => other,
    }
    .map(|covered| VerifiedMetadata(covered.xml))
}
