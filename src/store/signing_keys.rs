//! Signing keys in the database; private halves are sealed. Does not own sealing, or when keys change (`keyring`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, fetch_held, fetch_optional},
    error::StoreError,
    row::{self, Place, millis},
    tx::Tx,
};
use crate::{
    domain::key::{KeyAlgorithm, KeyState, SigningKey},
    id::{AppId, KeyId},
};
use chrono::{DateTime, Utc};

/// The columns of a [`KeyRow`].
macro_rules! key_columns {
    () => {
        "id, app_id, algorithm, state, public_key, certificate, sealed_key, not_after, created_at, switch_at, \
         retired_at, published_until, withdrawn_at"
    };
}

row_type! {
    struct KeyRow {
        id: String,
        app_id: Option<String>,
        algorithm: String,
        state: String,
        public_key: String,
        certificate: Option<String>,
        sealed_key: String,
        not_after: Option<i64>,
        created_at: i64,
        switch_at: Option<i64>,
        retired_at: Option<i64>,
        published_until: Option<i64>,
        withdrawn_at: Option<i64>,
    }
}

impl TryFrom<KeyRow> for SigningKey {
    type Error = StoreError;
    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let place = Place { table: "signing_keys", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            app_id: place.maybe_id("app_id", row.app_id.as_deref())?,
            algorithm: place.word("algorithm", &row.algorithm, KeyAlgorithm::parse)?,
            state: place.word("state", &row.state, KeyState::parse)?,
            not_after: place.maybe_instant("not_after", row.not_after)?,
            created_at: place.instant("created_at", row.created_at)?,
            switch_at: place.maybe_instant("switch_at", row.switch_at)?,
            retired_at: place.maybe_instant("retired_at", row.retired_at)?,
            published_until: place.maybe_instant("published_until", row.published_until)?,
            withdrawn_at: place.maybe_instant("withdrawn_at", row.withdrawn_at)?,
            public_key: row.public_key,
            certificate: row.certificate,
            sealed_key: row.sealed_key,
        })
    }
}

/// Keeps a key.
pub async fn insert(tx: &mut Tx, key: &SigningKey) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO signing_keys (id, app_id, algorithm, state, public_key, certificate, sealed_key, \
        not_after, created_at, switch_at, retired_at, published_until, withdrawn_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    execute!(
        tx,
        SQL,
        key.id.to_string(),
        key.app_id.map(|app| app.to_string()),
        key.algorithm.as_str(),
        key.state.as_str(),
        &key.public_key,
        &key.certificate,
        &key.sealed_key,
        millis(key.not_after),
        key.created_at.timestamp_millis(),
        millis(key.switch_at),
        millis(key.retired_at),
        millis(key.published_until),
        millis(key.withdrawn_at)
    )
    .map(|_| ())
}

/// One key.
pub async fn get(conn: &mut Conn, id: KeyId) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " FROM signing_keys WHERE id = $1");
    row::one(fetch_optional!(conn, KeyRow, SQL, id.to_string())?)
}

/// The key an application's messages are signed with: its youngest active one.
pub async fn active_of_app(conn: &mut Conn, app: AppId) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE app_id = $1 AND state = 'active' ORDER BY created_at DESC, id DESC LIMIT 1"
    );
    row::one(fetch_optional!(conn, KeyRow, SQL, app.to_string())?)
}

/// The key an application's messages are signed with at an instant: the next one from the time it was set to, else the active
/// one; there is at most one of each. The same answer as `AppKeys::active` of the domain, without reading every key.
pub async fn signing_of_app(
    conn: &mut Conn,
    app: AppId,
    now: DateTime<Utc>,
) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE id = COALESCE(",
        "(SELECT id FROM signing_keys WHERE app_id = $1 AND state = 'next' AND switch_at <= $2), ",
        "(SELECT id FROM signing_keys WHERE app_id = $1 AND state = 'active'))"
    );
    row::one(fetch_optional!(conn, KeyRow, SQL, app.to_string(), now.timestamp_millis())?)
}

/// Waits until no other write changes the keys of this application, and keeps others out until this one ends; whether there is
/// such an application.
pub async fn hold(tx: &mut Tx, app: AppId) -> Result<bool, StoreError> {
    // A step of a key can change the app's settings too: in the order of every other change of an app.
    tx.alone(super::tx::APPLICATIONS).await?;
    Ok(fetch_held!(tx, (String,), "SELECT id FROM apps WHERE id = $1", app.to_string())?.is_some())
}

/// The applications whose next key should have begun to sign by now, and nobody has stored it yet; at most 200.
pub async fn apps_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<AppId>, StoreError> {
    const SQL: &str = "SELECT app_id FROM signing_keys WHERE app_id IS NOT NULL AND state = 'next' \
        AND switch_at <= $1 ORDER BY switch_at LIMIT 200";
    fetch_all!(conn, (String,), SQL, now.timestamp_millis())?
        .into_iter()
        .map(|(app,)| Place { table: "signing_keys", id: &app }.id("app_id", &app))
        .collect()
}

