//! Authorization requests that clients pushed, under the hash of their reference. Does not own their checks (`crates/oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional, fetch_value},
    error::StoreError,
    housekeeping::BATCH,
    row::Place,
    tx::Tx,
};
use crate::id::AppId;
use chrono::{DateTime, Utc};

const TABLE: &str = "pushed_requests";

/// A pushed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// SHA-256 of the reference.
    pub hash: String,
    /// Whose client pushed it.
    pub app_id: AppId,
    /// Its parameters as a form, without those of client authentication.
    pub request: String,
    /// When it was pushed.
    pub created_at: DateTime<Utc>,
    /// Until when it may be presented.
    pub expires_at: DateTime<Utc>,
    /// When it was answered with a code or a refusal.
    pub consumed_at: Option<DateTime<Utc>>,
}

row_type! {
    struct PushedRow {
        hash: String,
        app_id: String,
        request: String,
        created_at: i64,
        expires_at: i64,
        consumed_at: Option<i64>,
    }
}

/// Keeps a request.
pub async fn insert(tx: &mut Tx, pushed: &PushedRequest) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO pushed_requests (hash, app_id, request, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5)";
    execute!(
        tx,
        SQL,
        &pushed.hash,
        pushed.app_id.to_string(),
        &pushed.request,
        pushed.created_at.timestamp_millis(),
        pushed.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// A request, used and expired ones too.
pub async fn get(conn: &mut Conn, hash: &str) -> Result<Option<PushedRequest>, StoreError> {
    const SQL: &str = "SELECT hash, app_id, request, created_at, expires_at, consumed_at FROM pushed_requests \
        WHERE hash = $1";
    let Some(row) = fetch_optional!(conn, PushedRow, SQL, hash)? else { return Ok(None) };
    let place = Place { table: TABLE, id: &row.app_id };
    Ok(Some(PushedRequest {
        app_id: place.id("app_id", &row.app_id)?,
        created_at: place.instant("created_at", row.created_at)?,
        expires_at: place.instant("expires_at", row.expires_at)?,
        consumed_at: place.maybe_instant("consumed_at", row.consumed_at)?,
        hash: row.hash,
        request: row.request,
    }))
}

/// How many requests of an app are kept, used and expired ones too.
pub async fn count_of_app(conn: &mut Conn, app: AppId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM pushed_requests WHERE app_id = $1";
    fetch_value!(conn, i64, SQL, app.to_string())
}

/// Removes up to a batch of requests past their end, of one app or of all; but none that a sign-on under way began with, for that
/// is answered once.
pub async fn purge(tx: &mut Tx, app: Option<AppId>, now: DateTime<Utc>) -> Result<u64, StoreError> {
    const OF_ALL: &str = "DELETE FROM pushed_requests WHERE hash IN (SELECT hash FROM pushed_requests kept \
        WHERE expires_at <= $1 \
        AND NOT EXISTS (SELECT 1 FROM pending_sign_ons WHERE pending_sign_ons.pushed = kept.hash) LIMIT $2)";
    const OF_ONE: &str = "DELETE FROM pushed_requests WHERE hash IN (SELECT hash FROM pushed_requests kept \
        WHERE expires_at <= $1 AND app_id = $3 \
        AND NOT EXISTS (SELECT 1 FROM pending_sign_ons WHERE pending_sign_ons.pushed = kept.hash) LIMIT $2)";
    match app {
        Some(app) => execute!(tx, OF_ONE, now.timestamp_millis(), BATCH, app.to_string()),
        None => execute!(tx, OF_ALL, now.timestamp_millis(), BATCH),
    }
}

/// RFC 9126 §4: a reference is used once. `true` for exactly one of any number of callers.
pub async fn consume(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE pushed_requests SET consumed_at = $2 WHERE hash = $1 AND consumed_at IS NULL";
    Ok(execute!(tx, SQL, hash, now.timestamp_millis())? == 1)
}
