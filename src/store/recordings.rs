//! Kept sign-ons in the database. Does not own what is kept, or for how long (`service::recordings`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{
    domain::recording::{Protocol, Recording, RecordingOutcome},
    id::{AppId, RecordingId},
};

/// The columns of a [`RecordingRow`].
macro_rules! recording_columns {
    () => {
        "id, app_id, user_id, protocol, outcome, code, settings_version, flow_key, recorded_at, sealed"
    };
}

row_type! {
    struct RecordingRow {
        id: String,
        app_id: String,
        user_id: Option<String>,
        protocol: String,
        outcome: String,
        code: Option<String>,
        settings_version: i64,
        flow_key: Option<String>,
        recorded_at: i64,
        sealed: String,
    }
}

impl TryFrom<RecordingRow> for Recording {
    type Error = StoreError;
    fn try_from(row: RecordingRow) -> Result<Self, StoreError> {
        let place = Place { table: "recordings", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.id("app_id", &row.app_id)?,
            user_id: place.maybe_id("user_id", row.user_id.as_deref())?,
            protocol: place.word("protocol", &row.protocol, Protocol::parse)?,
            outcome: place.word("outcome", &row.outcome, RecordingOutcome::parse)?,
            recorded_at: place.instant("recorded_at", row.recorded_at)?,
            code: row.code,
            settings_version: row.settings_version,
            flow_key: row.flow_key,
            sealed: row.sealed,
        })
    }
}

/// Keeps a sign-on, or its end in place of its beginning. Without its app there is nothing to keep; nor without its person, whom
/// an admin may have removed meanwhile. Whether it was kept.
pub async fn put(tx: &mut Tx, recording: &Recording) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO recordings (id, app_id, user_id, protocol, outcome, code, settings_version, flow_key, \
        recorded_at, sealed) SELECT $1, a.id, $3, $4, $5, $6, $7, $8, $9, $10 FROM apps a WHERE a.id = $2 \
        AND ($3 IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = $3)) \
        ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, outcome = excluded.outcome, code = excluded.code, \
        settings_version = excluded.settings_version, sealed = excluded.sealed";
    let changed = execute!(
        tx,
        SQL,
        recording.id.to_string(),
        recording.app_id.to_string(),
        recording.user_id.map(|user| user.to_string()),
        recording.protocol.as_str(),
        recording.outcome.as_str(),
        &recording.code,
        recording.settings_version,
        &recording.flow_key,
        recording.recorded_at.timestamp_millis(),
        &recording.sealed
    )?;
    Ok(changed == 1)
}

/// One kept sign-on of an app.
pub async fn get(conn: &mut Conn, app: AppId, id: RecordingId) -> Result<Option<Recording>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", recording_columns!(), " FROM recordings WHERE app_id = $1 AND id = $2");
    row::one(fetch_optional!(conn, RecordingRow, SQL, app.to_string(), id.to_string())?)
}

/// The beginning of a flow that has no end yet.
pub async fn begun(conn: &mut Conn, app: AppId, flow_key: &str) -> Result<Option<Recording>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        recording_columns!(),
        " FROM recordings WHERE flow_key = $2 AND app_id = $1 AND outcome = 'began' ORDER BY id LIMIT 1"
    );
    row::one(fetch_optional!(conn, RecordingRow, SQL, app.to_string(), flow_key)?)
}

/// The kept sign-ons of an app, youngest first; at most `limit`.
pub async fn of_app(conn: &mut Conn, app: AppId, limit: i64) -> Result<Vec<Recording>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        recording_columns!(),
        " FROM recordings WHERE app_id = $1 ORDER BY recorded_at DESC, id DESC LIMIT $2"
    );
    row::all(fetch_all!(conn, RecordingRow, SQL, app.to_string(), limit)?)
}

/// Removes what is over `keep` of each outcome of an app, the oldest; how many.
pub async fn trim(tx: &mut Tx, app: AppId, keep: i64) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM recordings WHERE id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER \
        (PARTITION BY outcome ORDER BY recorded_at DESC, id DESC) AS place FROM recordings WHERE app_id = $1) ranked \
        WHERE place > $2)";
    execute!(tx, SQL, app.to_string(), keep)
}
