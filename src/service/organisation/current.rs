//! The organisation as it stands, as far as a document may change it. Does not change anything.

use super::document::Document;
use crate::{
    context::AppContext,
    domain::{app::App, connection::Connection, group::Group, sent_as::SentAs, text::canonical, user::User},
    id::UserId,
    service::{
        ServiceError,
        settings::{self, Organization},
    },
    store::{self, client_secrets::ClientSecret},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Everything a plan is made against; people and groups by the key they are compared by.
#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) organization: Organization,
    pub(super) users: BTreeMap<String, User>,
    /// Of the people a document gives a password: those who have one.
    pub(super) with_password: HashSet<UserId>,
    pub(super) groups: BTreeMap<String, CurrentGroup>,
    pub(super) apps: BTreeMap<String, CurrentApp>,
    /// Former names that still lead to an app, with its slug.
    pub(super) aliases: BTreeMap<String, String>,
}

/// A group and the keys of its members.
#[derive(Debug)]
pub(super) struct CurrentGroup {
    pub(super) group: Group,
    pub(super) members: HashSet<String>,
}

/// An app and who may open it, by key; with what it is told of its groups.
#[derive(Debug)]
pub(super) struct CurrentApp {
    pub(super) app: App,
    pub(super) groups: HashMap<String, SentAs>,
    pub(super) users: HashSet<String>,
    /// The client secrets that work, newest first.
    pub(super) secrets: Vec<ClientSecret>,
}

/// Loads it all.
pub(super) async fn load(ctx: &AppContext, document: &Document) -> Result<Current, ServiceError> {
    let organization = settings::organization(ctx).await?.as_ref().clone();
    let now = ctx.now();
    let mut conn = ctx.db.read().await?;
    let users: BTreeMap<String, User> = store::users::all(&mut conn)
        .await?
        .into_iter()
        .map(|user| (canonical(&user.username), user))
        .collect();
    let mut with_password = HashSet::new();
    for entry in document.users.iter().flatten().filter(|e| e.password.is_some() || e.password_hash.is_some())
    {
        if let Some(user) = users.get(&canonical(&entry.username))
            && store::credentials::password_hash(&mut conn, user.id).await?.is_some()
        {
            with_password.insert(user.id);
        }
    }
    let mut groups = BTreeMap::new();
    for group in store::groups::all(&mut conn).await? {
        let members = store::members::usernames_of(&mut conn, group.id).await?;
        let members = members.iter().map(|name| canonical(name)).collect();
        groups.insert(canonical(&group.name), CurrentGroup { group, members });
    }
    let mut apps = BTreeMap::new();
    for app in store::apps::all(&mut conn).await? {
        let bound = store::assignments::named_groups_of_app(&mut conn, app.id).await?;
        let chosen = store::assignments::users_of_app(&mut conn, app.id).await?;
        let secrets = match &*app.connection {
            Connection::Oidc(_) => store::client_secrets::valid_of_app(&mut conn, app.id, now).await?,
            _ => Vec::new(),
        };
        let current = CurrentApp {
            groups: bound.into_iter().map(|(name, sent_as)| (canonical(&name), sent_as)).collect(),
            users: chosen.iter().map(|user| canonical(&user.username)).collect(),
            secrets,
            app,
        };
        apps.insert(current.app.slug.clone(), current);
    }
    let aliases = store::apps::all_aliases(&mut conn).await?.into_iter().collect();
    Ok(Current { organization, users, with_password, groups, apps, aliases })
}

impl Current {
    /// People by key, for a write that resolves names.
    pub(super) fn users_by_key(&self) -> HashMap<String, User> {
        self.users.iter().map(|(key, user)| (key.clone(), user.clone())).collect()
    }

    /// Groups by key.
    pub(super) fn groups_by_key(&self) -> HashMap<String, Group> {
        self.groups.iter().map(|(key, current)| (key.clone(), current.group.clone())).collect()
    }

    /// Apps by slug.
    pub(super) fn apps_by_slug(&self) -> HashMap<String, App> {
        self.apps.iter().map(|(slug, current)| (slug.clone(), current.app.clone())).collect()
    }
}
