//! what was acknowledged is on the disk, in the file or its write-ahead log.

use super::{change, read};
use crate::support::{at, database::TestDatabase, spawn};
use gatehouse::store::{Database, settings};
use std::path::Path;

/// Copies file and log as a crash would leave them: without the process closing anything.
fn crash_image(file: &Path, to: &Path) -> String {
    let target = to.join("gatehouse.db");
    std::fs::copy(file, &target).expect("the file");
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let mut target_log = target.as_os_str().to_owned();
    target_log.push("-wal");
    std::fs::copy(log, target_log).expect("the write-ahead log");
    format!("sqlite://{}", target.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_write_is_in_a_crash_image_taken_at_once() {
    let test = TestDatabase::sqlite().await;
    for n in 0..5 {
        let name = format!("write {n}");
        change!(test.db, tx => settings::set(tx, &name, "x", at(0)).await?).expect("acknowledged");
        let folder = tempfile::tempdir().expect("a folder");
        let copy = Database::open(&crash_image(&test.file(), folder.path())).await.expect("recovers");
        for earlier in 0..=n {
            let name = format!("write {earlier}");
            assert!(read!(copy, c => settings::get(c, &name)).is_some(), "{name} after {n}");
        }
        copy.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_acknowledged_after_its_commit() {
    let test = TestDatabase::sqlite().await;
    let writers: Vec<_> = (0..64)
        .map(|n| {
            let db = test.db.clone();
            spawn(async move {
                change!(db, tx => settings::set(tx, &format!("batch {n}"), "x", at(0)).await?)
                    .expect("acknowledged");
                n
            })
        })
        .collect();
    for writer in writers {
        let n = writer.await.expect("no panic");
        // Others of the same or a later batch may be under way while the image is taken.
        if n % 8 == 0 {
            let folder = tempfile::tempdir().expect("a folder");
            let copy = Database::open(&crash_image(&test.file(), folder.path())).await.expect("recovers");
            assert!(read!(copy, c => settings::get(c, &format!("batch {n}"))).is_some(), "{n}");
            copy.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_not_visible_before_it_is_committed() {
    let test = TestDatabase::sqlite().await;
    let (inside, entered) = tokio::sync::oneshot::channel();
    // A write may not await anything but its transaction; this one holds the writer's own thread.
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let db = test.db.clone();
    let write = spawn(async move {
        change!(db, tx => {
            settings::set(tx, "slow", "x", at(0)).await?;
            inside.send(()).expect("the test waits");
            wait.recv().expect("the test answers");
        })
    });
    entered.await.expect("the write is under way");
    assert_eq!(read!(test.db, c => settings::get(c, "slow")), None);
    let folder = tempfile::tempdir().expect("a folder");
    let copy = Database::open(&crash_image(&test.file(), folder.path())).await.expect("recovers");
    assert_eq!(read!(copy, c => settings::get(c, "slow")), None);
    copy.close().await;
    assert!(!write.is_finished(), "nobody is answered before the commit");
    go_on.send(()).expect("the write waits");
    write.await.expect("no panic").expect("acknowledged");
    assert!(read!(test.db, c => settings::get(c, "slow")).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_waits_for_something_else_is_undone_and_holds_nobody() {
    let test = TestDatabase::sqlite().await;
    let db = test.db.clone();
    let waiting = change!(db, tx => {
        settings::set(tx, "slow", "x", at(0)).await?;
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    });
    assert!(waiting.is_err(), "it would have held every other write");
    assert_eq!(read!(test.db, c => settings::get(c, "slow")), None);
    change!(test.db, tx => { settings::set(tx, "next", "x", at(0)).await?; }).expect("the writer goes on");
}
