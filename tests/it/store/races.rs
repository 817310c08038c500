//! Single use under load: of any number of parallel callers exactly one wins.

use super::{change, on_both, read, sample, tokens};
use crate::support::{at, database::TestDatabase, new_id, spawn};
use gatehouse::{
    domain::sign_on::{Answers, PendingSignOn},
    id::{AppId, SignOnId, UserId},
    store::{
        StoreError, authorization_codes, name_ids, pending_sign_ons, refresh_tokens, saml_requests, settings,
        users,
    },
};

on_both!(
    one_code_has_one_winner,
    one_refresh_token_has_one_winner,
    replacing_and_using_exclude_each_other,
    one_sign_on_has_one_winner,
    one_request_id_is_new_once,
    one_setting_is_set_once,
    one_name_id_for_all,
    one_version_has_one_successor,
    one_user_name_has_one_owner,
);

/// Runs the write 50 times in parallel and gathers the answers.
macro_rules! race {
    ($db:expr, $n:ident, $tx:ident => $body:expr) => {{
        let racers: Vec<_> = (0..50)
            .map(|$n: i64| {
                let db = $db.clone();
                spawn(async move { change!(db, $tx => $body) })
            })
            .collect();
        let mut answers = Vec::new();
        for racer in racers {
            answers.push(racer.await.expect("no panic"));
        }
        answers
    }};
}

fn winners(answers: &[Result<bool, StoreError>]) -> usize {
    answers.iter().filter(|answer| *answer.as_ref().expect("no racer fails")).count()
}

async fn one_code_has_one_winner(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = tokens::begin(db).await;
    let code = tokens::code("c", family.id, at(60));
    change!(db, tx => authorization_codes::insert(tx, &code).await?).expect("kept");
    let answers = race!(db, n, tx => authorization_codes::consume(tx, "c", at(n)).await?);
    assert_eq!(winners(&answers), 1);
}

async fn one_refresh_token_has_one_winner(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = tokens::begin(db).await;
    let token = tokens::refresh("r", family.id, at(60));
    change!(db, tx => refresh_tokens::insert(tx, &token).await?).expect("kept");
    let answers = race!(db, n, tx => refresh_tokens::consume(tx, "r", &format!("next{n}"), at(n)).await?);
    assert_eq!(winners(&answers), 1);
    let winner = answers.iter().position(|answer| matches!(answer, Ok(true))).expect("one");
    let stored = read!(db, c => refresh_tokens::get(c, "r")).expect("there");
    assert_eq!(
        stored.successor_hash,
        Some(format!("next{winner}")),
        "the winner's successor is the one kept"
    );
}

async fn replacing_and_using_exclude_each_other(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = tokens::begin(db).await;
    let token = tokens::refresh("r", family.id, at(60));
    change!(db, tx => refresh_tokens::insert(tx, &token).await?).expect("kept");
    let answers = race!(db, n, tx => if n % 2 == 0 {
        refresh_tokens::consume(tx, "r", "next", at(n)).await?
    } else {
        refresh_tokens::mark_replaced(tx, "r").await?
    });
    assert_eq!(winners(&answers), 1);
}

async fn one_sign_on_has_one_winner(test: TestDatabase) {
    let db = &test.db;
    let pending = PendingSignOn {
        id: new_id!(SignOnId),
        browser_hash: "b".into(),
        app_id: None,
        request: None,
        network: None,
        username: None,
        answers: Answers::default(),
        created_at: at(0),
        expires_at: at(60),
    };
    let id = pending.id;
    change!(db, tx => pending_sign_ons::insert(tx, &pending).await?).expect("kept");
    let answers = race!(db, _n, tx => pending_sign_ons::consume(tx, id).await?);
    assert_eq!(winners(&answers), 1);
}

async fn one_request_id_is_new_once(test: TestDatabase) {
    let app = new_id!(AppId);
    let answers = race!(test.db, n, tx => saml_requests::record(tx, app, "_1", at(60 + n)).await?);
    assert_eq!(winners(&answers), 1);
}

async fn one_setting_is_set_once(test: TestDatabase) {
    let answers = race!(test.db, n, tx => settings::insert_once(tx, "owner", &n.to_string(), at(0)).await?);
    assert_eq!(winners(&answers), 1);
}

async fn one_name_id_for_all(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let answers = race!(db, n, tx => name_ids::get_or_insert(tx, app, maya, &format!("x{n}"), at(0)).await?);
    let stored = read!(db, c => name_ids::get(c, app, maya)).expect("one");
    for answer in answers {
        assert_eq!(answer.expect("no racer fails"), stored);
    }
}

async fn one_version_has_one_successor(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await;
    let id = maya.id;
    let answers = race!(db, n, tx => {
        let next = sample::person(&format!("maya{n}"));
        users::update(tx, id, Some(1), &next, at(n)).await?
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| matches!(answer, Err(StoreError::Stale))));
    assert_eq!(read!(db, c => users::get(c, id)), won.into_iter().next().and_then(Result::ok));
}

async fn one_user_name_has_one_owner(test: TestDatabase) {
    let db = &test.db;
    let answers = race!(db, _n, tx => {
        let same = sample::person("maya");
        users::insert(tx, new_id!(UserId), &same, at(0)).await?
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(|answer| matches!(answer, Err(StoreError::Conflict(_)))));
    assert_eq!(read!(db, c => users::count(c)), 1);
}
