//! The queue of jobs, filled by the writes that cause them (transactional outbox). Does not own running them (`jobs`).

use super::{
    dialect::{execute, fetch_picked, storable},
    error::StoreError,
    row::Place,
    tx::{Job, Tx},
};
use crate::id::JobId;
use chrono::{DateTime, TimeDelta, Utc};

/// A job that one worker has until its lease ends; then another may take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job.
    pub id: JobId,
    /// What kind of work.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// How often it was claimed, this time included.
    pub attempts: i64,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
}

/// Queues a job; one of the same kind and subject that nobody has claimed yet makes it superfluous. The job's
/// `run_after` also stands for when it was queued.
pub async fn enqueue(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO outbox (id, kind, subject, run_after, attempts, created_at) \
        VALUES ($1, $2, $3, $4, 0, $4) ON CONFLICT DO NOTHING";
    execute!(tx, SQL, job.id.to_string(), job.kind, &job.subject, job.run_after.timestamp_millis())
        .map(|_| ())
}

/// Takes up to `limit` jobs of a kind that are due and free, oldest first, for as long as `lease`. Jobs whose lease has
/// ended are free again: a worker that died loses them.
pub async fn claim(
    tx: &mut Tx,
    kind: &str,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: u32,
) -> Result<Vec<ClaimedJob>, StoreError> {
    let mut rows = fetch_picked!(
        tx,
        (String, String, String, i64, i64),
        "UPDATE outbox SET leased_until = $3, attempts = attempts + 1 WHERE id IN (",
        "SELECT id FROM outbox WHERE kind = $1 AND run_after <= $2 AND (leased_until IS NULL OR leased_until <= $2) \
         ORDER BY run_after, id LIMIT $4",
        ") RETURNING id, kind, subject, attempts, created_at",
        kind,
        now.timestamp_millis(),
        (now + lease).timestamp_millis(),
        i64::from(limit)
    )?;
    rows.sort_by(|a, b| (a.4, &a.0).cmp(&(b.4, &b.0)));
    rows.into_iter()
        .map(|(id, kind, subject, attempts, created_at)| {
            let place = Place { table: "outbox", id: &id };
            Ok(ClaimedJob {
                id: place.id("id", &id)?,
                created_at: place.instant("created_at", created_at)?,
                kind,
                subject,
                attempts,
            })
        })
        .collect()
}

/// Takes a job off the queue; whether it was there.
pub async fn complete(tx: &mut Tx, id: JobId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM outbox WHERE id = $1", id.to_string())? == 1)
}

/// Takes the job of a kind and subject off the queue when its work was done elsewhere; whether it was there.
pub async fn withdraw(tx: &mut Tx, kind: &str, subject: &str) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM outbox WHERE kind = $1 AND subject = $2";
    Ok(execute!(tx, SQL, kind, subject)? > 0)
}

/// Puts a claimed job back for later, with why it failed. When another of the same kind and subject waits meanwhile,
/// that one does the work and this one goes.
pub async fn retry(tx: &mut Tx, id: JobId, run_after: DateTime<Utc>, error: &str) -> Result<(), StoreError> {
    const SUPERFLUOUS: &str = "DELETE FROM outbox WHERE id = $1 AND EXISTS (SELECT 1 FROM outbox other \
        WHERE other.kind = outbox.kind AND other.subject = outbox.subject AND other.id <> outbox.id \
        AND other.leased_until IS NULL)";
    const AGAIN: &str =
        "UPDATE outbox SET leased_until = NULL, run_after = $2, last_error = $3 WHERE id = $1";
    let id = id.to_string();
    if execute!(tx, SUPERFLUOUS, &id)? == 0 {
        let error: String = error.chars().take(1024).collect();
        execute!(tx, AGAIN, &id, run_after.timestamp_millis(), storable(&error))?;
    }
    Ok(())
}
