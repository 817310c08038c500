//! A browser's session: begin, find, touch. Does not own ending it (`logout`), the cookie (`web::extract`), or proving who it is (`authentication`).

use super::ServiceError;
use crate::{
    context::AppContext,
    domain::{
        audit::Origin,
        session::{Session, SessionLifetime},
        user::{User, UserState},
    },
    id::SessionId,
    keyring::secret_hash,
    store::{self, Written},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use rand::Rng;

/// How long sessions last here.
pub fn lifetime(ctx: &AppContext) -> SessionLifetime {
    SessionLifetime {
        idle: TimeDelta::minutes(i64::from(ctx.config.sessions.idle_minutes)),
        absolute: TimeDelta::hours(i64::from(ctx.config.sessions.absolute_hours)),
    }
}

/// 256 random bits for a cookie.
pub fn new_cookie_secret(ctx: &AppContext) -> String {
    let mut bytes = [0; 32];
    ctx.rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A live session and whose it is; ends of account and lifetime count at once.
pub async fn find(ctx: &AppContext, cookie: &str) -> Result<Option<(Session, User)>, ServiceError> {
    if cookie.len() != 43 {
        return Ok(None);
    }
    let mut conn = ctx.db.read().await?;
    let found = store::sessions::find_by_secret_hash(&mut conn, &secret_hash(cookie)).await?;
    drop(conn);
    let now = ctx.now();
    let found = found
        .filter(|(session, user)| session.is_alive(&lifetime(ctx), now) && user.state == UserState::Active);
    let Some((session, user)) = found else { return Ok(None) };
    if session.wants_touch(now) {
        touch(ctx, session.id).await?;
    }
    Ok(Some((session, user)))
}

/// Housekeeping: remembers the last request, to the minute; not worth an event.
async fn touch(ctx: &AppContext, id: SessionId) -> Result<(), ServiceError> {
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::sessions::touch(tx, id, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// Builds a session that begins now.
pub fn begin(ctx: &AppContext, user: &User, amr: &[&str], origin: &Origin) -> Session {
    let now = ctx.now();
    Session {
        id: SessionId::new(now, &mut ctx.rng()),
        user_id: user.id,
        authenticated_at: now,
        last_seen_at: now,
        expires_at: now + lifetime(ctx).absolute,
        amr: amr.iter().map(|&method| method.to_owned()).collect(),
        client_ip: origin.client_ip.clone(),
        user_agent: origin.user_agent.clone(),
        created_at: now,
    }
}
