//! A write under way: a connection on which value, audit events and jobs commit together or not at all.
//! Does not own when it commits (`writer` on SQLite, `database` on PostgreSQL).

use super::{dialect::Conn, error::StoreError};
use crate::{domain::audit::AuditEvent, id::JobId};
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use std::ops::{Deref, DerefMut};

/// A connection inside a transaction.
pub struct Tx {
    pub(super) conn: Conn,
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Tx {
    /// Waits until no other write is in here, and keeps others out until this one ends: for rules that look at many rows, such as
    /// the last owner. SQLite has one writer anyway.
    pub(super) async fn alone(&mut self, what: i64) -> Result<(), StoreError> {
        if let super::dialect::Driver::Postgres(conn) = self.conn.driver() {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(what).execute(conn).await?;
        }
        Ok(())
    }
}

/// The lock of rules over all accounts.
pub(super) const ACCOUNTS: i64 = 0x6761_7465_0001;
/// The lock of rules over all applications.
pub(super) const APPLICATIONS: i64 = 0x6761_7465_0002;
/// The lock of the secrets of clients.
pub(super) const CLIENT_SECRETS: i64 = 0x6761_7465_0003;
/// The lock of the issuer's keys.
pub(super) const ISSUER_KEYS: i64 = 0x6761_7465_0013;

/// A job to run after the commit, put in the outbox by the same write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Never re-used.
    pub id: JobId,
    /// What kind of work.
    pub kind: &'static str,
    /// What it is about: ids, never state. Unique while pending.
    pub subject: String,
    /// Not before then.
    pub run_after: DateTime<Utc>,
}

/// What a write answers: its value, and what is to be said and done about it.
#[derive(Debug)]
pub struct Written<T> {
    /// The value for the caller.
    pub value: T,
    /// What happened; committed with it.
    pub events: Vec<AuditEvent>,
    /// What is still to be done; committed with it.
    pub jobs: Vec<Job>,
}

impl<T> Written<T> {
    /// A value and the event that tells of it.
    pub fn new(value: T, event: AuditEvent) -> Self {
        Self { value, events: vec![event], jobs: Vec::new() }
    }

    /// A value that needs no event: nothing changed, or the change is told elsewhere. Named so that it stands out.
    pub fn unaudited(value: T) -> Self {
        Self { value, events: Vec::new(), jobs: Vec::new() }
    }

    /// Adds an event.
    #[must_use]
    pub fn and(mut self, event: AuditEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Adds a job.
    #[must_use]
    pub fn then(mut self, job: Job) -> Self {
        self.jobs.push(job);
        self
    }
}

/// What a write closure answers; the error is the caller's own.
pub type WriteResult<T, E> = Result<Written<T>, E>;

/// The future of a write closure.
pub type WriteFuture<'t, T, E> = BoxFuture<'t, WriteResult<T, E>>;

/// Runs the closure on the connection and stores its events and jobs.
pub(super) async fn perform<T, E, F>(tx: &mut Tx, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: for<'t> FnOnce(&'t mut Tx) -> WriteFuture<'t, T, E>,
{
    let written = work(tx).await?;
    for event in &written.events {
        super::audit::insert(tx, event).await?;
    }
    for job in &written.jobs {
        super::outbox::enqueue(tx, job).await?;
    }
    Ok(written.value)
}
