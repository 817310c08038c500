//! Planning applications and who may open them. Does not own their connections (`connection`).

use super::{
    Action, Change, ClientSecretWish, Operation, Planner, Warning,
    connection::{self, Wanted},
    dropped,
    entity_ids::KnownAs,
};
use crate::{
    domain::{app::AppDraft, connection::Connection, sent_as::SentAs, text::canonical},
    keyring::secret_matches,
    service::{
        apps::shown,
        client_secrets::{OVERLAP, ends, in_words},
        connectors::Connector,
        idp_entity_ids::effective,
        organisation::{
            current::CurrentApp,
            document::{AppEntry, BoundGroup, SealedSecret},
        },
    },
    store::client_secrets::ClientSecret,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};

/// What stands for a client id that is generated later, while the rest is checked.
const CLIENT_ID_LATER: &str = "generated";

impl Planner<'_> {
    /// Adds and changes the apps of the file.
    pub(super) fn apps(&mut self) {
        let (current, document) = (self.current, self.document);
        let mut seen = HashSet::new();
        let mut clients = self.clients_of_others();
        let mut known = Vec::new();
        for (position, entry) in document.apps.iter().flatten().enumerate() {
            let at = format!("apps[{position}]");
            let slug = entry.slug.trim();
            if slug.is_empty() {
                self.errors.add(&format!("{at}.slug"), "Give the app a slug: its name in addresses");
            } else if seen.insert(slug) {
                known.extend(self.app(&at, entry, current.apps.get(slug), &mut clients));
            } else {
                self.errors.add(&format!("{at}.slug"), format!("“{slug}” stands twice"));
            }
        }
        self.entity_ids(&known);
    }

    /// The client ids of apps the file doesn't name and leaves alone, with their slugs.
    fn clients_of_others(&self) -> HashMap<String, String> {
        let listed: HashSet<&str> =
            self.document.apps.iter().flatten().map(|entry| entry.slug.trim()).collect();
        let apps = &self.current.apps;
        let others = apps.iter().filter(|(slug, _)| !self.setting.prune && !listed.contains(slug.as_str()));
        others.filter_map(|(slug, app)| Some((client_of(&app.app.connection)?, slug.clone()))).collect()
    }

    fn app(
        &mut self,
        at: &str,
        entry: &AppEntry,
        before: Option<&CurrentApp>,
        clients: &mut HashMap<String, String>,
    ) -> Option<KnownAs> {
        if before.is_none() && self.is_former_name(at, entry.slug.trim()) {
            return None;
        }
        let existing = before.map(|before| &before.app);
        let about = connection::About {
            entry,
            existing,
            organization: &self.current.organization.name,
            setting: self.setting,
            left_out: connection::LeftOut::Default,
        };
        let wanted = match connection::of(&about) {
            Ok(wanted) => wanted,
            Err(errors) => {
                self.refuse(errors, |field| format!("{at}.{field}"));
                return None;
            }
        };
        let slug = entry.slug.trim();
        let warn = |message: &String| Warning { app: slug.to_owned(), message: message.clone() };
        self.warnings.extend(wanted.warnings.iter().map(warn));
        let draft = draft(entry, existing.map(AppDraft::of), wanted);
        let secret = wish(entry, self.setting.now);
        let protocol = draft.connection.protocol();
        let mut checked = draft.clone();
        if let Connection::Oidc(oidc) = &mut checked.connection
            && oidc.client_id.is_empty()
        {
            CLIENT_ID_LATER.clone_into(&mut oidc.client_id);
        }
        let checked = match checked.check_over(about.current()) {
            Ok(checked) => checked,
            Err(errors) => {
                self.refuse(errors, |field| format!("{at}.{}", path_of(field, protocol)));
                return None;
            }
        };
        if let Some(client_id) = client_of(&draft.connection)
            && let Some(other) = clients.insert(client_id, draft.slug.clone())
        {
            self.errors.add(&format!("{at}.oidc.client_id"), format!("The app “{other}” has this already"));
        }
        let was = existing.and_then(|app| self.known_as(&app.slug, &app.connection));
        let is = self.known_as(&draft.slug, &checked.get().connection);
        let known = KnownAs {
            at: at.to_owned(),
            slug: draft.slug.clone(),
            changed: was != is,
            entity_id: is,
            is_new: before.is_none(),
        };
        match before {
            None => {
                let change = Change::new(Action::Add, "app", &draft.slug);
                self.step(at, change, Operation::CreateApp { draft: Box::new(draft), secret });
            }
            Some(before) => {
                let was = AppDraft::of(&before.app);
                self.secret(at, before, checked.get(), (secret, overlap(entry)));
                if was != *checked.get() {
                    let change = Change::new(Action::Change, "app", &before.app.slug)
                        .between(&shown(&was), &shown(checked.get()))
                        .dropping(dropped::of(entry, &was.connection, &checked.get().connection));
                    let operation = Operation::UpdateApp {
                        before: Box::new(before.app.clone()),
                        checked: Box::new(checked),
                    };
                    self.step(at, change, operation);
                }
            }
        }
        self.access(at, entry, before);
        Some(known)
    }

    fn known_as(&self, slug: &str, connection: &Connection) -> Option<String> {
        effective(self.setting.public_url, slug, connection)
    }

    /// Whether a new app would have the name that another one had once, and that still leads there. That is refused.
    fn is_former_name(&mut self, at: &str, slug: &str) -> bool {
        let Some(owner) = self.current.aliases.get(slug) else { return false };
        let listed = self.document.apps.iter().flatten().any(|entry| entry.slug.trim() == owner);
        let stays = listed || !self.setting.prune;
        if stays {
            let message = format!(
                "The app “{owner}” was called “{slug}” once, and its old addresses still lead there. Write “{owner}” if you mean that app, else another slug"
            );
            self.errors.add(&format!("{at}.slug"), message);
        }
        stays
    }

    /// A client that needs a secret has one, and the one of the file if it names one. The one before goes on for a while.
    fn secret(
        &mut self,
        at: &str,
        before: &CurrentApp,
        after: &AppDraft,
        (wish, overlap): (ClientSecretWish, TimeDelta),
    ) {
        let needed = after.connection.oidc().is_some_and(|oidc| oidc.client_auth.has_secret());
        let valid = before.secrets.as_slice();
        let is_there = |hash: &String| valid.iter().any(|secret| secret.hash == *hash);
        let there = match &wish {
            ClientSecretWish::Generated => !valid.is_empty(),
            ClientSecretWish::Chosen(secret) => {
                valid.iter().any(|row| secret_matches(secret.expose(), &row.hash))
            }
            ClientSecretWish::Sealed(wanted) => wanted.iter().all(|secret| is_there(&secret.hash)),
        };
        if needed && !there {
            let action = if valid.is_empty() { Action::Add } else { Action::Change };
            let now = self.setting.now;
            let (brought, others) = match &wish {
                ClientSecretWish::Sealed(wanted) => {
                    let stays = |row: &&ClientSecret| wanted.iter().any(|secret| secret.hash == row.hash);
                    (wanted.len(), valid.iter().filter(|row| !stays(row)).cloned().collect::<Vec<_>>())
                }
                ClientSecretWish::Generated | ClientSecretWish::Chosen(_) => (1, valid.to_vec()),
            };
            let notes = ends(&others, brought, overlap, now).into_iter().map(|(secret, end)| {
                let until = if end > now {
                    format!("works on until {} UTC", end.format("%-d %B, %H:%M"))
                } else {
                    "ends at once".to_owned()
                };
                format!("{} {until}", in_words(secret))
            });
            let change = Change::new(action, "client secret", &before.app.slug).noting(notes.collect());
            let app = Box::new(before.app.clone());
            self.step(at, change, Operation::ReplaceSecret { app, secret: wish, overlap });
        }
    }

    /// Binds and unbinds. The groups of the file are all that may open it, with the people it names beside them.
    fn access(&mut self, at: &str, entry: &AppEntry, before: Option<&CurrentApp>) {
        let slug = entry.slug.trim().to_owned();
        let bind_group = |group: String, bound| Operation::BindGroup { app: slug.clone(), group, bound };
        let bind_user = |user: String, bound| Operation::BindUser { app: slug.clone(), user, bound };
        let nobody = Vec::new();
        let users = entry.users.as_ref().or(entry.groups.as_ref().map(|_| &nobody));
        if let Some(groups) = &entry.groups {
            let had = before.map(|before| before.groups.clone()).unwrap_or_default();
            let names: Vec<String> = groups.iter().map(|group| group.name().to_owned()).collect();
            let bound = had.keys().cloned().collect();
            self.bindings(at, "groups", &names, &bound, &bind_group, &|this, key| this.knows_group(key));
            self.sent_groups(at, &slug, groups, &had);
        }
        if let Some(users) = users {
            let had = before.map(|before| before.users.clone()).unwrap_or_default();
            self.bindings(at, "users", users, &had, &bind_user, &|this, key| this.knows_user(key));
        }
    }

    /// What the app is told of the groups that the file binds.
    fn sent_groups(&mut self, at: &str, app: &str, wanted: &[BoundGroup], had: &HashMap<String, SentAs>) {
        for (position, group) in wanted.iter().enumerate() {
            let sent_as = match group.sent_as() {
                Ok(sent_as) => sent_as,
                Err(errors) => {
                    self.refuse(errors, |field| format!("{at}.groups[{position}].{field}"));
                    continue;
                }
            };
            let key = canonical(group.name());
            if sent_as != had.get(&key).cloned().unwrap_or_default() {
                let what = match &sent_as {
                    SentAs::Name => "by its name".to_owned(),
                    SentAs::Id => "by its id".to_owned(),
                    SentAs::Alias(alias) => format!("as “{alias}”"),
                };
                let what = format!("{} at {app}, {what}", group.name());
                let operation = Operation::SendGroupAs { app: app.to_owned(), group: key, sent_as };
                self.step(at, Change::new(Action::Change, "group", &what), operation);
            }
        }
    }

    fn bindings(
        &mut self,
        at: &str,
        field: &str,
        wanted: &[String],
        had: &HashSet<String>,
        operation: &dyn Fn(String, bool) -> Operation,
        knows: &dyn Fn(&Self, &str) -> bool,
    ) {
        let slug = match operation(String::new(), true) {
            Operation::BindGroup { app, .. } | Operation::BindUser { app, .. } => app,
            _ => String::new(),
        };
        let mut keys = HashSet::new();
        for (position, name) in wanted.iter().enumerate() {
            let key = canonical(name);
            if !knows(self, &key) {
                let singular = field.trim_end_matches('s');
                self.errors
                    .add(&format!("{at}.{field}[{position}]"), format!("There is no {singular} “{name}”"));
            } else if keys.insert(key.clone()) && !had.contains(&key) {
                let change = Change::new(Action::Add, "access", &format!("{name} to {slug}"));
                self.step(at, change, operation(key, true));
            }
        }
        let mut leaving: Vec<&String> = had.difference(&keys).filter(|key| knows(self, key)).collect();
        leaving.sort_unstable();
        for key in leaving {
            let operation = operation(key.clone(), false);
            let change = Change::new(
                Action::Remove,
                "access",
                &format!("{} to {slug}", self.name_of_bound(&operation)),
            );
            self.step(at, change, operation);
        }
    }
}

