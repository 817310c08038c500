//! First run: a one-time code from the log makes the first owner. Does not own later accounts (`users`).

use super::{Caller, ServiceError, actor, settings::Organization};
use crate::{
    context::AppContext,
    domain::{
        audit::{EventType, InitiatedBy, Origin},
        credential, reference, throttle,
        user::{Role, User, UserDraft},
    },
    id::UserId,
    store::{self, Written},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

const CODE: &str = "setup_code";
/// How long a code from the log can be used; a restart makes a new one.
const CODE_LIFETIME: TimeDelta = TimeDelta::hours(1);

#[derive(Serialize, Deserialize)]
struct StoredCode {
    hash: String,
    expires_at: i64,
}

/// Whether nobody owns this organisation yet.
pub async fn is_open(ctx: &AppContext) -> Result<bool, ServiceError> {
    Ok(store::users::count_active_owners(&mut ctx.db.read().await?).await? == 0)
}

/// Makes a new code and prints it to the log, while there is no owner (W-25).
pub async fn announce(ctx: &AppContext) -> Result<(), ServiceError> {
    if !is_open(ctx).await? {
        return Ok(());
    }
    let code = reference::new(&mut ctx.rng());
    let now = ctx.now();
    let stored = StoredCode {
        hash: crate::keyring::secret_hash(&code),
        expires_at: (now + CODE_LIFETIME).timestamp_millis(),
    };
    let text = serde_json::to_string(&stored).map_err(ServiceError::internal)?;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::settings::set(tx, CODE, &text, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await?;
    tracing::warn!("Setup code: {code} — open {}", ctx.url("/setup"));
    Ok(())
}

/// What the set-up form says.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The code from the log.
    pub code: String,
    /// The organisation's name.
    pub organization: String,
    /// The first owner.
    pub owner: UserDraft,
    /// Their password.
    pub password: String,
}

/// Makes the first owner. Works once: afterwards there is an owner, and the code is gone.
pub async fn complete(ctx: &AppContext, origin: &Origin, setup: Setup) -> Result<User, ServiceError> {
    if !is_open(ctx).await? {
        return Err(ServiceError::NotFound("page"));
    }
    super::authentication::throttle::count(
        ctx,
        &format!("setup/{}", super::authentication::throttle::network(&origin.client_ip)),
        throttle::SETUP,
    )
    .await?
    .map_err(ServiceError::Throttled)?;
    let organization = Organization { name: setup.organization.trim().to_owned(), ..Organization::default() };
    let mut draft = setup.owner;
    draft.role = Role::Owner;
    let checked = draft.check()?;
    super::settings::check(&organization)?;
    credential::check_password("password", &setup.password, checked.get())?;
    let presented = reference::parse(&setup.code).unwrap_or_default();
    let hash = ctx.hasher.hash(setup.password).await?;
    let now = ctx.now();
    let id = UserId::new(now, &mut ctx.rng());
    let created = actor::event(ctx, EventType::OrganizationCreate)
        .by(InitiatedBy::anonymous())
        .from_origin(origin)
        .on("organization", "1", &organization.name);
    let event = actor::event(ctx, EventType::UserCreate).by(InitiatedBy::anonymous()).from_origin(origin);
    let named = organization.clone();
    let owner = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let stored: Option<StoredCode> =
                    store::settings::get(tx, CODE).await?.and_then(|text| serde_json::from_str(&text).ok());
                let right = stored.is_some_and(|stored| {
                    crate::keyring::secret_matches(&presented, &stored.hash)
                        && now.timestamp_millis() < stored.expires_at
                });
                if !right {
                    return Ok(Written::unaudited(None));
                }
                if store::users::count_active_owners(tx).await? > 0 {
                    return Err(ServiceError::NotFound("page"));
                }
                let (user, event) = super::users::insert(tx, id, &checked, Some(&hash), event, now).await?;
                // Whoever had the code is this person from now on.
                let (event, created) =
                    (event.by(InitiatedBy::user(&user)), created.by(InitiatedBy::user(&user)));
                super::settings::put(tx, &organization, now).await?;
                store::settings::set(tx, CODE, "{}", now).await?;
                Ok::<_, ServiceError>(Written::new(Some(user), event).and(created))
            })
        })
        .await?;
    let Some(owner) = owner else {
        let event = actor::event(ctx, EventType::RequestRefused)
            .failed("wrong_setup_code", "Somebody tried a wrong set-up code.");
        super::refusals::record(ctx, origin, event).await?;
        let words = "That code doesn’t match. It is in the server log, on the line that starts Setup code";
        return Err(ServiceError::field("code", words));
    };
    super::settings::remember(ctx, named);
    Ok(owner)
}

/// Makes an account from the command line, with a role.
pub async fn create_admin(
    ctx: &AppContext,
    draft: UserDraft,
    password: Option<String>,
) -> Result<User, ServiceError> {
    super::users::create(ctx, &Caller::system("gatehouse admin create"), draft, password).await
}
