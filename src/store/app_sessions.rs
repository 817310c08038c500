//! What applications were told about sessions: whom to tell about a sign-out. Does not own the sessions (`sessions`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, storable},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::id::{AppId, AppSessionId, SessionId};
use chrono::{DateTime, Utc};

/// One application's part in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSession {
    /// Also the SAML `SessionIndex`.
    pub id: AppSessionId,
    /// The session.
    pub session_id: SessionId,
    /// The application.
    pub app_id: AppId,
    /// How the application knows the person: `NameID` or `sub`.
    pub name_id: String,
    /// When it was told.
    pub created_at: DateTime<Utc>,
    /// When what it was told ends.
    pub expires_at: DateTime<Utc>,
}

row_type! {
    struct AppSessionRow {
        id: String,
        session_id: String,
        app_id: String,
        name_id: String,
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
            name_id: row.name_id,
        })
    }
}

/// Keeps what an application was told.
pub async fn insert(tx: &mut Tx, session: &AppSession) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO app_sessions (id, session_id, app_id, name_id, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    execute!(
        tx,
        SQL,
        session.id.to_string(),
        session.session_id.to_string(),
        session.app_id.to_string(),
        storable(&session.name_id),
        session.created_at.timestamp_millis(),
        session.expires_at.timestamp_millis()
    )
    .map(|_| ())
}

/// The applications of a session, oldest first.
pub async fn of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<AppSession>, StoreError> {
    const SQL: &str = "SELECT id, session_id, app_id, name_id, created_at, expires_at FROM app_sessions \
        WHERE session_id = $1 ORDER BY created_at, id";
    row::all(fetch_all!(conn, AppSessionRow, SQL, session.to_string())?)
}
