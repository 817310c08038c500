//! The issuer's own signing keys: one life for each algorithm, the first made at first start. Every node reads them from the
//! database at each signature, so a change counts everywhere at once; the JWKS it shows is a second old at most. Does not own the apps' keys (`keys`),
//! changing these (`rotation`) or their calendar (`domain::key::issuer`).

pub mod rotation;

use super::{Caller, ServiceError, oidc::keys::kid};
use crate::{
    context::AppContext,
    domain::{
        connection::IdTokenAlgorithm,
        key::{KeyAlgorithm, KeyState, SigningKey, issuer, rollover::AppKeys},
        permission::Permission,
    },
    id::KeyId,
    store::{self, Written},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The key algorithm behind an ID token algorithm.
pub fn algorithm(of: IdTokenAlgorithm) -> KeyAlgorithm {
    match of {
        IdTokenAlgorithm::RS256 => KeyAlgorithm::Rsa2048,
        IdTokenAlgorithm::ES256 => KeyAlgorithm::P256,
        IdTokenAlgorithm::EdDSA => KeyAlgorithm::Ed25519,
    }
}

/// A key of the issuer as API, command line and console show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerKey {
    /// Its name in the JWKS and in the header of tokens.
    pub kid: String,
    /// `RS256`, `ES256` or `EdDSA`.
    pub alg: String,
    /// `next`, `active` or `retired`.
    pub state: String,
    /// Whether it is in the JWKS.
    pub published: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// A next key: when it begins to sign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signs_from: Option<DateTime<Utc>>,
    /// The active key: since when it signs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signs_since: Option<DateTime<Utc>>,
    /// A retired key: when it ceased to sign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retired_at: Option<DateTime<Utc>>,
    /// A retired key: when it leaves the JWKS; absent when it left at once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published_until: Option<DateTime<Utc>>,
}

/// Makes the keys that are missing: of nodes that start at once, one does.
pub async fn ensure(ctx: &AppContext) -> Result<(), ServiceError> {
    for algorithm in KeyAlgorithm::OF_ISSUER.iter().copied() {
        let now = ctx.now();
        let present =
            store::signing_keys::signing_of_issuer(&mut ctx.db.read().await?, algorithm, now).await?;
        if present.is_some() {
            continue;
        }
        let key = made(ctx, algorithm, KeyState::Active).await?;
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::signing_keys::hold_issuer(tx).await?;
                    if store::signing_keys::active_of_issuer(tx, algorithm).await?.is_none() {
                        store::signing_keys::insert(tx, &key).await?;
                    }
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await?;
    }
    Ok(())
}

/// A new key pair of the issuer, not stored yet.
async fn made(
    ctx: &AppContext,
    algorithm: KeyAlgorithm,
    state: KeyState,
) -> Result<SigningKey, ServiceError> {
    let now = ctx.now();
    let id = KeyId::new(now, &mut ctx.rng());
    let keyring = ctx.keyring.clone();
    let key = tokio::task::spawn_blocking(move || keyring.new_signing_key(id, None, algorithm, None, now))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::internal)?;
    Ok(SigningKey { state, ..key })
}

/// The key that signs with this algorithm now.
pub async fn active(ctx: &AppContext, of: IdTokenAlgorithm) -> Result<SigningKey, ServiceError> {
    let key = store::signing_keys::signing_of_issuer(&mut ctx.db.read().await?, algorithm(of), ctx.now())
        .await?
        .ok_or_else(|| ServiceError::Internal("the issuer has no active signing key".into()))?;
    ctx.documents().show(&key);
    Ok(key)
}

/// Every key that clients may still meet.
pub async fn published(ctx: &AppContext) -> Result<Vec<SigningKey>, ServiceError> {
    Ok(store::signing_keys::published_of_issuer(&mut ctx.db.read().await?, ctx.now()).await?)
}

/// Every key that is known, by algorithm: the next first, then the active one, then those that retired, the last first.
pub async fn list(ctx: &AppContext, caller: &Caller) -> Result<Vec<IssuerKey>, ServiceError> {
    caller.require(Permission::Read)?;
    let stored = store::signing_keys::of_issuer(&mut ctx.db.read().await?).await?;
    let mut shown = Vec::new();
    for keys in by_algorithm(&stored, ctx.now()) {
        let published: Vec<KeyId> = keys.published().iter().map(|key| key.id).collect();
        for key in keys.next().into_iter().chain(keys.active()).chain(keys.retired()) {
            shown.push(IssuerKey {
                kid: kid(key)?,
                alg: key.algorithm.jose_name().to_owned(),
                state: key.state.as_str().to_owned(),
                published: published.contains(&key.id),
                created_at: key.created_at,
                signs_from: key.switch_at,
                signs_since: issuer::signs_since(&keys).filter(|_| key.state == KeyState::Active),
                retired_at: key.retired_at,
                published_until: key.published_until,
            });
        }
    }
    Ok(shown)
}

/// The lives of the issuer's keys as they are now, one an algorithm.
fn by_algorithm(stored: &[SigningKey], now: DateTime<Utc>) -> Vec<AppKeys> {
    KeyAlgorithm::OF_ISSUER
        .iter()
        .map(|algorithm| {
            let own = stored.iter().filter(|key| key.algorithm == *algorithm).cloned().collect();
            issuer::at(own, now)
        })
        .collect()
}
