//! Password hashes in the database. Does not own hashing, or the rules for passwords (`domain::credential`).

use super::{
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    row::Place,
    tx::Tx,
};
use crate::id::UserId;
use chrono::{DateTime, Utc};

/// The password hash of a person; `None` when they have no password, or are not there.
pub async fn password_hash(conn: &mut Conn, user: UserId) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<String>,),
        "SELECT password_hash FROM users WHERE id = $1",
        user.to_string()
    )?;
    Ok(row.and_then(|(hash,)| hash))
}

/// Sets or takes away a password hash; whether the person was there.
pub async fn set_password_hash(
    tx: &mut Tx,
    user: UserId,
    hash: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1";
    Ok(execute!(tx, SQL, user.to_string(), hash, now.timestamp_millis())? == 1)
}

/// When the password was last set or taken away; `None` when it never was.
pub async fn password_changed_at(conn: &mut Conn, user: UserId) -> Result<Option<DateTime<Utc>>, StoreError> {
    const SQL: &str = "SELECT password_changed_at FROM users WHERE id = $1";
    let id = user.to_string();
    let row = fetch_optional!(conn, (Option<i64>,), SQL, &id)?;
    Place { table: "users", id: &id }.maybe_instant("password_changed_at", row.and_then(|(millis,)| millis))
}

/// Whether the person is active and still has this password hash. Holds the row until the write ends, so that a sign-in and a
/// reset or suspension that come at once happen one after the other.
pub async fn confirm(tx: &mut Tx, user: UserId, hash: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE users SET password_changed_at = password_changed_at \
        WHERE id = $1 AND password_hash = $2 AND state = 'active'";
    Ok(execute!(tx, SQL, user.to_string(), hash)? == 1)
}
