//! Consents, answers in a sign-on, and pushed requests.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use chrono::{DateTime, Utc};
use gatehouse::{
    domain::{
        consent::{Consent, Released},
        sign_on::{Answers, PendingSignOn, Said},
    },
    id::{AppId, SignOnId},
    store::{
        apps, consents, pending_sign_ons,
        pushed_requests::{self, PushedRequest},
        token_families, users,
    },
};

on_both!(
    consents_grow_and_go,
    consents_go_with_person_and_app,
    answers_are_kept_with_the_sign_on,
    pushed_requests_are_used_once,
    families_end_for_one_person_at_one_app,
);

/// A pushed request of a minute that ends then.
pub fn pushed(hash: &str, app_id: AppId, expires_at: DateTime<Utc>) -> PushedRequest {
    PushedRequest {
        hash: hash.into(),
        app_id,
        request: "client_id=board&scope=openid".into(),
        created_at: at(0),
        expires_at,
        consumed_at: None,
    }
}

fn released(scopes: &[&str]) -> Released {
    Released { scopes: scopes.iter().map(ToString::to_string).collect(), ..Released::default() }
}

async fn consents_grow_and_go(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let board = sample::app(db, sample::oidc("board", "board")).await.id;
    let wiki = sample::app(db, sample::oidc("wiki", "wiki")).await.id;
    assert_eq!(read!(db, c => consents::get(c, maya, board)), None);
    let first = released(&["openid"]);
    change!(db, tx => consents::put(tx, maya, board, &first, at(1)).await?).expect("kept");
    let wider = Released {
        claims: ["plan".to_owned()].into(),
        resources: ["https://api.example".to_owned()].into(),
        ..released(&["openid", "email"])
    };
    let put = wider.clone();
    change!(db, tx => consents::put(tx, maya, board, &put, at(2)).await?).expect("kept");
    let expected =
        Consent { user_id: maya, app_id: board, released: wider, granted_at: at(1), updated_at: at(2) };
    assert_eq!(read!(db, c => consents::get(c, maya, board)), Some(expected.clone()));
    let other = released(&["openid"]);
    change!(db, tx => consents::put(tx, maya, wiki, &other, at(3)).await?).expect("kept");
    let all = read!(db, c => consents::of_user(c, maya));
    assert_eq!(all.iter().map(|consent| consent.app_id).collect::<Vec<_>>(), [wiki, board], "newest first");
    assert!(change!(db, tx => consents::delete(tx, maya, board).await?).expect("gone"));
    assert!(!change!(db, tx => consents::delete(tx, maya, board).await?).expect("gone before"));
    assert_eq!(read!(db, c => consents::of_user(c, maya)).len(), 1);
}

async fn consents_go_with_person_and_app(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let omar = sample::user(db, "omar").await.id;
    let board = sample::app(db, sample::oidc("board", "board")).await.id;
    let given = released(&["openid"]);
    change!(db, tx => {
        consents::put(tx, maya, board, &given, at(1)).await?;
        consents::put(tx, omar, board, &given, at(1)).await?;
        consents::put(tx, new_id!(gatehouse::id::UserId), board, &given, at(1)).await?;
    })
    .expect("nobody is no error");
    change!(db, tx => users::delete(tx, maya).await?).expect("removed");
    assert_eq!(read!(db, c => consents::get(c, maya, board)), None);
    assert!(read!(db, c => consents::get(c, omar, board)).is_some());
    change!(db, tx => apps::delete(tx, board).await?).expect("removed");
    assert_eq!(read!(db, c => consents::of_user(c, omar)), []);
}

