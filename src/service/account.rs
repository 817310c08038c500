//! What people do with their own account. Does not own what admins do to it (`users`).

use super::{ServiceError, actor};
use crate::{
    context::AppContext,
    domain::{
        audit::{EventType, InitiatedBy, Origin},
        credential,
        session::Session,
        throttle::PER_ACCOUNT_AND_ADDRESS,
        user::{User, UserDraft},
    },
    keyring::secret_hash,
    store::{self, Written},
};

/// Changes one's own password: needs the current one (ASVS 6.2.3), ends every other session and every token, and gives this
/// browser a new secret. Answers that secret.
pub async fn change_password(
    ctx: &AppContext,
    origin: &Origin,
    session: &Session,
    user: &User,
    current: String,
    new: String,
) -> Result<String, ServiceError> {
    let name = format!("password-change/{}", user.id);
    super::authentication::throttle::count(ctx, &name, PER_ACCOUNT_AND_ADDRESS)
        .await?
        .map_err(ServiceError::Throttled)?;
    let stored = store::credentials::password_hash(&mut ctx.db.read().await?, user.id).await?;
    let verified = ctx.hasher.verify(current, stored.as_deref()).await?;
    let Some(stored) = stored.filter(|_| verified.matches) else {
        let event = actor::event(ctx, EventType::UserPasswordChange)
            .by(InitiatedBy::user(user))
            .from_origin(origin)
            .on_user(user)
            .failed("wrong_password", "The current password that was given is wrong.");
        ctx.db
            .write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) }))
            .await?;
        return Err(ServiceError::field("current_password", "That isn’t your current password"));
    };
    credential::check_password("new_password", &new, &UserDraft::of(user))?;
    let hash = ctx.hasher.hash(new).await?;
    let cookie = super::sessions::new_cookie_secret(ctx);
    let mut fresh = super::sessions::begin(ctx, user, &["pwd"], origin);
    fresh.created_at = session.created_at;
    fresh.expires_at = session.expires_at;
    let event = actor::event(ctx, EventType::UserPasswordChange)
        .by(InitiatedBy::user(user))
        .from_origin(origin)
        .on_user(user);
    let (id, old, now, secret) = (user.id, session.id, ctx.now(), secret_hash(&cookie));
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // A reset or a sign-out that came meanwhile wins.
                let same = store::credentials::confirm(tx, id, &stored).await?;
                if !same || store::sessions::get(tx, old).await?.is_none() {
                    return Err(ServiceError::Stale);
                }
                store::credentials::set_password_hash(tx, id, Some(&hash), now).await?;
                super::users::end_everything(tx, id, "password changed", now).await?;
                store::sessions::insert(tx, &fresh, &secret).await?;
                store::throttles::clear(tx, &name).await?;
                Ok(Written::new((), event))
            })
        })
        .await?;
    Ok(cookie)
}

/// One's own sessions, newest first.
pub async fn sessions(ctx: &AppContext, user: &User) -> Result<Vec<Session>, ServiceError> {
    Ok(store::sessions::of_user(&mut ctx.db.read().await?, user.id).await?)
}
