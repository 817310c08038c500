//! The one write of an apply. Does no slow work: it holds the writer.

use super::{
    at,
    prepared::{Made, Prepared},
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, Change},
        group::Group,
        user::User,
    },
    service::{
        ServiceError, apps, assignments, client_secrets::ends, organisation::current::Current,
        organisation::plan::Operation, settings, users,
    },
    store::{self, Tx, Written},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;

const GROUP_TAKEN: &[(&str, &str, &str)] = &[("name_key", "name", "There is a group of this name already")];

/// People, groups and apps by key, as they are so far in this write.
struct Known {
    users: HashMap<String, User>,
    groups: HashMap<String, Group>,
    apps: HashMap<String, App>,
    had_owner: bool,
    /// Our address.
    public_url: String,
}

/// Writes every step, or none.
pub(super) async fn write(
    ctx: &AppContext,
    current: &Current,
    steps: Vec<Prepared>,
) -> Result<(), ServiceError> {
    let now = ctx.now();
    let public_url = ctx.config.http.public_url.as_str().to_owned();
    let mut known = Known {
        users: current.users_by_key(),
        groups: current.groups_by_key(),
        apps: current.apps_by_slug(),
        had_owner: false,
        public_url,
    };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if steps.iter().any(|step| matches!(step.operation, Operation::ReplaceSecret { .. })) {
                    store::client_secrets::hold(tx).await?;
                }
                known.had_owner = store::users::count_active_owners(tx).await? > 0;
                let mut events = Vec::with_capacity(steps.len());
                for step in steps {
                    let place = step.at.clone();
                    perform(tx, &mut known, step, &mut events, now)
                        .await
                        .map_err(|error| at(&place, error))?;
                }
                if known.had_owner && store::users::count_active_owners(tx).await? == 0 {
                    return Err(ServiceError::field("users", "This would take away the last owner"));
                }
                let mut written = Written::unaudited(());
                written.events = events;
                Ok::<_, ServiceError>(written)
            })
        })
        .await
}

