//! Families of tokens: one for each authorization, ended as a whole. Does not own the tokens in them.

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_optional},
    error::StoreError,
    row::{self, Place, join_words, millis, split_words},
    tx::Tx,
};
use crate::id::{AppId, SessionId, TokenFamilyId, UserId};
use chrono::{DateTime, Utc};

/// All tokens that descend from one authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Never re-used.
    pub id: TokenFamilyId,
    /// The client's application.
    pub app_id: AppId,
    /// Whose sign-on it was.
    pub user_id: UserId,
    /// In which session; what `sid` of ID tokens is made from.
    pub session_id: SessionId,
    /// When the person proved who they are.
    pub auth_time: DateTime<Utc>,
    /// How they proved it.
    pub amr: Vec<String>,
    /// What was granted, as JSON of the service that reads it back.
    pub grant_details: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// The absolute end.
    pub expires_at: DateTime<Utc>,
    /// When it was ended early.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why.
    pub revoked_because: Option<String>,
}

/// The columns of a [`FamilyRow`], each after the given prefix.
macro_rules! family_columns {
    () => {
        $crate::store::token_families::family_columns!("")
    };
    ($p:literal) => {
        $crate::store::dialect::columns!($p; id app_id user_id session_id auth_time amr grant_details created_at expires_at revoked_at revoked_because)
    };
}
pub(super) use family_columns;

row_type! {
    /// A family as stored.
    pub(super) struct FamilyRow {
        id: String,
        app_id: String,
        user_id: String,
        session_id: String,
        auth_time: i64,
        amr: String,
        grant_details: String,
        created_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
        revoked_because: Option<String>,
    }
}

impl TryFrom<FamilyRow> for Family {
    type Error = StoreError;
    fn try_from(row: FamilyRow) -> Result<Self, StoreError> {
        let place = Place { table: "token_families", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.id("app_id", &row.app_id)?,
            user_id: place.id("user_id", &row.user_id)?,
            session_id: place.id("session_id", &row.session_id)?,
            auth_time: place.instant("auth_time", row.auth_time)?,
            amr: split_words(&row.amr),
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            revoked_at: place.maybe_instant("revoked_at", row.revoked_at)?,
            revoked_because: row.revoked_because,
            grant_details: row.grant_details,
        })
    }
}

/// Begins a family.
pub async fn insert(tx: &mut Tx, family: &Family) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO token_families (id, app_id, user_id, session_id, auth_time, amr, grant_details, \
        created_at, expires_at, revoked_at, revoked_because) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    execute!(
        tx,
        SQL,
        family.id.to_string(),
        family.app_id.to_string(),
        family.user_id.to_string(),
        family.session_id.to_string(),
        family.auth_time.timestamp_millis(),
        join_words(&family.amr),
        &family.grant_details,
        family.created_at.timestamp_millis(),
        family.expires_at.timestamp_millis(),
        millis(family.revoked_at),
        &family.revoked_because
    )
    .map(|_| ())
}

/// One family, ended or not.
pub async fn get(conn: &mut Conn, id: TokenFamilyId) -> Result<Option<Family>, StoreError> {
    const SQL: &str = concat!("SELECT ", family_columns!(), " FROM token_families WHERE id = $1");
    row::one(fetch_optional!(conn, FamilyRow, SQL, id.to_string())?)
}

/// A family that still has something to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveFamily {
    /// The family.
    pub family: Family,
    /// When it last gave tokens; `None` while a confirmed device has not come for them.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether it can give tokens again: a refresh token of it is unused, or a confirmed device has not come yet.
    pub renews: bool,
}

row_type! {
    struct LiveFamilyRow {
        family: FamilyRow,
        refreshed_at: Option<i64>,
        accessed_at: Option<i64>,
        renews: i64,
    }
}

impl TryFrom<LiveFamilyRow> for LiveFamily {
    type Error = StoreError;
    fn try_from(row: LiveFamilyRow) -> Result<Self, StoreError> {
        let place = Place { table: "token_families", id: &row.family.id };
        let used_at = place.maybe_instant("issued_at", row.refreshed_at.max(row.accessed_at))?;
        Ok(Self { used_at, renews: row.renews > 0, family: row.family.try_into()? })
    }
}

