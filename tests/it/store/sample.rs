//! People, groups and apps to fill a database with.

use super::change;
use crate::support::{at, new_id};
use gatehouse::{
    domain::{
        app::{App, AppDraft, CheckedApp},
        audit::{AuditEvent, EventType},
        connection::{BookmarkConnection, Connection, OidcConnection, SamlConnection},
        group::{CheckedGroup, Group, GroupDraft},
        user::{CheckedUser, User, UserDraft},
    },
    id::{AppId, EventId, GroupId, SessionId, TokenFamilyId, UserId},
    store::{Database, apps, groups, token_families::Family, users},
};

/// The draft of a person whose address is `name@fernhill.example`.
pub fn draft(name: &str) -> UserDraft {
    UserDraft { username: name.into(), email: format!("{name}@fernhill.example"), ..UserDraft::default() }
}

/// The same, checked.
pub fn person(name: &str) -> CheckedUser {
    draft(name).check().expect("a valid person")
}

/// A stored person.
pub async fn user(db: &Database, name: &str) -> User {
    let checked = person(name);
    change!(db, tx => users::insert(tx, new_id!(UserId), &checked, at(0)).await?).expect("inserted")
}

/// A checked group.
pub fn team(name: &str) -> CheckedGroup {
    GroupDraft { name: name.into(), description: format!("All of {name}") }.check().expect("a valid group")
}

/// A stored group.
pub async fn group(db: &Database, name: &str) -> Group {
    let checked = team(name);
    change!(db, tx => groups::insert(tx, new_id!(GroupId), &checked, at(0)).await?).expect("inserted")
}

/// A checked bookmark.
pub fn bookmark(slug: &str, label: &str) -> CheckedApp {
    with(slug, label, Connection::Bookmark(BookmarkConnection { url: "https://wiki.example/".into() }))
}

/// A checked SAML app.
pub fn saml(slug: &str, entity_id: &str) -> CheckedApp {
    let connection = SamlConnection { sp_entity_id: entity_id.into(), ..SamlConnection::default() };
    with(slug, slug, Connection::Saml(Box::new(connection)))
}

/// A checked OIDC app.
pub fn oidc(slug: &str, client_id: &str) -> CheckedApp {
    let connection = OidcConnection { client_id: client_id.into(), ..OidcConnection::default() };
    with(slug, slug, Connection::Oidc(Box::new(connection)))
}

/// A checked app with this connection.
pub fn with(slug: &str, label: &str, connection: Connection) -> CheckedApp {
    let draft = AppDraft {
        slug: slug.into(),
        label: label.into(),
        description: format!("Opens {label}"),
        connector: "bookmark".into(),
        parameters: std::collections::BTreeMap::new(),
        glyph: String::new(),
        colour: String::new(),
        category: String::new(),
        show_in_portal: true,
        active: true,
        connection,
    };
    draft.check().expect("a valid app")
}

/// A stored app.
pub async fn app(db: &Database, checked: CheckedApp) -> App {
    change!(db, tx => apps::insert(tx, new_id!(AppId), &checked, at(0)).await?).expect("inserted")
}

/// The draft of an app with one thing changed.
pub fn changed(app: &App, change: impl FnOnce(&mut AppDraft)) -> CheckedApp {
    let mut draft = AppDraft::of(app);
    change(&mut draft);
    draft.check().expect("a valid app")
}

/// A family that lasts an hour.
pub fn family(app: AppId, user: UserId) -> Family {
    Family {
        id: new_id!(TokenFamilyId),
        app_id: app,
        user_id: user,
        session_id: new_id!(SessionId),
        auth_time: at(-60),
        amr: vec!["pwd".into(), "otp".into()],
        grant_details: r#"{"nonce":"n"}"#.into(),
        created_at: at(0),
        expires_at: at(3600),
        revoked_at: None,
        revoked_because: None,
    }
}

/// An event.
pub fn event(event_type: EventType, seconds: i64) -> AuditEvent {
    AuditEvent::new(new_id!(EventId), event_type, at(seconds))
}
