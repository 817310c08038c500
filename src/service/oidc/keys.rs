//! The issuer's published keys and description. Does not own making keys (`issuer_keys`).

use crate::{
    context::AppContext,
    domain::key::KeyAlgorithm,
    service::{ServiceError, issuer_keys},
};
use ::oidc::{
    SigningAlgorithm,
    discovery::{self, Capabilities},
    jwks::{Jwk, JwkSet},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::pkey::PKey;

/// The protocol's name of a key's algorithm.
pub fn algorithm(of: KeyAlgorithm) -> SigningAlgorithm {
    match of {
        KeyAlgorithm::Rsa2048 => SigningAlgorithm::Rs256,
        KeyAlgorithm::P256 => SigningAlgorithm::Es256,
        KeyAlgorithm::Ed25519 => SigningAlgorithm::EdDsa,
    }
}

/// Every key that clients may still meet, public halves only.
pub async fn set(ctx: &AppContext) -> Result<JwkSet, ServiceError> {
    let mut keys = Vec::new();
    for key in issuer_keys::published(ctx).await? {
        let der = STANDARD.decode(&key.public_key).map_err(ServiceError::internal)?;
        let public = PKey::public_key_from_der(&der).map_err(ServiceError::internal)?;
        keys.push(Jwk::new(None, &public, algorithm(key.algorithm)).map_err(ServiceError::internal)?);
    }
    Ok(JwkSet::new(keys))
}

/// The discovery document.
pub fn discovery(ctx: &AppContext) -> serde_json::Value {
    discovery::document(ctx.config.http.public_url.as_str(), &Capabilities::default())
}
