//! Access tokens in the database, by their SHA-256. Does not own what they open (`service::oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    row::{self, Place, join_words, split_words},
    tx::Tx,
};
use crate::id::{AppId, SessionId, TokenFamilyId, UserId};
use chrono::{DateTime, Utc};

/// An access token about to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessToken {
    /// SHA-256 of the token.
    pub hash: String,
    /// Its family.
    pub family_id: TokenFamilyId,
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
}

/// An access token as stored, with what its family says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token's own values.
    pub token: NewAccessToken,
    /// When it was revoked by itself.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The client's application.
    pub app_id: AppId,
    /// The person.
    pub user_id: UserId,
    /// The session; what `sid` is made from.
    pub session_id: SessionId,
    /// Whether the family was ended early.
    pub family_revoked: bool,
    /// The absolute end of the family.
    pub family_expires_at: DateTime<Utc>,
}

impl AccessToken {
    /// Whether it may be used: neither it nor its family was revoked or is past its end.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none()
            && !self.family_revoked
            && now < self.token.expires_at
            && now < self.family_expires_at
    }
}

row_type! {
    struct AccessRow {
        hash: String,
        family_id: String,
        client_id: String,
        scope: String,
        audience: String,
        key_thumbprint: Option<String>,
        issued_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
        app_id: String,
        user_id: String,
        session_id: String,
        family_revoked_at: Option<i64>,
        family_expires_at: i64,
    }
}

impl TryFrom<AccessRow> for AccessToken {
    type Error = StoreError;
    fn try_from(row: AccessRow) -> Result<Self, StoreError> {
        let place = Place { table: "access_tokens", id: &row.family_id };
        Ok(Self {
            revoked_at: place.maybe_instant("revoked_at", row.revoked_at)?,
            app_id: place.id("app_id", &row.app_id)?,
            user_id: place.id("user_id", &row.user_id)?,
            session_id: place.id("session_id", &row.session_id)?,
            family_revoked: row.family_revoked_at.is_some(),
            family_expires_at: place.instant("family_expires_at", row.family_expires_at)?,
            token: NewAccessToken {
                family_id: place.id("family_id", &row.family_id)?,
                issued_at: place.instant("issued_at", row.issued_at)?,
                expires_at: place.instant("expires_at", row.expires_at)?,
                hash: row.hash,
                client_id: row.client_id,
                scope: row.scope,
                audience: split_words(&row.audience),
                key_thumbprint: row.key_thumbprint,
            },
        })
    }
}

/// Keeps a token.
pub async fn insert(tx: &mut Tx, token: &NewAccessToken) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO access_tokens (hash, family_id, client_id, scope, audience, key_thumbprint, \
        issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    execute!(
        tx,
        SQL,
        &token.hash,
        token.family_id.to_string(),
        &token.client_id,
        &token.scope,
        join_words(&token.audience),
        &token.key_thumbprint,
        token.issued_at.timestamp_millis(),
        token.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// A token with what its family says, in one query; callers ask [`AccessToken::is_valid`].
pub async fn get(conn: &mut Conn, hash: &str) -> Result<Option<AccessToken>, StoreError> {
    const SQL: &str = "SELECT t.hash, t.family_id, t.client_id, t.scope, t.audience, t.key_thumbprint, t.issued_at, t.expires_at, t.revoked_at, \
        f.app_id, f.user_id, f.session_id, f.revoked_at AS family_revoked_at, f.expires_at AS family_expires_at \
        FROM access_tokens t JOIN token_families f ON f.id = t.family_id WHERE t.hash = $1";
    row::one(fetch_optional!(conn, AccessRow, SQL, hash)?)
}

/// Revokes one token; `false` when it was revoked already, or is not there.
pub async fn revoke(tx: &mut Tx, hash: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE access_tokens SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL";
    Ok(execute!(tx, SQL, hash, now.timestamp_millis())? == 1)
}
