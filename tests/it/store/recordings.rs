//! Kept sign-ons: their beginnings and ends, how many are kept, and what goes with app and person.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{
        connection::{Connection, SamlConnection},
        recording::{Protocol, RecorderSettings, Recording, RecordingOutcome},
    },
    id::{AppId, RecordingId, UserId},
    store::{
        Database, apps,
        housekeeping::{self, Expiry},
        recordings, users,
    },
};

on_both!(
    an_end_takes_the_place_of_its_beginning,
    as_many_are_kept_of_each_outcome,
    they_go_with_age_and_number,
    they_go_by_the_numbers_of_their_app,
    they_go_with_app_and_person,
);

async fn app(db: &Database, slug: &str) -> AppId {
    let (checked, id) = (sample::saml(slug, &format!("https://{slug}.example")), new_id!(AppId));
    change!(db, tx => apps::insert(tx, id, &checked, at(0)).await?).expect("inserted").id
}

fn recording(app_id: AppId, outcome: RecordingOutcome, seconds: i64) -> Recording {
    Recording {
        id: new_id!(RecordingId),
        app_id,
        user_id: None,
        protocol: Protocol::Saml,
        outcome,
        code: None,
        settings_version: 1,
        flow_key: None,
        recorded_at: at(seconds),
        sealed: "sealed".into(),
    }
}

async fn put(db: &Database, recording: &Recording) -> bool {
    let recording = recording.clone();
    change!(db, tx => recordings::put(tx, &recording).await?).expect("put")
}

async fn an_end_takes_the_place_of_its_beginning(test: TestDatabase) {
    let db = &test.db;
    let (crm, wiki) = (app(db, "crm").await, app(db, "wiki").await);
    let maya = sample::user(db, "maya").await.id;
    let key = || Some("flow".to_owned());
    let begun = Recording { flow_key: key(), ..recording(crm, RecordingOutcome::Began, 1) };
    assert!(put(db, &begun).await);
    assert_eq!(read!(db, c => recordings::begun(c, crm, "flow")), Some(begun.clone()));
    assert_eq!(read!(db, c => recordings::begun(c, wiki, "flow")), None, "another app's flow is another");
    assert_eq!(read!(db, c => recordings::begun(c, crm, "other")), None);
    let ended = Recording {
        outcome: RecordingOutcome::Refused,
        code: Some("not_assigned".into()),
        user_id: Some(maya),
        settings_version: 2,
        sealed: "other".into(),
        ..begun.clone()
    };
    assert!(put(db, &ended).await);
    assert_eq!(read!(db, c => recordings::begun(c, crm, "flow")), None, "it has an end");
    assert_eq!(read!(db, c => recordings::get(c, crm, begun.id)), Some(ended.clone()));
    assert_eq!(read!(db, c => recordings::get(c, wiki, begun.id)), None);
    let later = recording(crm, RecordingOutcome::Issued, 2);
    assert!(put(db, &later).await);
    assert_eq!(read!(db, c => recordings::of_app(c, crm, 9)), [later.clone(), ended]);
    assert_eq!(read!(db, c => recordings::of_app(c, crm, 1)), [later]);
}

async fn as_many_are_kept_of_each_outcome(test: TestDatabase) {
    let db = &test.db;
    let (crm, wiki) = (app(db, "crm").await, app(db, "wiki").await);
    for seconds in 0..5 {
        for outcome in [RecordingOutcome::Issued, RecordingOutcome::Refused] {
            put(db, &recording(crm, outcome, seconds)).await;
            put(db, &recording(wiki, outcome, seconds)).await;
        }
    }
    assert_eq!(change!(db, tx => recordings::trim(tx, crm, 2).await?).expect("trimmed"), 6);
    let left = read!(db, c => recordings::of_app(c, crm, 99));
    assert!(left.iter().all(|one| one.recorded_at >= at(3)), "the youngest stay: {left:?}");
    assert_eq!(left.iter().filter(|one| one.outcome == RecordingOutcome::Issued).count(), 2);
    assert_eq!(read!(db, c => recordings::of_app(c, wiki, 99)).len(), 10);
}

