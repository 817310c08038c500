//! Token families, codes, refresh tokens and access tokens.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use ::oidc::device::poll::Verdict;
use chrono::{DateTime, Utc};
use gatehouse::{
    id::{AppId, TokenFamilyId, UserId},
    store::{
        Database,
        access_tokens::{self, NewAccessToken},
        apps,
        authorization_codes::{self, Code},
        device_grants::{self, DeviceGrant},
        refresh_tokens::{self, HandedOutAgain, RefreshToken},
        token_families::{self, Family},
        users,
    },
};

on_both!(
    families_end_as_a_whole,
    codes_are_used_once,
    refresh_tokens_rotate,
    a_lost_response_is_replaced,
    a_token_is_handed_out_again,
    access_tokens_follow_their_family,
    tokens_go_with_user_and_app,
    live_families_are_those_with_something_to_give,
);

/// A code.
pub fn code(hash: &str, family: TokenFamilyId, expires_at: DateTime<Utc>) -> Code {
    Code {
        hash: hash.into(),
        family_id: family,
        client_id: "client".into(),
        redirect_uri: Some("https://board.example/cb".into()),
        code_challenge: None,
        expires_at,
    }
}

/// A refresh token.
pub fn refresh(hash: &str, family: TokenFamilyId, idle_expires_at: DateTime<Utc>) -> RefreshToken {
    RefreshToken {
        hash: hash.into(),
        family_id: family,
        client_id: "client".into(),
        scope: "openid offline_access".into(),
        issued_at: at(0),
        idle_expires_at,
        consumed_at: None,
        successor_hash: None,
        key_thumbprint: Some("jkt".into()),
        replaced: false,
    }
}

/// An access token.
pub fn access(hash: &str, family: TokenFamilyId, expires_at: DateTime<Utc>) -> NewAccessToken {
    NewAccessToken {
        hash: hash.into(),
        family_id: family,
        client_id: "client".into(),
        scope: "openid".into(),
        audience: vec!["https://api.example/".into(), "https://b.example".into()],
        key_thumbprint: Some("jkt".into()),
        issued_at: at(0),
        expires_at,
    }
}

/// A stored family of a new person and app.
pub async fn begin(db: &Database) -> (Family, AppId, UserId) {
    let user = sample::user(db, "maya").await.id;
    let app = sample::app(db, sample::oidc("board", "client")).await.id;
    (begin_for(db, app, user).await, app, user)
}

async fn begin_for(db: &Database, app: AppId, user: UserId) -> Family {
    let family = sample::family(app, user);
    let copy = family.clone();
    change!(db, tx => token_families::insert(tx, &copy).await?).expect("begun");
    family
}

async fn families_end_as_a_whole(test: TestDatabase) {
    let db = &test.db;
    let (mut family, app, user) = begin(db).await;
    assert_eq!(read!(db, c => token_families::get(c, family.id)), Some(family.clone()));
    assert_eq!(read!(db, c => token_families::get(c, new_id!(TokenFamilyId))), None);
    let id = family.id;
    assert!(change!(db, tx => token_families::revoke(tx, id, "reuse", at(5)).await?).expect("ended"));
    assert!(!change!(db, tx => token_families::revoke(tx, id, "again", at(6)).await?).expect("was ended"));
    family.revoked_at = Some(at(5));
    family.revoked_because = Some("reuse".into());
    assert_eq!(read!(db, c => token_families::get(c, id)), Some(family));

    let (a, b, c) =
        (begin_for(db, app, user).await, begin_for(db, app, user).await, begin_for(db, app, user).await);
    let session = a.session_id;
    assert_eq!(
        change!(db, tx => token_families::revoke_of_session(tx, session, "logout", at(7)).await?)
            .expect("ok"),
        1
    );
    assert_eq!(
        change!(db, tx => token_families::revoke_of_user(tx, user, "suspended", at(8)).await?).expect("ok"),
        2
    );
    let d = begin_for(db, app, user).await;
    assert_eq!(
        change!(db, tx => token_families::revoke_of_app(tx, app, "paused", at(9)).await?).expect("ok"),
        1
    );
    for (family, because) in [(a, "logout"), (b, "suspended"), (c, "suspended"), (d, "paused")] {
        let stored = read!(db, c => token_families::get(c, family.id)).expect("there");
        assert_eq!(stored.revoked_because.as_deref(), Some(because));
    }
}

