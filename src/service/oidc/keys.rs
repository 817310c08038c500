//! The issuer's published keys and description. Does not own making keys (`issuer_keys`).

use crate::{
    context::AppContext,
    domain::{
        key::{KeyAlgorithm, SigningKey},
        session::ACR_PASSWORD,
    },
    id::KeyId,
    service::{ServiceError, issuer_keys},
};
use ::oidc::{
    SigningAlgorithm,
    discovery::{self, Capabilities, Offers},
    jose::ClientAlgorithm,
    jwks::{Jwk, JwkSet},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::pkey::PKey;
use std::{
    collections::HashMap,
    sync::{LazyLock, RwLock},
};

/// The protocol's name of a key's algorithm.
pub fn algorithm(of: KeyAlgorithm) -> SigningAlgorithm {
    match of {
        KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => SigningAlgorithm::Rs256,
        KeyAlgorithm::P256 => SigningAlgorithm::Es256,
        KeyAlgorithm::Ed25519 => SigningAlgorithm::EdDsa,
    }
}

/// Every key that clients may still meet, public halves only.
pub async fn set(ctx: &AppContext) -> Result<JwkSet, ServiceError> {
    set_of(&issuer_keys::published(ctx).await?)
}

/// The public halves of these keys.
pub fn set_of(published: &[SigningKey]) -> Result<JwkSet, ServiceError> {
    Ok(JwkSet::new(published.iter().map(parsed).collect::<Result<Vec<_>, _>>()?))
}

/// A key's name in the JWKS and in the header of tokens: its thumbprint (RFC 7638).
pub fn kid(key: &SigningKey) -> Result<String, ServiceError> {
    Ok(parsed(key)?.kid().to_owned())
}

/// Keys that were parsed before: a key's public half never changes under its id, and parsing costs more than all the rest.
static PARSED: LazyLock<RwLock<HashMap<KeyId, Jwk>>> = LazyLock::new(RwLock::default);
/// Most keys that are kept; an issuer publishes a handful.
const PARSED_MAX: usize = 64;

fn parsed(key: &SigningKey) -> Result<Jwk, ServiceError> {
    if let Some(jwk) = PARSED.read().ok().and_then(|parsed| parsed.get(&key.id).cloned()) {
        return Ok(jwk);
    }
    let der = STANDARD.decode(&key.public_key).map_err(ServiceError::internal)?;
    let public = PKey::public_key_from_der(&der).map_err(ServiceError::internal)?;
    let jwk = Jwk::new(None, &public, algorithm(key.algorithm)).map_err(ServiceError::internal)?;
    if let Ok(mut parsed) = PARSED.write() {
        if parsed.len() >= PARSED_MAX {
            parsed.clear();
        }
        parsed.insert(key.id, jwk.clone());
    }
    Ok(jwk)
}

/// The discovery document.
pub fn discovery(ctx: &AppContext) -> serde_json::Value {
    let capabilities = Capabilities {
        offers: offered(),
        acr_values: vec![ACR_PASSWORD.to_owned()],
        ..Capabilities::default()
    };
    discovery::document(ctx.config.http.public_url.as_str(), &capabilities)
}

/// What this server offers beside the code flow with secrets: what is said here is served, what is not there is not said.
fn offered() -> Offers {
    let names = |algorithms: &[ClientAlgorithm]| algorithms.iter().map(ToString::to_string).collect();
    Offers {
        pushed_requests: true,
        fragment: true,
        device_grant: true,
        client_credentials: true,
        private_key_jwt: names(&ClientAlgorithm::ALL),
        dpop: names(&::oidc::dpop::ALGORITHMS),
        pairwise: true,
        signed_userinfo: true,
        front_channel_logout: true,
        back_channel_logout: true,
    }
}
