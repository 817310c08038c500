//! What the console's lists show beside their rows: counts, last uses, names for ids. Reads only.
//! Does not own changing any of it (`apps`, `users`, `groups`, `assignments`) or how it is worded (`web::admin`).

use super::{Caller, ServiceError};
pub use crate::store::{
    apps::AppFilter,
    audit::AuditFilter,
    client_secrets::ClientSecret,
    page::{PAGE_MAX, Page, PageRequest},
    users::UserFilter,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType},
        group::Group,
        permission::Permission,
        user::{User, UserState},
    },
    id::{AppId, UserId},
    store::{self, Conn},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most events of one day that are looked through for different people.
const SCAN_MAX: u32 = 20_000;

/// The kinds of events that change something, as the console's home lists them.
const CHANGES: &[EventType] = &[
    EventType::UserCreate,
    EventType::UserUpdate,
    EventType::UserDelete,
    EventType::UserSuspended,
    EventType::UserActivated,
    EventType::UserPasswordSet,
    EventType::GroupCreate,
    EventType::GroupUpdate,
    EventType::GroupDelete,
    EventType::ApplicationCreate,
    EventType::ApplicationUpdate,
    EventType::ApplicationDelete,
    EventType::AssociationChange,
    EventType::OrganizationUpdate,
    EventType::ClientSecretCreate,
    EventType::ClientSecretDelete,
    EventType::SigningKeyCreate,
    EventType::SigningKeySchedule,
    EventType::SigningKeySwitch,
    EventType::SigningKeyRollback,
    EventType::SigningKeyReplace,
    EventType::SigningKeyDelete,
    EventType::SpMetadataApprove,
    EventType::SpMetadataDismiss,
];

/// How many there are of each thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Applications.
    pub apps: i64,
    /// People.
    pub users: i64,
    /// Groups.
    pub groups: i64,
}

/// The numbers of the navigation.
pub async fn counts(ctx: &AppContext, caller: &Caller) -> Result<Counts, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    Ok(Counts {
        apps: store::apps::count(&mut conn).await?,
        users: store::users::count(&mut conn).await?,
        groups: store::groups::count(&mut conn).await?,
    })
}

/// How many owners can sign in.
pub async fn active_owners(ctx: &AppContext, caller: &Caller) -> Result<i64, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::users::count_active_owners(&mut ctx.db.read().await?).await?)
}

/// For each app: how many groups are bound to it, and how many people have it. Apps that nobody has are left out.
pub async fn access_counts(
    ctx: &AppContext,
    caller: &Caller,
) -> Result<HashMap<AppId, (i64, i64)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::access::counts_by_app(&mut ctx.db.read().await?).await?)
}

/// Every app whose label, slug or id at the other side contains `q`, by label.
pub async fn apps_matching(ctx: &AppContext, caller: &Caller, q: &str) -> Result<Vec<App>, ServiceError> {
    caller.require(Permission::Read)?;
    let filter = AppFilter { q: q.to_owned(), ..AppFilter::default() };
    let mut conn = ctx.db.read().await?;
    let mut apps = Vec::new();
    loop {
        let offset = u32::try_from(apps.len()).unwrap_or(u32::MAX);
        let page = store::apps::list(&mut conn, &filter, PageRequest::new(offset, PAGE_MAX)).await?;
        let done = page.items.is_empty();
        apps.extend(page.items);
        if done || i64::try_from(apps.len()).is_ok_and(|known| known >= page.total) {
            return Ok(apps);
        }
    }
}

/// Whether an app that is off was live before: it is paused, and not still being set up.
pub async fn was_live(ctx: &AppContext, caller: &Caller, app: &App) -> Result<bool, ServiceError> {
    caller.require(Permission::Read)?;
    let filter = AuditFilter {
        app: Some(app.id),
        event_type: Some(EventType::ApplicationUpdate),
        ..AuditFilter::default()
    };
    let page = store::audit::list(&mut ctx.db.read().await?, &filter, PageRequest::first(PAGE_MAX)).await?;
    let switched_off = |event: &AuditEvent| {
        event
            .changes
            .iter()
            .any(|change| change.field == "active" && change.from == serde_json::Value::Bool(true))
    };
    Ok(page.items.iter().any(switched_off))
}

/// When people last signed on to an app.
pub async fn last_sign_on(
    ctx: &AppContext,
    caller: &Caller,
    app: AppId,
) -> Result<Option<DateTime<Utc>>, ServiceError> {
    caller.require(Permission::Read)?;
    let filter = AuditFilter { app: Some(app), ..successful(EventType::SsoAuth) };
    newest(&mut ctx.db.read().await?, &filter).await
}

/// When each of these people last signed in here; those who never did are left out.
pub async fn last_sign_ins(
    ctx: &AppContext,
    caller: &Caller,
    users: &[UserId],
) -> Result<HashMap<UserId, DateTime<Utc>>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut found = HashMap::new();
    for &user in users {
        for kind in [EventType::UserLoginAttempt, EventType::AdminLoginAttempt] {
            let filter = AuditFilter { user: Some(user), ..successful(kind) };
            if let Some(at) = newest(&mut conn, &filter).await? {
                found
                    .entry(user)
                    .and_modify(|known: &mut DateTime<Utc>| *known = at.max(*known))
                    .or_insert(at);
            }
        }
    }
    Ok(found)
}

fn successful(event_type: EventType) -> AuditFilter {
    AuditFilter { event_type: Some(event_type), success: Some(true), ..AuditFilter::default() }
}

async fn newest(conn: &mut Conn, filter: &AuditFilter) -> Result<Option<DateTime<Utc>>, ServiceError> {
    let page = store::audit::list(conn, filter, PageRequest::first(1)).await?;
    Ok(page.items.first().map(|event| event.timestamp))
}

