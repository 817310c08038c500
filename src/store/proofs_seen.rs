//! Proofs and assertions that were used, against replay: on every node and after a restart. Does not own what names one
//! (`crates/oidc`).

use super::{dialect::execute, error::StoreError, tx::Tx};
use chrono::{DateTime, Utc};

/// Records one until it would be too old anyway: `true` for exactly one of any number of callers.
pub async fn record(tx: &mut Tx, id: &str, expires_at: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO proofs_seen (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, id, expires_at.timestamp_millis())? == 1)
}
