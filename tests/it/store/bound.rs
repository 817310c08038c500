//! Tokens of services, devices that wait, and what counts once.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase};
use gatehouse::{
    id::AppId,
    store::{
        apps,
        device_grants::{self, DeviceGrant},
        proofs_seen,
        service_tokens::{self, ServiceToken},
        token_families,
    },
};
use oidc::device::poll::Verdict;

on_both!(a_proof_counts_once, service_tokens_are_kept_and_revoked, a_device_is_answered_and_redeemed_once,);

/// A service's token.
pub fn service_token(hash: &str, app_id: AppId, expires_at: i64) -> ServiceToken {
    ServiceToken {
        hash: hash.into(),
        app_id,
        client_id: "client".into(),
        scope: "read write".into(),
        audience: vec!["https://api.example/".into()],
        key_thumbprint: None,
        issued_at: at(0),
        expires_at: at(expires_at),
        revoked_at: None,
    }
}

/// A device that waits.
pub fn device(name: &str, app_id: AppId, expires_at: i64) -> DeviceGrant {
    DeviceGrant {
        device_code_hash: format!("device {name}"),
        user_code_hash: format!("user {name}"),
        app_id,
        client_id: "client".into(),
        scope: "openid".into(),
        resources: vec!["https://api.example/".into()],
        client_ip: "192.0.2.7".into(),
        verdict: Verdict::Pending,
        interval_seconds: 5,
        polled_at: None,
        family_id: None,
        created_at: at(0),
        expires_at: at(expires_at),
    }
}

async fn a_proof_counts_once(test: TestDatabase) {
    let db = &test.db;
    let record = async |id: &'static str| {
        change!(db, tx => proofs_seen::record(tx, id, at(60)).await?).expect("asked")
    };
    assert!(record("a").await);
    assert!(!record("a").await);
    assert!(record("b").await);
}

async fn service_tokens_are_kept_and_revoked(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::oidc("job", "client")).await.id;
    let token = service_token("h", app, 900);
    let copy = token.clone();
    change!(db, tx => service_tokens::insert(tx, &copy).await?).expect("kept");
    assert_eq!(read!(db, c => service_tokens::get(c, "h")), Some(token.clone()));
    assert_eq!(read!(db, c => service_tokens::get(c, "other")), None);
    assert!(change!(db, tx => service_tokens::revoke(tx, "h", at(5)).await?).expect("asked"));
    assert!(!change!(db, tx => service_tokens::revoke(tx, "h", at(6)).await?).expect("asked"));
    let revoked = ServiceToken { revoked_at: Some(at(5)), ..token };
    assert_eq!(read!(db, c => service_tokens::get(c, "h")), Some(revoked));
    change!(db, tx => apps::delete(tx, app).await?).expect("gone");
    assert_eq!(read!(db, c => service_tokens::get(c, "h")), None, "it goes with its app");
}

async fn a_device_is_answered_and_redeemed_once(test: TestDatabase) {
    let db = &test.db;
    let user = sample::user(db, "maya").await.id;
    let app = sample::app(db, sample::oidc("tv", "client")).await.id;
    for name in ["one", "two", "three"] {
        let grant = device(name, app, 600);
        assert!(change!(db, tx => device_grants::insert(tx, &grant).await?).expect("kept"));
    }
    let twin = DeviceGrant { device_code_hash: "device other".into(), ..device("one", app, 600) };
    assert!(!change!(db, tx => device_grants::insert(tx, &twin).await?).expect("asked"), "the code is taken");
    let has_room = async |most: i64, now: i64| {
        change!(db, tx => device_grants::make_room(tx, app, most, at(now)).await?).expect("counted")
    };
    assert_eq!((has_room(1, 599).await, has_room(2, 600).await), (false, true), "what waits stays");
    assert!(has_room(1, 600).await, "what has ended makes room");
    assert_eq!(read!(db, c => device_grants::get(c, "device one")), None);
    for name in ["one", "two", "three"] {
        let again = device(name, app, 600);
        assert!(change!(db, tx => device_grants::insert(tx, &again).await?).expect("kept"));
    }
    assert_eq!(read!(db, c => device_grants::get(c, "device one")), Some(device("one", app, 600)));
    assert_eq!(
        read!(db, c => device_grants::find_waiting(c, "user one", at(599))),
        Some(device("one", app, 600))
    );
    assert_eq!(read!(db, c => device_grants::find_waiting(c, "user one", at(600))), None, "too late");
    assert!(change!(db, tx => device_grants::note_poll(tx, "device one", 10, at(3)).await?).expect("noted"));
    let polled = DeviceGrant { interval_seconds: 10, polled_at: Some(at(3)), ..device("one", app, 600) };
    assert_eq!(read!(db, c => device_grants::get(c, "device one")), Some(polled.clone()));

    assert!(
        !change!(db, tx => device_grants::redeem(tx, "device one").await?).expect("asked"),
        "nobody said yes"
    );
    let family = sample::family(app, user);
    let id = family.id;
    change!(db, tx => token_families::insert(tx, &family).await?).expect("begun");
    assert!(
        change!(db, tx => device_grants::answer(tx, "device one", Some(id), at(9)).await?).expect("said")
    );
    assert!(!change!(db, tx => device_grants::answer(tx, "device one", None, at(9)).await?).expect("asked"));
    assert_eq!(read!(db, c => device_grants::find_waiting(c, "user one", at(9))), None);
    assert!(change!(db, tx => device_grants::redeem(tx, "device one").await?).expect("redeemed"));
    assert!(!change!(db, tx => device_grants::redeem(tx, "device one").await?).expect("asked"));
    let redeemed = DeviceGrant { verdict: Verdict::Redeemed, family_id: Some(id), ..polled };
    assert_eq!(read!(db, c => device_grants::get(c, "device one")), Some(redeemed));

    assert!(change!(db, tx => device_grants::answer(tx, "device two", None, at(9)).await?).expect("said"));
    let denied = DeviceGrant { verdict: Verdict::Denied, ..device("two", app, 600) };
    assert_eq!(read!(db, c => device_grants::get(c, "device two")), Some(denied));
    let late = change!(db, tx => device_grants::answer(tx, "device three", Some(id), at(600)).await?);
    assert!(!late.expect("asked"), "the code has ended");
}
