//! Apps that stay connected to a person: devices, and apps that may come back while the person is away. Listing and ending.
//! Does not own what people allowed third-party apps (`consents`) or sessions.

use super::{Caller, ServiceError, actor, oidc::grant::GrantDetails, users};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy, Origin},
        user::User,
    },
    id::{AppId, TokenFamilyId, UserId},
    store::{self, Written, token_families::LiveFamily},
};
use ::oidc::GrantType;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Most families that are looked at.
const LOOKED_AT: i64 = 1_000;

/// Where an app was connected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// On a device without a browser, which asked from this address.
    Device(String),
    /// In a browser that called itself so; empty where it wasn't kept.
    Browser(String),
}

/// An app that stays connected in one place.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its youngest grant, which names it.
    pub id: TokenFamilyId,
    /// The app.
    pub app: App,
    /// Where.
    pub place: Place,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it last got tokens; `None`: not yet.
    pub used_at: Option<DateTime<Utc>>,
    /// Its grants: a browser in which an app was signed on ten times has ten.
    grants: Vec<TokenFamilyId>,
}

/// The apps that stay connected to a person, the last used first.
pub async fn of_user(ctx: &AppContext, user: UserId) -> Result<Vec<Connected>, ServiceError> {
    let mut conn = ctx.db.read().await?;
    let live = store::token_families::live_of_user(&mut conn, user, ctx.now(), LOOKED_AT).await?;
    let mut apps: HashMap<AppId, Option<App>> = HashMap::new();
    let mut connected: Vec<Connected> = Vec::new();
    for LiveFamily { family, used_at, renews } in live {
        let details = GrantDetails::of_family(&family)?;
        let is_device = details.began_by == Some(GrantType::DeviceCode);
        // What can't be renewed is over in minutes, and is only of interest on a device: it has no session to be ended with.
        if !renews && !is_device {
            continue;
        }
        let app = match apps.entry(family.app_id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(store::apps::get(&mut conn, family.app_id).await?)
            }
        };
        let Some(app) = app else { continue };
        let place =
            if is_device { Place::Device(details.client_ip) } else { Place::Browser(details.user_agent) };
        // Each device stands for itself; sign-ons of one app in one browser are one connection.
        let same = |other: &&mut Connected| !is_device && other.app.id == app.id && other.place == place;
        if let Some(known) = connected.iter_mut().find(same) {
            known.since = known.since.min(family.created_at);
            known.used_at = known.used_at.max(used_at);
            known.grants.push(family.id);
            continue;
        }
        let (id, since) = (family.id, family.created_at);
        connected.push(Connected { id, app: app.clone(), place, since, used_at, grants: vec![id] });
    }
    connected.sort_by_key(|one| std::cmp::Reverse(one.used_at.unwrap_or(one.since)));
    Ok(connected)
}

/// Ends one of one's own connections. `None`: it was over already.
pub async fn end_own(
    ctx: &AppContext,
    origin: &Origin,
    user: &User,
    id: TokenFamilyId,
) -> Result<Option<App>, ServiceError> {
    let event = actor::event(ctx, EventType::OauthGrantEnd)
        .by(InitiatedBy::user(user))
        .from_origin(origin)
        .on_user(user);
    end(ctx, user.id, id, "ended by the person", event).await
}

/// Ends a connection of a person for them. `None`: it was over already.
///
/// # Errors
/// [`ServiceError::Forbidden`] without the permission to help, or for somebody of an equal or higher role (W-17).
pub async fn end_for(
    ctx: &AppContext,
    caller: &Caller,
    user: UserId,
    id: TokenFamilyId,
) -> Result<Option<App>, ServiceError> {
    let user = users::helped(ctx, caller, user).await?;
    let event = caller.event(ctx, EventType::OauthGrantEnd).on_user(&user);
    end(ctx, user.id, id, "ended by an admin", event).await
}

/// Ends all grants of the connection that this one belongs to, if it is this person's (W-16).
async fn end(
    ctx: &AppContext,
    user: UserId,
    id: TokenFamilyId,
    because: &'static str,
    event: AuditEvent,
) -> Result<Option<App>, ServiceError> {
    let all = of_user(ctx, user).await?;
    let Some(one) = all.into_iter().find(|one| one.grants.contains(&id)) else { return Ok(None) };
    let place = match one.place {
        Place::Device(address) => format!("a device at {address}"),
        Place::Browser(name) => name,
    };
    let event = event.at(&one.app).detail("place", place);
    let now = ctx.now();
    let ended = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let mut ended = 0_u32;
                for id in one.grants {
                    ended += u32::from(store::token_families::revoke(tx, id, because, now).await?);
                }
                if ended == 0 {
                    return Ok::<_, ServiceError>(Written::unaudited(false));
                }
                Ok(Written::new(true, event.detail("grants_ended", ended.to_string())))
            })
        })
        .await?;
    Ok(ended.then_some(one.app))
}
