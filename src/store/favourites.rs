//! What a person marked and last opened in the portal. Does not own what they may open (`access`).

use super::{
    dialect::{Conn, execute, fetch_all},
    error::StoreError,
    row::Place,
    tx::Tx,
};
use crate::id::{AppId, UserId};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The apps a person marked, in the order of marking.
pub async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<AppId>, StoreError> {
    const SQL: &str = "SELECT app_id FROM favourites WHERE user_id = $1 ORDER BY created_at, app_id";
    fetch_all!(conn, (String,), SQL, user.to_string())?
        .into_iter()
        .map(|(app,)| Place { table: "favourites", id: &app }.id("app_id", &app))
        .collect()
}

/// Marks an app or takes the mark away; whether that changed anything.
pub async fn set(
    tx: &mut Tx,
    user: UserId,
    app: AppId,
    on: bool,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const ADD: &str = "INSERT INTO favourites (user_id, app_id, created_at) \
        SELECT u.id, a.id, $3 FROM users u, apps a WHERE u.id = $1 AND a.id = $2 ON CONFLICT DO NOTHING";
    const REMOVE: &str = "DELETE FROM favourites WHERE user_id = $1 AND app_id = $2";
    let (user, app) = (user.to_string(), app.to_string());
    let changed = if on {
        execute!(tx, ADD, user, app, now.timestamp_millis())?
    } else {
        execute!(tx, REMOVE, user, app)?
    };
    Ok(changed == 1)
}

/// Counts that a person opened an app. Nothing is counted when one of the two is not there.
pub async fn record_use(tx: &mut Tx, user: UserId, app: AppId, now: DateTime<Utc>) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO app_uses (user_id, app_id, last_used_at, uses) \
        SELECT u.id, a.id, $3, 1 FROM users u, apps a WHERE u.id = $1 AND a.id = $2 \
        ON CONFLICT (user_id, app_id) DO UPDATE SET last_used_at = excluded.last_used_at, uses = app_uses.uses + 1";
    execute!(tx, SQL, user.to_string(), app.to_string(), now.timestamp_millis()).map(|_| ())
}

/// When a person last opened each app.
pub async fn last_used(conn: &mut Conn, user: UserId) -> Result<HashMap<AppId, DateTime<Utc>>, StoreError> {
    const SQL: &str = "SELECT app_id, last_used_at FROM app_uses WHERE user_id = $1";
    fetch_all!(conn, (String, i64), SQL, user.to_string())?
        .into_iter()
        .map(|(app, used)| {
            let place = Place { table: "app_uses", id: &app };
            Ok((place.id("app_id", &app)?, place.instant("last_used_at", used)?))
        })
        .collect()
}
