//! Signing in with user name or email and password. Does not own hashing (`hasher`) or the session's lifetime.

use super::throttle;
use crate::{
    context::AppContext,
    domain::{
        audit::{EventType, InitiatedBy, Origin},
        session::Session,
        text::canonical,
        throttle::{PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS},
        user::{Role, User, UserState},
    },
    id::SessionId,
    keyring::secret_hash,
    service::{ServiceError, actor, sessions},
    store::{self, Written},
};
use chrono::{DateTime, Utc};

/// How a sign-in ended.
#[derive(Debug)]
pub enum SignIn {
    /// Signed in: the session, whose it is, and the cookie's new secret.
    Done {
        /// The new session.
        session: Box<Session>,
        /// Whose.
        user: Box<User>,
        /// For the cookie; only its hash is stored.
        cookie: String,
    },
    /// Name and password don't match; the same for unknown and known names.
    Refused,
    /// The account is switched off or not ready; said only after the right password.
    NotActive(UserState),
    /// Too many tries; wait until then.
    Throttled(DateTime<Utc>),
}

/// One try.
pub struct Attempt {
    /// User name or email, as typed.
    pub login: String,
    /// The password, exactly as typed (ASVS 6.2.8).
    pub password: String,
    /// Whether this browser carries the mark of an earlier sign-in of this account (W-10).
    pub known_device: bool,
    /// The session that this one replaces, so that its id is never kept (W-02).
    pub replaces: Option<SessionId>,
}

/// Tries to sign in. Counts first, verifies then (W-07), always at the cost of one hash (W-09).
pub async fn sign_in(ctx: &AppContext, origin: &Origin, attempt: Attempt) -> Result<SignIn, ServiceError> {
    let (user, stored) = {
        let mut conn = ctx.db.read().await?;
        let user = store::users::find_by_login(&mut conn, &attempt.login).await?;
        let stored = match &user {
            Some(user) => store::credentials::password_hash(&mut conn, user.id).await?,
            None => None,
        };
        (user, stored)
    };
    // User name and email of one person share one counter (W-07); an unknown name has one too (W-09).
    let account = user.as_ref().map_or_else(|| secret_hash(&canonical(&attempt.login)), |user| user.id.to_string());
    let names = counters(&account, origin, attempt.known_device);
    if let Err(until) = throttle::count_all(ctx, names.clone()).await? {
        record_failure(ctx, origin, user.as_ref(), &attempt.login, "throttled", "Too many tries; slowed down.").await?;
        return Ok(SignIn::Throttled(until));
    }
    if attempt.password.len() > crate::domain::credential::PASSWORD_MAX {
        record_failure(ctx, origin, user.as_ref(), &attempt.login, "wrong_password", "The password is too long.").await?;
        return Ok(SignIn::Refused);
    }
    let verified = ctx.hasher.verify(attempt.password.clone(), stored.as_deref()).await.map_err(ServiceError::internal)?;
    let Some(user) = user.filter(|_| verified.matches) else {
        let message = "User name and password don’t match.";
        record_failure(ctx, origin, None, &attempt.login, "wrong_password", message).await?;
        return Ok(SignIn::Refused);
    };
    if user.state != UserState::Active {
        let message = format!("{}’s account is {}.", user.display_name, user.state.as_str());
        record_failure(ctx, origin, Some(&user), &attempt.login, "account_not_active", &message).await?;
        return Ok(SignIn::NotActive(user.state));
    }
    let rehashed = if verified.needs_rehash {
        Some(ctx.hasher.hash(attempt.password).await.map_err(ServiceError::internal)?)
    } else {
        None
    };
    begin(ctx, origin, user, rehashed, attempt.replaces, names).await
}

fn counters(
    account: &str,
    origin: &Origin,
    known_device: bool,
) -> Vec<(String, crate::domain::throttle::ThrottleRule)> {
    let address = &origin.client_ip;
    let mut names = vec![(format!("login/{account}/{address}"), PER_ACCOUNT_AND_ADDRESS)];
    if !known_device {
        names.push((format!("login/{account}"), PER_ACCOUNT));
    }
    names.push((format!("login//{address}"), PER_ADDRESS));
    names
}

/// Stores the session, forgets this account's failures and says so, in one write.
async fn begin(
    ctx: &AppContext,
    origin: &Origin,
    user: User,
    rehashed: Option<String>,
    replaces: Option<SessionId>,
    names: Vec<(String, crate::domain::throttle::ThrottleRule)>,
) -> Result<SignIn, ServiceError> {
    let cookie = sessions::new_cookie_secret(ctx);
    let session = sessions::begin(ctx, &user, &["pwd"], origin);
    let kind = if user.role == Role::None { EventType::UserLoginAttempt } else { EventType::AdminLoginAttempt };
    let mut event = actor::event(ctx, kind).by(InitiatedBy::user(&user)).from_origin(origin).on_user(&user);
    event.auth_method = Some("password".into());
    event.mfa = Some(false);
    let (stored, hash, user_id, now) = (session.clone(), secret_hash(&cookie), user.id, ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(old) = replaces {
                    store::sessions::delete(tx, old).await?;
                }
                store::sessions::insert(tx, &stored, &hash).await?;
                if let Some(rehashed) = &rehashed {
                    store::credentials::set_password_hash(tx, user_id, Some(rehashed), now).await?;
                }
                // The address's own counter stays: one right guess must not reset a spraying address.
                for (name, _) in names.iter().filter(|(name, _)| !name.starts_with("login//")) {
                    store::throttles::clear(tx, name).await?;
                }
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await?;
    Ok(SignIn::Done { session: Box::new(session), user: Box::new(user), cookie })
}

async fn record_failure(
    ctx: &AppContext,
    origin: &Origin,
    user: Option<&User>,
    login: &str,
    code: &str,
    message: &str,
) -> Result<(), ServiceError> {
    let who = InitiatedBy { kind: "anonymous".into(), ..InitiatedBy::default() };
    let mut event = actor::event(ctx, EventType::UserLoginAttempt)
        .by(who)
        .from_origin(origin)
        .failed(code, message)
        .detail("typed_name", login.chars().filter(|c| !c.is_control()).take(128).collect::<String>());
    if let Some(user) = user {
        event = event.on_user(user);
    }
    event.auth_method = Some("password".into());
    ctx.db
        .write(move |tx| {
            let _ = tx;
            Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })
        })
        .await
}
