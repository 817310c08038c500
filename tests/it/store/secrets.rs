//! Signing keys, client secrets and API tokens.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{
        key::{KeyAlgorithm, KeyState, SigningKey},
        user::Role,
    },
    id::{ApiTokenId, AppId, ClientSecretId, KeyId},
    store::{
        StoreError, api_tokens, api_tokens::ApiToken, client_secrets, client_secrets::ClientSecret,
        signing_keys,
    },
};

on_both!(signing_keys_live_and_retire, client_secrets_overlap, api_tokens_are_found_by_hash);

fn key(app: Option<AppId>, algorithm: KeyAlgorithm, state: KeyState, seconds: i64) -> SigningKey {
    SigningKey {
        id: new_id!(KeyId),
        app_id: app,
        algorithm,
        state,
        public_key: "cHVibGlj".into(),
        certificate: app.map(|_| "Y2VydA".into()),
        sealed_key: "sealed".into(),
        not_after: app.map(|_| at(1_000_000)),
        created_at: at(seconds),
        switch_at: None,
        retired_at: None,
        published_until: None,
        withdrawn_at: None,
    }
}

async fn signing_keys_live_and_retire(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::saml("hr", "sp")).await.id;
    let mine = key(Some(app), KeyAlgorithm::Rsa2048, KeyState::Active, 1);
    let next = key(Some(app), KeyAlgorithm::Rsa2048, KeyState::Next, 2);
    let rsa = key(None, KeyAlgorithm::Rsa2048, KeyState::Active, 3);
    let old = key(None, KeyAlgorithm::Rsa2048, KeyState::Retired, 4);
    let p256 = key(None, KeyAlgorithm::P256, KeyState::Active, 5);
    for key in [&mine, &next, &rsa, &old, &p256] {
        let key = key.clone();
        change!(db, tx => signing_keys::insert(tx, &key).await?).expect("kept");
    }
    assert_eq!(read!(db, c => signing_keys::get(c, mine.id)), Some(mine.clone()));
    assert_eq!(read!(db, c => signing_keys::active_of_app(c, app)), Some(mine.clone()));
    assert_eq!(read!(db, c => signing_keys::of_app(c, app)), [next.clone(), mine.clone()]);
    assert_eq!(read!(db, c => signing_keys::active_of_issuer(c, KeyAlgorithm::Rsa2048)), Some(rsa.clone()));
    assert_eq!(read!(db, c => signing_keys::active_of_issuer(c, KeyAlgorithm::P256)), Some(p256.clone()));
    assert_eq!(read!(db, c => signing_keys::active_of_issuer(c, KeyAlgorithm::Ed25519)), None);
    assert_eq!(read!(db, c => signing_keys::of_issuer(c)), [p256.clone(), old.clone(), rsa.clone()]);
    assert_eq!(read!(db, c => signing_keys::all(c)), [mine.clone(), next.clone(), rsa, old.clone(), p256]);
    change!(db, tx => {
        signing_keys::set_state(tx, mine.id, KeyState::Retired).await?;
        signing_keys::set_state(tx, next.id, KeyState::Active).await?;
    })
    .expect("rotated");
    assert_eq!(read!(db, c => signing_keys::active_of_app(c, app)).map(|key| key.id), Some(next.id));
    assert!(
        change!(db, tx => signing_keys::replace_sealed(tx, next.id, "resealed").await?).expect("replaced")
    );
    assert_eq!(read!(db, c => signing_keys::get(c, next.id)).expect("there").sealed_key, "resealed");
    assert!(change!(db, tx => signing_keys::delete(tx, old.id).await?).expect("removed"));
    assert!(!change!(db, tx => signing_keys::delete(tx, old.id).await?).expect("gone"));
    assert!(!change!(db, tx => signing_keys::set_state(tx, old.id, KeyState::Active).await?).expect("gone"));
    assert!(!change!(db, tx => signing_keys::replace_sealed(tx, old.id, "x").await?).expect("gone"));
}

