//! Telling OIDC clients that a session ended: behind the browser with a signed token, at once and then from a queue until it is
//! taken or a day is over; and the addresses of iframes. Does not own the token (`crates/oidc`), the client that calls
//! (`outbound`) or the queue's clock (`jobs`).

use super::told;
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, InitiatedBy},
        connection::OidcConnection,
        logout::{ClientSession, LogoutState, Progress},
    },
    id::{AppId, JobId, UserId},
    outbound::http::Client,
    service::{
        ServiceError, issuer_keys,
        oidc::{sid, subject},
    },
    store::{self, Job, StoreError, Tx, Written, outbox::ClaimedJob},
};
use ::oidc::logout_token::{self, LogoutTokenSpec};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

/// What the queue calls it.
const KIND: &str = "oidc_logout";
/// How long the queue leaves a client to the sign-out that tells it at once: longer than one call takes.
pub(super) const FIRST_TRY: TimeDelta = TimeDelta::seconds(15);
/// How long one worker has a job.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// Most jobs taken at once.
const BATCH: u32 = 16;
/// How long after each failure the next try comes; after the last one nobody is told any more.
const BACK_OFF: [TimeDelta; 7] = [
    TimeDelta::seconds(10),
    TimeDelta::seconds(30),
    TimeDelta::minutes(2),
    TimeDelta::minutes(10),
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::hours(16),
];

/// Where a client is told behind the browser.
pub(super) fn back_channel(app: &App) -> Option<&str> {
    app.connection
        .oidc()
        .map(|settings| settings.backchannel_logout_uri.as_str())
        .filter(|uri| !uri.is_empty())
}

/// Where a client is told in an iframe.
pub(super) fn front_channel(app: &App) -> Option<&str> {
    app.connection
        .oidc()
        .map(|settings| settings.frontchannel_logout_uri.as_str())
        .filter(|uri| !uri.is_empty())
}

/// The iframes that tell a client, one a session.
pub(super) async fn frames(
    ctx: &AppContext,
    app: &App,
    sessions: &[ClientSession],
) -> Result<Vec<String>, ServiceError> {
    let Some(uri) = front_channel(app) else { return Ok(Vec::new()) };
    let issuer = ctx.config.http.public_url.as_str();
    let mut addresses = Vec::with_capacity(sessions.len());
    for one in sessions {
        let sid = sid::of(ctx, app, one.session_id).await?;
        addresses.push(logout_token::frame_address(uri, issuer, &sid));
    }
    Ok(addresses)
}

/// Ids only: what is told is read when it is told.
fn subject(app: AppId, session: ClientSession) -> String {
    format!("{app}/{}/{}", session.user_id, session.session_id)
}