async fn they_go_with_age_and_number(test: TestDatabase) {
    let db = &test.db;
    let crm = app(db, "crm").await;
    for seconds in [0, 10, 20, 30] {
        put(db, &recording(crm, RecordingOutcome::Issued, seconds)).await;
    }
    let purge = async |before: Option<i64>, keep: i64| {
        let expiry = Expiry {
            now: at(100),
            sessions_idle_since: at(0),
            audit_before: None,
            recordings_before: before.map(at),
            recordings_per_app: keep,
        };
        change!(db, tx => housekeeping::purge(tx, &expiry).await?).expect("purged").recordings
    };
    assert_eq!(purge(None, 9).await, 0);
    assert_eq!(purge(Some(10), 9).await, 1, "exactly as old is young enough");
    assert_eq!(purge(None, 2).await, 1);
    let left = read!(db, c => recordings::of_app(c, crm, 9));
    assert_eq!(left.iter().map(|one| one.recorded_at).collect::<Vec<_>>(), [at(30), at(20)]);
    assert_eq!(purge(None, 0).await, 2, "switched off, none is left");
}

async fn they_go_by_the_numbers_of_their_app(test: TestDatabase) {
    const DAY: i64 = 86_400;
    let db = &test.db;
    let with = |slug: &str, recorder: Option<RecorderSettings>| {
        let saml = SamlConnection {
            sp_entity_id: format!("https://{slug}.example"),
            recorder,
            ..SamlConnection::default()
        };
        sample::with(slug, slug, Connection::Saml(Box::new(saml)))
    };
    let more = sample::app(db, with("more", Some(RecorderSettings { per_app: 4, days: 365 }))).await;
    let fewer = sample::app(db, with("fewer", Some(RecorderSettings { per_app: 1, days: 1 }))).await;
    let server = sample::app(db, with("server", None)).await;
    let left = async |keep: i64, now: i64| {
        let expiry = Expiry {
            now: at(now),
            sessions_idle_since: at(0),
            audit_before: None,
            recordings_before: None,
            recordings_per_app: keep,
        };
        change!(db, tx => housekeeping::purge(tx, &expiry).await?).expect("purged");
        let mut counts = Vec::new();
        for id in [more.id, fewer.id, server.id] {
            counts.push(read!(db, c => recordings::of_app(c, id, 99)).len());
        }
        counts
    };
    for seconds in 0..5 {
        for id in [more.id, fewer.id, server.id] {
            put(db, &recording(id, RecordingOutcome::Issued, seconds)).await;
        }
    }
    assert_eq!(left(2, 10).await, [4, 1, 2]);
    assert_eq!(left(2, DAY + 5).await, [4, 0, 2], "older than its day");
    let back = sample::changed(&more, |draft| draft.connection = with("more", None).get().connection.clone());
    change!(db, tx => apps::update(tx, more.id, None, &back, at(1)).await?).expect("saved");
    assert_eq!(left(2, DAY + 5).await, [2, 0, 2], "no longer a number of its own");
    let again = sample::changed(&server, |draft| {
        draft.connection =
            with("server", Some(RecorderSettings { per_app: 9, days: 9 })).get().connection.clone();
    });
    change!(db, tx => apps::update(tx, server.id, None, &again, at(1)).await?).expect("saved");
    assert_eq!(left(0, DAY + 5).await, [0, 0, 0], "switched off, none is left of any");
}

async fn they_go_with_app_and_person(test: TestDatabase) {
    let db = &test.db;
    let (crm, wiki) = (app(db, "crm").await, app(db, "wiki").await);
    let maya = sample::user(db, "maya").await.id;
    let of_maya = Recording { user_id: Some(maya), ..recording(crm, RecordingOutcome::Issued, 1) };
    assert!(put(db, &of_maya).await);
    assert!(put(db, &recording(crm, RecordingOutcome::Issued, 2)).await);
    assert!(put(db, &recording(wiki, RecordingOutcome::Issued, 3)).await);
    assert!(change!(db, tx => users::delete(tx, maya).await?).expect("deleted"));
    assert_eq!(read!(db, c => recordings::of_app(c, crm, 9)).len(), 1);
    let late = Recording { user_id: Some(maya), ..recording(crm, RecordingOutcome::Issued, 4) };
    assert!(!put(db, &late).await, "nobody is left whom it could be about");
    let nobody = Recording { user_id: Some(new_id!(UserId)), ..late };
    assert!(!put(db, &nobody).await);
    assert!(change!(db, tx => apps::delete(tx, wiki).await?).expect("deleted"));
    assert_eq!(read!(db, c => recordings::of_app(c, wiki, 9)), []);
    assert!(!put(db, &recording(wiki, RecordingOutcome::Issued, 5)).await);
}