/// The families of a person that have a token which is still good, or a confirmed device that has not come for its tokens yet;
/// the youngest first, `most` of them.
pub async fn live_of_user(
    conn: &mut Conn,
    user: UserId,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<LiveFamily>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        family_columns!("f."),
        ", (SELECT MAX(r.issued_at) FROM refresh_tokens r WHERE r.family_id = f.id) AS refreshed_at, \
         (SELECT MAX(a.issued_at) FROM access_tokens a WHERE a.family_id = f.id) AS accessed_at, \
         (SELECT COUNT(*) FROM refresh_tokens r WHERE r.family_id = f.id AND r.consumed_at IS NULL AND NOT r.replaced \
         AND r.idle_expires_at > $2) + (SELECT COUNT(*) FROM device_grants d WHERE d.family_id = f.id \
         AND d.verdict = 'approved' AND d.expires_at > $2) AS renews \
         FROM token_families f WHERE f.user_id = $1 AND f.revoked_at IS NULL AND f.expires_at > $2 \
         AND (EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.family_id = f.id AND r.consumed_at IS NULL \
         AND NOT r.replaced AND r.idle_expires_at > $2) \
         OR EXISTS (SELECT 1 FROM access_tokens a WHERE a.family_id = f.id AND a.revoked_at IS NULL AND a.expires_at > $2) \
         OR EXISTS (SELECT 1 FROM device_grants d WHERE d.family_id = f.id AND d.verdict = 'approved' AND d.expires_at > $2)) \
         ORDER BY f.created_at DESC, f.id DESC LIMIT $3"
    );
    row::all(fetch_all!(conn, LiveFamilyRow, SQL, user.to_string(), now.timestamp_millis(), most)?)
}

/// The applications that were signed on in a session, each once: whether they still hold tokens of it or not, they may have a
/// session of their own.
pub async fn apps_of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<AppId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT app_id FROM token_families WHERE session_id = $1 ORDER BY app_id";
    fetch_all!(conn, (String,), SQL, session.to_string())?
        .iter()
        .map(|(app,)| Place { table: "token_families", id: app }.id("app_id", app))
        .collect()
}

/// Ends a family and so every token in it; `false` when it was ended already, or is not there.
pub async fn revoke(
    tx: &mut Tx,
    id: TokenFamilyId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE token_families SET revoked_at = $2, revoked_because = $3 \
        WHERE id = $1 AND revoked_at IS NULL";
    Ok(execute!(tx, SQL, id.to_string(), now.timestamp_millis(), because)? == 1)
}

/// Ends every family of a person; how many ended.
pub async fn revoke_of_user(
    tx: &mut Tx,
    user: UserId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE token_families SET revoked_at = $2, revoked_because = $3 \
        WHERE user_id = $1 AND revoked_at IS NULL";
    execute!(tx, SQL, user.to_string(), now.timestamp_millis(), because)
}

/// Ends every family of a session; how many ended.
pub async fn revoke_of_session(
    tx: &mut Tx,
    session: SessionId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE token_families SET revoked_at = $2, revoked_because = $3 \
        WHERE session_id = $1 AND revoked_at IS NULL";
    execute!(tx, SQL, session.to_string(), now.timestamp_millis(), because)
}

/// Ends every family of a person at an application; how many ended.
pub async fn revoke_of_user_at_app(
    tx: &mut Tx,
    user: UserId,
    app: AppId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE token_families SET revoked_at = $3, revoked_because = $4 \
        WHERE user_id = $1 AND app_id = $2 AND revoked_at IS NULL";
    execute!(tx, SQL, user.to_string(), app.to_string(), now.timestamp_millis(), because)
}

/// Ends every family of an application; how many ended.
pub async fn revoke_of_app(
    tx: &mut Tx,
    app: AppId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE token_families SET revoked_at = $2, revoked_because = $3 \
        WHERE app_id = $1 AND revoked_at IS NULL";
    execute!(tx, SQL, app.to_string(), now.timestamp_millis(), because)
}
