//! The life of an app's keys, and who fetched its metadata.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{
        key::{KeyAlgorithm, KeyState, SigningKey, rollover::AppKeys},
        metadata_fetch::MetadataFetch,
    },
    id::{AppId, KeyId},
    store::{StoreError, apps, metadata_fetches, signing_keys},
};

on_both!(
    a_key_s_life_is_kept,
    one_next_and_one_active_key_an_app,
    the_key_that_signs_is_the_one_of_the_moment,
    ends_and_warnings_are_found,
    fetches_are_counted_on,
    the_issuer_has_one_next_and_one_active_key_an_algorithm,
);

fn key(app: AppId, state: KeyState, seconds: i64) -> SigningKey {
    SigningKey {
        id: new_id!(KeyId),
        app_id: Some(app),
        algorithm: KeyAlgorithm::Rsa3072,
        state,
        public_key: "cHVibGlj".into(),
        certificate: Some("Y2VydA".into()),
        sealed_key: "sealed".into(),
        not_after: Some(at(1_000_000)),
        created_at: at(seconds),
        switch_at: None,
        retired_at: None,
        published_until: None,
        withdrawn_at: None,
    }
}

async fn a_key_s_life_is_kept(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let mut next = key(app, KeyState::Next, 1);
    next.switch_at = Some(at(50));
    let stored = next.clone();
    change!(db, tx => signing_keys::insert(tx, &stored).await?).expect("kept");
    assert_eq!(read!(db, c => signing_keys::get(c, next.id)), Some(next.clone()));
    next.state = KeyState::Retired;
    (next.switch_at, next.retired_at, next.published_until) = (None, Some(at(60)), Some(at(70)));
    let changed = next.clone();
    assert!(change!(db, tx => signing_keys::set_life(tx, &changed).await?).expect("changed"));
    assert_eq!(read!(db, c => signing_keys::of_app(c, app)), [next.clone()]);
    (next.published_until, next.withdrawn_at) = (None, Some(at(65)));
    let withdrawn = next.clone();
    assert!(change!(db, tx => signing_keys::set_life(tx, &withdrawn).await?).expect("changed"));
    assert_eq!(read!(db, c => signing_keys::of_app(c, app)), [next.clone()]);
    let other = key(app, KeyState::Retired, 2);
    assert!(!change!(db, tx => signing_keys::set_life(tx, &other).await?).expect("not there"));
    assert!(change!(db, tx => signing_keys::hold(tx, app).await?).expect("held"));
    assert!(!change!(db, tx => signing_keys::hold(tx, new_id!(AppId)).await?).expect("no such app"));
}

async fn one_next_and_one_active_key_an_app(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let other = sample::app(db, sample::saml("crm", "sp2")).await.id;
    for state in [KeyState::Active, KeyState::Next] {
        let first = key(app, state, 1);
        change!(db, tx => signing_keys::insert(tx, &first).await?).expect("the first");
        let second = key(app, state, 2);
        let refused = change!(db, tx => signing_keys::insert(tx, &second).await?);
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{state:?}: {refused:?}");
        let elsewhere = key(other, state, 3);
        change!(db, tx => signing_keys::insert(tx, &elsewhere).await?).expect("another app's");
    }
    for seconds in [4, 5] {
        let retired = key(app, KeyState::Retired, seconds);
        change!(db, tx => signing_keys::insert(tx, &retired).await?).expect("any number");
    }
}

async fn the_key_that_signs_is_the_one_of_the_moment(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let (active, mut next) = (key(app, KeyState::Active, 1), key(app, KeyState::Next, 2));
    next.switch_at = Some(at(50));
    let both = [active.clone(), next.clone()];
    change!(db, tx => {
        for key in &both {
            signing_keys::insert(tx, key).await?;
        }
    })
    .expect("kept");
    for (seconds, expected) in [(0, active.id), (49, active.id), (50, next.id), (99, next.id)] {
        let signs = read!(db, c => signing_keys::signing_of_app(c, app, at(seconds)));
        assert_eq!(signs.map(|key| key.id), Some(expected), "{seconds}");
        let keys = AppKeys::at(read!(db, c => signing_keys::of_app(c, app)), at(seconds));
        assert_eq!(keys.active().map(|key| key.id), Some(expected), "the domain says the same");
    }
    assert_eq!(read!(db, c => signing_keys::apps_due(c, at(49))), []);
    assert_eq!(read!(db, c => signing_keys::apps_due(c, at(50))), [app]);
    let keys = AppKeys::at(read!(db, c => signing_keys::of_app(c, app)), at(80));
    let changed: Vec<SigningKey> = keys.changed().into_iter().cloned().collect();
    change!(db, tx => {
        for key in &changed {
            signing_keys::set_life(tx, key).await?;
        }
    })
    .expect("in an order that the index allows");
    assert_eq!(read!(db, c => signing_keys::apps_due(c, at(99))), []);
    let mut back = AppKeys::at(read!(db, c => signing_keys::of_app(c, app)), at(90));
    back.roll_back(active.id).expect("retired");
    let changed: Vec<SigningKey> = back.changed().into_iter().cloned().collect();
    change!(db, tx => {
        for key in &changed {
            signing_keys::set_life(tx, key).await?;
        }
    })
    .expect("back as well");
    let signs = read!(db, c => signing_keys::signing_of_app(c, app, at(99)));
    assert_eq!(signs.map(|key| key.id), Some(active.id));
}

