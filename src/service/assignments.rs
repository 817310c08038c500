//! Who may open which app: binds groups and people, and answers who has it and why. Does not own the decision (`domain::access`).

use super::{Caller, ServiceError};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access, Route},
        app::App,
        audit::{AuditEvent, Change, EventType},
        group::Group,
        permission::Permission,
        sent_as::SentAs,
        user::User,
    },
    id::{GroupId, UserId},
    store::{
        self, Tx, Written,
        page::{Page, PageRequest},
    },
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Who is bound or unbound.
#[derive(Debug, Clone, Copy)]
pub enum Assignee {
    /// A group.
    Group(GroupId),
    /// A person.
    User(UserId),
}

/// The groups bound to an app: members, and how many would lose it with this group alone.
pub async fn groups(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
) -> Result<Vec<(Group, i64, i64)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::assignments::groups_of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// What taking an app from a group or a person would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// The group's or the person's name.
    pub name: String,
    /// How many people would lose the app.
    pub losing: i64,
    /// How many would keep it by another route.
    pub keeping: i64,
    /// Some of those who would lose it, by display name.
    pub some: Vec<User>,
}

/// How many people a removal names.
const NAMED: u32 = 12;

/// What [`set`] with `false` would do. Not found: the group or person is not bound to the app.
pub async fn removal(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    assignee: Assignee,
) -> Result<Removal, ServiceError> {
    caller.require(Permission::Manage)?;
    match assignee {
        Assignee::Group(id) => {
            let bound = groups(ctx, caller, app).await?;
            let (group, members, _) = bound
                .into_iter()
                .find(|(group, ..)| group.id == id)
                .ok_or(ServiceError::NotFound("assignment"))?;
            let mut conn = ctx.db.read().await?;
            let found =
                store::assignments::only_through(&mut conn, app.id, id, PageRequest::first(NAMED)).await?;
            let keeping = members.saturating_sub(found.total);
            Ok(Removal { name: group.name, losing: found.total, keeping, some: found.items })
        }
        Assignee::User(id) => {
            let user = super::users::get(ctx, caller, id).await?;
            let routes = store::access::routes(&mut ctx.db.read().await?, id, app.id).await?;
            if !routes.contains(&Route::Direct) {
                return Err(ServiceError::NotFound("assignment"));
            }
            let keeping = i64::from(routes.len() > 1);
            let name = user.display_name.clone();
            let some = if keeping == 0 { vec![user] } else { Vec::new() };
            Ok(Removal { name, losing: 1 - keeping, keeping, some })
        }
    }
}

/// The people chosen by hand.
pub async fn people_by_hand(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Vec<User>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::assignments::users_of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// Everyone with a route to the app, with every route.
pub async fn people(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    q: &str,
    page: PageRequest,
) -> Result<Page<(User, Vec<Route>)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::access::people(&mut ctx.db.read().await?, app.id, q, page).await?)
}

/// Would this person get in, and why: the same decision as at sign-on.
pub async fn check(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
) -> Result<Access, ServiceError> {
    caller.require(Permission::Read)?;
    let routes = store::access::routes(&mut ctx.db.read().await?, user.id, app.id).await?;
    Ok(access::decide(user, app, routes))
}

/// The apps a person has, with every route.
pub async fn apps_of_user(
    ctx: &AppContext,
    caller: &Caller,
    user: UserId,
) -> Result<Vec<(App, Vec<Route>)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::access::apps_of_user(&mut ctx.db.read().await?, user).await?)
}

/// What an app is told of each of its groups that it doesn't know by their name.
pub async fn sent_as(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
) -> Result<HashMap<GroupId, SentAs>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::assignments::sent_as_of_app(&mut ctx.db.read().await?, app.id).await?)
}

/// Sets what an app is told of a group, inside a write. `event` is the one that tells of it; none when nothing changed.
pub(super) async fn apply_send_as(
    tx: &mut Tx,
    app: &App,
    group: &Group,
    sent_as: &SentAs,
    event: AuditEvent,
) -> Result<Option<AuditEvent>, ServiceError> {
    let was = store::assignments::sent_as_of_app(tx, app.id).await?.remove(&group.id).unwrap_or_default();
    if !store::assignments::send_as(tx, app.id, group.id, sent_as).await? {
        return Ok(None);
    }
    let text = |sent_as: &SentAs| json!(sent_as.text(group.id, &group.name));
    let mut event = event.at(app).on("application", app.id, &app.label).detail("group", &group.name);
    event.changes.push(Change { field: "sent_as".into(), from: text(&was), to: text(sent_as) });
    Ok(Some(event))
}

/// Sets what an app is told of a group that is bound to it. Nothing is said when nothing changed.
///
/// # Errors
/// On the field `alias`, or when the group is gone.
pub async fn send_as(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    group: GroupId,
    sent_as: SentAs,
) -> Result<bool, ServiceError> {
    caller.require(Permission::Manage)?;
    let sent_as = sent_as.checked()?;
    let group = super::groups::get(ctx, caller, group).await?;
    let (event, app) = (caller.event(ctx, EventType::AssociationChange), app.clone());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let event = apply_send_as(tx, &app, &group, &sent_as, event).await?;
                Ok::<_, ServiceError>(
                    event.map_or_else(|| Written::unaudited(false), |event| Written::new(true, event)),
                )
            })
        })
        .await
}

/// Binds or unbinds a group or a person. Nothing is said when nothing changed.
pub async fn set(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    assignee: Assignee,
    bound: bool,
) -> Result<bool, ServiceError> {
    caller.require(Permission::Manage)?;
    let (field, name) = match assignee {
        Assignee::Group(id) => ("groups", super::groups::get(ctx, caller, id).await?.name),
        Assignee::User(id) => ("users", super::users::get(ctx, caller, id).await?.username),
    };
    let mut event =
        caller.event(ctx, EventType::AssociationChange).at(app).on("application", app.id, &app.label);
    event.changes.push(Change {
        field: field.into(),
        from: if bound { Value::Null } else { json!(name) },
        to: if bound { json!(name) } else { Value::Null },
    });
    let now = ctx.now();
    let app_id = app.id;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let changed = match (assignee, bound) {
                    (Assignee::Group(id), true) => {
                        store::assignments::bind_group(tx, app_id, id, now).await?
                    }
                    (Assignee::Group(id), false) => store::assignments::unbind_group(tx, app_id, id).await?,
                    (Assignee::User(id), true) => store::assignments::bind_user(tx, app_id, id, now).await?,
                    (Assignee::User(id), false) => store::assignments::unbind_user(tx, app_id, id).await?,
                };
                Ok::<_, ServiceError>(if changed {
                    Written::new(true, event)
                } else {
                    Written::unaudited(false)
                })
            })
        })
        .await
}
