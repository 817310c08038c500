//! A key that nobody trusts and nothing keeps: previews are signed with it, so that what they show can't be used.
//! Does not own previews (`service::simulator`).

use super::{KeyringError, certificate, key_pair};
use crate::domain::key::KeyAlgorithm;
use chrono::{DateTime, Utc};

/// The name in its certificate.
const NAME: &str = "Preview - not a signing key";

/// Makes a pair, its certificate, and the signer. Takes a tenth of a second for RSA: not for a runtime thread.
///
/// # Errors
/// OpenSSL has no randomness or no memory.
pub fn throw_away_signer(
    algorithm: saml::SignatureAlgorithm,
    now: DateTime<Utc>,
) -> Result<saml::OpensslSigner, KeyringError> {
    let kind = match algorithm {
        saml::SignatureAlgorithm::EcdsaSha256 => KeyAlgorithm::P256,
        _ => KeyAlgorithm::Rsa2048,
    };
    let refused = |error: saml::SignError| KeyringError::Signer(error.to_string());
    let pair = key_pair::generate(kind)?;
    let certificate = certificate::self_signed(&pair, NAME, now, 1)?;
    saml::OpensslSigner::new(pair, certificate.der, algorithm).map_err(refused)
}

/// The same for ID tokens: a signer whose key is published nowhere. Its name says so.
///
/// # Errors
/// OpenSSL has no randomness or no memory, or the algorithm is none of ours.
pub fn throw_away_oidc_signer(
    algorithm: oidc::SigningAlgorithm,
) -> Result<oidc::OpensslSigner, KeyringError> {
    let kind = match algorithm {
        oidc::SigningAlgorithm::Es256 => KeyAlgorithm::P256,
        oidc::SigningAlgorithm::EdDsa => KeyAlgorithm::Ed25519,
        _ => KeyAlgorithm::Rsa2048,
    };
    let pair = key_pair::generate(kind)?;
    oidc::OpensslSigner::new("preview-not-a-signing-key", pair, algorithm)
        .map_err(|error| KeyringError::Signer(error.to_string()))
}
