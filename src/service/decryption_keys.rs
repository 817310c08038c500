//! Key pairs for what apps encrypt for us (IIP-IDP19): made, shown in the metadata, removed. An app moves to another by making
//! it, waiting until the other side took the new metadata, and removing the old one: each of them decrypts meanwhile.
//! And the bounds on using them: decrypting costs as much as signing, and an unsigned request asks for it at will.
//! Does not own decrypting (`crates/saml`).

use super::{
    Caller, ServiceError, apps,
    authentication::throttle::{self, network},
    refusals,
    sign_on::stop,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy, Origin},
        key::decryption::{DECRYPTION_KEYS_MAX, DecryptionKey},
        permission::Permission,
        throttle::{DECRYPTIONS, FULL_NETWORK},
    },
    id::KeyId,
    keyring::fingerprint_sha256,
    store::{self, Written},
};
use ::saml::CertificateDer;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many may wait for each that decrypts; beyond that the answer is "busy" at once.
const WAITING_PER_PERMIT: usize = 32;

/// The bound on decrypting: as many at a time as there are cores, away from the threads that serve.
pub struct Decryptions {
    permits: Arc<Semaphore>,
    places: Semaphore,
}

impl Default for Decryptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(cores)),
            places: Semaphore::new(cores.saturating_mul(WAITING_PER_PERMIT)),
        }
    }
}

/// Whether an unsigned request of this network may have an identifier decrypted; counted before that is done (S-34).
///
/// # Errors
/// [`ServiceError::Throttled`]; an event says so, once a window.
pub(super) async fn admit(ctx: &AppContext, origin: &Origin, app: &App) -> Result<(), ServiceError> {
    let network = network(&origin.client_ip);
    let counted = throttle::count(ctx, &format!("decrypted/{network}"), DECRYPTIONS).await?;
    let Err(until) = counted else { return Ok(()) };
    let words = format!(
        "Too many unsigned requests with an encrypted identifier came from {network}; further ones have to wait."
    );
    let event = stop::failed(ctx, "too_many_decryptions", words)
        .by(InitiatedBy::anonymous())
        .from_origin(origin)
        .at(app);
    refusals::record_within(ctx, &format!("decrypted_full/{network}"), FULL_NETWORK, event).await?;
    Err(ServiceError::Throttled(until))
}

impl Decryptions {
    /// Does work that decrypts, on a thread of its own once there is room.
    ///
    /// # Errors
    /// [`ServiceError::Busy`], when too many wait already.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let place = self.places.try_acquire().map_err(|_| ServiceError::Busy)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| ServiceError::Busy)?;
        drop(place);
        // The permit goes with the work: if the caller leaves, it still runs and still counts.
        let work = move || {
            let done = work();
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
    }
}

/// The keys of an app, youngest first: the one at the top is what the app should use.
///
/// # Errors
/// The caller may not read, or the database.
pub async fn of_app(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
) -> Result<Vec<DecryptionKey>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::decryption_keys::of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// Makes one more.
///
/// # Errors
/// The caller manages no apps, the app is no SAML app, or has enough of them.
pub async fn make(ctx: &AppContext, caller: &Caller, app: &App) -> Result<DecryptionKey, ServiceError> {
    caller.require(Permission::Manage)?;
    if app.connection.saml().is_none() {
        return Err(ServiceError::NotFound("SAML app"));
    }
    let (now, app_id, keyring) = (ctx.now(), app.id, ctx.keyring.clone());
    let (id, name) = (KeyId::new(now, &mut ctx.rng()), apps::certificate_name(ctx, &app.label));
    let key = tokio::task::spawn_blocking(move || keyring.new_decryption_key(id, app_id, &name, now))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::internal)?;
    let event = caller
        .event(ctx, EventType::DecryptionKeyCreate)
        .at(app)
        .on("decryption_key", id, &app.label)
        .detail("fingerprint", fingerprint(&key)?);
    let made = key.clone();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::signing_keys::hold(tx, app_id).await? {
                    return Err(ServiceError::NotFound("application"));
                }
                if store::decryption_keys::of_app(tx, app_id).await?.len() >= DECRYPTION_KEYS_MAX {
                    let words =
                        format!("The app has {DECRYPTION_KEYS_MAX} keys; remove one that it no longer uses");
                    return Err(ServiceError::field("key", words));
                }
                store::decryption_keys::insert(tx, &key).await?;
                Ok(Written::new((), event))
            })
        })
        .await?;
    Ok(made)
}

/// Removes one, for good: what was encrypted for it can't be read any more.
///
/// # Errors
/// The caller manages no apps, or the app has no such key.
pub async fn remove(ctx: &AppContext, caller: &Caller, app: &App, id: &str) -> Result<(), ServiceError> {
    const WHAT: &str = "key";
    caller.require(Permission::Manage)?;
    let id: KeyId = id.parse().map_err(|_| ServiceError::NotFound(WHAT))?;
    let event =
        caller.event(ctx, EventType::DecryptionKeyDelete).at(app).on("decryption_key", id, &app.label);
    let app_id = app.id;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if !store::decryption_keys::delete(tx, app_id, id).await? {
                    return Err(ServiceError::NotFound(WHAT));
                }
                Ok(Written::new((), event))
            })
        })
        .await
}

/// The SHA-256 of a key's certificate, as people compare it.
pub fn fingerprint(key: &DecryptionKey) -> Result<String, ServiceError> {
    Ok(fingerprint_sha256(&STANDARD.decode(&key.certificate).map_err(ServiceError::internal)?))
}

/// The certificates for the metadata, the one to use first.
pub(super) async fn certificates(ctx: &AppContext, app: &App) -> Result<Vec<CertificateDer>, ServiceError> {
    let keys = store::decryption_keys::of_app(&mut ctx.db.read().await?, app.id).await?;
    let read = |key: DecryptionKey| {
        CertificateDer::from_pem_or_base64(&key.certificate).map_err(ServiceError::internal)
    };
    keys.into_iter().map(read).collect()
}

/// The keys, ready to decrypt.
pub(super) async fn open(
    ctx: &AppContext,
    app: &App,
) -> Result<Vec<Arc<::saml::DecryptionKey>>, ServiceError> {
    let keys = store::decryption_keys::of_app(&mut ctx.db.read().await?, app.id).await?;
    keys.iter().map(|key| ctx.keyring.saml_decrypter(key).map_err(ServiceError::internal)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::current;

    #[tokio::test]
    async fn decrypting_is_done_aside_and_few_may_wait_for_it() {
        let bound = Decryptions { permits: Arc::new(Semaphore::new(1)), places: Semaphore::new(1) };
        let there = bound.aside(|| current().id()).await.expect("room");
        assert_ne!(there, current().id(), "not on a thread that serves");
        let permit = bound.permits.clone().acquire_owned().await.expect("free again");
        let mut waiting = Box::pin(bound.aside(|| 7));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert!(matches!(bound.aside(|| 8).await, Err(ServiceError::Busy)), "one waits already");
        drop(permit);
        assert_eq!(waiting.await.expect("its turn"), 7);
        let left = Box::pin(bound.aside(|| ()));
        drop(left);
        assert_eq!((bound.permits.available_permits(), bound.places.available_permits()), (1, 1));
    }
}
