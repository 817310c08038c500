//! The secrets of clients: made, shown once, replaced while the old one goes on, withdrawn. Does not own proving with one
//! (`oidc::authentication`).

use super::{Caller, ServiceError, apps::random_text};
use crate::{
    context::AppContext,
    domain::{app::App, audit::EventType, permission::Permission},
    id::{AppId, ClientSecretId},
    keyring::{secret_hash, secret_matches},
    store::{self, Written, client_secrets::ClientSecret},
};
use chrono::{DateTime, TimeDelta, Utc};

/// Longest time that two secrets work beside each other.
const OVERLAP_MAX: TimeDelta = TimeDelta::days(30);
/// How long the old secret still works after a rotation.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// A secret's stored row and its text. A chosen one must be long enough that its hash can't be searched.
pub fn make(
    ctx: &AppContext,
    app_id: AppId,
    chosen: Option<String>,
    now: DateTime<Utc>,
) -> Result<(ClientSecret, String), ServiceError> {
    let plain = match chosen {
        Some(chosen) if (16..=512).contains(&chosen.len()) => chosen,
        Some(_) => return Err(ServiceError::field("client_secret", "Use 16 to 512 characters")),
        None => format!("ghs_{}", random_text(&mut ctx.rng(), 32)),
    };
    let hint: String = plain.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    let row = ClientSecret {
        id: ClientSecretId::new(now, &mut ctx.rng()),
        app_id,
        hash: secret_hash(&plain),
        hint,
        created_at: now,
        expires_at: None,
        last_used_at: None,
    };
    Ok((row, plain))
}

/// The client secrets of an app, newest first.
pub async fn of_app(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Vec<ClientSecret>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::client_secrets::of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// A new client secret, shown once; the old ones go on for a day, and never more than two are valid.
pub async fn rotate(ctx: &AppContext, caller: &Caller, app: &App) -> Result<String, ServiceError> {
    rotate_over(ctx, caller, app, OVERLAP).await
}

/// The same with a time of one's own: zero ends the old ones at once.
pub async fn rotate_over(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    overlap: TimeDelta,
) -> Result<String, ServiceError> {
    caller.require(Permission::Manage)?;
    if !(TimeDelta::zero()..=OVERLAP_MAX).contains(&overlap) {
        return Err(ServiceError::field("retire_hours", "Use 0 to 720 hours"));
    }
    if app.connection.oidc().is_none_or(|oidc| !oidc.client_auth.has_secret()) {
        return Err(ServiceError::NotFound("client secret"));
    }
    let now = ctx.now();
    let (row, plain) = make(ctx, app.id, None, now)?;
    let event = caller
        .event(ctx, EventType::ClientSecretCreate)
        .at(app)
        .on("client_secret", row.id, &app.label)
        .detail("ends_in", row.hint.clone())
        .detail("old_ends_after_hours", overlap.num_hours().to_string());
    let app_id = app.id;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let old = store::client_secrets::valid_of_app(tx, app_id, now).await?;
                for (position, secret) in old.iter().enumerate() {
                    let ends = if position == 0 { now + overlap } else { now };
                    let ends = secret.expires_at.map_or(ends, |set| set.min(ends));
                    store::client_secrets::expire(tx, secret.id, ends).await?;
                }
                store::client_secrets::insert(tx, &row).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await?;
    Ok(plain)
}

/// Withdraws a client secret at once.
pub async fn withdraw(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    id: ClientSecretId,
) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let event = caller.event(ctx, EventType::ClientSecretDelete).at(app).on("client_secret", id, &app.label);
    let app_id = app.id;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let of_app = store::client_secrets::of_app(tx, app_id).await?;
                if !of_app.iter().any(|secret| secret.id == id) {
                    return Err(ServiceError::NotFound("client secret"));
                }
                store::client_secrets::delete(tx, id).await?;
                Ok(Written::new((), event))
            })
        })
        .await
}

/// Whether `plain` is a secret that the app may use now: one that is given back to the admin who was just shown it.
pub async fn is_of(ctx: &AppContext, caller: &Caller, app: &App, plain: &str) -> Result<bool, ServiceError> {
    caller.require(Permission::Manage)?;
    let valid = store::client_secrets::valid_of_app(&mut ctx.db.read().await?, app.id, ctx.now()).await?;
    Ok(valid.iter().fold(false, |found, row| secret_matches(plain, &row.hash) | found))
}
