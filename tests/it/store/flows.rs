//! Sessions, sign-ons under way, request ids, app sessions, NameIDs, throttles, settings, and clearing up after them.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{
        audit::{EventType, InitiatedBy},
        logout::{Ending, Logout, LogoutState},
        session::Session,
        sign_on::{Answers, PendingSignOn, SignOnRequest},
        throttle::Counter,
    },
    id::{AppId, AppSessionId, LogoutId, SessionId, SignOnId, UserId},
    store::{
        Database, StoreError, access_tokens, app_sessions,
        app_sessions::AppSession,
        audit, authorization_codes, device_grants, housekeeping,
        housekeeping::{Expiry, Purged},
        logouts, name_ids, pending_sign_ons, proofs_seen, pushed_requests, refresh_tokens, saml_requests,
        service_tokens, sessions, settings, throttles, token_families, users,
    },
};

on_both!(
    sessions_live_and_end,
    sign_ons_are_used_once,
    sign_ons_of_strangers_are_counted_by_network,
    request_ids_are_recorded_once,
    app_sessions_hang_on_their_session,
    sign_outs_change_one_step_at_a_time,
    name_ids_never_change,
    throttles_and_settings,
    expired_rows_are_purged_and_others_kept,
);

/// A session of an hour.
pub fn session(user: UserId, seconds: i64) -> Session {
    Session {
        id: new_id!(SessionId),
        user_id: user,
        authenticated_at: at(seconds),
        last_seen_at: at(seconds),
        expires_at: at(seconds + 3600),
        amr: vec!["pwd".into(), "otp".into()],
        client_ip: "192.0.2.7".into(),
        user_agent: "Browser/1".into(),
        created_at: at(seconds),
    }
}

/// Keeps a session.
pub async fn keep(db: &Database, session: &Session, hash: &'static str) {
    let session = session.clone();
    change!(db, tx => sessions::insert(tx, &session, hash).await?).expect("kept");
}

async fn sessions_live_and_end(test: TestDatabase) {
    let db = &test.db;
    let person = sample::user(db, "maya").await;
    let maya = person.id;
    let (mut first, second, third) = (session(maya, 0), session(maya, 1), session(maya, 2));
    keep(db, &first, "h1").await;
    keep(db, &second, "h2").await;
    keep(db, &third, "h3").await;
    assert_eq!(read!(db, c => sessions::find_by_secret_hash(c, "h1")), Some((first.clone(), person)));
    assert_eq!(read!(db, c => sessions::find_by_secret_hash(c, "h9")), None);
    assert_eq!(read!(db, c => sessions::of_user(c, maya)), [third.clone(), second.clone(), first.clone()]);
    assert!(change!(db, tx => sessions::touch(tx, first.id, at(90)).await?).expect("touched"));
    assert!(!change!(db, tx => sessions::touch(tx, first.id, at(80)).await?).expect("never back"));
    first.last_seen_at = at(90);
    assert_eq!(read!(db, c => sessions::get(c, first.id)), Some(first.clone()));
    assert_eq!(
        change!(db, tx => sessions::delete_of_user(tx, maya, Some(first.id)).await?).expect("ended"),
        2
    );
    assert_eq!(read!(db, c => sessions::of_user(c, maya)), [first.clone()]);
    assert!(change!(db, tx => sessions::delete(tx, first.id).await?).expect("ended"));
    assert!(!change!(db, tx => sessions::delete(tx, first.id).await?).expect("gone"));
    keep(db, &second, "h2").await;
    assert_eq!(change!(db, tx => sessions::delete_of_user(tx, maya, None).await?).expect("ended"), 1);
}

fn pending(app: Option<AppId>, request: Option<SignOnRequest>) -> PendingSignOn {
    PendingSignOn {
        id: new_id!(SignOnId),
        browser_hash: "b".into(),
        app_id: app,
        request,
        network: None,
        username: None,
        answers: Answers::default(),
        created_at: at(0),
        expires_at: at(1800),
    }
}

