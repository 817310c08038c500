//! Owns DPoP (RFC 9449): a proof that the caller holds a key, and tokens bound to that key.
//!
//! Does not own the memory of proofs that were used, nor the key of the nonces: the caller records
//! [`VerifiedProof::replay_id`] and says which nonces are good.

mod checks;
pub mod htu;
pub mod nonce;
pub mod proof;

pub use proof::{ProofContext, UnverifiedProof, VerifiedProof};

use crate::error::{ErrorCode, ProtocolError};
use crate::jose::ClientAlgorithm;

/// What proofs may be signed with. RFC 9449 §11.6 asks for asymmetric algorithms only; FAPI 2.0 takes RS256 away too, and
/// no client needs it here: a proof's key is made for the purpose.
pub const ALGORITHMS: [ClientAlgorithm; 3] = ClientAlgorithm::FAPI;

/// [`ALGORITHMS`] as the `algs` of a challenge (RFC 9449 §7.1).
pub const CHALLENGE_ALGORITHMS: &str = "PS256 ES256 EdDSA Ed25519";

/// The header that carries a proof.
pub const HEADER: &str = "dpop";
/// The header that carries a nonce for the next proof (RFC 9449 §8).
pub const NONCE_HEADER: &str = "dpop-nonce";
/// The scheme of the `Authorization` header for a bound access token (RFC 9449 §7.1).
pub const SCHEME: &str = "DPoP";

/// Whether `text` has the form of a key's thumbprint: SHA-256 in base64url (RFC 9449 §10, `dpop_jkt`).
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && crate::encoding::from_base64url(text).is_some_and(|bytes| bytes.len() == 32)
}

/// The one proof among the values of the `DPoP` header.
///
/// RFC 9449 §4.3 check 1: there is not more than one. A list in one header is none either: a comma stands in no JWT.
///
/// # Errors
/// `invalid_dpop_proof` if there are several.
pub fn single<'a>(values: &[&'a str]) -> Result<Option<&'a str>, ProtocolError> {
    match values {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(invalid("more than one DPoP header")),
    }
}

/// RFC 9449 §5: the code for a proof that does not hold. The description names the check: only the sender can mend it.
pub(crate) fn invalid(description: &'static str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidDpopProof, description)
}
