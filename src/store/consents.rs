//! What people allowed apps to know. Does not own the tokens that follow (`token_families`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{
    domain::consent::{Consent, Released},
    id::{AppId, UserId},
};
use chrono::{DateTime, Utc};

row_type! {
    struct ConsentRow {
        user_id: String,
        app_id: String,
        released: String,
        granted_at: i64,
        updated_at: i64,
    }
}

impl TryFrom<ConsentRow> for Consent {
    type Error = StoreError;
    fn try_from(row: ConsentRow) -> Result<Self, StoreError> {
        let place = Place { table: "consents", id: &row.user_id };
        Ok(Self {
            user_id: place.id("user_id", &row.user_id)?,
            app_id: place.id("app_id", &row.app_id)?,
            released: place.json("released", &row.released)?,
            granted_at: place.instant("granted_at", row.granted_at)?,
            updated_at: place.instant("updated_at", row.updated_at)?,
        })
    }
}

/// What a person allowed an app, if anything.
pub async fn get(conn: &mut Conn, user: UserId, app: AppId) -> Result<Option<Consent>, StoreError> {
    const SQL: &str = "SELECT user_id, app_id, released, granted_at, updated_at FROM consents \
        WHERE user_id = $1 AND app_id = $2";
    row::one(fetch_optional!(conn, ConsentRow, SQL, user.to_string(), app.to_string())?)
}

/// Everything a person allowed, newest first.
pub async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Consent>, StoreError> {
    const SQL: &str = "SELECT user_id, app_id, released, granted_at, updated_at FROM consents \
        WHERE user_id = $1 ORDER BY granted_at DESC, app_id";
    row::all(fetch_all!(conn, ConsentRow, SQL, user.to_string())?)
}

/// Keeps a consent in place of an earlier one. Nothing is kept when person or app are not there.
pub async fn put(
    tx: &mut Tx,
    user: UserId,
    app: AppId,
    released: &Released,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO consents (user_id, app_id, released, granted_at, updated_at) \
        SELECT u.id, a.id, $3, $4, $4 FROM users u, apps a WHERE u.id = $1 AND a.id = $2 \
        ON CONFLICT (user_id, app_id) DO UPDATE SET released = excluded.released, updated_at = excluded.updated_at";
    let id = user.to_string();
    let text = Place { table: "consents", id: &id }.to_json("released", released)?;
    execute!(tx, SQL, &id, app.to_string(), text, now.timestamp_millis()).map(|_| ())
}

/// Takes a consent back; whether there was one.
pub async fn delete(tx: &mut Tx, user: UserId, app: AppId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM consents WHERE user_id = $1 AND app_id = $2";
    Ok(execute!(tx, SQL, user.to_string(), app.to_string())? == 1)
}
