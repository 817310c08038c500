//! People: add, change, switch off, help. Does not own signing in (`authentication`) or groups.

use super::{Caller, ServiceError, logout};
use crate::{
    context::AppContext,
    domain::{
        audit::{AuditEvent, EventType},
        credential,
        group::Group,
        permission::{Permission, may_change_account},
        session::Session,
        user::{CheckedUser, Role, User, UserDraft, UserState},
    },
    id::UserId,
    store::{
        self, Tx, Written,
        page::{Page, PageRequest},
        users::UserFilter,
    },
};
use serde_json::{Value, json};

const TAKEN: &[(&str, &str, &str)] = &[
    ("username_key", "username", "Somebody has this user name already"),
    ("email_key", "email", "Somebody has this email already"),
];

/// The people that match a filter, by display name.
pub async fn list(
    ctx: &AppContext,
    caller: &Caller,
    filter: &UserFilter,
    page: PageRequest,
) -> Result<Page<User>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::users::list(&mut ctx.db.read().await?, filter, page).await?)
}

/// One person.
pub async fn get(ctx: &AppContext, caller: &Caller, id: UserId) -> Result<User, ServiceError> {
    caller.require(Permission::Read)?;
    store::users::get(&mut ctx.db.read().await?, id).await?.ok_or(ServiceError::NotFound("person"))
}

/// One person by user name or email.
pub async fn find(ctx: &AppContext, caller: &Caller, login: &str) -> Result<Option<User>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::users::find_by_login(&mut ctx.db.read().await?, login).await?)
}

/// A person's groups.
pub async fn groups_of(ctx: &AppContext, caller: &Caller, id: UserId) -> Result<Vec<Group>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::members::groups_of(&mut ctx.db.read().await?, id).await?)
}

/// A person's sessions.
pub async fn sessions_of(
    ctx: &AppContext,
    caller: &Caller,
    id: UserId,
) -> Result<Vec<Session>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::sessions::of_user(&mut ctx.db.read().await?, id).await?)
}

/// Nobody edits an equal or higher tier, or gives a role, but owners (W-17).
fn authorize(caller: &Caller, before: Option<&User>, role_after: Role) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let actor = caller.actor.role();
    let role_before = before.map_or(Role::None, |user| user.role);
    if role_before != role_after {
        caller.require(Permission::ManageAdmins)?;
    }
    if may_change_account(actor, role_before) { Ok(()) } else { Err(ServiceError::Forbidden) }
}

/// What an event shows of a person.
pub fn shown(user: &UserDraft) -> Value {
    let mut shown = json!({
        "username": user.username, "email": user.email, "display_name": user.display_name,
        "state": user.state, "role": user.role,
    });
    if let Value::Object(members) = &mut shown {
        for (key, value) in &user.profile {
            members.insert(key.clone(), json!(value));
        }
        for (key, value) in &user.custom {
            members.insert(format!("attributes.{key}"), json!(value));
        }
    }
    shown
}

/// Adds a person inside a write; a conflict with another account is told as the field's error.
pub async fn insert(
    tx: &mut Tx,
    id: UserId,
    checked: &CheckedUser,
    password_hash: Option<&str>,
    event: AuditEvent,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(User, AuditEvent), ServiceError> {
    let user = store::users::insert(tx, id, checked, now)
        .await
        .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
    if password_hash.is_some() {
        store::credentials::set_password_hash(tx, id, password_hash, now).await?;
    }
    let event = event.on_user(&user).changed(&Value::Null, &shown(checked.get()));
    Ok((user, event))
}

/// Adds a person; with a password, they can sign in at once.
pub async fn create(
    ctx: &AppContext,
    caller: &Caller,
    draft: UserDraft,
    password: Option<String>,
) -> Result<User, ServiceError> {
    authorize(caller, None, draft.role)?;
    let checked = draft.check()?;
    let hash = match password.filter(|password| !password.is_empty()) {
        Some(password) => {
            credential::check_password("password", &password, checked.get())?;
            Some(ctx.hasher.hash(password).await?)
        }
        None => None,
    };
    let now = ctx.now();
    let id = UserId::new(now, &mut ctx.rng());
    let event = caller.event(ctx, EventType::UserCreate);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let (user, event) = insert(tx, id, &checked, hash.as_deref(), event, now).await?;
                Ok(Written::new(user, event))
            })
        })
        .await
}

/// Changes a person. `version` is the one the form was filled from.
pub async fn update(
    ctx: &AppContext,
    caller: &Caller,
    id: UserId,
    version: i64,
    draft: UserDraft,
) -> Result<User, ServiceError> {
    let before = get(ctx, caller, id).await?;
    authorize(caller, Some(&before), draft.role)?;
    let checked = draft.check()?;
    let event = caller.event(ctx, EventType::UserUpdate);
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let (user, events) = apply_update(tx, &before, version, &checked, event, now).await?;
                let mut written = Written::unaudited(user);
                written.events = events;
                Ok(written)
            })
        })
        .await
}