async fn ends_and_warnings_are_found(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let mut soon = key(app, KeyState::Next, 1);
    soon.not_after = Some(at(10));
    let mut late = key(app, KeyState::Active, 2);
    late.not_after = Some(at(20));
    let mut retired = key(app, KeyState::Retired, 3);
    retired.not_after = Some(at(5));
    let issuer = SigningKey { app_id: None, ..key(app, KeyState::Active, 4) };
    let all = [late.clone(), soon.clone(), retired, issuer];
    change!(db, tx => {
        for key in &all {
            signing_keys::insert(tx, key).await?;
        }
    })
    .expect("kept");
    assert_eq!(read!(db, c => signing_keys::ending(c, at(10))), [(soon.clone(), None)]);
    let id = soon.id;
    for (days, first) in [(60, true), (60, false), (7, true), (30, false), (7, false), (1, true)] {
        let noted = change!(db, tx => signing_keys::note_warning(tx, id, days).await?).expect("noted");
        assert_eq!(noted, first, "{days}");
    }
    assert_eq!(read!(db, c => signing_keys::ending(c, at(20))), [(soon, Some(1)), (late, None)]);
    read!(db, c => signing_keys::ending(c, chrono::DateTime::<chrono::Utc>::MAX_UTC));
}

async fn fetches_are_counted_on(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let fetch = |ip: &str, agent: &str, seconds| MetadataFetch {
        client_ip: ip.into(),
        user_agent: agent.into(),
        newest_key: new_id!(KeyId),
        fetches: 1,
        first_at: at(seconds),
        last_at: at(seconds),
    };
    let (first, other) = (fetch("192.0.2.1", "sp/1", 1), fetch("192.0.2.1", "", 2));
    let again = fetch("192.0.2.1", "sp/1", 9);
    for one in [first.clone(), other.clone(), again.clone()] {
        change!(db, tx => metadata_fetches::record(tx, app, &one).await?).expect("kept");
    }
    let counted = MetadataFetch { fetches: 2, first_at: at(1), ..again };
    assert_eq!(read!(db, c => metadata_fetches::of_app(c, app)), [counted, other.clone()]);
    assert!(change!(db, tx => metadata_fetches::delete(tx, app, "192.0.2.1", "").await?).expect("gone"));
    assert!(!change!(db, tx => metadata_fetches::delete(tx, app, "192.0.2.1", "").await?).expect("gone"));
    let strange = fetch("192.0.2.1", "a\0b", 3);
    change!(db, tx => metadata_fetches::record(tx, app, &strange).await?).expect("kept in spite of U+0000");
    change!(db, tx => apps::delete(tx, app).await?).expect("removed");
    assert_eq!(read!(db, c => metadata_fetches::of_app(c, app)), [], "they go with the app");
}

async fn the_issuer_has_one_next_and_one_active_key_an_algorithm(test: TestDatabase) {
    let db = &test.db;
    let issuer = |algorithm, state, seconds| SigningKey {
        app_id: None,
        algorithm,
        ..key(new_id!(AppId), state, seconds)
    };
    let active = issuer(KeyAlgorithm::P256, KeyState::Active, 1);
    let next = SigningKey { switch_at: Some(at(50)), ..issuer(KeyAlgorithm::P256, KeyState::Next, 2) };
    let gone =
        SigningKey { published_until: Some(at(40)), ..issuer(KeyAlgorithm::P256, KeyState::Retired, 0) };
    for key in [&active, &next, &gone] {
        let key = key.clone();
        change!(db, tx => {
            signing_keys::hold_issuer(tx).await?;
            signing_keys::insert(tx, &key).await?;
        })
        .expect("kept");
    }
    for state in [KeyState::Active, KeyState::Next] {
        let second = issuer(KeyAlgorithm::P256, state, 3);
        let refused = change!(db, tx => signing_keys::insert(tx, &second).await?);
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        let other = issuer(KeyAlgorithm::Ed25519, state, 3);
        change!(db, tx => signing_keys::insert(tx, &other).await?).expect("another algorithm's");
    }
    for (seconds, signs, published) in [(39, active.id, 5), (40, active.id, 4), (50, next.id, 4)] {
        let key = read!(db, c => signing_keys::signing_of_issuer(c, KeyAlgorithm::P256, at(seconds)));
        assert_eq!(key.map(|key| key.id), Some(signs), "{seconds}");
        assert_eq!(read!(db, c => signing_keys::published_of_issuer(c, at(seconds))).len(), published);
    }
    assert_eq!(read!(db, c => signing_keys::of_issuer(c)).len(), 5);
}
