//! From a document and the organisation as it stands to the steps between them. Pure: nothing is read or written.
//! Does not own carrying the steps out (`apply`).

mod apps;
mod change;
mod connection;
mod dropped;
mod entity_ids;
mod groups;
mod metadata;
mod metadata_source;
mod oidc;
mod recipe;
mod users;

pub use change::{Action, Change, Dropped, Warning};

use super::{
    current::Current,
    document::{AppEntry, Document, SealedSecret},
};
use crate::{
    config::SamlConfig,
    domain::{
        app::{App, AppDraft, CheckedApp},
        connection::Connection,
        group::{CheckedGroup, Group},
        sent_as::SentAs,
        text::{FieldErrors, canonical},
        user::{CheckedUser, Role, User, UserState},
    },
    keyring::SecretText,
    service::settings::{self, Organization},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

/// The connection of an app with what one entry says instead of what is saved.
pub(super) fn connection_over(
    entry: &AppEntry,
    existing: &App,
    organization: &str,
    setting: Setting<'_>,
) -> Result<Connection, FieldErrors> {
    let (existing, left_out) = (Some(existing), connection::LeftOut::Kept);
    connection::of(&connection::About { entry, existing, organization, setting, left_out })
        .map(|wanted| wanted.connection)
}

/// What a plan is made with, beside document and state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    /// Remove what the file doesn't name.
    pub(super) prune: bool,
    /// Our public address.
    pub(super) public_url: &'a str,
    /// What holds for every SAML app.
    pub(super) saml: &'a SamlConfig,
    /// The present instant.
    pub(super) now: DateTime<Utc>,
}

/// One step: where the file asks for it, what people are told, what is done.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: String,
    pub(super) change: Change,
    pub(super) operation: Operation,
}

/// A new password.
#[derive(Debug, Clone)]
pub(super) enum Password {
    Plain(SecretText),
    Hash(SecretText),
}

/// A new client secret.
#[derive(Debug, Clone)]
pub(super) enum ClientSecretWish {
    Generated,
    Chosen(SecretText),
    /// Those of a sealed export, at least one.
    Sealed(Vec<SealedSecret>),
}

/// What is done. People and groups are named by key, apps by slug: some come to be only in an earlier step.
#[derive(Debug)]
pub(super) enum Operation {
    SetOrganization(Organization),
    CreateUser { checked: CheckedUser, password: Option<Password> },
    UpdateUser { before: Box<User>, checked: CheckedUser },
    SetPassword { user: Box<User>, password: Password },
    DeleteUser(Box<User>),
    CreateGroup(CheckedGroup),
    UpdateGroup { before: Group, checked: CheckedGroup },
    DeleteGroup(Group),
    SetMember { group: String, user: String, member: bool },
    CreateApp { draft: Box<AppDraft>, secret: ClientSecretWish },
    UpdateApp { before: Box<App>, checked: Box<CheckedApp> },
    ReplaceSecret { app: Box<App>, secret: ClientSecretWish, overlap: TimeDelta },
    DeleteApp(Box<App>),
    BindGroup { app: String, group: String, bound: bool },
    SendGroupAs { app: String, group: String, sent_as: SentAs },
    BindUser { app: String, user: String, bound: bool },
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Planned {
    /// In the order in which it is done.
    pub(super) steps: Vec<Step>,
    /// What deserves a second look, whether anything changes or not.
    pub(super) warnings: Vec<Warning>,
}

/// Plans. Every field that is refused is told, not only the first.
pub(super) fn plan(
    current: &Current,
    document: &Document,
    setting: Setting<'_>,
) -> Result<Planned, FieldErrors> {
    let mut planner = Planner {
        current,
        document,
        setting,
        errors: FieldErrors::default(),
        steps: Vec::new(),
        warnings: Vec::new(),
    };
    planner.organization();
    planner.users();
    planner.groups();
    planner.apps();
    if setting.prune {
        planner.prune();
    }
    planner.keep_an_owner();
    planner.errors.finish()?;
    planner.steps.sort_by_key(|step| order(&step.operation));
    Ok(Planned { steps: planner.steps, warnings: planner.warnings })
}

/// Removals first, so that their names are free; owners are made before others stop being owners.
fn order(operation: &Operation) -> u8 {
    match operation {
        Operation::SetOrganization(_) => 0,
        Operation::DeleteApp(_) => 1,
        Operation::DeleteGroup(_) => 2,
        Operation::DeleteUser(_) => 3,
        Operation::CreateUser { .. } => 4,
        Operation::UpdateUser { before, checked } if checked.get().role > before.role => 5,
        Operation::UpdateUser { .. } => 6,
        Operation::SetPassword { .. } => 7,
        Operation::CreateGroup(_) => 8,
        Operation::UpdateGroup { .. } => 9,
        Operation::SetMember { .. } => 10,
        Operation::CreateApp { .. } => 11,
        Operation::UpdateApp { .. } => 12,
        Operation::ReplaceSecret { .. } => 13,
        Operation::BindGroup { .. } | Operation::BindUser { .. } => 14,
        Operation::SendGroupAs { .. } => 15,
    }
}

struct Planner<'a> {
    current: &'a Current,
    document: &'a Document,
    setting: Setting<'a>,
    errors: FieldErrors,
    steps: Vec<Step>,
    warnings: Vec<Warning>,
}

