//! API tokens: made once, known by their hash. Does not own what a role may do (`domain::permission`).

use crate::{
    context::AppContext,
    domain::{
        audit::{EventType, Origin},
        permission::Permission,
        text::LINE_MAX,
        user::Role,
    },
    id::ApiTokenId,
    keyring::{SecretText, secret_hash},
    service::{Actor, Caller, ServiceError, actor, refusals},
    store::{self, Written, api_tokens::ApiToken},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::Rng;

/// What every token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "ghp_";
/// Longest presented token that is looked at, in bytes.
const PRESENTED_MAX: usize = 128;
/// How old the note of the last use may get before it is written again.
const TOUCH_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Makes a token; the secret is answered this once and kept as a hash only (D-02).
///
/// # Errors
/// [`ServiceError::Forbidden`] for a role above the caller's own (W-17), or a name that can't be.
pub async fn create(
    ctx: &AppContext,
    caller: &Caller,
    name: &str,
    role: Role,
    lifetime: Option<TimeDelta>,
) -> Result<(ApiToken, SecretText), ServiceError> {
    caller.require(Permission::Manage)?;
    if role > caller.actor.role() {
        return Err(ServiceError::Forbidden);
    }
    let name = name.trim();
    if name.is_empty()
        || name.chars().count() > LINE_MAX
        || name.chars().any(crate::domain::text::is_forbidden)
    {
        return Err(ServiceError::field("name", format!("Use 1 to {LINE_MAX} characters on one line")));
    }
    if role == Role::None {
        return Err(ServiceError::field("role", "Choose owner, admin, helpdesk or auditor"));
    }
    let now = ctx.now();
    let expires_at = match lifetime {
        Some(lifetime) => Some(
            now.checked_add_signed(lifetime)
                .ok_or_else(|| ServiceError::field("expires", "That is too far away"))?,
        ),
        None => None,
    };
    let mut bytes = [0; 32];
    ctx.rng().fill_bytes(&mut bytes);
    let secret = SecretText::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)));
    let hash = secret_hash(secret.expose());
    let id = ApiTokenId::new(now, &mut ctx.rng());
    let token = ApiToken { id, name: name.to_owned(), role, created_at: now, expires_at, last_used_at: None };
    let event =
        caller.event(ctx, EventType::ApiTokenCreate).on("api_token", id, name).detail("role", role.as_str());
    let stored = token.clone();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::api_tokens::insert(tx, &stored, &hash).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await?;
    Ok((token, secret))
}

/// Who presents this token; `None`, and an event within limits, when there is no such token or it has expired. It is looked up
/// by its SHA-256, so that the time tells nothing about the tokens there are.
///
/// # Errors
/// The database.
pub async fn authenticate(
    ctx: &AppContext,
    origin: &Origin,
    presented: &str,
) -> Result<Option<Actor>, ServiceError> {
    let refused = |message: &str| {
        actor::event(ctx, EventType::RequestRefused)
            .failed("invalid_token", message)
            .detail("at", "the admin API")
    };
    if presented.len() > PRESENTED_MAX || !presented.starts_with(PREFIX) {
        refusals::record(ctx, origin, refused("Something that is no API token was presented as one."))
            .await?;
        return Ok(None);
    }
    let now = ctx.now();
    let hash = secret_hash(presented);
    let found = store::api_tokens::find_by_hash(&mut ctx.db.read().await?, &hash).await?;
    let Some(token) = found else {
        refusals::record(ctx, origin, refused("An API token that nobody has was presented.")).await?;
        return Ok(None);
    };
    if token.expires_at.is_some_and(|end| end <= now) {
        let event = refused("An API token that has expired was presented.");
        refusals::record(ctx, origin, event.on("api_token", token.id, &token.name)).await?;
        return Ok(None);
    }
    if token.last_used_at.is_none_or(|last| now >= last + TOUCH_AFTER) {
        let id = token.id;
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::api_tokens::touch(tx, id, now).await?;
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await?;
    }
    Ok(Some(Actor::Token { id: token.id, name: token.name, role: token.role }))
}
