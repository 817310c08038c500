//! A write keeps value, events and jobs together or nothing; a failed one touches no other.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id, spawn};
use chrono::TimeDelta;
use gatehouse::{
    domain::audit::EventType,
    id::{JobId, UserId},
    store::{Database, Job, StoreError, Written, audit, outbox, settings, users},
};

on_both!(
    value_event_and_job_commit_together,
    an_error_undoes_value_event_and_job,
    a_refused_event_undoes_the_value,
    an_error_undoes_only_its_own_write,
    an_error_that_is_swallowed_is_not_acknowledged_half,
    a_panic_undoes_only_its_own_write,
    concurrent_writers_are_all_kept,
    cancelled_callers_leave_whole_writes,
    writes_after_closing_are_refused,
);

fn job() -> Job {
    Job { id: new_id!(JobId), kind: "mail", subject: "welcome".into(), run_after: at(0) }
}

async fn queued(db: &Database) -> usize {
    change!(db, tx => outbox::claim(tx, "mail", at(1), TimeDelta::seconds(1), 10).await?)
        .expect("claimed")
        .len()
}

async fn value_event_and_job_commit_together(test: TestDatabase) {
    let db = &test.db;
    let event = sample::event(EventType::UserCreate, 0);
    let event_id = event.id;
    let person = sample::person("maya");
    let user = db
        .write(move |tx| {
            Box::pin(async move {
                let user = users::insert(tx, new_id!(UserId), &person, at(0)).await?;
                Ok::<_, StoreError>(
                    Written::new(user, event).and(sample::event(EventType::AdminCreate, 1)).then(job()),
                )
            })
        })
        .await
        .expect("written");
    assert_eq!(read!(db, c => users::get(c, user.id)), Some(user));
    assert!(read!(db, c => audit::get(c, event_id)).is_some());
    assert_eq!(read!(db, c => audit::event_types(c)), ["admin_create", "user_create"]);
    assert_eq!(queued(db).await, 1);
}

async fn an_error_undoes_value_event_and_job(test: TestDatabase) {
    let db = &test.db;
    sample::user(db, "maya").await;
    let (other, same) = (sample::person("tom"), sample::person("maya"));
    let refused: Result<(), StoreError> = db
        .write(move |tx| {
            Box::pin(async move {
                users::insert(tx, new_id!(UserId), &other, at(0)).await?;
                audit::insert(tx, &sample::event(EventType::UserCreate, 0)).await?;
                outbox::enqueue(tx, &job()).await?;
                users::insert(tx, new_id!(UserId), &same, at(0)).await?;
                Ok(Written::unaudited(()))
            })
        })
        .await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(read!(db, c => users::count(c)), 1);
    assert_eq!(read!(db, c => audit::event_types(c)), Vec::<String>::new());
    assert_eq!(queued(db).await, 0);
}

async fn a_refused_event_undoes_the_value(test: TestDatabase) {
    let db = &test.db;
    let event = sample::event(EventType::UserCreate, 0);
    let twice = event.clone();
    let person = sample::person("maya");
    let refused = db
        .write(move |tx| {
            Box::pin(async move {
                let user = users::insert(tx, new_id!(UserId), &person, at(0)).await?;
                Ok::<_, StoreError>(Written::new(user, event).and(twice))
            })
        })
        .await;
    assert!(refused.is_err(), "an event of the same id can't be written twice");
    assert_eq!(read!(db, c => users::count(c)), 0);
    assert_eq!(read!(db, c => audit::event_types(c)), Vec::<String>::new());
}

/// Starts many writes at once, so that they share batches; every third fails after it changed something.
async fn an_error_undoes_only_its_own_write(test: TestDatabase) {
    let db = &test.db;
    let writes: Vec<_> = (0..90)
        .map(|n| {
            let db = db.clone();
            spawn(async move {
                db.write(move |tx| {
                    Box::pin(async move {
                        settings::set(tx, &format!("s{n}"), "x", at(0)).await?;
                        if n % 3 == 0 { Err(StoreError::Stale) } else { Ok(Written::unaudited(n)) }
                    })
                })
                .await
            })
        })
        .collect();
    for (n, write) in writes.into_iter().enumerate() {
        let result = write.await.expect("no panic");
        let kept = read!(db, c => settings::get(c, &format!("s{n}"))).is_some();
        assert_eq!(kept, n % 3 != 0, "s{n}: {result:?}");
        assert_eq!(result.is_ok(), kept);
    }
}

