//! Applications in the database, and the names they once had. Does not own who may open them (`assignments`, `access`).

use super::{
    columns::row_type,
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, fetch_value, like},
    error::StoreError,
    page::{Page, PageRequest},
    parsed,
    row::{self, Place, cut},
    tx::{APPLICATIONS, Tx},
};
use crate::{
    domain::{
        app::{App, AppDraft, CheckedApp},
        connection::Connection,
        text::canonical,
    },
    id::AppId,
};
use chrono::{DateTime, Utc};
use std::sync::Arc;

const TABLE: &str = "apps";

/// The columns of an [`AppRow`], each after the given prefix.
macro_rules! app_columns {
    () => {
        $crate::store::apps::app_columns!("")
    };
    ($p:literal) => {
        $crate::store::dialect::columns!($p; id slug label description connector parameters glyph colour category show_in_portal active connection created_at updated_at version)
    };
}
pub(super) use app_columns;

row_type! {
    /// An application as stored.
    pub(super) struct AppRow {
        id: String,
        slug: String,
        label: String,
        description: String,
        connector: String,
        parameters: String,
        glyph: String,
        colour: String,
        category: String,
        show_in_portal: bool,
        active: bool,
        connection: String,
        created_at: i64,
        updated_at: i64,
        version: i64,
    }
}

impl TryFrom<AppRow> for App {
    type Error = StoreError;
    fn try_from(row: AppRow) -> Result<Self, StoreError> {
        let place = Place { table: TABLE, id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            connection: parsed::connection(&row.connection)
                .ok_or_else(|| place.inconsistent("connection"))?,
            parameters: place.json("parameters", &row.parameters)?,
            created_at: place.instant("created_at", row.created_at)?,
            updated_at: place.instant("updated_at", row.updated_at)?,
            version: row.version,
            slug: row.slug,
            label: row.label,
            description: row.description,
            connector: row.connector,
            glyph: row.glyph,
            colour: row.colour,
            category: row.category,
            show_in_portal: row.show_in_portal,
            active: row.active,
        })
    }
}

/// Which applications a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppFilter {
    /// Part of the label, description, slug, SP entity id or client id; empty: all.
    pub q: String,
    /// Only this protocol: `saml`, `oidc` or `bookmark`.
    pub protocol: Option<String>,
    /// Only active, or only paused ones.
    pub active: Option<bool>,
}

/// One application.
pub async fn get(conn: &mut Conn, id: AppId) -> Result<Option<App>, StoreError> {
    const SQL: &str = concat!("SELECT ", app_columns!(), " FROM apps WHERE id = $1");
    row::one(fetch_optional!(conn, AppRow, SQL, id.to_string())?)
}

/// The application of this name, or that once had it; `true` when it is an old name.
pub async fn find_by_slug(conn: &mut Conn, slug: &str) -> Result<Option<(App, bool)>, StoreError> {
    const NOW: &str = concat!("SELECT ", app_columns!(), " FROM apps WHERE slug = $1");
    const ONCE: &str = concat!(
        "SELECT ",
        app_columns!(),
        " FROM apps WHERE id = (SELECT app_id FROM app_aliases WHERE slug = $1)"
    );
    if !can_be_key(slug) {
        return Ok(None);
    }
    if let Some(row) = fetch_optional!(conn, AppRow, NOW, slug)? {
        return Ok(Some((row.try_into()?, false)));
    }
    Ok(row::one(fetch_optional!(conn, AppRow, ONCE, slug)?)?.map(|app| (app, true)))
}

/// The SAML applications with this SP entity ID, compared letter for letter: by label, at most `limit`.
pub async fn with_entity_id(conn: &mut Conn, entity_id: &str, limit: u32) -> Result<Vec<App>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", app_columns!(), " FROM apps WHERE entity_id = $1 ORDER BY label_key, id LIMIT $2");
    if entity_id.is_empty() || !can_be_key(entity_id) {
        return Ok(Vec::new());
    }
    row::all(fetch_all!(conn, AppRow, SQL, entity_id, i64::from(limit))?)
}

/// The OIDC application of this client; compared letter for letter.
pub async fn find_by_client_id(conn: &mut Conn, client_id: &str) -> Result<Option<App>, StoreError> {
    const SQL: &str = concat!("SELECT ", app_columns!(), " FROM apps WHERE client_id = $1");
    if !can_be_key(client_id) {
        return Ok(None);
    }
    row::one(fetch_optional!(conn, AppRow, SQL, client_id)?)
}

