//! Metadata of service providers that is fetched by address: when it is due, who fetches it now, how it went.
//! Does not own what any of it means (`domain::sp_metadata`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional, fetch_picked, fetch_value},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{
    domain::sp_metadata::{Progress, SpMetadata},
    id::AppId,
};
use chrono::{DateTime, TimeDelta, Utc};

const TABLE: &str = "sp_metadata";

row_type! {
    struct MetadataRow {
        app_id: String,
        due_at: i64,
        version: i64,
        document: Option<String>,
        progress: String,
    }
}

impl TryFrom<MetadataRow> for SpMetadata {
    type Error = StoreError;
    fn try_from(row: MetadataRow) -> Result<Self, StoreError> {
        let place = Place { table: TABLE, id: &row.app_id };
        Ok(Self {
            app_id: place.id("app_id", &row.app_id)?,
            due_at: place.instant("due_at", row.due_at)?,
            progress: place.json("progress", &row.progress)?,
            version: row.version,
            document: row.document,
        })
    }
}

fn progress(app_id: &str, progress: &Progress) -> Result<String, StoreError> {
    Place { table: TABLE, id: app_id }.to_json("progress", progress)
}

/// What is known of an app's metadata; `None` for one whose metadata is not fetched.
pub async fn get(conn: &mut Conn, app: AppId) -> Result<Option<SpMetadata>, StoreError> {
    const SQL: &str = "SELECT app_id, due_at, version, document, progress FROM sp_metadata WHERE app_id = $1";
    row::one(fetch_optional!(conn, MetadataRow, SQL, app.to_string())?)
}

/// What an administrator should look at, without the documents; those with trouble or waiting changes.
pub async fn with_attention(conn: &mut Conn) -> Result<Vec<SpMetadata>, StoreError> {
    const SQL: &str = "SELECT app_id, due_at, version, CAST(NULL AS TEXT), progress FROM sp_metadata WHERE attention = TRUE \
        ORDER BY app_id";
    row::all(fetch_all!(conn, MetadataRow, SQL)?)
}

/// Begins to know an app's metadata, or begins anew: what was known of another source is forgotten, and whoever fetches
/// now does so in vain.
pub async fn begin(tx: &mut Tx, known: &SpMetadata) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sp_metadata (app_id, due_at, leased_until, attention, version, document, progress) \
        VALUES ($1, $2, NULL, $3, $4, $5, $6) ON CONFLICT (app_id) DO UPDATE SET due_at = excluded.due_at, \
        leased_until = NULL, attention = excluded.attention, version = sp_metadata.version + 1, \
        document = excluded.document, progress = excluded.progress";
    let id = known.app_id.to_string();
    execute!(
        tx,
        SQL,
        &id,
        known.due_at.timestamp_millis(),
        known.needs_attention(),
        known.version,
        &known.document,
        progress(&id, &known.progress)?
    )
    .map(|_| ())
}

/// Forgets an app's metadata; whether there was something to forget.
pub async fn remove(tx: &mut Tx, app: AppId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM sp_metadata WHERE app_id = $1", app.to_string())? == 1)
}

/// Whether the metadata of any app is due that nobody fetches now.
pub async fn any_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM sp_metadata WHERE due_at <= $1 \
        AND (leased_until IS NULL OR leased_until <= $1))";
    fetch_value!(conn, bool, SQL, now.timestamp_millis())
}

/// Takes up to `limit` apps whose metadata is due and that nobody fetches now, for as long as `lease`; the one that is
/// due longest first. A worker that died loses them when its lease ends.
pub async fn claim_due(
    tx: &mut Tx,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: u32,
) -> Result<Vec<SpMetadata>, StoreError> {
    let mut claimed: Vec<SpMetadata> = row::all(fetch_picked!(
        tx,
        MetadataRow,
        "UPDATE sp_metadata SET leased_until = $2, version = version + 1 WHERE app_id IN (",
        "SELECT app_id FROM sp_metadata WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
         ORDER BY due_at, app_id LIMIT $3",
        ") RETURNING app_id, due_at, version, document, progress",
        now.timestamp_millis(),
        (now + lease).timestamp_millis(),
        i64::from(limit)
    )?)?;
    claimed.sort_by_key(|known| (known.due_at, known.app_id));
    Ok(claimed)
}

/// Takes one app, due or not; `None` when somebody fetches it now, or its metadata is not fetched.
pub async fn claim(
    tx: &mut Tx,
    app: AppId,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<Option<SpMetadata>, StoreError> {
    const SQL: &str = "UPDATE sp_metadata SET leased_until = $3, version = version + 1 WHERE app_id = $1 \
        AND (leased_until IS NULL OR leased_until <= $2) RETURNING app_id, due_at, version, document, progress";
    let until = (now + lease).timestamp_millis();
    row::one(fetch_optional!(tx, MetadataRow, SQL, app.to_string(), now.timestamp_millis(), until)?)
}

/// Stores what is known, as it was read in this version, and gives it back; `false` when somebody else stored meanwhile.
pub async fn update(tx: &mut Tx, known: &SpMetadata) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sp_metadata SET due_at = $3, leased_until = NULL, attention = $4, document = $5, \
        progress = $6, version = version + 1 WHERE app_id = $1 AND version = $2";
    let id = known.app_id.to_string();
    let changed = execute!(
        tx,
        SQL,
        &id,
        known.version,
        known.due_at.timestamp_millis(),
        known.needs_attention(),
        &known.document,
        progress(&id, &known.progress)?
    )?;
    Ok(changed == 1)
}

/// Gives a claimed one back unchanged, still due; nothing when somebody else stored meanwhile, for that gave it back.
pub async fn release(tx: &mut Tx, known: &SpMetadata) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sp_metadata SET leased_until = NULL WHERE app_id = $1 AND version = $2";
    execute!(tx, SQL, known.app_id.to_string(), known.version).map(|_| ())
}