async fn codes_are_used_once(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = begin(db).await;
    let mut plain = code("h1", family.id, at(60));
    let mut pkce = code("h2", family.id, at(60));
    plain.redirect_uri = None;
    pkce.code_challenge = Some("challenge".into());
    for code in [plain.clone(), pkce.clone()] {
        change!(db, tx => authorization_codes::insert(tx, &code).await?).expect("kept");
    }
    assert_eq!(read!(db, c => authorization_codes::get(c, "h1")), Some((plain.clone(), None)));
    assert!(change!(db, tx => authorization_codes::consume(tx, "h1", at(5)).await?).expect("first"));
    assert!(!change!(db, tx => authorization_codes::consume(tx, "h1", at(6)).await?).expect("second"));
    assert!(!change!(db, tx => authorization_codes::consume(tx, "h9", at(6)).await?).expect("unknown"));
    assert_eq!(read!(db, c => authorization_codes::get(c, "h1")), Some((plain, Some(at(5)))));
    assert_eq!(read!(db, c => authorization_codes::get(c, "h2")), Some((pkce, None)));
    assert_eq!(read!(db, c => authorization_codes::get(c, "h9")), None);
}

async fn refresh_tokens_rotate(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = begin(db).await;
    let mut first = refresh("r1", family.id, at(600));
    let copy = first.clone();
    change!(db, tx => refresh_tokens::insert(tx, &copy).await?).expect("kept");
    assert_eq!(read!(db, c => refresh_tokens::get(c, "r1")), Some(first.clone()));
    assert_eq!(
        read!(db, c => refresh_tokens::get_with_family(c, "r1")),
        Some((first.clone(), family.clone()))
    );
    assert_eq!(read!(db, c => refresh_tokens::get_with_family(c, "r9")), None);
    assert!(change!(db, tx => refresh_tokens::consume(tx, "r1", "r2", at(5)).await?).expect("first"));
    assert!(!change!(db, tx => refresh_tokens::consume(tx, "r1", "r3", at(6)).await?).expect("second"));
    first.consumed_at = Some(at(5));
    first.successor_hash = Some("r2".into());
    assert_eq!(read!(db, c => refresh_tokens::get(c, "r1")), Some(first));
}

async fn a_lost_response_is_replaced(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = begin(db).await;
    for hash in ["r1", "r2", "r3"] {
        let token = refresh(hash, family.id, at(600));
        change!(db, tx => refresh_tokens::insert(tx, &token).await?).expect("kept");
    }
    assert!(
        !change!(db, tx => refresh_tokens::set_successor(tx, "r1", "r2").await?).expect("not consumed yet")
    );
    assert!(change!(db, tx => refresh_tokens::consume(tx, "r1", "r2", at(5)).await?).expect("rotated"));
    assert!(change!(db, tx => refresh_tokens::mark_replaced(tx, "r2").await?).expect("never used"));
    assert!(!change!(db, tx => refresh_tokens::mark_replaced(tx, "r2").await?).expect("once only"));
    assert!(
        change!(db, tx => refresh_tokens::set_successor(tx, "r1", "r3").await?).expect("another successor")
    );
    assert!(!change!(db, tx => refresh_tokens::consume(tx, "r2", "r4", at(6)).await?).expect("replaced"));
    assert!(change!(db, tx => refresh_tokens::consume(tx, "r3", "r4", at(7)).await?).expect("in its place"));
    assert!(!change!(db, tx => refresh_tokens::mark_replaced(tx, "r3").await?).expect("was used"));
    let first = read!(db, c => refresh_tokens::get(c, "r1")).expect("there");
    assert_eq!(first.successor_hash.as_deref(), Some("r3"));
    assert!(read!(db, c => refresh_tokens::get(c, "r2")).expect("there").replaced);
}