async fn client_secrets_overlap(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::oidc("board", "client")).await.id;
    let secret = |seconds| ClientSecret {
        id: new_id!(ClientSecretId),
        app_id: app,
        hash: format!("hash-{seconds}"),
        hint: "…x4Qz".into(),
        created_at: at(seconds),
        expires_at: None,
        last_used_at: None,
    };
    let (mut first, second) = (secret(1), secret(2));
    for secret in [first.clone(), second.clone()] {
        change!(db, tx => client_secrets::insert(tx, &secret).await?).expect("kept");
    }
    assert_eq!(read!(db, c => client_secrets::valid_of_app(c, app, at(5))), [second.clone(), first.clone()]);
    let (one, two) = (first.id, second.id);
    assert!(change!(db, tx => client_secrets::expire(tx, one, at(10)).await?).expect("expires"));
    assert!(change!(db, tx => client_secrets::touch(tx, one, at(6)).await?).expect("touched"));
    for later in [10, 11, 99] {
        let changed = change!(db, tx => client_secrets::expire(tx, one, at(later)).await?).expect("asked");
        assert!(!changed, "it never lives longer: {later}");
    }
    first.expires_at = Some(at(10));
    first.last_used_at = Some(at(6));
    assert_eq!(read!(db, c => client_secrets::valid_of_app(c, app, at(9))).len(), 2);
    assert_eq!(read!(db, c => client_secrets::valid_of_app(c, app, at(10))), std::slice::from_ref(&second));
    assert_eq!(read!(db, c => client_secrets::of_app(c, app)), [second, first]);
    assert!(change!(db, tx => client_secrets::expire(tx, one, at(8)).await?).expect("sooner"));
    assert_eq!(read!(db, c => client_secrets::valid_of_app(c, app, at(8))).len(), 1);
    assert!(change!(db, tx => client_secrets::delete(tx, two).await?).expect("removed"));
    assert!(!change!(db, tx => client_secrets::delete(tx, two).await?).expect("gone"));
    assert!(!change!(db, tx => client_secrets::touch(tx, two, at(7)).await?).expect("gone"));
    assert!(!change!(db, tx => client_secrets::expire(tx, two, at(7)).await?).expect("gone"));
}

async fn api_tokens_are_found_by_hash(test: TestDatabase) {
    let db = &test.db;
    let token = |name: &str, seconds| ApiToken {
        id: new_id!(ApiTokenId),
        name: name.into(),
        role: Role::Helpdesk,
        created_at: at(seconds),
        expires_at: Some(at(100)),
        last_used_at: None,
    };
    let (mut first, second) = (token("Backup", 1), token("Sync", 2));
    let copies = [(first.clone(), "h1"), (second.clone(), "h2")];
    for (token, hash) in copies {
        change!(db, tx => api_tokens::insert(tx, &token, hash).await?).expect("kept");
    }
    let again = second.clone();
    let again = ApiToken { id: new_id!(ApiTokenId), ..again };
    let taken = change!(db, tx => api_tokens::insert(tx, &again, "h2").await?);
    assert!(matches!(taken, Err(StoreError::Conflict(ref what)) if what == "api_tokens.hash"), "{taken:?}");
    assert_eq!(read!(db, c => api_tokens::find_by_hash(c, "h1")), Some(first.clone()));
    assert_eq!(read!(db, c => api_tokens::find_by_hash(c, "h9")), None);
    let id = first.id;
    assert!(change!(db, tx => api_tokens::touch(tx, id, at(9)).await?).expect("touched"));
    first.last_used_at = Some(at(9));
    assert_eq!(read!(db, c => api_tokens::list(c)), [second, first]);
    assert!(change!(db, tx => api_tokens::delete(tx, id).await?).expect("removed"));
    assert!(!change!(db, tx => api_tokens::delete(tx, id).await?).expect("gone"));
    assert!(!change!(db, tx => api_tokens::touch(tx, id, at(9)).await?).expect("gone"));
    assert_eq!(read!(db, c => api_tokens::find_by_hash(c, "h1")), None);
}