/// On PostgreSQL a failed statement aborts the transaction and COMMIT answers without an error; on SQLite the rest of
/// the write stands. Either way "written" must mean that what was written before is there.
async fn an_error_that_is_swallowed_is_not_acknowledged_half(test: TestDatabase) {
    let db = &test.db;
    sample::user(db, "maya").await;
    let event = sample::event(EventType::UserCreate, 0);
    let result = change!(db, tx => {
        settings::set(tx, "before", "x", at(0)).await?;
        audit::insert(tx, &event).await?;
        // A driver error: the same event once more. A careless closure goes on.
        let swallowed = audit::insert(tx, &event).await;
        assert!(swallowed.is_err());
    });
    let kept = read!(db, c => settings::get(c, "before")).is_some();
    assert_eq!(result.is_ok(), kept, "{result:?}");
    if db.kind() == "postgres" {
        assert!(matches!(result, Err(StoreError::Unavailable(_))), "{result:?}");
    }
    change!(db, tx => settings::set(tx, "after", "x", at(0)).await?).expect("the next write is not affected");
}

async fn a_panic_undoes_only_its_own_write(test: TestDatabase) {
    let db = test.db.clone();
    let crashed = spawn({
        let db = db.clone();
        async move {
            change!(db, tx => {
                settings::set(tx, "crashed", "x", at(0)).await?;
                let number: i32 = "no number".parse().expect("this write panics on purpose");
                number
            })
        }
    })
    .await;
    assert!(!matches!(crashed, Ok(Ok(_))), "{crashed:?}");
    change!(db, tx => settings::set(tx, "after", "x", at(0)).await?).expect("writes go on");
    assert_eq!(read!(db, c => settings::get(c, "crashed")), None);
    assert!(read!(db, c => settings::get(c, "after")).is_some());
}

async fn concurrent_writers_are_all_kept(test: TestDatabase) {
    let db = &test.db;
    let writers: Vec<_> = (0..64)
        .map(|writer| {
            let db = db.clone();
            spawn(async move {
                for n in 0..10 {
                    let name = format!("{writer}/{n}");
                    let wanted = name.clone();
                    change!(db, tx => settings::set(tx, &name, "x", at(0)).await?).expect("written");
                    // Acknowledged means that every reader sees it.
                    assert!(read!(db, c => settings::get(c, &wanted)).is_some(), "{wanted}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    for writer in 0..64 {
        for n in 0..10 {
            assert!(read!(db, c => settings::get(c, &format!("{writer}/{n}"))).is_some());
        }
    }
}

async fn cancelled_callers_leave_whole_writes(test: TestDatabase) {
    let db = &test.db;
    for n in 0..40u64 {
        let db = db.clone();
        let write = spawn(async move {
            change!(db, tx => {
                settings::set(tx, &format!("a{n}"), "x", at(0)).await?;
                settings::set(tx, &format!("b{n}"), "x", at(0)).await?;
            })
        });
        tokio::time::sleep(std::time::Duration::from_micros(n * 50)).await;
        write.abort();
        // Cancelled or finished: both are right, a half is not.
        let _ = write.await;
    }
    change!(db, tx => settings::set(tx, "last", "x", at(0)).await?).expect("nothing is wedged");
    for n in 0..40 {
        let a = read!(db, c => settings::get(c, &format!("a{n}"))).is_some();
        let b = read!(db, c => settings::get(c, &format!("b{n}"))).is_some();
        assert_eq!(a, b, "{n}");
    }
}

async fn writes_after_closing_are_refused(test: TestDatabase) {
    let db = test.db.clone();
    change!(db, tx => settings::set(tx, "before", "x", at(0)).await?).expect("written");
    test.db.clone().close().await;
    let refused = change!(db, tx => settings::set(tx, "after", "x", at(0)).await?);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(matches!(db.read().await, Err(StoreError::Unavailable(_))));
    let again = Database::open(&test.url).await.expect("opens");
    assert!(read!(again, c => settings::get(c, "before")).is_some());
    assert_eq!(read!(again, c => settings::get(c, "after")), None);
    again.close().await;
}
