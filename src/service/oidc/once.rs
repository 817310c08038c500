//! What counts once: client assertions and proofs of possession, recorded in the write of what they led to.
//! Does not own their form (`crates/oidc`).

use crate::store::{self, StoreError, Tx};
use ::oidc::{ErrorCode, ProtocolError, dpop::VerifiedProof, token::client_assertion::VerifiedAssertion};
use chrono::{DateTime, Utc};

/// Something that may be used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    id: String,
    until: DateTime<Utc>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Assertion,
    Proof,
}

impl From<&VerifiedAssertion> for Once {
    fn from(assertion: &VerifiedAssertion) -> Self {
        Self {
            id: assertion.replay_id().to_owned(),
            until: assertion.remember_until(),
            kind: Kind::Assertion,
        }
    }
}

impl From<&VerifiedProof> for Once {
    fn from(proof: &VerifiedProof) -> Self {
        Self { id: proof.replay_id().to_owned(), until: proof.remember_until(), kind: Kind::Proof }
    }
}

impl Once {
    /// What the client is told when it comes again.
    fn replayed(&self) -> ProtocolError {
        match self.kind {
            Kind::Assertion => ProtocolError::invalid_client("a client assertion was used twice"),
            Kind::Proof => ProtocolError::new(ErrorCode::InvalidDpopProof, "the DPoP proof was used before"),
        }
    }
}

/// Records all of them; the inner error is of the first that was used before (O-14, O-43). Then nothing else may be written.
pub async fn record(tx: &mut Tx, all: &[Once]) -> Result<Result<(), ProtocolError>, StoreError> {
    for once in all {
        if !store::proofs_seen::record(tx, &once.id, once.until).await? {
            return Ok(Err(once.replayed()));
        }
    }
    Ok(Ok(()))
}
