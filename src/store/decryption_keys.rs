//! Key pairs for what apps encrypt for us; private halves are sealed. Does not own sealing (`keyring`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{
    domain::key::decryption::DecryptionKey,
    id::{AppId, KeyId},
};

row_type! {
    struct KeyRow {
        id: String,
        app_id: String,
        public_key: String,
        certificate: String,
        sealed_key: String,
        not_after: i64,
        created_at: i64,
    }
}

impl TryFrom<KeyRow> for DecryptionKey {
    type Error = StoreError;
    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let place = Place { table: "decryption_keys", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.id("app_id", &row.app_id)?,
            not_after: place.instant("not_after", row.not_after)?,
            created_at: place.instant("created_at", row.created_at)?,
            public_key: row.public_key,
            certificate: row.certificate,
            sealed_key: row.sealed_key,
        })
    }
}

/// Keeps a key.
pub async fn insert(tx: &mut Tx, key: &DecryptionKey) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO decryption_keys (id, app_id, public_key, certificate, sealed_key, not_after, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute!(
        tx,
        SQL,
        key.id.to_string(),
        key.app_id.to_string(),
        &key.public_key,
        &key.certificate,
        &key.sealed_key,
        key.not_after.timestamp_millis(),
        key.created_at.timestamp_millis()
    )
    .map(|_| ())
}

/// The keys of an app, youngest first.
pub async fn of_app(conn: &mut Conn, app: AppId) -> Result<Vec<DecryptionKey>, StoreError> {
    const SQL: &str = "SELECT id, app_id, public_key, certificate, sealed_key, not_after, created_at \
        FROM decryption_keys WHERE app_id = $1 ORDER BY created_at DESC, id DESC";
    row::all(fetch_all!(conn, KeyRow, SQL, app.to_string())?)
}

/// Removes a key of an app; whether it was there.
pub async fn delete(tx: &mut Tx, app: AppId, id: KeyId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM decryption_keys WHERE app_id = $1 AND id = $2";
    Ok(execute!(tx, SQL, app.to_string(), id.to_string())? == 1)
}