async fn perform(
    tx: &mut Tx,
    known: &mut Known,
    step: Prepared,
    events: &mut Vec<AuditEvent>,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let Prepared { operation, event, made, .. } = step;
    match (operation, made) {
        (Operation::SetOrganization(organization), _) => {
            settings::put(tx, &organization, now).await?;
            events.push(event.on("organization", "1", &organization.name));
        }
        (Operation::CreateUser { checked, .. }, Made::User { id, password_hash }) => {
            let (user, event) = users::insert(tx, id, &checked, password_hash.as_deref(), event, now).await?;
            known.users.insert(key(&user.username), user);
            events.push(event);
        }
        (Operation::UpdateUser { before, checked }, _) => {
            let (user, more) = users::apply_update(tx, &before, before.version, &checked, event, now).await?;
            known.users.insert(key(&user.username), user);
            events.extend(more);
        }
        (Operation::SetPassword { user, .. }, Made::PasswordHash(hash)) => {
            store::credentials::set_password_hash(tx, user.id, Some(&hash), now).await?;
            users::end_everything(tx, user.id, "password set", now).await?;
            events.push(event.on_user(&user));
        }
        (Operation::DeleteUser(user), _) => {
            users::end_everything(tx, user.id, "account removed", now).await?;
            store::users::delete(tx, user.id).await?;
            events.push(event.on_user(&user));
        }
        (Operation::CreateGroup(checked), Made::Group(id)) => {
            let group = store::groups::insert(tx, id, &checked, now)
                .await
                .map_err(|e| ServiceError::from(e).or_taken(GROUP_TAKEN))?;
            let draft = checked.get();
            let shown = json!({"name": draft.name, "description": draft.description});
            events.push(event.on_group(&group).changed(&Value::Null, &shown));
            known.groups.insert(key(&group.name), group);
        }
        (Operation::UpdateGroup { before, checked }, _) => {
            let group = store::groups::update(tx, before.id, Some(before.version), &checked, now)
                .await
                .map_err(|e| ServiceError::from(e).or_taken(GROUP_TAKEN))?;
            let was = json!({"name": before.name, "description": before.description});
            let is = json!({"name": group.name, "description": group.description});
            events.push(event.on_group(&group).changed(&was, &is));
            known.groups.insert(key(&group.name), group);
        }
        (Operation::DeleteGroup(group), _) => {
            store::groups::delete(tx, group.id).await?;
            events.push(event.on_group(&group));
        }
        (Operation::SetMember { group, user, member }, _) => {
            let (group, user) = (known.group(&group)?, known.user(&user)?);
            let changed = if member {
                store::members::add(tx, group.id, user.id, now).await?
            } else {
                store::members::remove(tx, group.id, user.id).await?
            };
            let event = event.on_group(group);
            events.extend(changed.then(|| associated(event, "members", &user.username, member)));
        }
        (Operation::CreateApp { .. }, Made::App(prepared, secrets)) => {
            let (app, event) = apps::insert_prepared(tx, &prepared, event, now).await?;
            for secret in &secrets {
                store::client_secrets::insert(tx, secret).await?;
            }
            known.apps.insert(app.slug.clone(), app);
            events.push(event);
        }
        (Operation::UpdateApp { before, checked }, _) => {
            let version = before.version;
            let (app, event) =
                apps::apply_update(tx, &known.public_url, &before, version, &checked, event, now).await?;
            known.apps.insert(app.slug.clone(), app);
            events.push(event);
        }
        (Operation::ReplaceSecret { app, overlap, .. }, Made::Secrets(rows)) => {
            let valid = store::client_secrets::valid_of_app(tx, app.id, now).await?;
            let (known, others): (Vec<_>, Vec<_>) =
                valid.into_iter().partition(|old| rows.iter().any(|row| row.hash == old.hash));
            let ended: Vec<_> =
                ends(&others, rows.len(), overlap, now).into_iter().map(|(old, end)| (old.id, end)).collect();
            for (old, end) in ended {
                store::client_secrets::expire(tx, old, end).await?;
            }
            let mut brought = rows;
            brought.retain(|row| known.iter().all(|old| old.hash != row.hash));
            if let Some(first) = brought.first() {
                let event = event.detail("old_ends_after_hours", overlap.num_hours().to_string());
                events.push(event.at(&app).on("client_secret", first.id, &app.label));
            }
            for row in brought {
                store::client_secrets::insert(tx, &row).await?;
            }
        }
        (Operation::DeleteApp(app), _) => {
            store::apps::delete(tx, app.id).await?;
            events.push(event.at(&app).on("application", app.id, &app.label));
        }
        (Operation::BindGroup { app, group, bound }, _) => {
            let (app, group) = (known.app(&app)?, known.group(&group)?);
            let changed = if bound {
                store::assignments::bind_group(tx, app.id, group.id, now).await?
            } else {
                store::assignments::unbind_group(tx, app.id, group.id).await?
            };
            let event = event.at(app).on("application", app.id, &app.label);
            events.extend(changed.then(|| associated(event, "groups", &group.name, bound)));
        }
        (Operation::SendGroupAs { app, group, sent_as }, _) => {
            let (app, group) = (known.app(&app)?, known.group(&group)?);
            events.extend(assignments::apply_send_as(tx, app, group, &sent_as, event).await?);
        }
        (Operation::BindUser { app, user, bound }, _) => {
            let (app, user) = (known.app(&app)?, known.user(&user)?);
            let changed = if bound {
                store::assignments::bind_user(tx, app.id, user.id, now).await?
            } else {
                store::assignments::unbind_user(tx, app.id, user.id).await?
            };
            let event = event.at(app).on("application", app.id, &app.label);
            events.extend(changed.then(|| associated(event, "users", &user.username, bound)));
        }
        (
            Operation::CreateUser { .. }
            | Operation::SetPassword { .. }
            | Operation::CreateGroup(_)
            | Operation::CreateApp { .. }
            | Operation::ReplaceSecret { .. },
            _,
        ) => return Err(ServiceError::Internal("a step was not prepared".into())),
    }
    Ok(())
}

fn key(name: &str) -> String {
    crate::domain::text::canonical(name)
}

fn associated(mut event: AuditEvent, field: &str, name: &str, there: bool) -> AuditEvent {
    let (from, to) = if there { (Value::Null, json!(name)) } else { (json!(name), Value::Null) };
    event.changes.push(Change { field: field.to_owned(), from, to });
    event
}

impl Known {
    fn user(&self, key: &str) -> Result<&User, ServiceError> {
        self.users.get(key).ok_or(ServiceError::NotFound("user"))
    }

    fn group(&self, key: &str) -> Result<&Group, ServiceError> {
        self.groups.get(key).ok_or(ServiceError::NotFound("group"))
    }

    fn app(&self, slug: &str) -> Result<&App, ServiceError> {
        self.apps.get(slug).ok_or(ServiceError::NotFound("application"))
    }
}