/// The OIDC apps in whose settings a text stands somewhere; callers look where.
pub async fn naming(conn: &mut Conn, text: &str) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_columns!(),
        " FROM apps WHERE protocol = 'oidc' AND connection LIKE $1 ESCAPE '\\' ORDER BY id"
    );
    if !can_be_key(text) {
        return Ok(Vec::new());
    }
    row::all(fetch_all!(conn, AppRow, SQL, like(text))?)
}

/// The columns that are drawn from the connection, for look-ups and searches.
struct Keys<'d> {
    entity_id: Option<&'d str>,
    client_id: Option<&'d str>,
    idp_entity_id: Option<&'d str>,
    search_key: String,
    recordings_max: Option<i64>,
    recordings_days: Option<i64>,
}

impl<'d> Keys<'d> {
    fn of(draft: &'d AppDraft) -> Self {
        let (entity_id, client_id) = match &draft.connection {
            Connection::Saml(saml) => (Some(saml.sp_entity_id.as_str()), None),
            Connection::Oidc(oidc) => (None, Some(oidc.client_id.as_str())),
            Connection::Bookmark(_) => (None, None),
        };
        let entity_id = entity_id.filter(|id| !id.is_empty());
        let client_id = client_id.filter(|id| !id.is_empty());
        let partner = entity_id.or(client_id).unwrap_or_default();
        let words = format!("{} {} {} {partner}", draft.label, draft.description, draft.slug);
        let recorder = draft.connection.saml().and_then(|saml| saml.recorder);
        Self {
            entity_id,
            client_id,
            // Empty for one that goes by its metadata address: drawn out, too.
            idp_entity_id: draft.connection.saml().map(|saml| saml.idp_entity_id.as_str()),
            search_key: canonical(&words),
            recordings_max: recorder.map(|recorder| i64::from(recorder.per_app)),
            recordings_days: recorder.map(|recorder| i64::from(recorder.days)),
        }
    }
}

/// Adds an application. `Conflict` of `apps.slug` (also when it is an old name of another) or `apps.client_id`.
pub async fn insert(tx: &mut Tx, id: AppId, app: &CheckedApp, now: DateTime<Utc>) -> Result<App, StoreError> {
    const SQL: &str = "INSERT INTO apps (id, slug, label, label_key, search_key, description, connector, protocol, glyph, \
        colour, category, show_in_portal, active, connection, entity_id, client_id, created_at, updated_at, version, \
        parameters, recordings_max, recordings_days, idp_entity_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, 1, $18, $19, $20, $21)";
    tx.alone(APPLICATIONS).await?;
    let draft = app.get();
    let text_id = id.to_string();
    let keys = Keys::of(draft);
    super::app_aliases::make_free(tx, &text_id, &draft.slug).await?;
    execute!(
        tx,
        SQL,
        &text_id,
        &draft.slug,
        &draft.label,
        canonical(&draft.label),
        keys.search_key,
        &draft.description,
        &draft.connector,
        draft.connection.protocol(),
        &draft.glyph,
        &draft.colour,
        &draft.category,
        draft.show_in_portal,
        draft.active,
        Place { table: TABLE, id: &text_id }.to_json("connection", &draft.connection)?,
        keys.entity_id,
        keys.client_id,
        now.timestamp_millis(),
        Place { table: TABLE, id: &text_id }.to_json("parameters", &draft.parameters)?,
        keys.recordings_max,
        keys.recordings_days,
        keys.idp_entity_id
    )?;
    let draft = draft.clone();
    Ok(App {
        id,
        slug: draft.slug,
        label: draft.label,
        description: draft.description,
        connector: draft.connector,
        parameters: draft.parameters,
        glyph: draft.glyph,
        colour: draft.colour,
        category: draft.category,
        show_in_portal: draft.show_in_portal,
        active: draft.active,
        connection: Arc::new(draft.connection),
        created_at: cut(now),
        updated_at: cut(now),
        version: 1,
    })
}

