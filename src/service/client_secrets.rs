//! The secrets of clients: made and shown once, two at most at a time, set to end, withdrawn. Does not own proving with one
//! (`oidc::authentication`).

use super::{Caller, ServiceError, apps::random_text};
use crate::{
    context::AppContext,
    domain::{app::App, audit::EventType, permission::Permission},
    id::{AppId, ClientSecretId},
    keyring::{secret_hash, secret_matches},
    store::{self, Written},
};
use chrono::{DateTime, TimeDelta, Utc};

pub use crate::store::client_secrets::ClientSecret;

/// Longest time that two secrets work beside each other.
const OVERLAP_MAX: TimeDelta = TimeDelta::days(30);
/// Most secrets of a client that work at a time.
pub const VALID_MAX: usize = 2;
/// How long the old secret still works after a rotation.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

const WHAT: &str = "client secret";

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

/// The client secrets of an app, newest first; ended ones too.
pub async fn of_app(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Vec<ClientSecret>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::client_secrets::of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// When each of the valid secrets, newest first, ends as `new` ones come in: never more than two are valid, so what there is room
/// for goes on for `overlap`, never longer than it would have, and the rest ends now.
pub fn ends(
    valid: &[ClientSecret],
    new: usize,
    overlap: TimeDelta,
    now: DateTime<Utc>,
) -> Vec<(&ClientSecret, DateTime<Utc>)> {
    let end = |(position, secret)| {
        let secret: &ClientSecret = secret;
        let set = if position + new < VALID_MAX { now + overlap } else { now };
        (secret, secret.expires_at.map_or(set, |known| known.min(set)))
    };
    valid.iter().enumerate().map(end).collect()
}

/// Which one it is and whether it is in use, for people: “…3ubf (last used 22 November, 14:03 UTC)”.
pub fn in_words(secret: &ClientSecret) -> String {
    let used = secret.last_used_at.map_or_else(
        || "never used".to_owned(),
        |then| format!("last used {} UTC", then.format("%-d %B, %H:%M")),
    );
    if secret.hint.is_empty() {
        format!("the one before ({used})")
    } else {
        format!("…{} ({used})", secret.hint)
    }
}

/// A new client secret and its text, which is shown once. The one before goes on for `overlap`, zero ends it at once. Where two
/// are valid already, the older ends now, for which `end_older` must say yes: it may be the one that is in use.
///
/// # Errors
/// A field error of `end_older` that names both.
pub async fn rotate(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    overlap: TimeDelta,
    end_older: bool,
) -> Result<(ClientSecret, String), ServiceError> {
    caller.require(Permission::Manage)?;
    check_hours("retire_hours", overlap)?;
    if app.connection.oidc().is_none_or(|oidc| !oidc.client_auth.has_secret()) {
        return Err(ServiceError::NotFound(WHAT));
    }
    let now = ctx.now();
    let (row, plain) = make(ctx, app.id, None, now)?;
    let event = caller
        .event(ctx, EventType::ClientSecretCreate)
        .at(app)
        .on("client_secret", row.id, &app.label)
        .detail("ends_in", row.hint.clone())
        .detail("old_ends_after_hours", overlap.num_hours().to_string());
    let (app_id, kept) = (app.id, row.clone());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // Two rotations at once: the second knows the secret of the first.
                store::client_secrets::hold(tx).await?;
                let old = store::client_secrets::valid_of_app(tx, app_id, now).await?;
                if let [newer, older, ..] = old.as_slice()
                    && !end_older
                    && overlap > TimeDelta::zero()
                {
                    return Err(ServiceError::field("end_older", would_end(newer, older)));
                }
                for (secret, end) in ends(&old, 1, overlap, now) {
                    store::client_secrets::expire(tx, secret.id, end).await?;
                }
                store::client_secrets::insert(tx, &kept).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await?;
    Ok((row, plain))
}

fn would_end(newer: &ClientSecret, older: &ClientSecret) -> String {
    format!(
        "Two secrets work already, and a third would end {} at once; {} goes on. Say that it may end, or withdraw the one that isn’t used",
        in_words(older),
        in_words(newer)
    )
}

fn check_hours(field: &'static str, hours: TimeDelta) -> Result<(), ServiceError> {
    if (TimeDelta::zero()..=OVERLAP_MAX).contains(&hours) {
        return Ok(());
    }
    Err(ServiceError::field(field, "Use 0 to 720 hours"))
}

/// Lets a secret end after a time, zero is at once. It never lives longer for it.
///
/// # Errors
/// [`ServiceError::NotFound`] for a secret that the app hasn't, or that has ended.
pub async fn expire(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    id: ClientSecretId,
    after: TimeDelta,
) -> Result<ClientSecret, ServiceError> {
    caller.require(Permission::Manage)?;
    check_hours("after_hours", after)?;
    let event = caller.event(ctx, EventType::ClientSecretExpire).at(app).on("client_secret", id, &app.label);
    let (app_id, now) = (app.id, ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::client_secrets::hold(tx).await?;
                let valid = store::client_secrets::valid_of_app(tx, app_id, now).await?;
                let Some(mut secret) = valid.into_iter().find(|secret| secret.id == id) else {
                    return Err(ServiceError::NotFound(WHAT));
                };
                let ends = now + after;
                let ends = secret.expires_at.map_or(ends, |set| set.min(ends));
                store::client_secrets::expire(tx, id, ends).await?;
                secret.expires_at = Some(ends);
                let event = event.detail("ends_in", secret.hint.clone()).detail("ends_at", ends.to_rfc3339());
                Ok(Written::new(secret, event))
            })
        })
        .await
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
                    return Err(ServiceError::NotFound(WHAT));
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
