//! Sessions that end without a sign-out: an admin ends them, somebody else signs in, or their time is over. No browser walks
//! then: SAML apps are told by SOAP from a queue, best effort; OIDC clients by `clients`. Does not own the queue's clock (`jobs`).

use super::{back_channel, end};
use crate::{
    context::AppContext,
    domain::{
        audit::InitiatedBy,
        logout::{Ending, Logout, LogoutState},
    },
    id::{JobId, LogoutId, SessionId, UserId},
    service::ServiceError,
    store::{self, Job, Tx, Written},
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng;

/// What the queue calls it.
const KIND: &str = "saml_logout";
/// How long one worker has a job.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// Most jobs taken at once.
const BATCH: u32 = 8;
/// How long a queued sign-out is worth telling: browser sessions end within a day.
const QUEUED_LIFETIME: TimeDelta = TimeDelta::days(1);

/// The ids of a queued sign-out: made outside the write.
pub type Ids = (LogoutId, JobId);

/// New ids.
pub fn new_ids(now: DateTime<Utc>, rng: &mut impl Rng) -> Ids {
    (LogoutId::new(now, rng), JobId::new(now, rng))
}

/// Ends sessions inside a write and queues that their apps are told; answers how many ended.
pub async fn end_sessions(
    tx: &mut Tx,
    sessions: &[SessionId],
    because: &str,
    now: DateTime<Utc>,
    by_admin: bool,
    (logout_id, job_id): Ids,
) -> Result<u64, ServiceError> {
    let mut ended = Vec::new();
    for id in sessions {
        ended.extend(end::session(tx, *id, because, now).await?);
    }
    let by = InitiatedBy { kind: "system".into(), ..InitiatedBy::default() };
    let mut state = LogoutState::new(by, Ending::Here);
    state.by_admin = by_admin;
    end::join(tx, &mut state, &ended, None, end::Ways::Queued, now).await?;
    if state.next_waiting().is_some() {
        let logout = Logout {
            id: logout_id,
            browser_hash: None,
            state,
            version: 1,
            created_at: now,
            expires_at: now + QUEUED_LIFETIME,
        };
        store::logouts::insert(tx, &logout).await?;
        let job = Job { id: job_id, kind: KIND, subject: logout_id.to_string(), run_after: now };
        store::outbox::enqueue(tx, &job).await?;
    }
    Ok(ended.len() as u64)
}

/// Ends every session of a person; see [`end_sessions`].
pub async fn end_sessions_of(
    tx: &mut Tx,
    user: UserId,
    because: &str,
    now: DateTime<Utc>,
    ids: Ids,
) -> Result<u64, ServiceError> {
    let sessions: Vec<_> = store::sessions::of_user(tx, user).await?.iter().map(|one| one.id).collect();
    let ended = end_sessions(tx, &sessions, because, now, true, ids).await?;
    // One that began meanwhile.
    Ok(ended + store::sessions::delete_of_user(tx, user, None).await?)
}

/// Tells the apps of queued sign-outs; answers how many sign-outs were taken. Each is tried once: an app that can't be reached
/// ends its session by itself, at the latest when `SessionNotOnOrAfter` says.
pub async fn tell_queued(ctx: &AppContext) -> Result<usize, ServiceError> {
    let now = ctx.now();
    let jobs = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let jobs = store::outbox::claim(tx, KIND, now, LEASE, BATCH).await?;
                Ok::<_, ServiceError>(Written::unaudited(jobs))
            })
        })
        .await?;
    for job in &jobs {
        let stored = match job.subject.parse::<LogoutId>() {
            Ok(id) => store::logouts::get(&mut ctx.db.read().await?, id).await?,
            Err(_) => None,
        };
        let events = match stored {
            Some(mut logout) => {
                let events = back_channel::tell_all(ctx, &mut logout.state, false).await?;
                Some((logout.id, events))
            }
            None => None,
        };
        let job = job.id;
        ctx.db
            .write(move |tx| {
                Box::pin(async move {
                    store::outbox::complete(tx, job).await?;
                    let mut written = Written::unaudited(());
                    if let Some((id, events)) = events {
                        store::logouts::delete(tx, id).await?;
                        written.events = events;
                    }
                    Ok::<_, ServiceError>(written)
                })
            })
            .await?;
    }
    Ok(jobs.len())
}
