//! Owns a proof from its header value to what it proves.
//!
//! Does not own the single checks; they are in order in [`super::checks`].

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{checks, invalid};
use crate::encoding::sha256_base64url;
use crate::error::ProtocolError;
use crate::jose::compact::Compact;
use crate::jose::key::PresentedJwk;
use crate::jose::object::{self, Object};
use crate::jose::{ClientAlgorithm, KeyError, PublicKey};

/// The longest proof looked at, in bytes: an RSA key of 8192 bits and its signature fit.
pub const MAX_BYTES: usize = 8 * 1024;

/// The members of a proof's header (RFC 9449 §4.2).
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) typ: Option<String>,
    pub(super) alg: Option<String>,
    pub(super) jwk: Option<Object<PresentedJwk>>,
    pub(super) crit: Option<IgnoredAny>,
    pub(super) b64: Option<IgnoredAny>,
}

/// The claims of a proof; others are allowed and mean nothing here.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) jti: Option<String>,
    pub(super) htm: Option<String>,
    pub(super) htu: Option<String>,
    pub(super) iat: Option<f64>,
    pub(super) nbf: Option<f64>,
    pub(super) exp: Option<f64>,
    pub(super) ath: Option<String>,
    pub(super) nonce: Option<String>,
}

/// What a proof must fit.
#[derive(Clone, Copy, Debug)]
pub struct ProofContext<'a> {
    /// The method of the request, in capitals.
    pub method: &'a str,
    /// The address called, below the public URL.
    pub address: &'a str,
    /// The access token that the request carries: the proof must name it, and must not name one otherwise needed.
    pub access_token: Option<&'a str>,
    /// The nonces that are good now.
    pub nonces: &'a [String],
    /// Whether a proof without a nonce is refused.
    pub nonce_required: bool,
    /// The present instant.
    pub now: DateTime<Utc>,
}

/// A proof that was read. Nothing can be taken from it but [`UnverifiedProof::verify`].
pub struct UnverifiedProof {
    pub(super) algorithm: ClientAlgorithm,
    pub(super) key: PublicKey,
    pub(super) claims: Claims,
    compact: Compact,
}

/// A proof that holds: the caller has the private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProof {
    thumbprint: String,
    replay_id: String,
    remember_until: DateTime<Utc>,
}

impl UnverifiedProof {
    /// Reads a proof and checks its form: type, algorithm, key.
    ///
    /// # Errors
    /// `invalid_dpop_proof`.
    pub fn parse(value: &str) -> Result<Self, ProtocolError> {
        // RFC 9449 §4.3 check 2: a single, well-formed JWT.
        let compact =
            Compact::parse(value, MAX_BYTES).ok_or_else(|| invalid("the DPoP proof is not a JWT"))?;
        let header: Header = object::parse(&compact.header)
            .ok_or_else(|| invalid("the header of the DPoP proof is malformed"))?;
        checks::typ(&header)?;
        let algorithm = checks::algorithm(&header)?;
        checks::no_extension(&header)?;
        let Some(Object(jwk)) = &header.jwk else {
            return Err(invalid("the DPoP proof has no jwk"));
        };
        let key = PublicKey::from_presented(jwk).map_err(|error| match error {
            // Check 7: the jwk does not contain a private key.
            KeyError::Private => invalid("the jwk of the DPoP proof holds a private key"),
            KeyError::Malformed => invalid("the jwk of the DPoP proof is malformed"),
            KeyError::Unsupported => invalid("the jwk of the DPoP proof is of a kind that is not taken"),
        })?;
        if !key.serves(algorithm) {
            return Err(invalid("the jwk of the DPoP proof does not fit its alg"));
        }
        let claims: Claims = object::parse(&compact.payload)
            .ok_or_else(|| invalid("the claims of the DPoP proof are malformed"))?;
        Ok(Self { algorithm, key, claims, compact })
    }

    /// Verifies the signature first, then each claim, in the order of RFC 9449 §4.3.
    ///
    /// # Errors
    /// `invalid_dpop_proof`; `use_dpop_nonce` if only a good nonce is missing.
    pub fn verify(self, context: &ProofContext<'_>) -> Result<VerifiedProof, ProtocolError> {
        let message = self.compact.message.as_bytes();
        if !self.algorithm.verifies(self.key.key(), message, &self.compact.signature) {
            return Err(invalid("the signature of the DPoP proof is wrong"));
        }
        let jti = checks::jti(&self.claims)?;
        checks::method(&self.claims, context.method)?;
        checks::address(&self.claims, context.address)?;
        let issued_at = checks::issued_at(&self.claims, context.now)?;
        checks::not_before_and_expiry(&self.claims, context.now)?;
        checks::access_token(&self.claims, context.access_token)?;
        // Last: an answer with a nonce invites a new try, which must have a chance.
        checks::nonce(&self.claims, context.nonces, context.nonce_required)?;
        let thumbprint = self.key.thumbprint().to_owned();
        let replay_id = sha256_base64url(format!("dpop\n{thumbprint}\n{jti}").as_bytes());
        Ok(VerifiedProof {
            thumbprint,
            replay_id,
            remember_until: issued_at + checks::MAX_AGE + TimeDelta::seconds(1),
        })
    }
}

impl VerifiedProof {
    /// The thumbprint of the key; `jkt` of a token bound to it.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// RFC 9449 §11.1: what to record, so that the proof counts once. Covers the key and the `jti`: of another key, the
    /// same `jti` is another proof.
    pub fn replay_id(&self) -> &str {
        &self.replay_id
    }

    /// Until when: afterwards the proof is too old anyway.
    pub const fn remember_until(&self) -> DateTime<Utc> {
        self.remember_until
    }
}
