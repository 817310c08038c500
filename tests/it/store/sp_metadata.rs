//! What is known of metadata that is fetched: kept, claimed by one, found when somebody should look.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase};
use chrono::TimeDelta;
use gatehouse::{
    domain::sp_metadata::{Progress, SpMetadata, Trouble, Waiting},
    store::{apps, sp_metadata},
};

on_both!(what_is_known_is_kept, one_worker_has_an_app_at_a_time, what_needs_somebody_is_found);

const LEASE: TimeDelta = TimeDelta::minutes(5);

async fn what_is_known_is_kept(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    assert_eq!(read!(db, c => sp_metadata::get(c, app)), None);
    let mut known = SpMetadata::new(app, at(0));
    let (first, old) = (known.clone(), known.clone());
    change!(db, tx => sp_metadata::begin(tx, &first).await?).expect("kept");
    assert_eq!(read!(db, c => sp_metadata::get(c, app)), Some(known.clone()));
    known.document = Some("<EntityDescriptor/>".into());
    known.due_at = at(60);
    known.progress = Progress {
        fetched_at: Some(at(1)),
        trouble: Some(Trouble { code: "metadata_status".into(), words: "a\0b".into(), since: at(2) }),
        ..Progress::default()
    };
    let stored = known.clone();
    assert!(change!(db, tx => sp_metadata::update(tx, &stored).await?).expect("stored"));
    known.version += 1;
    assert_eq!(read!(db, c => sp_metadata::get(c, app)), Some(known.clone()));
    assert!(!change!(db, tx => sp_metadata::update(tx, &old).await?).expect("read before that"));
    let first = SpMetadata::new(app, at(0));
    change!(db, tx => sp_metadata::begin(tx, &first).await?).expect("anew");
    let anew = read!(db, c => sp_metadata::get(c, app)).expect("there");
    assert_eq!((anew.document, anew.version), (None, known.version + 1), "another source: all is forgotten");
    assert!(change!(db, tx => sp_metadata::remove(tx, app).await?).expect("removed"));
    assert!(!change!(db, tx => sp_metadata::remove(tx, app).await?).expect("gone"));
    let again = SpMetadata::new(app, at(0));
    change!(db, tx => sp_metadata::begin(tx, &again).await?).expect("kept");
    change!(db, tx => apps::delete(tx, app).await?).expect("removed");
    assert_eq!(read!(db, c => sp_metadata::get(c, app)), None, "it goes with its app");
}

async fn one_worker_has_an_app_at_a_time(test: TestDatabase) {
    let db = &test.db;
    let one = sample::app(db, sample::saml("hr", "sp")).await.id;
    let two = sample::app(db, sample::saml("crm", "sp2")).await.id;
    for (app, due) in [(one, 20), (two, 10)] {
        let known = SpMetadata::new(app, at(due));
        change!(db, tx => sp_metadata::begin(tx, &known).await?).expect("kept");
    }
    let due = |seconds| change_due(db, seconds);
    assert_eq!(due(5).await, Vec::new());
    assert!(!read!(db, c => sp_metadata::any_due(c, at(9))));
    assert!(read!(db, c => sp_metadata::any_due(c, at(10))));
    let first = due(30).await;
    assert_eq!(first.iter().map(|known| known.app_id).collect::<Vec<_>>(), [two, one], "due longest first");
    assert_eq!(due(40).await, Vec::new(), "taken");
    assert!(!read!(db, c => sp_metadata::any_due(c, at(40))), "taken");
    assert!(read!(db, c => sp_metadata::any_due(c, at(30 + 301))), "a worker that died has nobody’s lease");
    assert!(change!(db, tx => sp_metadata::claim(tx, one, at(40), LEASE).await?).expect("asked").is_none());
    let back = first[1].clone();
    change!(db, tx => sp_metadata::release(tx, &back).await?).expect("given back");
    assert!(change!(db, tx => sp_metadata::claim(tx, one, at(40), LEASE).await?).expect("asked").is_some());
    let back = first[1].clone();
    change!(db, tx => sp_metadata::release(tx, &back).await?).expect("asked");
    assert!(
        change!(db, tx => sp_metadata::claim(tx, one, at(41), LEASE).await?).expect("asked").is_none(),
        "who lost it can't give it back for another"
    );
    let lost = due(30 + 301).await;
    assert_eq!(
        lost.iter().map(|known| known.app_id).collect::<Vec<_>>(),
        [two],
        "a worker that died loses it"
    );
    let (mut done, late) = (lost[0].clone(), first[0].clone());
    done.due_at = at(10_000);
    assert!(!change!(db, tx => sp_metadata::update(tx, &late).await?).expect("asked"), "and can't store");
    assert!(change!(db, tx => sp_metadata::update(tx, &done).await?).expect("stored"));
    assert_eq!(due(5_000).await.len(), 1);
    assert!(
        change!(db, tx => sp_metadata::claim(tx, two, at(40), LEASE).await?).expect("asked").is_some(),
        "not due"
    );
}

async fn change_due(db: &gatehouse::store::Database, seconds: i64) -> Vec<SpMetadata> {
    change!(db, tx => sp_metadata::claim_due(tx, at(seconds), LEASE, 8).await?).expect("claimed")
}

async fn what_needs_somebody_is_found(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let mut known = SpMetadata::new(app, at(0));
    known.document = Some("<EntityDescriptor/>".into());
    let first = known.clone();
    change!(db, tx => sp_metadata::begin(tx, &first).await?).expect("kept");
    assert_eq!(read!(db, c => sp_metadata::with_attention(c)), []);
    known.progress.waiting = Some(Waiting { digest: "d".into(), since: at(3) });
    let waiting = known.clone();
    assert!(change!(db, tx => sp_metadata::update(tx, &waiting).await?).expect("stored"));
    let found = read!(db, c => sp_metadata::with_attention(c));
    assert_eq!((found.len(), &found[0].progress, &found[0].document), (1, &known.progress, &None));
}
