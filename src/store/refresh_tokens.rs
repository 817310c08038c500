//! Refresh tokens in the database, by their SHA-256. Does not own what follows from a reuse (`service::oidc::token`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    row::{self, Place, millis},
    token_families::{Family, FamilyRow, family_columns},
    tx::Tx,
};
use crate::id::TokenFamilyId;
use chrono::{DateTime, Utc};

/// A refresh token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: String,
    /// Its family.
    pub family_id: TokenFamilyId,
    /// To which client it was given.
    pub client_id: String,
    /// What it may be used for.
    pub scope: String,
    /// When it was issued, or last handed out again.
    pub issued_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub idle_expires_at: DateTime<Utc>,
    /// When it was exchanged.
    pub consumed_at: Option<DateTime<Utc>>,
    /// SHA-256 of the token it was exchanged for.
    pub successor_hash: Option<String>,
    /// The thumbprint of the key it is bound to (RFC 9449).
    pub key_thumbprint: Option<String>,
    /// Whether another token took its place before it was ever used (a lost response).
    pub replaced: bool,
}

/// The columns of a [`RefreshRow`], under names of their own so that a family's may stand beside them.
macro_rules! refresh_columns {
    () => {
        "t.hash, t.family_id, t.client_id, t.scope, t.issued_at, t.idle_expires_at, t.consumed_at, t.successor_hash, \
         t.key_thumbprint, t.replaced"
    };
}

row_type! {
    struct RefreshRow {
        hash: String,
        family_id: String,
        client_id: String,
        scope: String,
        issued_at: i64,
        idle_expires_at: i64,
        consumed_at: Option<i64>,
        successor_hash: Option<String>,
        key_thumbprint: Option<String>,
        replaced: bool,
    }
}

row_type! {
    struct RefreshWithFamilyRow {
        token: RefreshRow,
        family: FamilyRow,
    }
}

impl TryFrom<RefreshRow> for RefreshToken {
    type Error = StoreError;
    fn try_from(row: RefreshRow) -> Result<Self, StoreError> {
        let place = Place { table: "refresh_tokens", id: &row.family_id };
        Ok(Self {
            family_id: place.id("family_id", &row.family_id)?,
            issued_at: place.instant("issued_at", row.issued_at)?,
            idle_expires_at: place.instant("idle_expires_at", row.idle_expires_at)?,
            consumed_at: place.maybe_instant("consumed_at", row.consumed_at)?,
            hash: row.hash,
            client_id: row.client_id,
            scope: row.scope,
            successor_hash: row.successor_hash,
            key_thumbprint: row.key_thumbprint,
            replaced: row.replaced,
        })
    }
}

/// Keeps a token.
pub async fn insert(tx: &mut Tx, token: &RefreshToken) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO refresh_tokens (hash, family_id, client_id, scope, issued_at, idle_expires_at, \
        consumed_at, successor_hash, key_thumbprint, replaced) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    execute!(
        tx,
        SQL,
        &token.hash,
        token.family_id.to_string(),
        &token.client_id,
        &token.scope,
        token.issued_at.timestamp_millis(),
        token.idle_expires_at.timestamp_millis(),
        millis(token.consumed_at),
        &token.successor_hash,
        &token.key_thumbprint,
        token.replaced
    )
    .map(|_| ())
}

/// A token, used, replaced and expired ones too.
pub async fn get(conn: &mut Conn, hash: &str) -> Result<Option<RefreshToken>, StoreError> {
    const SQL: &str = concat!("SELECT ", refresh_columns!(), " FROM refresh_tokens t WHERE t.hash = $1");
    row::one(fetch_optional!(conn, RefreshRow, SQL, hash)?)
}

/// A token with its family, in one query: what a refresh grant needs to decide.
pub async fn get_with_family(
    conn: &mut Conn,
    hash: &str,
) -> Result<Option<(RefreshToken, Family)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        refresh_columns!(),
        ", ",
        family_columns!("f."),
        " FROM refresh_tokens t JOIN token_families f ON f.id = t.family_id WHERE t.hash = $1"
    );
    match fetch_optional!(conn, RefreshWithFamilyRow, SQL, hash)? {
        Some(row) => Ok(Some((row.token.try_into()?, row.family.try_into()?))),
        None => Ok(None),
    }
}

/// Exchanges a token for its successor: `true` for exactly one of any number of callers, never for a replaced token.
pub async fn consume(
    tx: &mut Tx,
    hash: &str,
    successor_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE refresh_tokens SET consumed_at = $3, successor_hash = $2 \
        WHERE hash = $1 AND consumed_at IS NULL AND NOT replaced";
    Ok(execute!(tx, SQL, hash, successor_hash, now.timestamp_millis())? == 1)
}

/// A token that is handed out again instead of being exchanged.
#[derive(Debug, Clone)]
pub struct HandedOutAgain {
    /// SHA-256 of the token.
    pub hash: String,
    /// The key it was bound to when it was looked at.
    pub was_bound_to: Option<String>,
    /// The key it is bound to from now on.
    pub key_thumbprint: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub idle_expires_at: DateTime<Utc>,
}

/// Hands a token out again: any number of callers may, but none for a token that was exchanged or replaced meanwhile, or bound
/// to another key.
pub async fn hand_out_again(tx: &mut Tx, token: &HandedOutAgain) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE refresh_tokens SET issued_at = $2, idle_expires_at = $3, key_thumbprint = $5 \
        WHERE hash = $1 AND consumed_at IS NULL AND NOT replaced \
        AND (COALESCE(key_thumbprint, '') = $4 OR key_thumbprint = $5)";
    let changed = execute!(
        tx,
        SQL,
        &token.hash,
        token.at.timestamp_millis(),
        token.idle_expires_at.timestamp_millis(),
        token.was_bound_to.as_deref().unwrap_or_default(),
        &token.key_thumbprint
    )?;
    Ok(changed == 1)
}

/// Names another successor of a consumed token (a lost response); whether the token is one.
pub async fn set_successor(tx: &mut Tx, hash: &str, successor_hash: &str) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE refresh_tokens SET successor_hash = $2 WHERE hash = $1 AND consumed_at IS NOT NULL";
    Ok(execute!(tx, SQL, hash, successor_hash)? == 1)
}

/// Takes a token out of use that was never used: `true` for exactly one of any number of callers, `false` once it was
/// consumed.
pub async fn mark_replaced(tx: &mut Tx, hash: &str) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE refresh_tokens SET replaced = TRUE WHERE hash = $1 AND consumed_at IS NULL AND NOT replaced";
    Ok(execute!(tx, SQL, hash)? == 1)
}