impl Planner<'_> {
    /// The name, as it is stored, of the group or person that is bound or unbound.
    fn name_of_bound(&self, operation: &Operation) -> String {
        let current = self.current;
        match operation {
            Operation::BindGroup { group, .. } => {
                current.groups.get(group).map_or_else(|| group.clone(), |known| known.group.name.clone())
            }
            Operation::BindUser { user, .. } => {
                current.users.get(user).map_or_else(|| user.clone(), |known| known.username.clone())
            }
            _ => String::new(),
        }
    }
}

/// The id by which a client is known, and no other. SAML apps are known by their address here, and may share an entity ID.
fn client_of(connection: &Connection) -> Option<String> {
    connection.oidc().map(|oidc| oidc.client_id.clone()).filter(|id| !id.is_empty())
}

fn draft(entry: &AppEntry, before: Option<AppDraft>, wanted: Wanted) -> AppDraft {
    let Wanted { connection, parameters, connector, warnings: _ } = wanted;
    let is_new = before.is_none();
    let of_connector = |value: fn(&Connector) -> &String| connector.map(value).cloned().unwrap_or_default();
    let mut draft = before.unwrap_or_else(|| AppDraft {
        slug: entry.slug.trim().to_owned(),
        label: connector.map_or(entry.slug.trim(), |connector| connector.name.as_str()).to_owned(),
        description: of_connector(|connector| &connector.description),
        connector: String::new(),
        parameters: parameters.clone(),
        glyph: of_connector(|connector| &connector.glyph),
        colour: of_connector(|connector| &connector.colour),
        category: of_connector(|connector| &connector.category),
        show_in_portal: true,
        active: true,
        connection: connection.clone(),
    });
    for (field, value) in [
        (&mut draft.label, &entry.label),
        (&mut draft.description, &entry.description),
        (&mut draft.connector, &entry.connector),
        (&mut draft.glyph, &entry.glyph),
        (&mut draft.colour, &entry.color),
        (&mut draft.category, &entry.category),
    ] {
        if let Some(value) = value {
            value.trim().clone_into(field);
        }
    }
    if is_new && draft.connector.is_empty() {
        connection::default_connector(&connection).clone_into(&mut draft.connector);
    }
    draft.show_in_portal = entry.show_in_portal.unwrap_or(draft.show_in_portal);
    draft.active = entry.active.unwrap_or(draft.active);
    draft.parameters = parameters;
    draft.connection = connection;
    draft
}

