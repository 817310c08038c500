//! Counters of failed tries. Does not own the rules (`domain::throttle`).

use super::{
    dialect::{Conn, execute, fetch_optional, storable},
    error::StoreError,
    row::Place,
    tx::Tx,
};
use crate::domain::throttle::Counter;
use chrono::{DateTime, Utc};

/// The counter of this name.
pub async fn get(conn: &mut Conn, name: &str) -> Result<Option<Counter>, StoreError> {
    const SQL: &str = "SELECT failures, window_ends_at, blocked_until FROM throttles WHERE name = $1";
    let Some((failures, window, blocked)) = fetch_optional!(conn, (i64, i64, i64), SQL, storable(name))?
    else {
        return Ok(None);
    };
    let place = Place { table: "throttles", id: name };
    Ok(Some(Counter {
        failures,
        window_ends_at: place.instant("window_ends_at", window)?,
        blocked_until: place.instant("blocked_until", blocked)?,
    }))
}

/// Sets the counter of this name.
pub async fn put(tx: &mut Tx, name: &str, counter: &Counter) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO throttles (name, failures, window_ends_at, blocked_until) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (name) DO UPDATE SET failures = excluded.failures, window_ends_at = excluded.window_ends_at, \
        blocked_until = excluded.blocked_until";
    execute!(
        tx,
        SQL,
        storable(name),
        counter.failures,
        counter.window_ends_at.timestamp_millis(),
        counter.blocked_until.timestamp_millis()
    )
    .map(|_| ())
}

/// Forgets the counter of this name.
pub async fn clear(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM throttles WHERE name = $1", storable(name)).map(|_| ())
}

/// The counter of this name, made when missing and held by this write until it ends: tries that come at once count one after
/// the other (W-07).
pub async fn lock(tx: &mut Tx, name: &str, now: DateTime<Utc>) -> Result<Counter, StoreError> {
    const SQL: &str = "INSERT INTO throttles (name, failures, window_ends_at, blocked_until) VALUES ($1, 0, $2, $2) \
        ON CONFLICT (name) DO UPDATE SET name = excluded.name \
        RETURNING failures, window_ends_at, blocked_until";
    let name = storable(name);
    let row = fetch_optional!(tx, (i64, i64, i64), SQL, name, now.timestamp_millis())?;
    let (failures, window, blocked) = row.unwrap_or_default();
    let place = Place { table: "throttles", id: "" };
    Ok(Counter {
        failures,
        window_ends_at: place.instant("window_ends_at", window)?,
        blocked_until: place.instant("blocked_until", blocked)?,
    })
}

/// Takes back one counted try: it was a good one.
pub async fn forgive(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE throttles SET failures = failures - 1, blocked_until = 0 WHERE name = $1 AND failures > 0";
    execute!(tx, SQL, storable(name)).map(|_| ())
}
