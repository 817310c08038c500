//! Persistent NameIDs: random, one for each person and application. Does not own the other formats (`domain::connection`).

use super::{
    dialect::{Conn, execute, fetch_optional},
    error::StoreError,
    tx::Tx,
};
use crate::id::{AppId, UserId};
use chrono::{DateTime, Utc};

/// SAML Core §8.3.7: the pairwise identifier of a person at an application, if they have one yet.
pub async fn get(conn: &mut Conn, app: AppId, user: UserId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT value FROM name_ids WHERE app_id = $1 AND user_id = $2";
    let row = fetch_optional!(conn, (String,), SQL, app.to_string(), user.to_string())?;
    Ok(row.map(|(value,)| value))
}

/// That identifier; `candidate` becomes it when there is none. `Conflict` when another person of the application has
/// the candidate, `Stale` when person or application are gone.
pub async fn get_or_insert(
    tx: &mut Tx,
    app: AppId,
    user: UserId,
    candidate: &str,
    now: DateTime<Utc>,
) -> Result<String, StoreError> {
    const SQL: &str = "INSERT INTO name_ids (app_id, user_id, value, created_at) \
        SELECT a.id, u.id, $3, $4 FROM apps a, users u WHERE a.id = $1 AND u.id = $2 \
        ON CONFLICT (app_id, user_id) DO NOTHING";
    execute!(tx, SQL, app.to_string(), user.to_string(), candidate, now.timestamp_millis())?;
    get(tx, app, user).await?.ok_or(StoreError::Stale)
}