/// When each of these people last opened the app; those who never did are left out.
pub async fn last_opened(
    ctx: &AppContext,
    caller: &Caller,
    app: AppId,
    users: &[UserId],
) -> Result<HashMap<UserId, DateTime<Utc>>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut found = HashMap::new();
    for &user in users {
        if let Some(at) = store::favourites::last_used(&mut conn, user).await?.get(&app) {
            found.insert(user, *at);
        }
    }
    Ok(found)
}

/// When a person last opened each app.
pub async fn last_used(
    ctx: &AppContext,
    caller: &Caller,
    user: UserId,
) -> Result<HashMap<AppId, DateTime<Utc>>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::favourites::last_used(&mut ctx.db.read().await?, user).await?)
}

/// How many of those who have an app can't sign in: suspended or staged. Goes through these people, who are few.
pub async fn stopped_people(ctx: &AppContext, caller: &Caller, app: AppId) -> Result<i64, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut stopped = 0;
    for state in [UserState::Suspended, UserState::Staged] {
        let filter = UserFilter { state: Some(state), ..UserFilter::default() };
        let mut seen = 0;
        loop {
            let page = store::users::list(&mut conn, &filter, PageRequest::new(seen, PAGE_MAX)).await?;
            if page.items.is_empty() {
                break;
            }
            seen = seen.saturating_add(PAGE_MAX);
            for user in page.items {
                if !store::access::routes(&mut conn, user.id, app).await?.is_empty() {
                    stopped += 1;
                }
            }
        }
    }
    Ok(stopped)
}

/// Every group with the number of its members, by name.
pub async fn groups_with_sizes(ctx: &AppContext, caller: &Caller) -> Result<Vec<(Group, i64)>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut groups = Vec::new();
    loop {
        let offset = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        let page = store::groups::list(&mut conn, "", PageRequest::new(offset, PAGE_MAX)).await?;
        if page.items.is_empty() {
            return Ok(groups);
        }
        groups.extend(page.items.into_iter().map(|(group, members, _)| (group, members)));
    }
}

/// The people with these ids; ids that are nobody's are left out.
pub async fn people(
    ctx: &AppContext,
    caller: &Caller,
    ids: &BTreeSet<UserId>,
) -> Result<HashMap<UserId, User>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut found = HashMap::new();
    for &id in ids {
        if let Some(user) = store::users::get(&mut conn, id).await? {
            found.insert(id, user);
        }
    }
    Ok(found)
}

/// The apps with these ids; ids of apps that are gone are left out.
pub async fn apps(
    ctx: &AppContext,
    caller: &Caller,
    ids: &BTreeSet<AppId>,
) -> Result<HashMap<AppId, App>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut found = HashMap::new();
    for &id in ids {
        if let Some(app) = store::apps::get(&mut conn, id).await? {
            found.insert(id, app);
        }
    }
    Ok(found)
}

/// The kinds of events there are, sorted by their word.
pub async fn event_types(ctx: &AppContext, caller: &Caller) -> Result<Vec<EventType>, ServiceError> {
    caller.require(Permission::Read)?;
    let words = store::audit::event_types(&mut ctx.db.read().await?).await?;
    // A word of a later version is left out, not an error: the list only feeds a filter.
    Ok(words.into_iter().filter_map(|word| serde_json::from_value(word.into()).ok()).collect())
}

/// The sign-ons of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// How many worked, by hour; 24 numbers.
    pub hours: Vec<i64>,
    /// How many worked in all.
    pub worked: i64,
    /// How many did not.
    pub failed: i64,
    /// How many different people signed on.
    pub people: i64,
}

/// The sign-ons since `midnight`.
pub async fn sign_ons_of_day(
    ctx: &AppContext,
    caller: &Caller,
    midnight: DateTime<Utc>,
) -> Result<Day, ServiceError> {
    caller.require(Permission::Read)?;
    let filter = AuditFilter {
        event_type: Some(EventType::SsoAuth),
        since: Some(midnight),
        until: Some(midnight + TimeDelta::days(1)),
        ..AuditFilter::default()
    };
    let mut conn = ctx.db.read().await?;
    let mut day = Day { hours: vec![0; 24], ..Day::default() };
    for (start, worked, failed) in store::audit::histogram(&mut conn, &filter, 3_600_000).await? {
        let hour = usize::try_from((start - midnight).num_hours()).unwrap_or_default();
        if let Some(count) = day.hours.get_mut(hour) {
            *count += worked;
        }
        day.worked += worked;
        day.failed += failed;
    }
    let filter = AuditFilter { success: Some(true), ..filter };
    let mut who = HashSet::new();
    let mut seen = 0;
    while seen < SCAN_MAX {
        let page = store::audit::list(&mut conn, &filter, PageRequest::new(seen, PAGE_MAX)).await?;
        if page.items.is_empty() {
            break;
        }
        seen += PAGE_MAX;
        who.extend(page.items.into_iter().filter_map(|event| event.initiated_by.id));
    }
    day.people = i64::try_from(who.len()).unwrap_or(i64::MAX);
    Ok(day)
}

/// The newest changes, newest first.
pub async fn last_changes(
    ctx: &AppContext,
    caller: &Caller,
    limit: u32,
) -> Result<Vec<AuditEvent>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let mut changes = Vec::new();
    for &kind in CHANGES {
        let page = store::audit::list(&mut conn, &successful(kind), PageRequest::first(limit)).await?;
        changes.extend(page.items);
    }
    changes.sort_by_key(|event| std::cmp::Reverse((event.timestamp, event.id)));
    changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(changes)
}