/// Changes an application. `Stale` when it is gone or no longer at `expected_version`; `None` takes any version.
/// Conflicts as for [`insert`]. A new slug leaves the old one as an alias; taking back an own alias removes that alias.
pub async fn update(
    tx: &mut Tx,
    id: AppId,
    expected_version: Option<i64>,
    app: &CheckedApp,
    now: DateTime<Utc>,
) -> Result<App, StoreError> {
    const OLD: &str = "SELECT slug FROM apps WHERE id = $1 AND ($2 IS NULL OR version = $2)";
    const SQL: &str = concat!(
        "UPDATE apps SET slug = $3, label = $4, label_key = $5, search_key = $6, description = $7, connector = $8, ",
        "protocol = $9, glyph = $10, colour = $11, category = $12, show_in_portal = $13, active = $14, ",
        "connection = $15, entity_id = $16, client_id = $17, updated_at = $18, version = version + 1, parameters = $19, ",
        "recordings_max = $20, recordings_days = $21, idp_entity_id = $22 ",
        "WHERE id = $1 AND ($2 IS NULL OR version = $2) RETURNING ",
        app_columns!()
    );
    tx.alone(APPLICATIONS).await?;
    let draft = app.get();
    let text_id = id.to_string();
    let keys = Keys::of(draft);
    let (old_slug,) =
        fetch_optional!(tx, (String,), OLD, &text_id, expected_version)?.ok_or(StoreError::Stale)?;
    if old_slug != draft.slug {
        super::app_aliases::make_free(tx, &text_id, &draft.slug).await?;
    }
    let updated = fetch_optional!(
        tx,
        AppRow,
        SQL,
        &text_id,
        expected_version,
        &draft.slug,
        &draft.label,
        canonical(&draft.label),
        keys.search_key,
        &draft.description,
        &draft.connector,
        draft.connection.protocol(),
        &draft.glyph,
        &draft.colour,
        &draft.category,
        draft.show_in_portal,
        draft.active,
        Place { table: TABLE, id: &text_id }.to_json("connection", &draft.connection)?,
        keys.entity_id,
        keys.client_id,
        now.timestamp_millis(),
        Place { table: TABLE, id: &text_id }.to_json("parameters", &draft.parameters)?,
        keys.recordings_max,
        keys.recordings_days,
        keys.idp_entity_id
    )?;
    let app = row::one(updated)?.ok_or(StoreError::Stale)?;
    if old_slug != draft.slug {
        super::app_aliases::leave(tx, &text_id, &old_slug, now).await?;
    }
    Ok(app)
}

/// Removes an application with its keys, secrets, assignments and tokens; whether it was there.
pub async fn delete(tx: &mut Tx, id: AppId) -> Result<bool, StoreError> {
    tx.alone(APPLICATIONS).await?;
    Ok(execute!(tx, "DELETE FROM apps WHERE id = $1", id.to_string())? == 1)
}

/// Applications by label.
pub async fn list(conn: &mut Conn, filter: &AppFilter, page: PageRequest) -> Result<Page<App>, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM apps WHERE ($1 = '' OR search_key LIKE $1 ESCAPE '\\') \
        AND ($2 IS NULL OR protocol = $2) AND ($3 IS NULL OR active = $3)";
    const ROWS: &str = concat!(
        "SELECT ",
        app_columns!(),
        " FROM apps WHERE ($1 = '' OR search_key LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR protocol = $2) ",
        "AND ($3 IS NULL OR active = $3) ORDER BY label_key, id LIMIT $4 OFFSET $5"
    );
    let pattern = like(&filter.q);
    let protocol = filter.protocol.as_deref().filter(|protocol| can_be_key(protocol));
    let total = fetch_value!(conn, i64, COUNT, &pattern, protocol, filter.active)?;
    let rows = fetch_all!(conn, AppRow, ROWS, &pattern, protocol, filter.active, page.take(), page.skip())?;
    Ok(Page { items: row::all(rows)?, total })
}

/// Every application, in the order of canonical labels: the same on both databases.
pub async fn all(conn: &mut Conn) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!("SELECT ", app_columns!(), " FROM apps");
    let mut apps: Vec<App> = row::all(fetch_all!(conn, AppRow, SQL)?)?;
    sort_by_label(&mut apps);
    Ok(apps)
}

/// Sorts by canonical label, then by age.
pub(super) fn sort_by_label(apps: &mut [App]) {
    apps.sort_by_cached_key(|app| (canonical(&app.label), app.id));
}

/// How many applications there are.
pub async fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    fetch_value!(conn, i64, "SELECT COUNT(*) FROM apps")
}

pub use super::app_aliases::{aliases, all_aliases, remove_alias, slug_taken, touch_alias};