fn parse(subject: &str) -> Option<(AppId, ClientSession)> {
    let mut parts = subject.split('/');
    let app = parts.next()?.parse().ok()?;
    let (user_id, session_id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((app, ClientSession { user_id, session_id }))
}

/// Ids inside a write closure: only uniqueness is asked of them.
fn rand_for_ids() -> rand::rngs::ThreadRng {
    #[expect(clippy::disallowed_methods, reason = "ids only; a write closure has no context")]
    rand::rng()
}

/// Queues that a client is told of a session, not before `run_after`.
pub(super) async fn enqueue(
    tx: &mut Tx,
    app: AppId,
    session: ClientSession,
    run_after: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = JobId::new(now, &mut rand_for_ids());
    store::outbox::enqueue(tx, &Job { id, kind: KIND, subject: subject(app, session), run_after }).await
}

/// Queues the clients of a session that ended by time.
pub async fn enqueue_expired(
    tx: &mut Tx,
    session: ClientSession,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for id in store::token_families::apps_of_session(tx, session.session_id).await? {
        let app = store::apps::get(tx, id).await?;
        if app.as_ref().and_then(back_channel).is_some() {
            enqueue(tx, id, session, now, now).await?;
        }
    }
    Ok(())
}

/// Tells every waiting client at once. One that does not take its token goes on being told by the queue, unless the browser can
/// tell it in an iframe, which it then does too.
pub(super) async fn tell_all(
    ctx: &AppContext,
    state: &mut LogoutState,
    has_browser: bool,
) -> Result<Vec<AuditEvent>, ServiceError> {
    let mut to_tell = Vec::new();
    for index in state.waiting_clients() {
        let participant = &state.participants[index];
        if participant.tried_back_channel {
            continue;
        }
        let app = store::apps::get(&mut ctx.db.read().await?, participant.app_id).await?;
        let app = app.filter(|app| back_channel(app).is_some());
        to_tell.extend(app.map(|app| (index, app)));
    }
    if to_tell.is_empty() {
        return Ok(Vec::new());
    }
    let client = Client::new(&ctx.config.outbound).map_err(ServiceError::internal)?;
    let calls = to_tell.iter().map(|(index, app)| {
        let (sessions, client) = (&state.participants[*index].client_sessions, &client);
        let each = sessions.iter().map(move |session| tell(ctx, client, app, *session));
        async move { join_all(each).await.into_iter().collect::<Result<Vec<_>, _>>() }
    });
    let answers = join_all(calls).await;
    let (mut events, mut done) = (Vec::new(), Vec::new());
    for ((index, app), answers) in to_tell.iter().zip(answers) {
        let participant = &mut state.participants[*index];
        participant.tried_back_channel = true;
        let answers = answers?;
        let taken = participant.client_sessions.iter().zip(&answers).filter(|(_, answer)| answer.is_ok());
        done.extend(taken.map(|(session, _)| subject(app.id, *session)));
        match answers.into_iter().find_map(Result::err) {
            None => {
                participant.progress = Progress::Confirmed { partly: false };
                events.push(told(ctx, &state.by, app, Ok(())).detail("binding", "back_channel"));
            }
            Some((code, words)) => {
                if !(has_browser && front_channel(app).is_some()) {
                    participant.progress = Progress::Queued;
                }
                let event = told(ctx, &state.by, app, Err((code, &words)));
                events.push(
                    event.detail("binding", "back_channel").detail("next", "told again from the queue"),
                );
            }
        }
    }
    forget(ctx, done).await?;
    Ok(events)
}

/// Takes jobs off the queue whose work is done.
async fn forget(ctx: &AppContext, subjects: Vec<String>) -> Result<(), ServiceError> {
    if subjects.is_empty() {
        return Ok(());
    }
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                for subject in &subjects {
                    store::outbox::withdraw(tx, KIND, subject).await?;
                }
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// Tells clients from the queue; answers how many jobs were taken.
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
    if jobs.is_empty() {
        return Ok(0);
    }
    let client = Client::new(&ctx.config.outbound).map_err(ServiceError::internal)?;
    let runs = join_all(jobs.iter().map(|job| run(ctx, &client, job))).await;
    runs.into_iter().collect::<Result<(), _>>()?;
    Ok(jobs.len())
}

/// One job: told, put back for later, or given up.
async fn run(ctx: &AppContext, client: &Client, job: &ClaimedJob) -> Result<(), ServiceError> {
    let app = match parse(&job.subject) {
        Some((app, session)) => {
            let app = store::apps::get(&mut ctx.db.read().await?, app).await?;
            app.filter(|app| back_channel(app).is_some()).map(|app| (app, session))
        }
        None => None,
    };
    // The app is gone, or takes no tokens any more: nobody is left to tell.
    let Some((app, session)) = app else { return settle(ctx, job.id, Settled::Done(None)).await };
    let by = person(ctx, session.user_id).await?;
    let settled = match tell(ctx, client, &app, session).await? {
        Ok(()) => Settled::done(told(ctx, &by, &app, Ok(())).detail("binding", "back_channel")),
        Err((code, words)) => {
            let tries = usize::try_from(job.attempts).unwrap_or(usize::MAX);
            if let Some(pause) = tries.checked_sub(1).and_then(|failed| BACK_OFF.get(failed)) {
                tracing::info!(app = %app.slug, %words, tries, "an app did not take a logout token; told again later");
                Settled::Again(ctx.now() + *pause, words)
            } else {
                let event = told(ctx, &by, &app, Err((code, &words))).detail("binding", "back_channel");
                Settled::done(event.detail("tries", tries.to_string()))
            }
        }
    };
    settle(ctx, job.id, settled).await
}

/// What becomes of a job.
enum Settled {
    Done(Option<Box<AuditEvent>>),
    Again(DateTime<Utc>, String),
}

impl Settled {
    fn done(event: AuditEvent) -> Self {
        Self::Done(Some(Box::new(event)))
    }
}

async fn settle(ctx: &AppContext, job: JobId, settled: Settled) -> Result<(), ServiceError> {
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let mut written = Written::unaudited(());
                match settled {
                    Settled::Done(event) => {
                        store::outbox::complete(tx, job).await?;
                        written.events.extend(event.map(|event| *event));
                    }
                    Settled::Again(at, words) => store::outbox::retry(tx, job, at, &words).await?,
                }
                Ok::<_, ServiceError>(written)
            })
        })
        .await
}

