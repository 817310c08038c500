//! The names applications once had: old addresses go on working. Does not own present names (`apps`).
//! Public under `store::apps`.

use super::{
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, fetch_value},
    error::StoreError,
    row::Place,
    tx::Tx,
};
use crate::id::AppId;
use chrono::{DateTime, Utc};

/// The old names of an application, newest first, each with when it was last used.
pub async fn aliases(
    conn: &mut Conn,
    app: AppId,
) -> Result<Vec<(String, Option<DateTime<Utc>>)>, StoreError> {
    const SQL: &str =
        "SELECT slug, last_used_at FROM app_aliases WHERE app_id = $1 ORDER BY created_at DESC, slug";
    fetch_all!(conn, (String, Option<i64>), SQL, app.to_string())?
        .into_iter()
        .map(|(slug, used)| {
            let used = Place { table: "app_aliases", id: &slug }.maybe_instant("last_used_at", used)?;
            Ok((slug, used))
        })
        .collect()
}

/// Every old name, with the present one of its application.
pub async fn all_aliases(conn: &mut Conn) -> Result<Vec<(String, String)>, StoreError> {
    const SQL: &str = "SELECT app_aliases.slug, apps.slug FROM app_aliases JOIN apps ON apps.id = app_aliases.app_id \
        ORDER BY app_aliases.slug";
    fetch_all!(conn, (String, String), SQL)
}

/// Notes that an old name was used; whether it is one.
pub async fn touch_alias(tx: &mut Tx, slug: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE app_aliases SET last_used_at = $2 WHERE slug = $1";
    Ok(can_be_key(slug) && execute!(tx, SQL, slug, now.timestamp_millis())? == 1)
}

/// Gives up an old name of an application; whether it was one.
pub async fn remove_alias(tx: &mut Tx, app: AppId, slug: &str) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM app_aliases WHERE app_id = $1 AND slug = $2";
    Ok(can_be_key(slug) && execute!(tx, SQL, app.to_string(), slug)? == 1)
}

/// Whether a name is, or once was, that of an application.
pub async fn slug_taken(conn: &mut Conn, slug: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM apps WHERE slug = $1) \
        OR EXISTS (SELECT 1 FROM app_aliases WHERE slug = $1)";
    if !can_be_key(slug) {
        return Ok(false);
    }
    fetch_value!(conn, bool, SQL, slug)
}

/// Makes sure that `slug` is no other application's old name; an own one is taken back.
pub(super) async fn make_free(tx: &mut Tx, app: &str, slug: &str) -> Result<(), StoreError> {
    const TAKEN: &str = "SELECT app_id FROM app_aliases WHERE slug = $1";
    match fetch_optional!(tx, (String,), TAKEN, slug)? {
        None => Ok(()),
        Some((owner,)) if owner == app => {
            execute!(tx, "DELETE FROM app_aliases WHERE slug = $1", slug).map(|_| ())
        }
        Some(_) => Err(StoreError::Conflict("apps.slug".into())),
    }
}

/// Keeps an application's former name.
pub(super) async fn leave(tx: &mut Tx, app: &str, slug: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO app_aliases (slug, app_id, created_at) VALUES ($1, $2, $3)";
    execute!(tx, SQL, slug, app, now.timestamp_millis()).map(|_| ())
}