fn wish(entry: &AppEntry, now: DateTime<Utc>) -> ClientSecretWish {
    let oidc = entry.oidc.as_ref();
    if let Some(secret) = oidc.and_then(|oidc| oidc.client_secret.clone()) {
        ClientSecretWish::Chosen(secret)
    } else if let Some(hash) = oidc.and_then(|oidc| oidc.client_secret_hash.clone()) {
        ClientSecretWish::Sealed(vec![SealedSecret { hash, ..SealedSecret::default() }])
    } else {
        let sealed = oidc.and_then(|oidc| oidc.client_secrets.clone()).unwrap_or_default();
        let valid: Vec<SealedSecret> =
            sealed.into_iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end)).collect();
        if valid.is_empty() { ClientSecretWish::Generated } else { ClientSecretWish::Sealed(valid) }
    }
}

/// For how long the secret before one of the file goes on.
fn overlap(entry: &AppEntry) -> TimeDelta {
    let hours = entry.oidc.as_ref().and_then(|oidc| oidc.old_secrets_end_after_hours);
    hours.map_or(OVERLAP, |hours| TimeDelta::hours(hours.into()))
}

/// Where a checked field stands in the file.
fn path_of(field: &str, protocol: &str) -> String {
    match field {
        "slug" | "label" | "description" | "category" | "glyph" | "url" | "parameters" => field.to_owned(),
        "colour" => "color".to_owned(),
        "name_id_source" => "saml.name_id.source".to_owned(),
        other => format!("{protocol}.{other}"),
    }
}
