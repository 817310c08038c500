//! Audit events as lines of a list, with the people and apps they name. Does not own the words (`super::words`).

use super::{values, words};
use crate::{
    context::AppContext,
    domain::{app::App, audit::AuditEvent, user::User},
    id::{AppId, EventId, UserId},
    service::overview,
    web::{
        admin::paging::address,
        error::Failure,
        extract::Admin,
        view::{Person, Tile, admin::audit::EventRow},
        words::tile,
    },
};
use std::collections::{BTreeSet, HashMap};

/// The people and apps that events name, as they are now.
pub struct Named {
    people: HashMap<UserId, User>,
    apps: HashMap<AppId, App>,
}

impl Named {
    /// Loads them.
    pub async fn load(ctx: &AppContext, admin: &Admin, events: &[AuditEvent]) -> Result<Self, Failure> {
        let mut people = BTreeSet::new();
        let mut apps = BTreeSet::new();
        for event in events {
            people.extend(event.initiated_by.id.as_ref().and_then(|id| id.parse::<UserId>().ok()));
            people.extend(subject_id(event));
            apps.extend(event.application.as_ref().and_then(|app| app.id.parse::<AppId>().ok()));
        }
        Ok(Self {
            people: overview::people(ctx, &admin.caller, &people).await?,
            apps: overview::apps(ctx, &admin.caller, &apps).await?,
        })
    }

    /// Who did it, if they are still here.
    pub fn actor(&self, event: &AuditEvent) -> Option<&User> {
        let id = event.initiated_by.id.as_ref()?.parse().ok()?;
        self.people.get(&id)
    }

    /// The person it was about: the one it was done to, else the one who did it.
    pub fn subject(&self, event: &AuditEvent) -> Option<&User> {
        subject_id(event).and_then(|id| self.people.get(&id)).or_else(|| self.actor(event))
    }

    /// The app as it is now, if it is still here.
    pub fn app(&self, event: &AuditEvent) -> Option<&App> {
        let id = event.application.as_ref()?.id.parse().ok()?;
        self.apps.get(&id)
    }

    /// Who did it as a badge; `None` for the gateway itself.
    fn by(&self, event: &AuditEvent) -> Option<Person> {
        if let Some(user) = self.actor(event) {
            return Some(crate::web::words::person(user));
        }
        match (event.initiated_by.kind.as_str(), &event.initiated_by.username) {
            ("system", _) => None,
            (_, Some(name)) => Some(Person::new(name.clone())),
            ("anonymous", None) => Some(Person::new("Not signed in")),
            _ => None,
        }
    }

    /// The app's tile as it is now, or by the name it had.
    fn tile(&self, event: &AuditEvent) -> Option<Tile> {
        match (self.app(event), &event.application) {
            (Some(app), _) => Some(tile(app)),
            (None, Some(gone)) => {
                Some(Tile { label: gone.display_label.clone(), glyph: String::new(), colour: String::new() })
            }
            (None, None) => None,
        }
    }
}

fn subject_id(event: &AuditEvent) -> Option<UserId> {
    event.resource.as_ref().filter(|resource| resource.kind == "user")?.id.parse().ok()
}

/// The lines. `kept` are the list's parameters, so that an event opens inside the same list; `open` is the one that is.
pub async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    events: &[AuditEvent],
    kept: &[(&str, &str)],
    open: Option<EventId>,
) -> Result<Vec<EventRow>, Failure> {
    let named = Named::load(ctx, admin, events).await?;
    let now = ctx.now();
    Ok(events
        .iter()
        .map(|event| EventRow {
            href: address(&format!("/admin/audit/{}", event.id), kept),
            time: values::clock(event.timestamp, now),
            instant: event.timestamp.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            title: words::title(event).to_owned(),
            outcome: words::outcome(event),
            by: named.by(event),
            app: named.tile(event),
            open: open == Some(event.id),
        })
        .collect())
}
