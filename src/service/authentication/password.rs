//! Signing in with user name or email and password. Does not own hashing (`hasher`) or the session's lifetime.

use super::throttle;
use crate::{
    context::AppContext,
    domain::{
        audit::{EventType, InitiatedBy, Origin},
        session::Session,
        text::canonical,
        throttle::{PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, ThrottleRule},
        user::{Role, User, UserState},
    },
    id::UserId,
    keyring::secret_hash,
    service::{ServiceError, actor, logout::queued, sessions},
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
    /// The account that signed in with this browser before, and when (W-10).
    pub known_device: Option<(UserId, DateTime<Utc>)>,
    /// The session this browser has now: renewed under a new secret for the same person, ended for another (W-02).
    pub replaces: Option<(Session, User)>,
}

/// Tries to sign in. Counts first, verifies then (W-07), always at the cost of one hash (W-09).
pub async fn sign_in(ctx: &AppContext, origin: &Origin, attempt: Attempt) -> Result<SignIn, ServiceError> {
    let (user, stored, known_device) = {
        let mut conn = ctx.db.read().await?;
        let user = store::users::find_by_login(&mut conn, &attempt.login).await?;
        // The same questions for unknown names (W-09).
        let id = user.as_ref().map_or_else(|| UserId::new(ctx.now(), &mut ctx.rng()), |user| user.id);
        let stored = store::credentials::password_hash(&mut conn, id).await?;
        let changed_at = store::credentials::password_changed_at(&mut conn, id).await?;
        // The mark counts for its own account, and not after the password changed.
        let known = attempt
            .known_device
            .is_some_and(|(owner, since)| owner == id && changed_at.is_none_or(|changed| changed <= since));
        (user, stored, known)
    };
    // User name and email of one person share one counter (W-07); an unknown name has one too (W-09).
    let account =
        user.as_ref().map_or_else(|| secret_hash(&canonical(&attempt.login)), |user| user.id.to_string());
    let names = counters(&account, origin, known_device);
    if let Err(until) = throttle::count_all(ctx, names.clone()).await? {
        record_failure(
            ctx,
            origin,
            user.as_ref(),
            &attempt.login,
            "throttled",
            "Too many tries; slowed down.",
        )
        .await?;
        return Ok(SignIn::Throttled(until));
    }
    if attempt.password.len() > crate::domain::credential::PASSWORD_MAX {
        record_failure(
            ctx,
            origin,
            user.as_ref(),
            &attempt.login,
            "wrong_password",
            "The password is too long.",
        )
        .await?;
        return Ok(SignIn::Refused);
    }
    let verified = ctx.hasher.verify(attempt.password.clone(), stored.as_deref()).await?;
    let message = "User name and password don’t match.";
    let (user, stored) = match (user, stored) {
        (Some(user), Some(stored)) if verified.matches => (user, stored),
        (user, _) => {
            record_failure(ctx, origin, user.as_ref(), &attempt.login, "wrong_password", message).await?;
            return Ok(SignIn::Refused);
        }
    };
    if user.state != UserState::Active {
        let message = format!("{}’s account is {}.", user.display_name, user.state.as_str());
        record_failure(ctx, origin, Some(&user), &attempt.login, "account_not_active", &message).await?;
        return Ok(SignIn::NotActive(user.state));
    }
    let rehashed = if verified.needs_rehash { Some(ctx.hasher.hash(attempt.password).await?) } else { None };
    let proof = Proof { stored, rehashed, names };
    let person = user.clone();
    if let Some(done) = begin(ctx, origin, user, attempt.replaces, proof).await? {
        return Ok(done);
    }
    // Reset or switched off while the hash was computed.
    record_failure(ctx, origin, Some(&person), &attempt.login, "wrong_password", message).await?;
    Ok(SignIn::Refused)
}

/// What was verified, to be confirmed inside the write.
struct Proof {
    stored: String,
    rehashed: Option<String>,
    names: Vec<(String, ThrottleRule)>,
}

fn counters(account: &str, origin: &Origin, known_device: bool) -> Vec<(String, ThrottleRule)> {
    let address = throttle::network(&origin.client_ip);
    let mut names = vec![(format!("login/{account}/{address}"), PER_ACCOUNT_AND_ADDRESS)];
    if !known_device {
        names.push((format!("login/{account}"), PER_ACCOUNT));
        names.push((format!("login//{address}"), PER_ADDRESS));
    }
    names
}

/// Confirms the proof, stores or renews the session, forgets this account's failures and says so, in one write. `None`: the
/// account changed while the password was verified.
async fn begin(
    ctx: &AppContext,
    origin: &Origin,
    user: User,
    replaces: Option<(Session, User)>,
    proof: Proof,
) -> Result<Option<SignIn>, ServiceError> {
    let cookie = sessions::new_cookie_secret(ctx);
    let mut session = sessions::begin(ctx, &user, &["pwd"], origin);
    let renewed = replaces.as_ref().filter(|(_, owner)| owner.id == user.id);
    if let Some((old, _)) = renewed {
        session.id = old.id;
        session.created_at = old.created_at;
    }
    let renews = renewed.is_some();
    let ended = replaces.filter(|(_, owner)| owner.id != user.id).map(|(old, owner)| {
        let event =
            actor::event(ctx, EventType::UserLogout).by(InitiatedBy::user(&owner)).from_origin(origin);
        (old.id, event.on_user(&owner))
    });
    let kind =
        if user.role == Role::None { EventType::UserLoginAttempt } else { EventType::AdminLoginAttempt };
    let mut event = actor::event(ctx, kind).by(InitiatedBy::user(&user)).from_origin(origin).on_user(&user);
    event.auth_method = Some("password".into());
    event.mfa = Some(false);
    let (stored, hash, user_id, now) = (session.clone(), secret_hash(&cookie), user.id, ctx.now());
    let ids = queued::new_ids(now, &mut ctx.rng());
    let confirmed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if !store::credentials::confirm(tx, user_id, &proof.stored).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(false));
                }
                let mut written = Written::new(true, event);
                if let Some((old, event)) = ended {
                    queued::end_sessions(tx, &[old], "someone else signed in", now, false, ids).await?;
                    written = written.and(event);
                }
                if !(renews && store::sessions::renew(tx, &stored, &hash).await?) {
                    store::sessions::insert(tx, &stored, &hash).await?;
                }
                if let Some(rehashed) = &proof.rehashed {
                    store::credentials::set_password_hash(tx, user_id, Some(rehashed), now).await?;
                }
                // The address's own counter stays: one right guess must not reset a spraying address.
                for (name, _) in &proof.names {
                    if name.starts_with("login//") {
                        store::throttles::forgive(tx, name).await?;
                    } else {
                        store::throttles::clear(tx, name).await?;
                    }
                }
                Ok(written)
            })
        })
        .await?;
    Ok(confirmed.then(|| SignIn::Done { session: Box::new(session), user: Box::new(user), cookie }))
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
    let mut event =
        actor::event(ctx, EventType::UserLoginAttempt).by(who).from_origin(origin).failed(code, message);
    // What an unknown visitor typed is often a password: it is kept only when it names somebody.
    if let Some(user) = user {
        event = event.on_user(user).detail("typed_name", login);
    }
    event.auth_method = Some("password".into());
    ctx.db
        .write(move |tx| {
            let _ = tx;
            Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })
        })
        .await
}
