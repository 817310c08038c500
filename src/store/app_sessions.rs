//! What applications were told about sessions: whom to tell about a sign-out. Does not own the sessions (`sessions`).

use super::{
    columns::row_type,
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, storable},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::id::{AppId, AppSessionId, SessionId};
use ::saml::{NameId, NameIdFormat};
use chrono::{DateTime, Utc};

/// The columns of an [`AppSessionRow`].
macro_rules! app_session_columns {
    () => {
        "id, session_id, app_id, name_id, name_id_format, name_qualifier, sp_name_qualifier, created_at, expires_at"
    };
}

/// One application's part in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSession {
    /// Also the SAML `SessionIndex`, see [`AppSession::session_index`].
    pub id: AppSessionId,
    /// The session.
    pub session_id: SessionId,
    /// The application.
    pub app_id: AppId,
    /// How the application knows the person: the `NameID` exactly as it was issued, qualifiers included.
    pub name_id: NameId,
    /// When it was told.
    pub created_at: DateTime<Utc>,
    /// When what it was told ends.
    pub expires_at: DateTime<Utc>,
}

impl AppSession {
    /// The `SessionIndex` in assertions: an NCName can't begin with a digit.
    pub fn session_index(&self) -> String {
        format!("_{}", self.id)
    }

    /// The id behind a `SessionIndex`; `None` when it can't be one of ours.
    pub fn id_of(index: &str) -> Option<AppSessionId> {
        index.strip_prefix('_')?.parse().ok()
    }
}

row_type! {
    struct AppSessionRow {
        id: String,
        session_id: String,
        app_id: String,
        name_id: String,
        name_id_format: String,
        name_qualifier: Option<String>,
        sp_name_qualifier: Option<String>,
        created_at: i64,
        expires_at: i64,
    }
}

impl TryFrom<AppSessionRow> for AppSession {
    type Error = StoreError;
    fn try_from(row: AppSessionRow) -> Result<Self, StoreError> {
        let place = Place { table: "app_sessions", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            session_id: place.id("session_id", &row.session_id)?,
            app_id: place.id("app_id", &row.app_id)?,
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            name_id: NameId {
                format: match row.name_id_format.as_str() {
                    "" => NameIdFormat::Unspecified,
                    uri => NameIdFormat::from(uri),
                },
                value: row.name_id,
                name_qualifier: row.name_qualifier,
                sp_name_qualifier: row.sp_name_qualifier,
            },
        })
    }
}

/// Keeps what an application was told.
pub async fn insert(tx: &mut Tx, session: &AppSession) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO app_sessions (id, session_id, app_id, name_id, name_id_format, name_qualifier, \
        sp_name_qualifier, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    execute!(
        tx,
        SQL,
        session.id.to_string(),
        session.session_id.to_string(),
        session.app_id.to_string(),
        storable(&session.name_id.value),
        session.name_id.format.uri(),
        &session.name_id.name_qualifier,
        &session.name_id.sp_name_qualifier,
        session.created_at.timestamp_millis(),
        session.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// The applications of a session, oldest first.
pub async fn of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<AppSession>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_session_columns!(),
        " FROM app_sessions WHERE session_id = $1 ORDER BY created_at, id"
    );
    row::all(fetch_all!(conn, AppSessionRow, SQL, session.to_string())?)
}

/// Whether an application was given this session index, and the session goes on.
pub async fn is_index(
    conn: &mut Conn,
    app: AppId,
    index: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT id FROM app_sessions WHERE app_id = $1 AND id = $2 AND expires_at > $3";
    let Some(id) = AppSession::id_of(index) else { return Ok(false) };
    Ok(fetch_optional!(conn, (String,), SQL, app.to_string(), id.to_string(), now.timestamp_millis())?
        .is_some())
}

/// What an application was told about somebody it knows by this value, oldest first. Format and qualifiers are for the
/// caller to compare.
pub async fn of_name_id(conn: &mut Conn, app: AppId, value: &str) -> Result<Vec<AppSession>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_session_columns!(),
        " FROM app_sessions WHERE app_id = $1 AND name_id = $2 ORDER BY created_at, id"
    );
    if !can_be_key(value) {
        return Ok(Vec::new());
    }
    row::all(fetch_all!(conn, AppSessionRow, SQL, app.to_string(), value)?)
}
