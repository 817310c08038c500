//! Who fetched an application's metadata, and when. Does not own which fetches are worth a row (`domain::metadata_fetch`).

use super::{
    columns::row_type,
    dialect::{Conn, execute, fetch_all, storable},
    error::StoreError,
    row::{self, Place},
    tx::Tx,
};
use crate::{domain::metadata_fetch::MetadataFetch, id::AppId};

row_type! {
    struct FetchRow {
        client_ip: String,
        user_agent: String,
        newest_key: String,
        fetches: i64,
        first_at: i64,
        last_at: i64,
    }
}

impl TryFrom<FetchRow> for MetadataFetch {
    type Error = StoreError;
    fn try_from(row: FetchRow) -> Result<Self, StoreError> {
        let place = Place { table: "metadata_fetches", id: &row.client_ip };
        Ok(Self {
            newest_key: place.id("newest_key", &row.newest_key)?,
            fetches: row.fetches,
            first_at: place.instant("first_at", row.first_at)?,
            last_at: place.instant("last_at", row.last_at)?,
            client_ip: row.client_ip,
            user_agent: row.user_agent,
        })
    }
}

/// Who fetched the metadata of an application, the last one first.
pub async fn of_app(conn: &mut Conn, app: AppId) -> Result<Vec<MetadataFetch>, StoreError> {
    const SQL: &str = "SELECT client_ip, user_agent, newest_key, fetches, first_at, last_at FROM metadata_fetches \
        WHERE app_id = $1 ORDER BY last_at DESC, client_ip, user_agent";
    row::all(fetch_all!(conn, FetchRow, SQL, app.to_string())?)
}

/// Keeps a fetch; one by the same address and agent is counted on.
pub async fn record(tx: &mut Tx, app: AppId, fetch: &MetadataFetch) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO metadata_fetches (app_id, client_ip, user_agent, newest_key, fetches, first_at, \
        last_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (app_id, client_ip, user_agent) DO UPDATE SET \
        newest_key = excluded.newest_key, fetches = metadata_fetches.fetches + 1, last_at = excluded.last_at";
    execute!(
        tx,
        SQL,
        app.to_string(),
        storable(&fetch.client_ip),
        storable(&fetch.user_agent),
        fetch.newest_key.to_string(),
        fetch.fetches,
        fetch.first_at.timestamp_millis(),
        fetch.last_at.timestamp_millis()
    )
    .map(|_| ())
}

/// Forgets a fetch; whether it was there.
pub async fn delete(tx: &mut Tx, app: AppId, client_ip: &str, user_agent: &str) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM metadata_fetches WHERE app_id = $1 AND client_ip = $2 AND user_agent = $3";
    Ok(execute!(tx, SQL, app.to_string(), storable(client_ip), storable(user_agent))? == 1)
}
