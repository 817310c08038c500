//! Authorization codes in the database, by their SHA-256. Does not own what a code must match (`crates/oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    row::Place,
    tx::Tx,
};
use crate::id::TokenFamilyId;
use chrono::{DateTime, Utc};

const TABLE: &str = "authorization_codes";

/// A code as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// SHA-256 of the code.
    pub hash: String,
    /// The authorization it stands for.
    pub family_id: TokenFamilyId,
    /// To which client it was given.
    pub client_id: String,
    /// The `redirect_uri` of the request, when it had one.
    pub redirect_uri: Option<String>,
    /// The PKCE challenge, when the request had one.
    pub code_challenge: Option<String>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

row_type! {
    struct CodeRow {
        hash: String,
        family_id: String,
        client_id: String,
        redirect_uri: Option<String>,
        code_challenge: Option<String>,
        expires_at: i64,
        consumed_at: Option<i64>,
    }
}

/// Keeps a code.
pub async fn insert(tx: &mut Tx, code: &Code) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO authorization_codes (hash, family_id, client_id, redirect_uri, code_challenge, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    execute!(
        tx,
        SQL,
        &code.hash,
        code.family_id.to_string(),
        &code.client_id,
        &code.redirect_uri,
        &code.code_challenge,
        code.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// A code, used and expired ones too, with when it was used.
pub async fn get(conn: &mut Conn, hash: &str) -> Result<Option<(Code, Option<DateTime<Utc>>)>, StoreError> {
    const SQL: &str = "SELECT hash, family_id, client_id, redirect_uri, code_challenge, expires_at, consumed_at \
        FROM authorization_codes WHERE hash = $1";
    let Some(row) = fetch_optional!(conn, CodeRow, SQL, hash)? else { return Ok(None) };
    let place = Place { table: TABLE, id: &row.family_id };
    let consumed_at = place.maybe_instant("consumed_at", row.consumed_at)?;
    let code = Code {
        family_id: place.id("family_id", &row.family_id)?,
        expires_at: place.instant("expires_at", row.expires_at)?,
        hash: row.hash,
        client_id: row.client_id,
        redirect_uri: row.redirect_uri,
        code_challenge: row.code_challenge,
    };
    Ok(Some((code, consumed_at)))
}

/// RFC 6749 §4.1.2: a code is used once. `true` for exactly one of any number of callers.
pub async fn consume(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE authorization_codes SET consumed_at = $2 WHERE hash = $1 AND consumed_at IS NULL";
    Ok(execute!(tx, SQL, hash, now.timestamp_millis())? == 1)
}
