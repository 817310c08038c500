//! As whom a client knows a person: the same `sub` for all, or one for each sector (OpenID Connect Core §8).
//! Does not own whom it is told about.

use crate::{
    context::AppContext,
    domain::{app::App, connection::SubjectType},
    id::UserId,
    keyring::Aad,
    service::ServiceError,
    store::{self, Written},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::{
    hash::MessageDigest,
    pkey::{PKey, Private},
    sign::Signer,
};
use rand::Rng;
use std::sync::OnceLock;

const SETTING: &str = "pairwise_salt";
const AAD: Aad<'static> = Aad { table: "settings", column: "value", row: SETTING };

/// Whether an app knows people under names of its own.
pub fn is_pairwise(app: &App) -> bool {
    app.connection.oidc().is_some_and(|settings| settings.subject_type == SubjectType::Pairwise)
}

/// The `sub` of a person at an app. It never changes: neither with the master key nor with the person's name.
pub async fn of(ctx: &AppContext, app: &App, user: UserId) -> Result<String, ServiceError> {
    let settings = match app.connection.oidc() {
        Some(settings) if settings.subject_type == SubjectType::Pairwise => settings,
        _ => return Ok(user.to_string()),
    };
    // A registration that names no sector is one of its own.
    let sector = settings.sector().unwrap_or_else(|| settings.client_id.clone());
    // §8.1: a keyed hash of sector and account. Each part with its length before it, so that no two pairs are one text.
    derived(ctx, &format!("{}:{sector}{user}", sector.len())).await
}

/// The salt as a key, read and unsealed once: it never changes.
#[derive(Default)]
pub struct Salt(OnceLock<PKey<Private>>);

/// A name that nobody can tell what it was made from, nor which two were made from the same: the keyed hash of a text.
pub(super) async fn derived(ctx: &AppContext, text: &str) -> Result<String, ServiceError> {
    let key = if let Some(key) = ctx.salt().0.get() {
        key
    } else {
        let key = PKey::hmac(&salt(ctx).await?).map_err(ServiceError::internal)?;
        ctx.salt().0.get_or_init(|| key)
    };
    let mut signer = Signer::new(MessageDigest::sha256(), key).map_err(ServiceError::internal)?;
    let mac = signer.sign_oneshot_to_vec(text.as_bytes()).map_err(ServiceError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(mac))
}

/// The salt of this installation, made when it is first needed and sealed under the master key.
async fn salt(ctx: &AppContext) -> Result<Vec<u8>, ServiceError> {
    if let Some(sealed) = stored(ctx).await? {
        return open(ctx, &sealed);
    }
    let mut salt = [0_u8; 32];
    ctx.rng().fill_bytes(&mut salt);
    let sealed = ctx.keyring.seal(&AAD, &salt).map_err(ServiceError::internal)?;
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::settings::insert_once(tx, SETTING, &sealed, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await?;
    // Another node may have been first: what is stored counts.
    let sealed =
        stored(ctx).await?.ok_or_else(|| ServiceError::Internal("the pairwise salt is gone".into()))?;
    open(ctx, &sealed)
}

async fn stored(ctx: &AppContext) -> Result<Option<String>, ServiceError> {
    Ok(store::settings::get(&mut ctx.db.read().await?, SETTING).await?)
}

fn open(ctx: &AppContext, sealed: &str) -> Result<Vec<u8>, ServiceError> {
    Ok(ctx.keyring.open(&AAD, sealed).map_err(ServiceError::internal)?.expose().to_vec())
}