async fn answers_are_kept_with_the_sign_on(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let id = new_id!(SignOnId);
    let pending = PendingSignOn {
        id,
        browser_hash: "b".into(),
        app_id: None,
        request: None,
        network: None,
        username: None,
        answers: Answers::default(),
        created_at: at(0),
        expires_at: at(1800),
    };
    change!(db, tx => pending_sign_ons::insert(tx, &pending).await?).expect("kept");
    assert_eq!(read!(db, c => pending_sign_ons::get(c, id)).expect("there").answers, Answers::default());
    assert!(change!(db, tx => pending_sign_ons::choose_account(tx, id, maya).await?).expect("kept"));
    for yes in [false, true] {
        let said = Said { user: maya, yes, shown: format!("shown {yes}") };
        let kept = said.clone();
        assert!(change!(db, tx => pending_sign_ons::answer_consent(tx, id, &kept).await?).expect("kept"));
        let answers = read!(db, c => pending_sign_ons::get(c, id)).expect("there").answers;
        assert_eq!(answers, Answers { account: Some(maya), consent: Some(said) });
    }
    change!(db, tx => pending_sign_ons::consume(tx, id).await?).expect("used");
    assert!(!change!(db, tx => pending_sign_ons::choose_account(tx, id, maya).await?).expect("gone"));
    let said = Said { user: maya, yes: true, shown: String::new() };
    assert!(!change!(db, tx => pending_sign_ons::answer_consent(tx, id, &said).await?).expect("gone"));
}

async fn pushed_requests_are_used_once(test: TestDatabase) {
    let db = &test.db;
    let board = sample::app(db, sample::oidc("board", "board")).await.id;
    let first = pushed("h1", board, at(60));
    let copy = first.clone();
    change!(db, tx => pushed_requests::insert(tx, &copy).await?).expect("kept");
    assert_eq!(read!(db, c => pushed_requests::get(c, "h1")), Some(first));
    assert_eq!(read!(db, c => pushed_requests::get(c, "h2")), None);
    assert_eq!(read!(db, c => pushed_requests::count_of_app(c, board)), 1);
    assert!(change!(db, tx => pushed_requests::consume(tx, "h1", at(5)).await?).expect("first"));
    assert!(!change!(db, tx => pushed_requests::consume(tx, "h1", at(6)).await?).expect("second"));
    assert!(!change!(db, tx => pushed_requests::consume(tx, "h2", at(6)).await?).expect("unknown"));
    let used = read!(db, c => pushed_requests::get(c, "h1")).expect("there");
    assert_eq!(used.consumed_at, Some(at(5)));
    assert_eq!(change!(db, tx => pushed_requests::purge(tx, Some(board), at(59)).await?).expect("asked"), 0);
    let other = sample::app(db, sample::oidc("other", "other")).await.id;
    assert_eq!(change!(db, tx => pushed_requests::purge(tx, Some(other), at(60)).await?).expect("asked"), 0);
    assert_eq!(read!(db, c => pushed_requests::count_of_app(c, board)), 1, "used ones count as well");
    assert_eq!(change!(db, tx => pushed_requests::purge(tx, Some(board), at(60)).await?).expect("asked"), 1);
    assert_eq!(read!(db, c => pushed_requests::count_of_app(c, board)), 0);
    let again = pushed("h1", board, at(60));
    change!(db, tx => pushed_requests::insert(tx, &again).await?).expect("kept");
    change!(db, tx => apps::delete(tx, board).await?).expect("removed");
    assert_eq!(read!(db, c => pushed_requests::get(c, "h1")), None, "it goes with its app");
}

async fn families_end_for_one_person_at_one_app(test: TestDatabase) {
    let db = &test.db;
    let (maya, omar) = (sample::user(db, "maya").await.id, sample::user(db, "omar").await.id);
    let board = sample::app(db, sample::oidc("board", "board")).await.id;
    let wiki = sample::app(db, sample::oidc("wiki", "wiki")).await.id;
    let families = [(maya, board), (maya, wiki), (omar, board)].map(|(user, app)| sample::family(app, user));
    let ids = families.clone().map(|family| family.id);
    change!(db, tx => {
        for family in &families {
            token_families::insert(tx, family).await?;
        }
    })
    .expect("kept");
    let end = async || {
        change!(db, tx => token_families::revoke_of_user_at_app(tx, maya, board, "consent revoked", at(9)).await?).expect("ended")
    };
    assert_eq!((end().await, end().await), (1, 0));
    let ended = read!(db, c => token_families::get(c, ids[0])).expect("there");
    assert_eq!((ended.revoked_at, ended.revoked_because.as_deref()), (Some(at(9)), Some("consent revoked")));
    for id in &ids[1..] {
        assert_eq!(read!(db, c => token_families::get(c, *id)).expect("there").revoked_at, None);
    }
}
