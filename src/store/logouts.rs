//! Sign-outs under way in the database. Does not own their steps (`domain::logout`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{domain::logout::Logout, id::LogoutId};
use chrono::{DateTime, Utc};

/// The columns of a [`LogoutRow`].
macro_rules! logout_columns {
    () => {
        "id, browser_hash, state, version, created_at, expires_at"
    };
}

row_type! {
    struct LogoutRow {
        id: String,
        browser_hash: Option<String>,
        state: String,
        version: i64,
        created_at: i64,
        expires_at: i64,
    }
}

impl TryFrom<LogoutRow> for Logout {
    type Error = StoreError;
    fn try_from(row: LogoutRow) -> Result<Self, StoreError> {
        let place = Place { table: "logouts", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            state: place.json("state", &row.state)?,
            version: row.version,
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            browser_hash: row.browser_hash,
        })
    }
}

/// The state as text. Names in it come from other systems: what PostgreSQL can't keep is written as an escape by JSON.
fn state(logout: &Logout) -> Result<String, StoreError> {
    Place { table: "logouts", id: &logout.id.to_string() }.to_json("state", &logout.state)
}

/// Keeps a sign-out until its end.
pub async fn insert(tx: &mut Tx, logout: &Logout) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO logouts (id, browser_hash, state, version, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    execute!(
        tx,
        SQL,
        logout.id.to_string(),
        &logout.browser_hash,
        state(logout)?,
        logout.version,
        logout.created_at.timestamp_millis(),
        logout.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// One sign-out, expired or not: callers compare `expires_at`.
pub async fn get(conn: &mut Conn, id: LogoutId) -> Result<Option<Logout>, StoreError> {
    const SQL: &str = concat!("SELECT ", logout_columns!(), " FROM logouts WHERE id = $1");
    row::one(fetch_optional!(conn, LogoutRow, SQL, id.to_string())?)
}

/// The latest sign-outs of a browser that are not over, newest first; at most eight.
pub async fn of_browser(
    conn: &mut Conn,
    browser_hash: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Logout>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        logout_columns!(),
        " FROM logouts WHERE browser_hash = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC LIMIT 8"
    );
    row::all(fetch_all!(conn, LogoutRow, SQL, browser_hash, now.timestamp_millis())?)
}

/// Keeps a step of a sign-out that was read in this version; `false` when somebody else made one meanwhile.
pub async fn update(tx: &mut Tx, logout: &Logout) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE logouts SET state = $3, version = version + 1 WHERE id = $1 AND version = $2";
    Ok(execute!(tx, SQL, logout.id.to_string(), logout.version, state(logout)?)? == 1)
}

/// Ends a sign-out: `true` for exactly one of any number of callers.
pub async fn delete(tx: &mut Tx, id: LogoutId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM logouts WHERE id = $1", id.to_string())? == 1)
}
