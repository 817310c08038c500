//! Client secrets in the database, by their SHA-256. Does not own how a client presents one (`crates/oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all},
    error::StoreError,
    row::{self, Place, millis},
    tx::Tx,
};
use crate::id::{AppId, ClientSecretId};
use chrono::{DateTime, Utc};

/// A client secret as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// Its public name.
    pub id: ClientSecretId,
    /// Whose.
    pub app_id: AppId,
    /// SHA-256 of the secret.
    pub hash: String,
    /// The few last characters, so that an admin knows which it is.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

row_type! {
    struct SecretRow {
        id: String,
        app_id: String,
        hash: String,
        hint: String,
        created_at: i64,
        expires_at: Option<i64>,
        last_used_at: Option<i64>,
    }
}

impl TryFrom<SecretRow> for ClientSecret {
    type Error = StoreError;
    fn try_from(row: SecretRow) -> Result<Self, StoreError> {
        let place = Place { table: "client_secrets", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.id("app_id", &row.app_id)?,
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.maybe_instant("expires_at", row.expires_at)?,
            last_used_at: place.maybe_instant("last_used_at", row.last_used_at)?,
            hash: row.hash,
            hint: row.hint,
        })
    }
}

/// Keeps a secret's hash.
pub async fn insert(tx: &mut Tx, secret: &ClientSecret) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO client_secrets (id, app_id, hash, hint, created_at, expires_at, last_used_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute!(
        tx,
        SQL,
        secret.id.to_string(),
        secret.app_id.to_string(),
        &secret.hash,
        &secret.hint,
        secret.created_at.timestamp_millis(),
        millis(secret.expires_at),
        millis(secret.last_used_at)
    )
    .map(|_| ())
}

/// The secrets a client may use now, youngest first.
pub async fn valid_of_app(
    conn: &mut Conn,
    app: AppId,
    now: DateTime<Utc>,
) -> Result<Vec<ClientSecret>, StoreError> {
    const SQL: &str = "SELECT id, app_id, hash, hint, created_at, expires_at, last_used_at FROM client_secrets \
        WHERE app_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at DESC, id DESC";
    row::all(fetch_all!(conn, SecretRow, SQL, app.to_string(), now.timestamp_millis())?)
}

/// Every secret of a client, youngest first.
pub async fn of_app(conn: &mut Conn, app: AppId) -> Result<Vec<ClientSecret>, StoreError> {
    const SQL: &str = "SELECT id, app_id, hash, hint, created_at, expires_at, last_used_at FROM client_secrets \
        WHERE app_id = $1 ORDER BY created_at DESC, id DESC";
    row::all(fetch_all!(conn, SecretRow, SQL, app.to_string())?)
}

/// Waits until no other write decides which secrets go on, and keeps others out until this one ends. A write that also changes
/// accounts or applications takes this first, so that no two wait for each other.
pub async fn hold(tx: &mut Tx) -> Result<(), StoreError> {
    tx.alone(super::tx::CLIENT_SECRETS).await
}

/// Lets a secret end by then; whether it would have lived longer. It never lives longer for it.
pub async fn expire(tx: &mut Tx, id: ClientSecretId, at: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE client_secrets SET expires_at = $2 \
        WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    Ok(execute!(tx, SQL, id.to_string(), at.timestamp_millis())? == 1)
}

/// Removes a secret; whether it was there.
pub async fn delete(tx: &mut Tx, id: ClientSecretId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM client_secrets WHERE id = $1", id.to_string())? == 1)
}

/// Notes that a secret was used; whether it was there.
pub async fn touch(tx: &mut Tx, id: ClientSecretId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE client_secrets SET last_used_at = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), now.timestamp_millis())? == 1)
}
