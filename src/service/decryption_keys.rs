//! Key pairs for what apps encrypt for us (IIP-IDP19): made, shown in the metadata, removed. An app moves to another by making
//! it, waiting until the other side took the new metadata, and removing the old one: each of them decrypts meanwhile.
//! Does not own decrypting (`crates/saml`).

use super::{Caller, ServiceError, apps};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::EventType,
        key::decryption::{DECRYPTION_KEYS_MAX, DecryptionKey},
        permission::Permission,
    },
    id::KeyId,
    keyring::fingerprint_sha256,
    store::{self, Written},
};
use ::saml::CertificateDer;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::Arc;

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