async fn sign_ons_are_used_once(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::bookmark("wiki", "Wiki")).await.id;
    let of_link = SignOnRequest::Launch { link: Some("reports".into()) };
    for stored in [
        pending(Some(app), Some(SignOnRequest::Launch { link: None })),
        pending(Some(app), Some(of_link)),
        pending(None, None),
    ] {
        let id = stored.id;
        let copy = stored.clone();
        change!(db, tx => pending_sign_ons::insert(tx, &copy).await?).expect("kept");
        let found = read!(db, c => pending_sign_ons::get(c, id)).expect("there");
        assert_eq!(format!("{found:?}"), format!("{stored:?}"));
        assert!(change!(db, tx => pending_sign_ons::set_username(tx, id, "maya").await?).expect("kept"));
        assert_eq!(
            read!(db, c => pending_sign_ons::get(c, id)).expect("there").username.as_deref(),
            Some("maya")
        );
        assert!(change!(db, tx => pending_sign_ons::consume(tx, id).await?).expect("first"));
        assert!(!change!(db, tx => pending_sign_ons::consume(tx, id).await?).expect("second"));
        assert!(read!(db, c => pending_sign_ons::get(c, id)).is_none());
        assert!(!change!(db, tx => pending_sign_ons::set_username(tx, id, "maya").await?).expect("gone"));
    }
}

async fn sign_ons_of_strangers_are_counted_by_network(test: TestDatabase) {
    let db = &test.db;
    let mut ids = Vec::new();
    for network in [Some("192.0.2.7"), Some("192.0.2.7"), Some("2001:db8:1:2::/64"), None] {
        let mut stored = pending(None, None);
        stored.network = network.map(str::to_owned);
        ids.push(stored.id);
        change!(db, tx => pending_sign_ons::insert(tx, &stored).await?).expect("kept");
        assert_eq!(
            read!(db, c => pending_sign_ons::get(c, *ids.last().expect("one"))).expect("there").network,
            network.map(str::to_owned)
        );
    }
    let count = async |network: &str, seconds: i64| read!(db, c => pending_sign_ons::count_of_network(c, network, at(seconds)));
    assert_eq!((count("192.0.2.7", 1799).await, count("2001:db8:1:2::/64", 0).await), (2, 1));
    assert_eq!((count("192.0.2.7", 1800).await, count("192.0.2.8", 0).await), (0, 0), "ended; another");
    change!(db, tx => pending_sign_ons::consume(tx, ids[0]).await?).expect("used");
    assert_eq!(count("192.0.2.7", 0).await, 1, "a finished one makes room");
}

async fn request_ids_are_recorded_once(test: TestDatabase) {
    let db = &test.db;
    let (a, b) = (new_id!(AppId), new_id!(AppId));
    for (app, id, new) in [(a, "_1", true), (a, "_1", false), (b, "_1", true), (a, "_2", true)] {
        let recorded =
            change!(db, tx => saml_requests::record(tx, app, id, at(60)).await?).expect("answered");
        assert_eq!(recorded, new, "{app} {id}");
    }
}

async fn app_sessions_hang_on_their_session(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let session = session(maya, 0);
    keep(db, &session, "h").await;
    let told = |seconds| AppSession {
        id: new_id!(AppSessionId),
        session_id: session.id,
        app_id: app,
        name_id: saml::NameId::new(saml::NameIdFormat::EmailAddress, "maya@fernhill.example"),
        created_at: at(seconds),
        expires_at: at(seconds + 60),
    };
    let (second, first) = (told(2), told(1));
    for told in [second.clone(), first.clone()] {
        change!(db, tx => app_sessions::insert(tx, &told).await?).expect("kept");
    }
    assert_eq!(read!(db, c => app_sessions::of_session(c, session.id)), [first, second]);
    change!(db, tx => sessions::delete(tx, session.id).await?).expect("ended");
    assert_eq!(read!(db, c => app_sessions::of_session(c, session.id)), []);
}

fn logout(id: LogoutId, expires_at: chrono::DateTime<chrono::Utc>) -> Logout {
    Logout {
        id,
        browser_hash: Some("b".into()),
        state: LogoutState::new(InitiatedBy::default(), Ending::Here),
        version: 1,
        created_at: at(0),
        expires_at,
    }
}

async fn sign_outs_change_one_step_at_a_time(test: TestDatabase) {
    let db = &test.db;
    let mut first = logout(new_id!(LogoutId), at(60));
    let copy = first.clone();
    change!(db, tx => logouts::insert(tx, &copy).await?).expect("kept");
    assert_eq!(read!(db, c => logouts::get(c, first.id)), Some(first.clone()));
    assert_eq!(read!(db, c => logouts::of_browser(c, "b", at(59))), [first.clone()]);
    assert_eq!(read!(db, c => logouts::of_browser(c, "b", at(60))), [], "over");
    assert_eq!(read!(db, c => logouts::of_browser(c, "c", at(0))), [], "another browser");
    first.state.ending = Ending::Leave { address: "https://rp.example/bye".into() };
    let copy = first.clone();
    assert!(change!(db, tx => logouts::update(tx, &copy).await?).expect("changed"));
    let copy = first.clone();
    assert!(!change!(db, tx => logouts::update(tx, &copy).await?).expect("somebody was faster"));
    first.version = 2;
    assert_eq!(read!(db, c => logouts::get(c, first.id)), Some(first.clone()));
    assert!(change!(db, tx => logouts::delete(tx, first.id).await?).expect("gone"));
    assert!(!change!(db, tx => logouts::delete(tx, first.id).await?).expect("once"));
}