/// The keys of applications that are or will be used and whose certificate ends by `until`, soonest first, each with the last
/// warning that was given; at most 2,000.
pub async fn ending(
    conn: &mut Conn,
    until: DateTime<Utc>,
) -> Result<Vec<(SigningKey, Option<i64>)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        ", warned_days FROM signing_keys WHERE app_id IS NOT NULL AND state <> 'retired' AND not_after <= $1 ",
        "ORDER BY not_after, id LIMIT 2000"
    );
    fetch_all!(conn, (KeyRow, Option<i64>), SQL, until.timestamp_millis())?
        .into_iter()
        .map(|(row, warned)| Ok((SigningKey::try_from(row)?, warned)))
        .collect()
}

/// Notes a warning of so many days before the end; whether nobody gave it, or a nearer one, before.
pub async fn note_warning(tx: &mut Tx, id: KeyId, days: i64) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE signing_keys SET warned_days = $2 WHERE id = $1 \
        AND (warned_days IS NULL OR warned_days > $2)";
    Ok(execute!(tx, SQL, id.to_string(), days)? == 1)
}

/// The keys of an application in every state, youngest first.
pub async fn of_app(conn: &mut Conn, app: AppId) -> Result<Vec<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE app_id = $1 ORDER BY created_at DESC, id DESC"
    );
    row::all(fetch_all!(conn, KeyRow, SQL, app.to_string())?)
}

/// The issuer's key of an algorithm: its youngest active one.
pub async fn active_of_issuer(
    conn: &mut Conn,
    algorithm: KeyAlgorithm,
) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE app_id IS NULL AND state = 'active' AND algorithm = $1 ",
        "ORDER BY created_at DESC, id DESC LIMIT 1"
    );
    row::one(fetch_optional!(conn, KeyRow, SQL, algorithm.as_str())?)
}

/// The key that tokens of an algorithm are signed with at an instant: the next one from the time it was set to, else the active
/// one. The same answer as `AppKeys::active` of the domain, without reading every key.
pub async fn signing_of_issuer(
    conn: &mut Conn,
    algorithm: KeyAlgorithm,
    now: DateTime<Utc>,
) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE id = COALESCE(",
        "(SELECT id FROM signing_keys WHERE app_id IS NULL AND algorithm = $1 AND state = 'next' AND switch_at <= $2), ",
        "(SELECT id FROM signing_keys WHERE app_id IS NULL AND algorithm = $1 AND state = 'active'))"
    );
    row::one(fetch_optional!(conn, KeyRow, SQL, algorithm.as_str(), now.timestamp_millis())?)
}

/// The issuer's keys that clients must know: the next, the active, and the retired ones whose time in the JWKS is not over;
/// youngest first.
pub async fn published_of_issuer(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE app_id IS NULL AND (state <> 'retired' OR published_until > $1) ",
        "ORDER BY created_at DESC, id DESC"
    );
    row::all(fetch_all!(conn, KeyRow, SQL, now.timestamp_millis())?)
}

/// The issuer's keys in every state, youngest first.
pub async fn of_issuer(conn: &mut Conn) -> Result<Vec<SigningKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM signing_keys WHERE app_id IS NULL ORDER BY created_at DESC, id DESC"
    );
    row::all(fetch_all!(conn, KeyRow, SQL)?)
}

/// Waits until no other write changes the issuer's keys, and keeps others out until this one ends.
pub async fn hold_issuer(tx: &mut Tx) -> Result<(), StoreError> {
    tx.alone(super::tx::ISSUER_KEYS).await
}

/// Every key, oldest first.
pub async fn all(conn: &mut Conn) -> Result<Vec<SigningKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " FROM signing_keys ORDER BY created_at, id");
    row::all(fetch_all!(conn, KeyRow, SQL)?)
}

/// Moves a key on in its life; whether it was there.
pub async fn set_state(tx: &mut Tx, id: KeyId, state: KeyState) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE signing_keys SET state = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), state.as_str())? == 1)
}

/// Stores where a key stands in its life: state, time to switch, time retired, how long published, time withdrawn; whether it was there.
pub async fn set_life(tx: &mut Tx, key: &SigningKey) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE signing_keys SET state = $2, switch_at = $3, retired_at = $4, published_until = $5, \
        withdrawn_at = $6 WHERE id = $1";
    let changed = execute!(
        tx,
        SQL,
        key.id.to_string(),
        key.state.as_str(),
        millis(key.switch_at),
        millis(key.retired_at),
        millis(key.published_until),
        millis(key.withdrawn_at)
    )?;
    Ok(changed == 1)
}

/// Replaces the sealed private half (a new master key); whether the key was there.
pub async fn replace_sealed(tx: &mut Tx, id: KeyId, sealed_key: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE signing_keys SET sealed_key = $2 WHERE id = $1";
    Ok(execute!(tx, SQL, id.to_string(), sealed_key)? == 1)
}

/// Removes a key; whether it was there.
pub async fn delete(tx: &mut Tx, id: KeyId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM signing_keys WHERE id = $1", id.to_string())? == 1)
}
