//! Devices that wait for a person, by the SHA-256 of their codes. Does not own what a device is told (`crates/oidc`).

use super::{
    columns::row_type,
    dialect::{Conn, columns, execute, fetch_optional, fetch_value},
    error::StoreError,
    housekeeping::BATCH,
    row::{self, Place, join_words, millis, split_words},
    tx::Tx,
};
use crate::id::{AppId, TokenFamilyId};
use ::oidc::device::poll::Verdict;
use chrono::{DateTime, Utc};

/// A device that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGrant {
    /// SHA-256 of the device's own code.
    pub device_code_hash: String,
    /// SHA-256 of the code a person types.
    pub user_code_hash: String,
    /// The client's application.
    pub app_id: AppId,
    /// To which client the codes were given.
    pub client_id: String,
    /// What was asked for.
    pub scope: String,
    /// For which resource servers (RFC 8707).
    pub resources: Vec<String>,
    /// The address the device asked from, shown to the person.
    pub client_ip: String,
    /// What the person said.
    pub verdict: Verdict,
    /// How long the device is to wait between two polls, in seconds.
    pub interval_seconds: i64,
    /// When it last asked.
    pub polled_at: Option<DateTime<Utc>>,
    /// What was granted, once the person said yes.
    pub family_id: Option<TokenFamilyId>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When the codes end.
    pub expires_at: DateTime<Utc>,
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pending => "pending",
        Verdict::Approved => "approved",
        Verdict::Denied => "denied",
        Verdict::Redeemed => "redeemed",
    }
}

fn verdict(word: &str) -> Option<Verdict> {
    Some(match word {
        "pending" => Verdict::Pending,
        "approved" => Verdict::Approved,
        "denied" => Verdict::Denied,
        "redeemed" => Verdict::Redeemed,
        _ => return None,
    })
}

row_type! {
    struct DeviceGrantRow {
        device_code_hash: String,
        user_code_hash: String,
        app_id: String,
        client_id: String,
        scope: String,
        resources: String,
        client_ip: String,
        verdict: String,
        interval_seconds: i64,
        polled_at: Option<i64>,
        family_id: Option<String>,
        created_at: i64,
        expires_at: i64,
    }
}

impl TryFrom<DeviceGrantRow> for DeviceGrant {
    type Error = StoreError;
    fn try_from(row: DeviceGrantRow) -> Result<Self, StoreError> {
        let place = Place { table: "device_grants", id: &row.client_id };
        Ok(Self {
            app_id: place.id("app_id", &row.app_id)?,
            resources: split_words(&row.resources),
            verdict: place.word("verdict", &row.verdict, verdict)?,
            polled_at: place.maybe_instant("polled_at", row.polled_at)?,
            family_id: place.maybe_id("family_id", row.family_id.as_deref())?,
            created_at: place.instant("created_at", row.created_at)?,
            expires_at: place.instant("expires_at", row.expires_at)?,
            device_code_hash: row.device_code_hash,
            user_code_hash: row.user_code_hash,
            client_id: row.client_id,
            scope: row.scope,
            client_ip: row.client_ip,
            interval_seconds: row.interval_seconds,
        })
    }
}

macro_rules! device_columns {
    () => {
        columns!(""; device_code_hash user_code_hash app_id client_id scope resources client_ip verdict interval_seconds polled_at family_id created_at expires_at)
    };
}

/// Keeps a device's codes; `false` when the code a person types is taken.
pub async fn insert(tx: &mut Tx, grant: &DeviceGrant) -> Result<bool, StoreError> {
    const SQL: &str = concat!(
        "INSERT INTO device_grants (",
        device_columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING"
    );
    let inserted = execute!(
        tx,
        SQL,
        &grant.device_code_hash,
        &grant.user_code_hash,
        grant.app_id.to_string(),
        &grant.client_id,
        &grant.scope,
        join_words(&grant.resources),
        &grant.client_ip,
        word(grant.verdict),
        grant.interval_seconds,
        millis(grant.polled_at),
        grant.family_id.map(|id| id.to_string()),
        grant.created_at.timestamp_millis(),
        grant.expires_at.timestamp_millis()
    )?;
    Ok(inserted == 1)
}

/// Whether fewer than `most` devices of an app are kept; if not, some past their end are removed first.
pub async fn make_room(tx: &mut Tx, app: AppId, most: i64, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM device_grants WHERE app_id = $1";
    const PURGE: &str = "DELETE FROM device_grants WHERE device_code_hash IN (SELECT device_code_hash \
        FROM device_grants WHERE app_id = $1 AND expires_at <= $2 LIMIT $3)";
    if fetch_value!(tx, i64, COUNT, app.to_string())? < most {
        return Ok(true);
    }
    execute!(tx, PURGE, app.to_string(), now.timestamp_millis(), BATCH)?;
    Ok(fetch_value!(tx, i64, COUNT, app.to_string())? < most)
}

/// By the device's own code; whatever became of it.
pub async fn get(conn: &mut Conn, device_code_hash: &str) -> Result<Option<DeviceGrant>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", device_columns!(), " FROM device_grants WHERE device_code_hash = $1");
    row::one(fetch_optional!(conn, DeviceGrantRow, SQL, device_code_hash)?)
}

/// By the code a person typed, while it waits for an answer.
pub async fn find_waiting(
    conn: &mut Conn,
    user_code_hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<DeviceGrant>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        device_columns!(),
        " FROM device_grants WHERE user_code_hash = $1 AND verdict = 'pending' AND expires_at > $2"
    );
    row::one(fetch_optional!(conn, DeviceGrantRow, SQL, user_code_hash, now.timestamp_millis())?)
}

/// Notes that the device asked, and how long it is to wait from now on.
pub async fn note_poll(
    tx: &mut Tx,
    device_code_hash: &str,
    interval_seconds: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE device_grants SET polled_at = $3, interval_seconds = $2 WHERE device_code_hash = $1";
    Ok(execute!(tx, SQL, device_code_hash, interval_seconds, now.timestamp_millis())? == 1)
}

/// Keeps what the person said; `family` is what was granted with a yes. `true` for exactly one of any number of callers.
pub async fn answer(
    tx: &mut Tx,
    device_code_hash: &str,
    family: Option<TokenFamilyId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE device_grants SET verdict = $2, family_id = $3 \
        WHERE device_code_hash = $1 AND verdict = 'pending' AND expires_at > $4";
    let said = word(if family.is_some() { Verdict::Approved } else { Verdict::Denied });
    let family = family.map(|id| id.to_string());
    Ok(execute!(tx, SQL, device_code_hash, said, family, now.timestamp_millis())? == 1)
}

/// RFC 8628 §3.5: an approved code gives tokens once. `true` for exactly one of any number of callers.
pub async fn redeem(tx: &mut Tx, device_code_hash: &str) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE device_grants SET verdict = 'redeemed' WHERE device_code_hash = $1 AND verdict = 'approved'";
    Ok(execute!(tx, SQL, device_code_hash)? == 1)
}