impl Planner<'_> {
    fn step(&mut self, at: &str, change: Change, operation: Operation) {
        self.steps.push(Step { at: at.to_owned(), change, operation });
    }

    /// Takes over the refusals of one entry, each under its path.
    fn refuse(&mut self, errors: FieldErrors, path: impl Fn(&str) -> String) {
        for error in errors.0 {
            self.errors.add(&path(&error.field), error.message);
        }
    }

    fn organization(&mut self) {
        let mut wanted = self.current.organization.clone();
        if let Some(name) = &self.document.organisation {
            name.trim().clone_into(&mut wanted.name);
        }
        if let Some(email) = &self.document.support_email {
            email.trim().clone_into(&mut wanted.support_email);
        }
        if let Err(errors) = settings::check(&wanted) {
            self.refuse(errors, str::to_owned);
        } else if wanted != self.current.organization {
            let before = serde_json::to_value(&self.current.organization).unwrap_or_default();
            let after = serde_json::to_value(&wanted).unwrap_or_default();
            let change = Change::new(Action::Change, "organisation", &wanted.name).between(&before, &after);
            self.step("organisation", change, Operation::SetOrganization(wanted));
        }
    }

    /// Removes what the file doesn't name, of the kinds it lists.
    fn prune(&mut self) {
        let current = self.current;
        if let Some(apps) = &self.document.apps {
            let named: HashSet<&str> = apps.iter().map(|entry| entry.slug.trim()).collect();
            for (slug, app) in current.apps.iter().filter(|(slug, _)| !named.contains(slug.as_str())) {
                let change = Change::new(Action::Remove, "app", slug);
                self.step("apps", change, Operation::DeleteApp(Box::new(app.app.clone())));
            }
        }
        if let Some(groups) = &self.document.groups {
            let named: HashSet<String> = groups.iter().map(|entry| canonical(&entry.name)).collect();
            for (_, group) in current.groups.iter().filter(|(key, _)| !named.contains(*key)) {
                let change = Change::new(Action::Remove, "group", &group.group.name);
                self.step("groups", change, Operation::DeleteGroup(group.group.clone()));
            }
        }
        if let Some(users) = &self.document.users {
            let named: HashSet<String> = users.iter().map(|entry| canonical(&entry.username)).collect();
            for (_, user) in current.users.iter().filter(|(key, _)| !named.contains(*key)) {
                let change = Change::new(Action::Remove, "user", &user.username);
                self.step("users", change, Operation::DeleteUser(Box::new(user.clone())));
            }
        }
    }

    /// An organisation that has an owner keeps one who can sign in.
    fn keep_an_owner(&mut self) {
        let active = |role: Role, state: UserState| role == Role::Owner && state == UserState::Active;
        let before = self.current.users.values().filter(|user| active(user.role, user.state)).count();
        let mut after = i64::try_from(before).unwrap_or(i64::MAX);
        for step in &self.steps {
            let (was, is) = match &step.operation {
                Operation::CreateUser { checked, .. } => {
                    (false, active(checked.get().role, checked.get().state))
                }
                Operation::UpdateUser { before, checked } => {
                    (active(before.role, before.state), active(checked.get().role, checked.get().state))
                }
                Operation::DeleteUser(user) => (active(user.role, user.state), false),
                _ => continue,
            };
            after += i64::from(is) - i64::from(was);
        }
        if before > 0 && after <= 0 {
            self.errors
                .add("users", "Name an owner whose state is active: this would take away the last one");
        }
    }

    /// Whether a person is there once the plan is carried out.
    fn knows_user(&self, key: &str) -> bool {
        let listed = self.document.users.as_ref();
        let named = listed.is_some_and(|users| users.iter().any(|entry| canonical(&entry.username) == key));
        let pruned = self.setting.prune && listed.is_some();
        named || (!pruned && self.current.users.contains_key(key))
    }

    /// Whether a group is there once the plan is carried out.
    fn knows_group(&self, key: &str) -> bool {
        let listed = self.document.groups.as_ref();
        let named = listed.is_some_and(|groups| groups.iter().any(|entry| canonical(&entry.name) == key));
        let pruned = self.setting.prune && listed.is_some();
        named || (!pruned && self.current.groups.contains_key(key))
    }
}

#[cfg(test)]
mod tests;
