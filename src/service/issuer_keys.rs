//! The issuer's own signing keys: one a algorithm, made at first start. Does not own the apps' keys.

use super::ServiceError;
use crate::{
    context::AppContext,
    domain::{
        connection::IdTokenAlgorithm,
        key::{KeyAlgorithm, SigningKey},
    },
    id::KeyId,
    store::{self, Written},
};

/// The keys an issuer has.
const ALGORITHMS: [KeyAlgorithm; 3] = [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::Ed25519];

/// The key algorithm behind an ID token algorithm.
pub fn algorithm(of: IdTokenAlgorithm) -> KeyAlgorithm {
    match of {
        IdTokenAlgorithm::RS256 => KeyAlgorithm::Rsa2048,
        IdTokenAlgorithm::ES256 => KeyAlgorithm::P256,
        IdTokenAlgorithm::EdDSA => KeyAlgorithm::Ed25519,
    }
}

/// Makes the keys that are missing. Two nodes that start at once may both make one; then both are published and the
/// older signs.
pub async fn ensure(ctx: &AppContext) -> Result<(), ServiceError> {
    for key_algorithm in ALGORITHMS {
        let present = store::signing_keys::active_of_issuer(&mut ctx.db.read().await?, key_algorithm).await?;
        if present.is_some() {
            continue;
        }
        let now = ctx.now();
        let id = KeyId::new(now, &mut ctx.rng());
        let keyring = ctx.keyring.clone();
        let key =
            tokio::task::spawn_blocking(move || keyring.new_signing_key(id, None, key_algorithm, None, now))
                .await
                .map_err(ServiceError::internal)?
                .map_err(ServiceError::internal)?;
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::signing_keys::insert(tx, &key).await?;
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await?;
    }
    Ok(())
}

/// The key that signs with this algorithm now.
pub async fn active(ctx: &AppContext, of: IdTokenAlgorithm) -> Result<SigningKey, ServiceError> {
    store::signing_keys::active_of_issuer(&mut ctx.db.read().await?, algorithm(of))
        .await?
        .ok_or_else(|| ServiceError::Internal("the issuer has no active signing key".into()))
}

/// Every key that clients may still meet.
pub async fn published(ctx: &AppContext) -> Result<Vec<SigningKey>, ServiceError> {
    Ok(store::signing_keys::published_of_issuer(&mut ctx.db.read().await?).await?)
}