/// Changes a person inside a write: guards the last owner, ends what a switched-off person has open.
pub async fn apply_update(
    tx: &mut Tx,
    before: &User,
    version: i64,
    checked: &CheckedUser,
    event: AuditEvent,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(User, Vec<AuditEvent>), ServiceError> {
    let after = store::users::update(tx, before.id, Some(version), checked, now)
        .await
        .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
    if before.role == Role::Owner && store::users::count_active_owners(tx).await? == 0 {
        return Err(ServiceError::field("role", "Make someone else an owner first: this is the last one"));
    }
    let mut events =
        vec![event.clone().on_user(&after).changed(&shown(&UserDraft::of(before)), &shown(checked.get()))];
    if before.state != after.state {
        if after.state != UserState::Active {
            end_everything(tx, after.id, "account switched off", now).await?;
        }
        let mut state = event.on_user(&after);
        state.event_type = if after.state == UserState::Active {
            EventType::UserActivated
        } else {
            EventType::UserSuspended
        };
        state.id = crate::id::EventId::new(now, &mut rand_for_ids());
        events.push(state);
    }
    Ok((after, events))
}

/// Ids inside a write closure: only uniqueness is asked of them.
fn rand_for_ids() -> rand::rngs::ThreadRng {
    #[expect(clippy::disallowed_methods, reason = "ids only; a write closure has no context")]
    rand::rng()
}

/// Ends a person's sessions, app sessions and tokens (W-02); apps that can be called are told soon after.
pub async fn end_everything(
    tx: &mut Tx,
    id: UserId,
    because: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<u64, ServiceError> {
    // Sessions first: a sign-on that is being answered holds its session, and its tokens are seen after that.
    let ids = logout::queued::new_ids(now, &mut rand_for_ids());
    let ended = logout::queued::end_sessions_of(tx, id, because, now, ids).await?;
    store::token_families::revoke_of_user(tx, id, because, now).await?;
    Ok(ended)
}

/// Switches a person off or on.
pub async fn set_state(
    ctx: &AppContext,
    caller: &Caller,
    id: UserId,
    state: UserState,
) -> Result<User, ServiceError> {
    let user = get(ctx, caller, id).await?;
    let version = user.version;
    update(ctx, caller, id, version, UserDraft { state, ..UserDraft::of(&user) }).await
}

/// Who someone is at this moment, if the caller may still change them: a promotion that came meanwhile counts (W-17).
async fn reread(tx: &mut Tx, id: UserId, actor: Role) -> Result<User, ServiceError> {
    let user = store::users::get(tx, id).await?.ok_or(ServiceError::NotFound("person"))?;
    if may_change_account(actor, user.role) { Ok(user) } else { Err(ServiceError::Forbidden) }
}

/// Whom the caller may help: with the permission for it, and nobody of an equal or higher role (W-17).
pub(super) async fn helped(ctx: &AppContext, caller: &Caller, id: UserId) -> Result<User, ServiceError> {
    caller.require(Permission::Assist)?;
    let user = get(ctx, caller, id).await?;
    if may_change_account(caller.actor.role(), user.role) { Ok(user) } else { Err(ServiceError::Forbidden) }
}

/// Sets a person's password and ends their sessions and tokens.
pub async fn set_password(
    ctx: &AppContext,
    caller: &Caller,
    id: UserId,
    password: String,
) -> Result<(), ServiceError> {
    let user = helped(ctx, caller, id).await?;
    credential::check_password("password", &password, &UserDraft::of(&user))?;
    let hash = ctx.hasher.hash(password).await?;
    let event = caller.event(ctx, EventType::UserPasswordSet).on_user(&user);
    let (now, role) = (ctx.now(), caller.actor.role());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                reread(tx, id, role).await?;
                store::credentials::set_password_hash(tx, id, Some(&hash), now).await?;
                end_everything(tx, id, "password set", now).await?;
                Ok(Written::new((), event))
            })
        })
        .await
}

/// Ends a person's sessions and tokens; answers how many sessions there were.
pub async fn end_sessions(ctx: &AppContext, caller: &Caller, id: UserId) -> Result<u64, ServiceError> {
    let user = helped(ctx, caller, id).await?;
    let event = caller.event(ctx, EventType::UserSessionsEnd).on_user(&user);
    let (now, role) = (ctx.now(), caller.actor.role());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                reread(tx, id, role).await?;
                let ended = end_everything(tx, id, "ended by an admin", now).await?;
                Ok(Written::new(ended, event))
            })
        })
        .await
}

/// Removes a person and all that hangs on them. The last owner stays.
pub async fn delete(ctx: &AppContext, caller: &Caller, id: UserId) -> Result<(), ServiceError> {
    let user = get(ctx, caller, id).await?;
    authorize(caller, Some(&user), user.role)?;
    let event = caller.event(ctx, EventType::UserDelete).on_user(&user);
    let (now, role) = (ctx.now(), caller.actor.role());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let user = reread(tx, id, role).await?;
                end_everything(tx, id, "account removed", now).await?;
                store::users::delete(tx, id).await?;
                if user.role == Role::Owner && store::users::count_active_owners(tx).await? == 0 {
                    return Err(ServiceError::field(
                        "role",
                        "Make someone else an owner first: this is the last one",
                    ));
                }
                Ok(Written::new((), event))
            })
        })
        .await
}
