//! Browser sessions in the database. Does not own how long they last (`domain::session`) or the cookie.

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_held, fetch_optional, storable},
    error::StoreError,
    row::{self, Place, join_words, split_words},
    tx::Tx,
    users::{UserRow, user_columns},
};
use crate::{
    domain::{session::Session, user::User},
    id::{SessionId, UserId},
};
use chrono::{DateTime, Utc};

/// The columns of a [`SessionRow`], each after the given prefix; never the secret's hash.
macro_rules! session_columns {
    () => {
        session_columns!("")
    };
    ($p:literal) => {
        super::dialect::columns!($p; id user_id authenticated_at last_seen_at expires_at amr client_ip user_agent created_at)
    };
}

row_type! {
    struct SessionRow {
        id: String,
        user_id: String,
        authenticated_at: i64,
        last_seen_at: i64,
        expires_at: i64,
        amr: String,
        client_ip: String,
        user_agent: String,
        created_at: i64,
    }
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;
    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        let place = Place { table: "sessions", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            user_id: place.id("user_id", &row.user_id)?,
            authenticated_at: place.instant("authenticated_at", row.authenticated_at)?,
            last_seen_at: place.instant("last_seen_at", row.last_seen_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            amr: split_words(&row.amr),
            created_at: place.instant("created_at", row.created_at)?,
            client_ip: row.client_ip,
            user_agent: row.user_agent,
        })
    }
}

/// Keeps a session under the SHA-256 of the secret in its cookie.
pub async fn insert(tx: &mut Tx, session: &Session, secret_hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sessions (id, secret_hash, user_id, authenticated_at, last_seen_at, expires_at, amr, \
        client_ip, user_agent, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    execute!(
        tx,
        SQL,
        session.id.to_string(),
        secret_hash,
        session.user_id.to_string(),
        session.authenticated_at.timestamp_millis(),
        session.last_seen_at.timestamp_millis(),
        session.expires_at.timestamp_millis(),
        join_words(&session.amr),
        storable(&session.client_ip),
        storable(&session.user_agent),
        session.created_at.timestamp_millis()
    )
    .map(|_| ())
}

row_type! {
    struct VisitRow {
        session: SessionRow,
        user: UserRow,
    }
}

/// The session of a cookie and whose it is, alive or not: callers ask [`Session::is_alive`] and the account's state.
pub async fn find_by_secret_hash(conn: &mut Conn, hash: &str) -> Result<Option<(Session, User)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        session_columns!("s."),
        ", ",
        user_columns!("u."),
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.secret_hash = $1"
    );
    let row = fetch_optional!(conn, VisitRow, SQL, hash)?;
    row.map(|row| Ok((row.session.try_into()?, row.user.try_into()?))).transpose()
}

/// One session by its public name.
pub async fn get(conn: &mut Conn, id: SessionId) -> Result<Option<Session>, StoreError> {
    const SQL: &str = concat!("SELECT ", session_columns!(), " FROM sessions WHERE id = $1");
    row::one(fetch_optional!(conn, SessionRow, SQL, id.to_string())?)
}

/// The sessions of a person, newest first.
pub async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Session>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC"
    );
    row::all(fetch_all!(conn, SessionRow, SQL, user.to_string())?)
}

/// Notes a request; the instant never goes back. Whether it was noted.
pub async fn touch(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    Ok(execute!(tx, SQL, id.to_string(), now.timestamp_millis())? == 1)
}

/// Sessions past their absolute end, or idle for too long, and whose they are: those that one purge of `limit` rows removes.
pub async fn expired(
    conn: &mut Conn,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(SessionId, UserId)>, StoreError> {
    const SQL: &str =
        "SELECT id, user_id FROM sessions WHERE expires_at <= $1 OR last_seen_at < $2 ORDER BY id LIMIT $3";
    fetch_all!(conn, (String, String), SQL, now.timestamp_millis(), idle_since.timestamp_millis(), limit)?
        .iter()
        .map(|(id, user)| {
            let place = Place { table: "sessions", id };
            Ok((place.id("id", id)?, place.id("user_id", user)?))
        })
        .collect()
}

/// Keeps sign-ons from being answered in a session until the write ends; whether it is there.
pub async fn hold(tx: &mut Tx, id: SessionId) -> Result<bool, StoreError> {
    let held = fetch_held!(tx, (String,), "SELECT id FROM sessions WHERE id = $1", id.to_string())?;
    Ok(held.is_some())
}

/// Ends a session; whether it was there.
pub async fn delete(tx: &mut Tx, id: SessionId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM sessions WHERE id = $1", id.to_string())? == 1)
}

/// Ends the sessions of a person, but one if told so; how many ended.
pub async fn delete_of_user(tx: &mut Tx, user: UserId, except: Option<SessionId>) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 AND ($2 IS NULL OR id <> $2)";
    execute!(tx, SQL, user.to_string(), except.map(|id| id.to_string()))
}

/// Gives a session that signed in once more a new secret and a new beginning; whether it was there.
pub async fn renew(tx: &mut Tx, session: &Session, secret_hash: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE sessions SET secret_hash = $2, authenticated_at = $3, last_seen_at = $4, expires_at = $5, \
        amr = $6, client_ip = $7, user_agent = $8 WHERE id = $1";
    let done = execute!(
        tx,
        SQL,
        session.id.to_string(),
        secret_hash,
        session.authenticated_at.timestamp_millis(),
        session.last_seen_at.timestamp_millis(),
        session.expires_at.timestamp_millis(),
        join_words(&session.amr),
        storable(&session.client_ip),
        storable(&session.user_agent)
    )?;
    Ok(done == 1)
}
