//! How long the audit trail is kept, on both databases.

use crate::support::{
    app::{TestApp, start, system},
    database::Kind,
};
use chrono::TimeDelta;
use gatehouse::{
    clock::Clock,
    domain::audit::{AuditEvent, EventType},
    id::EventId,
    service::{self, ServiceError, housekeeping::purge},
    store::{self, Written, audit::AuditFilter, housekeeping::BATCH, page::PageRequest},
    web::Limits,
};

async fn keeping(kind: Kind, retention_days: u32) -> TestApp {
    let configure = |config: &mut gatehouse::config::Config| config.audit.retention_days = retention_days;
    TestApp::with(kind, Clock::manual(start()), Limits::default(), configure).await
}

/// Writes so many events of this age.
async fn write(app: &TestApp, number: i64, age: TimeDelta) {
    let then = app.ctx.now() - age;
    let events: Vec<_> = (0..number)
        .map(|_| AuditEvent::new(EventId::new(then, &mut crate::support::rng()), EventType::UserLogout, then))
        .collect();
    app.ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                for event in &events {
                    store::audit::insert(tx, event).await?;
                }
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
        .expect("written");
}

async fn count(app: &TestApp) -> i64 {
    let page = PageRequest { offset: 0, limit: 1 };
    service::audit::list(&app.ctx, &system(), &AuditFilter::default(), page).await.expect("events").total
}

async fn old_events_go_in_batches_and_younger_ones_stay(kind: Kind) {
    let app = keeping(kind, 30).await;
    let before = count(&app).await;
    write(&app, BATCH + 3, TimeDelta::days(30) + TimeDelta::milliseconds(1)).await;
    write(&app, 2, TimeDelta::days(30)).await;
    write(&app, 1, TimeDelta::zero()).await;
    let first = purge(&app.ctx).await.expect("purged");
    assert_eq!(i64::try_from(first.audit_events).expect("small"), BATCH);
    assert!(first.is_full(), "the job comes again at once");
    let second = purge(&app.ctx).await.expect("purged");
    assert_eq!((second.audit_events, second.is_full()), (3, false));
    assert_eq!(count(&app).await, before + 3, "exactly thirty days old is young enough");
    app.ctx.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(purge(&app.ctx).await.expect("purged").audit_events, 2);
}

#[tokio::test]
async fn old_events_go_in_batches_and_younger_ones_stay_sqlite() {
    old_events_go_in_batches_and_younger_ones_stay(Kind::Sqlite).await;
}

#[tokio::test]
async fn old_events_go_in_batches_and_younger_ones_stay_postgres() {
    old_events_go_in_batches_and_younger_ones_stay(Kind::Postgres).await;
}

async fn zero_days_keep_events_for_ever(kind: Kind) {
    let app = keeping(kind, 0).await;
    write(&app, 3, TimeDelta::days(20_000)).await;
    let before = count(&app).await;
    assert_eq!(purge(&app.ctx).await.expect("purged").audit_events, 0);
    assert_eq!(count(&app).await, before);
}

#[tokio::test]
async fn zero_days_keep_events_for_ever_sqlite() {
    zero_days_keep_events_for_ever(Kind::Sqlite).await;
}

#[tokio::test]
async fn zero_days_keep_events_for_ever_postgres() {
    zero_days_keep_events_for_ever(Kind::Postgres).await;
}