async fn a_token_is_handed_out_again(test: TestDatabase) {
    let db = &test.db;
    let (family, ..) = begin(db).await;
    let bound = refresh("bound", family.id, at(600));
    let bare = RefreshToken { key_thumbprint: None, ..refresh("bare", family.id, at(600)) };
    let used = refresh("used", family.id, at(600));
    let replaced = RefreshToken { replaced: true, ..refresh("replaced", family.id, at(600)) };
    for token in [bound.clone(), bare.clone(), used, replaced] {
        change!(db, tx => refresh_tokens::insert(tx, &token).await?).expect("kept");
    }
    change!(db, tx => refresh_tokens::consume(tx, "used", "next", at(5)).await?).expect("exchanged");
    let again = async |hash: &str, was: Option<&str>, key: Option<&str>, second: i64| {
        let token = HandedOutAgain {
            hash: hash.into(),
            was_bound_to: was.map(str::to_owned),
            key_thumbprint: key.map(str::to_owned),
            at: at(second),
            idle_expires_at: at(second + 600),
        };
        change!(db, tx => refresh_tokens::hand_out_again(tx, &token).await?).expect("asked")
    };
    for gone in ["used", "replaced", "unknown"] {
        assert!(!again(gone, Some("jkt"), Some("jkt"), 7).await, "{gone}");
    }
    assert!(
        again("bound", Some("jkt"), Some("jkt"), 7).await
            && again("bound", Some("jkt"), Some("jkt"), 8).await
    );
    let moved = RefreshToken { issued_at: at(8), idle_expires_at: at(608), ..bound };
    assert_eq!(read!(db, c => refresh_tokens::get(c, "bound")), Some(moved.clone()));
    assert!(again("bound", Some("jkt"), Some("other"), 9).await, "another key, by who may");
    assert!(!again("bound", Some("jkt"), Some("third"), 10).await, "but not beside that one");
    assert!(again("bound", Some("jkt"), Some("other"), 10).await, "the same key at once");
    let moved = RefreshToken {
        issued_at: at(10),
        idle_expires_at: at(610),
        key_thumbprint: Some("other".into()),
        ..moved
    };
    assert_eq!(read!(db, c => refresh_tokens::get(c, "bound")), Some(moved));
    assert!(
        again("bare", None, None, 7).await && again("bare", None, Some("jkt"), 8).await,
        "the first proof"
    );
    assert!(!again("bare", None, None, 9).await, "and no bearer token again");
    let bare = RefreshToken {
        issued_at: at(8),
        idle_expires_at: at(608),
        key_thumbprint: Some("jkt".into()),
        ..bare
    };
    assert_eq!(read!(db, c => refresh_tokens::get(c, "bare")), Some(bare));
    assert!(read!(db, c => refresh_tokens::get(c, "used")).expect("there").consumed_at.is_some());
}

async fn access_tokens_follow_their_family(test: TestDatabase) {
    let db = &test.db;
    let (family, app, user) = begin(db).await;
    for hash in ["a1", "a2"] {
        let token = access(hash, family.id, at(300));
        change!(db, tx => access_tokens::insert(tx, &token).await?).expect("kept");
    }
    let found = read!(db, c => access_tokens::get(c, "a1")).expect("there");
    assert_eq!(found.token, access("a1", family.id, at(300)));
    assert_eq!((found.app_id, found.user_id, found.session_id), (app, user, family.session_id));
    assert_eq!((found.family_revoked, found.family_expires_at, found.revoked_at), (false, at(3600), None));
    assert!(found.is_valid(at(299)) && !found.is_valid(at(300)));
    assert!(change!(db, tx => access_tokens::revoke(tx, "a1", at(5)).await?).expect("revoked"));
    assert!(!change!(db, tx => access_tokens::revoke(tx, "a1", at(6)).await?).expect("was revoked"));
    let revoked = read!(db, c => access_tokens::get(c, "a1")).expect("there");
    assert_eq!(revoked.revoked_at, Some(at(5)));
    assert!(!revoked.is_valid(at(10)));
    let id = family.id;
    assert!(read!(db, c => access_tokens::get(c, "a2")).expect("there").is_valid(at(10)));
    change!(db, tx => token_families::revoke(tx, id, "logout", at(5)).await?).expect("ended");
    let ended = read!(db, c => access_tokens::get(c, "a2")).expect("there");
    assert!(ended.family_revoked && !ended.is_valid(at(10)));
    assert_eq!(read!(db, c => access_tokens::get(c, "a9")), None);
}

