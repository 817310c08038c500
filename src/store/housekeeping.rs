//! Removing what has expired, in bounded batches. Does not own when (`jobs`) or how long things last (`domain`).

use super::{dialect::execute, error::StoreError, pushed_requests, row::millis, tx::Tx};
use chrono::{DateTime, Utc};

/// Most rows of each table that one call removes; a write must not hold the others up for long.
pub const BATCH: i64 = 500;

/// How many rows went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Sessions past their absolute end, or idle for too long; what applications were told in them goes along.
    pub sessions: u64,
    /// Sign-ons nobody finished.
    pub pending_sign_ons: u64,
    /// Pushed requests past their end, but for those that a sign-on under way began with.
    pub pushed_requests: u64,
    /// Sign-outs under way, past their end.
    pub logouts: u64,
    /// SAML request ids that would be too old anyway.
    pub saml_requests: u64,
    /// Authorization codes that nobody used; used ones tell a replay until their family ends.
    pub authorization_codes: u64,
    /// Access tokens.
    pub access_tokens: u64,
    /// Refresh tokens past their idle end; used ones tell a replay until their family ends.
    pub refresh_tokens: u64,
    /// Token families past their absolute end, with all their tokens.
    pub token_families: u64,
    /// Access tokens of clients that act for themselves.
    pub service_tokens: u64,
    /// Device codes, confirmed or not.
    pub device_grants: u64,
    /// Proofs and assertions that would be too old anyway.
    pub proofs_seen: u64,
    /// Counters whose window and wait are over.
    pub throttles: u64,
    /// Audit events past their retention.
    pub audit_events: u64,
    /// Kept sign-ons past their retention, or over their number.
    pub recordings: u64,
}

/// What counts as expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The present instant.
    pub now: DateTime<Utc>,
    /// Sessions last used before then.
    pub sessions_idle_since: DateTime<Utc>,
    /// Audit events from before then; `None` keeps them all.
    pub audit_before: Option<DateTime<Utc>>,
    /// Kept sign-ons from before then.
    pub recordings_before: Option<DateTime<Utc>>,
    /// How many sign-ons of each app and outcome are kept, unless the app has a number of its own; 0 keeps none of any app.
    pub recordings_per_app: i64,
}

impl Purged {
    /// Whether a table had more than one batch, so that another call is worth while.
    pub fn is_full(&self) -> bool {
        [
            self.sessions,
            self.pending_sign_ons,
            self.pushed_requests,
            self.logouts,
            self.saml_requests,
            self.authorization_codes,
            self.access_tokens,
            self.refresh_tokens,
            self.token_families,
            self.service_tokens,
            self.device_grants,
            self.proofs_seen,
            self.throttles,
            self.audit_events,
            self.recordings,
        ]
        .iter()
        .any(|count| i64::try_from(*count).is_ok_and(|count| count >= BATCH))
    }
}

/// Removes up to [`BATCH`] expired rows of each table.
pub async fn purge(tx: &mut Tx, expiry: &Expiry) -> Result<Purged, StoreError> {
    let (now, idle) = (expiry.now.timestamp_millis(), expiry.sessions_idle_since.timestamp_millis());
    let audit_before = millis(expiry.audit_before);
    Ok(Purged {
        sessions: execute!(
            tx,
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= $1 \
             OR last_seen_at < $3 ORDER BY id LIMIT $2)",
            now,
            BATCH,
            idle
        )?,
        pending_sign_ons: execute!(
            tx,
            "DELETE FROM pending_sign_ons WHERE id IN (SELECT id FROM pending_sign_ons WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        pushed_requests: pushed_requests::purge(tx, None, expiry.now).await?,
        logouts: execute!(
            tx,
            "DELETE FROM logouts WHERE id IN (SELECT id FROM logouts WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        saml_requests: execute!(
            tx,
            "DELETE FROM saml_requests_seen WHERE (issuer, request_id) IN (SELECT issuer, request_id \
             FROM saml_requests_seen WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        authorization_codes: execute!(
            tx,
            "DELETE FROM authorization_codes WHERE hash IN (SELECT hash FROM authorization_codes \
             WHERE expires_at <= $1 AND consumed_at IS NULL LIMIT $2)",
            now,
            BATCH
        )?,
        access_tokens: execute!(
            tx,
            "DELETE FROM access_tokens WHERE hash IN (SELECT hash FROM access_tokens WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        refresh_tokens: execute!(
            tx,
            "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens \
             WHERE idle_expires_at <= $1 AND consumed_at IS NULL LIMIT $2)",
            now,
            BATCH
        )?,
        token_families: execute!(
            tx,
            "DELETE FROM token_families WHERE id IN (SELECT id FROM token_families WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        service_tokens: execute!(
            tx,
            "DELETE FROM service_tokens WHERE hash IN (SELECT hash FROM service_tokens WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        device_grants: execute!(
            tx,
            "DELETE FROM device_grants WHERE device_code_hash IN (SELECT device_code_hash FROM device_grants \
             WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        proofs_seen: execute!(
            tx,
            "DELETE FROM proofs_seen WHERE id IN (SELECT id FROM proofs_seen WHERE expires_at <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        throttles: execute!(
            tx,
            "DELETE FROM throttles WHERE name IN (SELECT name FROM throttles \
             WHERE window_ends_at <= $1 AND blocked_until <= $1 LIMIT $2)",
            now,
            BATCH
        )?,
        // The oldest first: a trail that is cut stays a trail.
        audit_events: execute!(
            tx,
            "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE timestamp < $1 \
             ORDER BY timestamp, id LIMIT $2)",
            audit_before,
            BATCH
        )?,
        recordings: execute!(
            tx,
            "DELETE FROM recordings WHERE id IN (SELECT id FROM (SELECT r.id, r.recorded_at, a.recordings_max, \
             a.recordings_days, ROW_NUMBER() OVER (PARTITION BY r.app_id, r.outcome ORDER BY r.recorded_at DESC, r.id DESC) \
             AS place FROM recordings r JOIN apps a ON a.id = r.app_id) ranked WHERE recorded_at < $1 \
             OR place > CASE WHEN $2 = 0 THEN 0 ELSE COALESCE(recordings_max, $2) END \
             OR recorded_at < $4 - recordings_days * 86400000 LIMIT $3)",
            millis(expiry.recordings_before),
            expiry.recordings_per_app,
            BATCH,
            now
        )?,
    })
}
