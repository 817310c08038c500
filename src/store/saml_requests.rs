//! The ids of SAML requests that were answered, against replay. Does not own what a request must be (`crates/saml`).

use super::{
    dialect::{Conn, execute, fetch_optional, storable},
    error::StoreError,
    tx::Tx,
};
use crate::id::AppId;
use chrono::{DateTime, Utc};

/// Whether a request to an app was seen. Only reads.
pub async fn is_seen(conn: &mut Conn, app: AppId, request_id: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT request_id FROM saml_requests_seen WHERE issuer = $1 AND request_id = $2";
    Ok(fetch_optional!(conn, (String,), SQL, app.to_string(), storable(request_id))?.is_some())
}

/// Records a request to an app until it would be too old anyway; `false` when it was seen before. Apps may have one entity ID
/// between them: each is an issuer of its own, and what was sent to one says nothing of another.
pub async fn record(
    tx: &mut Tx,
    app: AppId,
    request_id: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO saml_requests_seen (issuer, request_id, expires_at) VALUES ($1, $2, $3) \
        ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, app.to_string(), storable(request_id), expires_at.timestamp_millis())? == 1)
}
