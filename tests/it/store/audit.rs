//! Audit events: written whole, found by every word an admin would use, counted.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::audit::{AuditEvent, EventType, InitiatedBy, Origin},
    id::EventId,
    store::{
        Database,
        audit::{self, AuditFilter},
        page::PageRequest,
    },
};

on_both!(events_round_trip, events_are_found_by_filter, sign_ins_are_counted);

async fn write(db: &Database, event: &AuditEvent) {
    let event = event.clone();
    change!(db, tx => audit::insert(tx, &event).await?).expect("written");
}

async fn events_round_trip(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await;
    let app = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let origin = Origin { client_ip: "192.0.2.7".into(), user_agent: "Browser\u{0}/1".into() };
    let event = sample::event(EventType::SsoAuth, 1)
        .by(InitiatedBy::user(&maya))
        .from_origin(&origin)
        .on_user(&maya)
        .at(&app)
        .failed("not_assigned", "Maya isn’t in a group that has Wiki.")
        .with_reference("7KQ2-M4XA")
        .detail("asked", "naïve \u{0} 👩‍🚀");
    write(db, &event).await;
    assert_eq!(read!(db, c => audit::get(c, event.id)), Some(event.clone()));
    assert_eq!(read!(db, c => audit::get(c, new_id!(EventId))), None);
    assert_eq!(read!(db, c => audit::find_by_reference(c, "7KQ2-M4XA")), Some(event));
    assert_eq!(read!(db, c => audit::find_by_reference(c, "7kq2-m4xa")), None);
    assert_eq!(read!(db, c => audit::event_types(c)), ["sso_auth"]);
}

async fn events_are_found_by_filter(test: TestDatabase) {
    let db = &test.db;
    let (maya, tom) = (sample::user(db, "maya").await, sample::user(db, "tom").await);
    let wiki = sample::app(db, sample::bookmark("wiki", "Handbook")).await;
    let origin = Origin { client_ip: "192.0.2.7".into(), user_agent: String::new() };
    let one =
        sample::event(EventType::SsoAuth, 10).by(InitiatedBy::user(&maya)).at(&wiki).from_origin(&origin);
    let two = sample::event(EventType::UserUpdate, 20).by(InitiatedBy::user(&tom)).on_user(&maya);
    let three = sample::event(EventType::SsoAuth, 30)
        .by(InitiatedBy::user(&tom))
        .at(&wiki)
        .failed("app_paused", "Paused.");
    let four = sample::event(EventType::UserLogout, 40).with_reference("7KQ2-M4XA");
    for event in [&one, &two, &three, &four] {
        write(db, event).await;
    }
    let default = AuditFilter::default;
    for (filter, expected) in [
        (default(), vec![&four, &three, &two, &one]),
        (AuditFilter { q: "MAYA".into(), ..default() }, vec![&two, &one]),
        (AuditFilter { q: "handbook".into(), ..default() }, vec![&three, &one]),
        (AuditFilter { q: "wiki".into(), ..default() }, vec![&three, &one]),
        (AuditFilter { q: "192.0.2".into(), ..default() }, vec![&one]),
        (AuditFilter { q: "7kq2-m4xa".into(), ..default() }, vec![&four]),
        (AuditFilter { q: two.id.to_string(), ..default() }, vec![&two]),
        (AuditFilter { event_type: Some(EventType::SsoAuth), ..default() }, vec![&three, &one]),
        (AuditFilter { success: Some(false), ..default() }, vec![&three]),
        (AuditFilter { success: Some(true), app: Some(wiki.id), ..default() }, vec![&one]),
        (AuditFilter { user: Some(maya.id), ..default() }, vec![&two, &one]),
        (AuditFilter { user: Some(tom.id), ..default() }, vec![&three, &two]),
        (AuditFilter { since: Some(at(20)), until: Some(at(40)), ..default() }, vec![&three, &two]),
    ] {
        let page = read!(db, c => audit::list(c, &filter, PageRequest::default()));
        assert_eq!(page.items.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        assert_eq!(usize::try_from(page.total).expect("small"), expected.len(), "{filter:?}");
    }
    let page = read!(db, c => audit::list(c, &default(), PageRequest::new(1, 2)));
    assert_eq!((page.items, page.total), (vec![three, two], 4));
    let histogram = read!(db, c => audit::histogram(c, &default(), 20_000));
    assert_eq!(histogram, [(at(0), 1, 0), (at(20), 1, 1), (at(40), 1, 0)]);
    let failed = AuditFilter { success: Some(false), ..default() };
    assert_eq!(read!(db, c => audit::histogram(c, &failed, 60_000)), [(at(0), 0, 1)]);
    assert_eq!(read!(db, c => audit::histogram(c, &failed, 0)).len(), 1, "a senseless bucket is no error");
    assert_eq!(read!(db, c => audit::event_types(c)), ["sso_auth", "user_logout", "user_update"]);
}

async fn sign_ins_are_counted(test: TestDatabase) {
    let db = &test.db;
    let (wiki, board) = (
        sample::app(db, sample::bookmark("wiki", "Wiki")).await,
        sample::app(db, sample::bookmark("board", "Board")).await,
    );
    let day = 86_400;
    for (seconds, app, success) in [
        (-10, &wiki, true),
        (0, &wiki, true),
        (5, &wiki, true),
        (6, &wiki, false),
        (day, &wiki, true),
        (7, &board, true),
    ] {
        let mut event = sample::event(EventType::SsoAuth, seconds).at(app);
        event.success = success;
        write(db, &event).await;
    }
    write(db, &sample::event(EventType::ApplicationUpdate, 8).at(&wiki)).await;
    let today = at(0).timestamp() / day;
    let counts = read!(db, c => audit::sign_ins_by_day(c, at(0)));
    assert_eq!(counts, [(wiki.id, vec![(today, 2), (today + 1, 1)]), (board.id, vec![(today, 1)])].into());
}
