//! The queue of jobs: unique while pending, claimed by lease, retried.

use super::{change, on_both};
use crate::support::{at, database::TestDatabase, new_id, spawn};
use chrono::TimeDelta;
use gatehouse::{
    id::JobId,
    store::{
        Database, Job, StoreError, Written,
        outbox::{self, ClaimedJob},
    },
};

on_both!(
    jobs_are_unique_while_pending,
    leases_end,
    failed_jobs_come_back_later,
    a_retry_makes_way_for_a_newer_job,
    workers_never_share_a_job,
);

fn job(subject: &str, seconds: i64) -> Job {
    Job { id: new_id!(JobId), kind: "provision", subject: subject.into(), run_after: at(seconds) }
}

async fn queue(db: &Database, job: Job) {
    db.write(move |_| Box::pin(async move { Ok::<_, StoreError>(Written::unaudited(()).then(job)) }))
        .await
        .expect("queued");
}

async fn claim(db: &Database, seconds: i64, limit: u32) -> Vec<ClaimedJob> {
    change!(db, tx => outbox::claim(tx, "provision", at(seconds), TimeDelta::seconds(60), limit).await?)
        .expect("claimed")
}

fn subjects(jobs: &[ClaimedJob]) -> Vec<&str> {
    jobs.iter().map(|job| job.subject.as_str()).collect()
}

async fn jobs_are_unique_while_pending(test: TestDatabase) {
    let db = &test.db;
    queue(db, job("a", 0)).await;
    queue(db, job("a", 0)).await;
    queue(db, job("b", 1)).await;
    queue(db, job("later", 500)).await;
    queue(db, Job { kind: "mail", ..job("a", 0) }).await;
    let first = claim(db, 10, 1).await;
    assert_eq!((subjects(&first), first[0].attempts, first[0].created_at), (vec!["a"], 1, at(0)));
    // Claimed means that it may have read the old state: a new change needs a new job.
    queue(db, job("a", 2)).await;
    assert_eq!(subjects(&claim(db, 10, 10).await), ["b", "a"]);
    assert_eq!(claim(db, 10, 10).await, []);
    assert_eq!(subjects(&claim(db, 500, 0).await), Vec::<&str>::new());
}

async fn leases_end(test: TestDatabase) {
    let db = &test.db;
    queue(db, job("a", 0)).await;
    let first = claim(db, 0, 10).await;
    assert_eq!(claim(db, 59, 10).await, []);
    let again = claim(db, 60, 10).await;
    assert_eq!((again[0].id, again[0].attempts), (first[0].id, 2));
    let id = first[0].id;
    assert!(change!(db, tx => outbox::complete(tx, id).await?).expect("done"));
    assert!(!change!(db, tx => outbox::complete(tx, id).await?).expect("gone"));
    assert_eq!(claim(db, 10_000, 10).await, []);
}

async fn failed_jobs_come_back_later(test: TestDatabase) {
    let db = &test.db;
    queue(db, job("a", 0)).await;
    let id = claim(db, 0, 10).await[0].id;
    change!(db, tx => outbox::retry(tx, id, at(300), "503 \u{0} from the target").await?).expect("put back");
    assert_eq!(claim(db, 299, 10).await, []);
    let again = claim(db, 300, 10).await;
    assert_eq!((again[0].id, again[0].attempts), (id, 2));
}

async fn a_retry_makes_way_for_a_newer_job(test: TestDatabase) {
    let db = &test.db;
    queue(db, job("a", 0)).await;
    let old = claim(db, 0, 10).await[0].id;
    let newer = job("a", 5);
    let newer_id = newer.id;
    queue(db, newer).await;
    change!(db, tx => outbox::retry(tx, old, at(10), "failed").await?).expect("answered");
    let left = claim(db, 1_000, 10).await;
    assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [newer_id]);
}

async fn workers_never_share_a_job(test: TestDatabase) {
    let db = &test.db;
    for n in 0..60 {
        queue(db, job(&format!("s{n}"), 0)).await;
    }
    let workers = (0..12).map(|_| {
        let db = db.clone();
        spawn(async move { claim(&db, 1, 10).await })
    });
    let mut claimed = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        claimed.extend(worker.await.expect("no panic").into_iter().map(|job| job.id));
    }
    // A worker may pass over rows that another has locked; what is left is claimed now.
    claimed.extend(claim(db, 1, 100).await.into_iter().map(|job| job.id));
    assert_eq!(claimed.len(), 60);
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 60, "each job has one worker");
}
