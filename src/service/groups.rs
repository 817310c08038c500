//! Groups and their members. Does not own which apps they open (`assignments`).

use super::{Caller, ServiceError};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{Change, EventType},
        group::{Group, GroupDraft},
        permission::Permission,
        user::User,
    },
    id::{GroupId, UserId},
    store::{
        self, Written,
        page::{Page, PageRequest},
    },
};
use serde_json::{Value, json};

const TAKEN: &[(&str, &str, &str)] = &[("name_key", "name", "There is a group of this name already")];

/// The groups that match, with how many members and apps each has.
pub async fn list(
    ctx: &AppContext,
    caller: &Caller,
    q: &str,
    page: PageRequest,
) -> Result<Page<(Group, i64, i64)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::groups::list(&mut ctx.db.read().await?, q, page).await?)
}

/// One group.
pub async fn get(ctx: &AppContext, caller: &Caller, id: GroupId) -> Result<Group, ServiceError> {
    caller.require(Permission::Read)?;
    store::groups::get(&mut ctx.db.read().await?, id).await?.ok_or(ServiceError::NotFound("group"))
}

/// Every group, by name.
pub async fn all(ctx: &AppContext, caller: &Caller) -> Result<Vec<Group>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::groups::all(&mut ctx.db.read().await?).await?)
}

/// A group's members.
pub async fn members(
    ctx: &AppContext,
    caller: &Caller,
    id: GroupId,
    q: &str,
    page: PageRequest,
) -> Result<Page<User>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::members::users_of(&mut ctx.db.read().await?, id, q, page).await?)
}

/// The apps a group opens.
pub async fn apps(ctx: &AppContext, caller: &Caller, id: GroupId) -> Result<Vec<App>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::assignments::apps_of_group(&mut ctx.db.read().await?, id).await?)
}

/// The apps that are told a group's name and pass it on, and so would see another one.
pub async fn apps_told_name(
    ctx: &AppContext,
    caller: &Caller,
    id: GroupId,
) -> Result<Vec<App>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut apps = store::assignments::apps_told_name(&mut ctx.db.read().await?, id).await?;
    apps.retain(|app| app.connection.tells_groups());
    Ok(apps)
}

fn shown(group: &GroupDraft) -> Value {
    json!({"name": group.name, "description": group.description})
}

/// Adds a group.
pub async fn create(ctx: &AppContext, caller: &Caller, draft: GroupDraft) -> Result<Group, ServiceError> {
    caller.require(Permission::Manage)?;
    let checked = draft.check()?;
    let now = ctx.now();
    let id = GroupId::new(now, &mut ctx.rng());
    let event = caller.event(ctx, EventType::GroupCreate).changed(&Value::Null, &shown(checked.get()));
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let group = store::groups::insert(tx, id, &checked, now)
                    .await
                    .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
                let event = event.on_group(&group);
                Ok(Written::new(group, event))
            })
        })
        .await
}

/// Changes a group's name or description.
pub async fn update(
    ctx: &AppContext,
    caller: &Caller,
    id: GroupId,
    version: i64,
    draft: GroupDraft,
) -> Result<Group, ServiceError> {
    caller.require(Permission::Manage)?;
    let before = get(ctx, caller, id).await?;
    let checked = draft.check()?;
    let now = ctx.now();
    let event = caller.event(ctx, EventType::GroupUpdate).changed(
        &shown(&GroupDraft { name: before.name.clone(), description: before.description.clone() }),
        &shown(checked.get()),
    );
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let group = store::groups::update(tx, id, Some(version), &checked, now)
                    .await
                    .map_err(|e| ServiceError::from(e).or_taken(TAKEN))?;
                let event = event.on_group(&group);
                Ok(Written::new(group, event))
            })
        })
        .await
}

/// Removes a group; its members keep their accounts.
pub async fn delete(ctx: &AppContext, caller: &Caller, id: GroupId) -> Result<(), ServiceError> {
    caller.require(Permission::Manage)?;
    let group = get(ctx, caller, id).await?;
    let event = caller.event(ctx, EventType::GroupDelete).on_group(&group);
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::groups::delete(tx, id).await?;
                Ok::<_, ServiceError>(Written::new((), event))
            })
        })
        .await
}

/// Adds a member, or takes one out. Nothing is said when nothing changed.
pub async fn set_member(
    ctx: &AppContext,
    caller: &Caller,
    id: GroupId,
    user: UserId,
    member: bool,
) -> Result<bool, ServiceError> {
    caller.require(Permission::Manage)?;
    let group = get(ctx, caller, id).await?;
    let person = super::users::get(ctx, caller, user).await?;
    let now = ctx.now();
    let mut event = caller.event(ctx, EventType::AssociationChange).on_group(&group);
    event.changes.push(Change {
        field: "members".into(),
        from: if member { Value::Null } else { json!(person.username) },
        to: if member { json!(person.username) } else { Value::Null },
    });
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let changed = if member {
                    store::members::add(tx, id, user, now).await?
                } else {
                    store::members::remove(tx, id, user).await?
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
