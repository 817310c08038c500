//! Settings kept in the database: name and text. Does not own the configuration file (`config`).

use super::{
    dialect::{Conn, can_be_key, execute, fetch_optional},
    error::StoreError,
    tx::Tx,
};
use chrono::{DateTime, Utc};

/// The value of a setting.
pub async fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    if !can_be_key(name) {
        return Ok(None);
    }
    let row = fetch_optional!(conn, (String,), "SELECT value FROM settings WHERE name = $1", name)?;
    Ok(row.map(|(value,)| value))
}

/// Sets a setting.
pub async fn set(tx: &mut Tx, name: &str, value: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at";
    execute!(tx, SQL, name, value, now.timestamp_millis()).map(|_| ())
}

/// Sets a setting that nobody set before: `true` for exactly one of any number of callers.
pub async fn insert_once(
    tx: &mut Tx,
    name: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, name, value, now.timestamp_millis())? == 1)
}