async fn name_ids_never_change(test: TestDatabase) {
    let db = &test.db;
    let (maya, tom) = (sample::user(db, "maya").await.id, sample::user(db, "tom").await.id);
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let other = sample::app(db, sample::saml("pay", "sp2")).await.id;
    assert_eq!(read!(db, c => name_ids::get(c, app, maya)), None);
    for (app, user, candidate, expected) in
        [(app, maya, "x1", "x1"), (app, maya, "x2", "x1"), (other, maya, "x1", "x1"), (app, tom, "x3", "x3")]
    {
        let value =
            change!(db, tx => name_ids::get_or_insert(tx, app, user, candidate, at(0)).await?).expect("one");
        assert_eq!(value, expected);
    }
    assert_eq!(read!(db, c => name_ids::get(c, app, maya)).as_deref(), Some("x1"));
    let eve = sample::user(db, "eve").await.id;
    let taken = change!(db, tx => name_ids::get_or_insert(tx, app, eve, "x1", at(0)).await?);
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    let nobody = change!(db, tx => name_ids::get_or_insert(tx, app, new_id!(UserId), "x9", at(0)).await?);
    assert!(matches!(nobody, Err(StoreError::Stale)), "{nobody:?}");
}

async fn throttles_and_settings(test: TestDatabase) {
    let db = &test.db;
    let counter = |failures| Counter { failures, window_ends_at: at(300), blocked_until: at(0) };
    assert_eq!(read!(db, c => throttles::get(c, "account/maya")), None);
    for failures in [1, 2] {
        change!(db, tx => throttles::put(tx, "account/maya", &counter(failures)).await?).expect("put");
        assert_eq!(read!(db, c => throttles::get(c, "account/maya")), Some(counter(failures)));
    }
    change!(db, tx => throttles::clear(tx, "account/maya").await?).expect("cleared");
    assert_eq!(read!(db, c => throttles::get(c, "account/maya")), None);

    assert_eq!(read!(db, c => settings::get(c, "organisation")), None);
    assert!(
        change!(db, tx => settings::insert_once(tx, "organisation", "Fernhill", at(0)).await?)
            .expect("first")
    );
    assert!(
        !change!(db, tx => settings::insert_once(tx, "organisation", "Other", at(0)).await?).expect("second")
    );
    assert_eq!(read!(db, c => settings::get(c, "organisation")).as_deref(), Some("Fernhill"));
    change!(db, tx => settings::set(tx, "organisation", "Fernhill Ltd", at(1)).await?).expect("set");
    change!(db, tx => settings::set(tx, "colour", "teal", at(1)).await?).expect("set");
    assert_eq!(read!(db, c => settings::get(c, "organisation")).as_deref(), Some("Fernhill Ltd"));
}

