//! Access tokens of clients that act for themselves, by their SHA-256. Nobody's account hangs on one.
//! Does not own what they open (`service::oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    row::{self, Place, join_words, millis, split_words},
    tx::Tx,
};
use crate::id::AppId;
use chrono::{DateTime, Utc};

/// A token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceToken {
    /// SHA-256 of the token.
    pub hash: String,
    /// The client's application.
    pub app_id: AppId,
    /// To which client it was given.
    pub client_id: String,
    /// What it may be used for.
    pub scope: String,
    /// The resource servers it is for (RFC 8707); none: this issuer.
    pub audience: Vec<String>,
    /// The thumbprint of the key it is bound to (RFC 9449).
    pub key_thumbprint: Option<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

row_type! {
    struct ServiceTokenRow {
        hash: String,
        app_id: String,
        client_id: String,
        scope: String,
        audience: String,
        key_thumbprint: Option<String>,
        issued_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
    }
}

impl TryFrom<ServiceTokenRow> for ServiceToken {
    type Error = StoreError;
    fn try_from(row: ServiceTokenRow) -> Result<Self, StoreError> {
        let place = Place { table: "service_tokens", id: &row.client_id };
        Ok(Self {
            app_id: place.id("app_id", &row.app_id)?,
            audience: split_words(&row.audience),
            issued_at: place.instant("issued_at", row.issued_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            revoked_at: place.maybe_instant("revoked_at", row.revoked_at)?,
            hash: row.hash,
            client_id: row.client_id,
            scope: row.scope,
            key_thumbprint: row.key_thumbprint,
        })
    }
}

/// Keeps a token.
pub async fn insert(tx: &mut Tx, token: &ServiceToken) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO service_tokens (hash, app_id, client_id, scope, audience, key_thumbprint, issued_at, \
        expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    execute!(
        tx,
        SQL,
        &token.hash,
        token.app_id.to_string(),
        &token.client_id,
        &token.scope,
        join_words(&token.audience),
        &token.key_thumbprint,
        token.issued_at.timestamp_millis(),
        token.expires_at.timestamp_millis(),
        millis(token.revoked_at)
    )
    .map(|_| ())
}

/// A token, revoked and expired ones too.
pub async fn get(conn: &mut Conn, hash: &str) -> Result<Option<ServiceToken>, StoreError> {
    const SQL: &str = "SELECT hash, app_id, client_id, scope, audience, key_thumbprint, issued_at, expires_at, revoked_at \
        FROM service_tokens WHERE hash = $1";
    row::one(fetch_optional!(conn, ServiceTokenRow, SQL, hash)?)
}

/// Revokes a token; `false` when it was revoked already, or is not there.
pub async fn revoke(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE service_tokens SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL";
    Ok(execute!(tx, SQL, hash, now.timestamp_millis())? == 1)
}