async fn tokens_go_with_user_and_app(test: TestDatabase) {
    let db = &test.db;
    let (family, app, user) = begin(db).await;
    let token = access("a1", family.id, at(300));
    change!(db, tx => access_tokens::insert(tx, &token).await?).expect("kept");
    change!(db, tx => users::delete(tx, user).await?).expect("deleted");
    assert_eq!(read!(db, c => access_tokens::get(c, "a1")), None);
    let tom = sample::user(db, "tom").await.id;
    let family = begin_for(db, app, tom).await;
    change!(db, tx => apps::delete(tx, app).await?).expect("deleted");
    assert_eq!(read!(db, c => token_families::get(c, family.id)), None);
}

async fn live_families_are_those_with_something_to_give(test: TestDatabase) {
    let db = &test.db;
    let (bare, app, user) = begin(db).await;
    let names =
        ["refresh", "used", "replaced", "idle", "access", "withdrawn", "past", "ended", "device", "redeemed"];
    let mut ids = std::collections::HashMap::new();
    for name in names {
        ids.insert(name, begin_for(db, app, user).await.id);
    }
    let kept = ids.clone();
    let of = |name: &str| ids[name];
    let (omar, other) = (sample::user(db, "omar").await.id, refresh("other", bare.id, at(600)));
    let foreign = begin_for(db, app, omar).await.id;
    change!(db, tx => {
        let of = |name: &str| kept[name];
        let fresh = RefreshToken { issued_at: at(50), ..refresh("r1", of("refresh"), at(600)) };
        refresh_tokens::insert(tx, &fresh).await?;
        refresh_tokens::insert(tx, &RefreshToken { consumed_at: Some(at(9)), ..refresh("r2", of("used"), at(600)) }).await?;
        refresh_tokens::insert(tx, &RefreshToken { replaced: true, ..refresh("r3", of("replaced"), at(600)) }).await?;
        refresh_tokens::insert(tx, &refresh("r4", of("idle"), at(100))).await?;
        refresh_tokens::insert(tx, &refresh("r5", of("ended"), at(600))).await?;
        refresh_tokens::insert(tx, &RefreshToken { family_id: foreign, ..other }).await?;
        access_tokens::insert(tx, &access("a1", of("access"), at(600))).await?;
        access_tokens::insert(tx, &access("a2", of("withdrawn"), at(600))).await?;
        access_tokens::insert(tx, &access("a3", of("past"), at(100))).await?;
        access_tokens::revoke(tx, "a2", at(5)).await?;
        token_families::revoke(tx, of("ended"), "over", at(5)).await?;
        for (name, verdict) in [("device", Verdict::Approved), ("redeemed", Verdict::Redeemed)] {
            let grant = DeviceGrant { verdict, family_id: Some(of(name)), ..super::bound::device(name, app, 600) };
            device_grants::insert(tx, &grant).await?;
        }
    })
    .expect("kept");
    let live = async |now, most| -> Vec<(TokenFamilyId, Option<DateTime<Utc>>, bool)> {
        let mut live: Vec<_> = read!(db, c => token_families::live_of_user(c, user, now, most))
            .into_iter()
            .map(|one| (one.family.id, one.used_at, one.renews))
            .collect();
        live.sort();
        live
    };
    let mut expected = vec![
        (of("refresh"), Some(at(50)), true),
        (of("access"), Some(at(0)), false),
        (of("device"), None, true),
    ];
    expected.sort();
    assert_eq!(live(at(100), 10).await, expected);
    assert_eq!(live(at(100), 2).await.len(), 2, "as many as are asked for");
    assert_eq!(live(at(600), 10).await, [], "all past");
    assert_eq!(live(at(3600), 10).await, [], "and the families with them");
}