async fn expired_rows_are_purged_and_others_kept(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let app = sample::app(db, sample::oidc("board", "client")).await.id;
    // `old` ends at 3,600 s, `idle` was last used too early, `fresh` stays.
    let (old, idle, fresh) = (session(maya, 0), session(maya, 1_000), session(maya, 5_000));
    keep(db, &old, "h1").await;
    keep(db, &idle, "h2").await;
    keep(db, &fresh, "h3").await;
    let mut stays = pending(None, None);
    stays.expires_at = at(10_000);
    let goes = pending(None, None);
    let kept_sign_on = stays.id;
    let (ended, lives) = (sample::family(app, maya), {
        let mut family = sample::family(app, maya);
        family.expires_at = at(10_000);
        family
    });
    let lives_id = lives.id;
    let fresh_id = fresh.id;
    let (aged, recent) =
        (sample::event(EventType::UserLogout, 5_499), sample::event(EventType::UserLogout, 5_500));
    let (aged_id, recent_id) = (aged.id, recent.id);
    let logout_id = new_id!(LogoutId);
    change!(db, tx => {
        for event in [&aged, &recent] {
            audit::insert(tx, event).await?;
        }
        for pending in [&stays, &goes] {
            pending_sign_ons::insert(tx, pending).await?;
        }
        for (id, end) in [(new_id!(LogoutId), at(10)), (logout_id, at(10_000))] {
            logouts::insert(tx, &logout(id, end)).await?;
        }
        for (hash, end) in [("old", at(10)), ("recent", at(5_000)), ("new", at(10_000))] {
            pushed_requests::insert(tx, &super::consents::pushed(hash, app, end)).await?;
        }
        saml_requests::record(tx, app, "_old", at(10)).await?;
        saml_requests::record(tx, app, "_new", at(10_000)).await?;
        for (name, end) in [("old", at(10)), ("new", at(10_000))] {
            throttles::put(tx, name, &Counter { failures: 1, window_ends_at: end, blocked_until: at(0) }).await?;
        }
        for (name, end) in [("old", 10), ("new", 10_000)] {
            service_tokens::insert(tx, &super::bound::service_token(name, app, end)).await?;
            device_grants::insert(tx, &super::bound::device(name, app, end)).await?;
            proofs_seen::record(tx, name, at(end)).await?;
        }
        token_families::insert(tx, &ended).await?;
        token_families::insert(tx, &lives).await?;
        for (hash, end) in [("old", at(10)), ("new", at(10_000))] {
            authorization_codes::insert(tx, &super::tokens::code(hash, lives.id, end)).await?;
            access_tokens::insert(tx, &super::tokens::access(hash, lives.id, end)).await?;
            refresh_tokens::insert(tx, &super::tokens::refresh(hash, lives.id, end)).await?;
            let mut told = AppSession {
                id: new_id!(AppSessionId),
                session_id: fresh_id,
                app_id: app,
                name_id: saml::NameId::new(saml::NameIdFormat::Transient, "n"),
                created_at: at(0),
                expires_at: end,
            };
            told.id = new_id!(AppSessionId);
            app_sessions::insert(tx, &told).await?;
        }
        access_tokens::insert(tx, &super::tokens::access("of-ended", ended.id, at(10_000))).await?;
    })
    .expect("kept");
    let expiry = Expiry {
        now: at(6_000),
        sessions_idle_since: at(4_000),
        audit_before: Some(at(5_500)),
        recordings_before: Some(at(5_500)),
        recordings_per_app: 10,
    };
    let purged = change!(db, tx => housekeeping::purge(tx, &expiry).await?).expect("purged");
    let expected = Purged {
        sessions: 2,
        pending_sign_ons: 1,
        pushed_requests: 2,
        logouts: 1,
        saml_requests: 1,
        authorization_codes: 1,
        access_tokens: 1,
        refresh_tokens: 1,
        token_families: 1,
        service_tokens: 1,
        device_grants: 1,
        proofs_seen: 1,
        throttles: 1,
        audit_events: 1,
        recordings: 0,
    };
    assert_eq!(purged, expected);
    assert!(!purged.is_full());
    assert_eq!(read!(db, c => sessions::of_user(c, maya)), [fresh]);
    let told = read!(db, c => app_sessions::of_session(c, fresh_id));
    assert_eq!(told.len(), 2, "what an app was told goes with the session");
    assert!(read!(db, c => pending_sign_ons::get(c, kept_sign_on)).is_some());
    assert!(read!(db, c => logouts::get(c, logout_id)).is_some());
    assert!(read!(db, c => throttles::get(c, "new")).is_some());
    assert!(read!(db, c => service_tokens::get(c, "new")).is_some());
    assert!(read!(db, c => device_grants::get(c, "device new")).is_some());
    let again = change!(db, tx => proofs_seen::record(tx, "new", at(10_000)).await?).expect("asked");
    assert!(!again, "still remembered");
    assert!(read!(db, c => pushed_requests::get(c, "recent")).is_none(), "no sign-on goes on with it");
    assert!(read!(db, c => pushed_requests::get(c, "new")).is_some());
    assert!(read!(db, c => token_families::get(c, lives_id)).is_some());
    assert!(read!(db, c => authorization_codes::get(c, "new")).is_some());
    assert!(read!(db, c => refresh_tokens::get(c, "new")).is_some());
    assert!(read!(db, c => access_tokens::get(c, "new")).is_some());
    assert!(read!(db, c => access_tokens::get(c, "of-ended")).is_none(), "it went with its family");
    assert!(read!(db, c => audit::get(c, recent_id)).is_some());
    assert!(read!(db, c => audit::get(c, aged_id)).is_none());
    let again = change!(db, tx => housekeeping::purge(tx, &expiry).await?).expect("purged");
    assert_eq!(again, Purged::default());
    assert_eq!(read!(db, c => users::count(c)), 1);
}
