//! What people allowed apps to know, and taking it back. Does not own asking (`sign_on::consent`).

use super::{Caller, ServiceError, actor, users};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy, Origin},
        consent::{Consent, Released},
        user::User,
    },
    id::{AppId, UserId},
    store::{self, StoreError, Tx, Written},
};
use chrono::{DateTime, Utc};

/// An app that a person allowed something.
pub struct Allowed {
    /// The app.
    pub app: App,
    /// What, and since when.
    pub consent: Consent,
}

/// The apps a person allowed something, newest first.
pub async fn of_user(ctx: &AppContext, user: UserId) -> Result<Vec<Allowed>, ServiceError> {
    let mut conn = ctx.db.read().await?;
    let mut allowed = Vec::new();
    for consent in store::consents::of_user(&mut conn, user).await? {
        if let Some(app) = store::apps::get(&mut conn, consent.app_id).await? {
            allowed.push(Allowed { app, consent });
        }
    }
    Ok(allowed)
}

/// Remembers what a person allows, beside what they allowed before.
pub async fn remember(
    tx: &mut Tx,
    user: UserId,
    app: AppId,
    released: Released,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let before = store::consents::get(tx, user, app).await?;
    let released = before.map(|consent| consent.released).unwrap_or_default().with(released);
    store::consents::put(tx, user, app, &released, now).await
}

/// Takes back one's own consent.
pub async fn revoke_own(
    ctx: &AppContext,
    origin: &Origin,
    user: &User,
    app: AppId,
) -> Result<Option<App>, ServiceError> {
    let event = actor::event(ctx, EventType::OauthConsentRevoke)
        .by(InitiatedBy::user(user))
        .from_origin(origin)
        .on_user(user);
    revoke(ctx, user.id, app, event).await
}

/// Takes back a person's consent for them.
///
/// # Errors
/// [`ServiceError::Forbidden`] without the permission to help, or for somebody of an equal or higher role (W-17).
pub async fn revoke_for(
    ctx: &AppContext,
    caller: &Caller,
    user: UserId,
    app: AppId,
) -> Result<Option<App>, ServiceError> {
    let user = users::helped(ctx, caller, user).await?;
    let event = caller.event(ctx, EventType::OauthConsentRevoke).on_user(&user);
    revoke(ctx, user.id, app, event).await
}

/// The consent goes, and with it all that the app has of the person (O-10), in one write: tokens too that hang on no session, and
/// those from before the app had to ask. `None`: there was neither.
async fn revoke(
    ctx: &AppContext,
    user: UserId,
    app: AppId,
    event: AuditEvent,
) -> Result<Option<App>, ServiceError> {
    let Some(app) = store::apps::get(&mut ctx.db.read().await?, app).await? else { return Ok(None) };
    let (event, id, now) = (event.at(&app), app.id, ctx.now());
    let gone = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let allowed = store::consents::delete(tx, user, id).await?;
                let because = "consent revoked";
                let ended = store::token_families::revoke_of_user_at_app(tx, user, id, because, now).await?;
                if !allowed && ended == 0 {
                    return Ok::<_, ServiceError>(Written::unaudited(false));
                }
                Ok(Written::new(true, event.detail("grants_ended", ended.to_string())))
            })
        })
        .await?;
    Ok(gone.then_some(app))
}
