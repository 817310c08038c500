//! API tokens in the database, by their SHA-256. Does not own what a token may do (`domain::permission`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional, storable},
    error::StoreError,
    row::{self, Place, millis},
    tx::Tx,
};
use crate::{domain::user::Role, id::ApiTokenId};
use chrono::{DateTime, Utc};

/// An API token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its public name.
    pub id: ApiTokenId,
    /// What the admin calls it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

row_type! {
    struct TokenRow {
        id: String,
        name: String,
        role: String,
        created_at: i64,
        expires_at: Option<i64>,
        last_used_at: Option<i64>,
    }
}

impl TryFrom<TokenRow> for ApiToken {
    type Error = StoreError;
    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let place = Place { table: "api_tokens", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            role: place.word("role", &row.role, Role::parse)?,
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.maybe_instant("expires_at", row.expires_at)?,
            last_used_at: place.maybe_instant("last_used_at", row.last_used_at)?,
            name: row.name,
        })
    }
}

/// Keeps a token under its SHA-256.
pub async fn insert(tx: &mut Tx, token: &ApiToken, hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO api_tokens (id, name, role, hash, created_at, expires_at, last_used_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    execute!(
        tx,
        SQL,
        token.id.to_string(),
        storable(&token.name),
        token.role.as_str(),
        hash,
        token.created_at.timestamp_millis(),
        millis(token.expires_at),
        millis(token.last_used_at)
    )
    .map(|_| ())
}

/// The token with this SHA-256, expired or not: callers compare `expires_at`.
pub async fn find_by_hash(conn: &mut Conn, hash: &str) -> Result<Option<ApiToken>, StoreError> {
    const SQL: &str =
        "SELECT id, name, role, created_at, expires_at, last_used_at FROM api_tokens WHERE hash = $1";
    row::one(fetch_optional!(conn, TokenRow, SQL, hash)?)
}

/// Every token, youngest first.
pub async fn list(conn: &mut Conn) -> Result<Vec<ApiToken>, StoreError> {
    const SQL: &str = "SELECT id, name, role, created_at, expires_at, last_used_at FROM api_tokens \
        ORDER BY created_at DESC, id DESC";
    row::all(fetch_all!(conn, TokenRow, SQL)?)
}

/// Removes a token; whether it was there.
pub async fn delete(tx: &mut Tx, id: ApiTokenId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM api_tokens WHERE id = $1", id.to_string())? == 1)
}

/// Notes that a token was used; whether it was there.
pub async fn touch(tx: &mut Tx, id: ApiTokenId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), now.timestamp_millis())? == 1)
}