/// Whose sign-out it was, for events.
async fn person(ctx: &AppContext, id: UserId) -> Result<InitiatedBy, ServiceError> {
    let user = store::users::get(&mut ctx.db.read().await?, id).await?;
    let gone = || InitiatedBy { kind: "user".into(), id: Some(id.to_string()), ..InitiatedBy::default() };
    Ok(user.as_ref().map_or_else(gone, InitiatedBy::user))
}

/// Back-Channel Logout 1.0 §2.5: posts a fresh token, signed as the client's ID tokens are. §2.8: the client answers 200 when the
/// person is signed out there; frameworks that answer 204 mean the same.
async fn tell(
    ctx: &AppContext,
    client: &Client,
    app: &App,
    session: ClientSession,
) -> Result<Result<(), (&'static str, String)>, ServiceError> {
    let (Some(settings), Some(address)) = (app.connection.oidc(), back_channel(app)) else {
        return Ok(Err(("no_logout_service", "It has no address for logout tokens.".into())));
    };
    let token = token(ctx, settings, app, session).await?;
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    Ok(match client.post(address, &[], "application/x-www-form-urlencoded", body).await {
        Ok(answer) if matches!(answer.status, 200 | 204) => Ok(()),
        Ok(answer) => Err(("logout_refused", format!("It answered with HTTP status {}.", answer.status))),
        Err(error) => Err(("no_answer", format!("{address}: {error}"))),
    })
}

async fn token(
    ctx: &AppContext,
    settings: &OidcConnection,
    app: &App,
    session: ClientSession,
) -> Result<String, ServiceError> {
    let key = issuer_keys::active(ctx, settings.id_token_algorithm).await?;
    let signer = ctx.keyring.oidc_signer(&key).map_err(ServiceError::internal)?;
    let now = ctx.now();
    // Person and session as this client knows them: `sub` and `sid` of its ID tokens.
    let sub = subject::of(ctx, app, session.user_id).await?;
    let sid = sid::of(ctx, app, session.session_id).await?;
    let jti = JobId::new(now, &mut ctx.rng()).to_string();
    let spec = LogoutTokenSpec {
        issuer: ctx.config.http.public_url.as_str(),
        client_id: &settings.client_id,
        sub: &sub,
        sid: &sid,
        now: now.timestamp(),
        jti: &jti,
    };
    logout_token::issue(&spec, &*signer).map_err(ServiceError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SessionId;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn subjects_of_jobs_are_read_back_and_nothing_else_is() {
        let (now, mut rng) = (DateTime::UNIX_EPOCH, StdRng::seed_from_u64(1));
        let app = AppId::new(now, &mut rng);
        let session =
            ClientSession { user_id: UserId::new(now, &mut rng), session_id: SessionId::new(now, &mut rng) };
        assert_eq!(parse(&subject(app, session)), Some((app, session)));
        for odd in ["", "/", "a/b/c", &app.to_string(), &format!("{app}/{app}")] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_client_is_told_for_a_day_at_most() {
        let all = BACK_OFF.iter().fold(TimeDelta::zero(), |sum, pause| sum + *pause);
        assert!(all > TimeDelta::hours(20) && all < TimeDelta::days(1));
        assert!(BACK_OFF.is_sorted());
    }
}
