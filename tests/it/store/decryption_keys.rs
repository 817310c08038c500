//! Keys for what apps encrypt for us: of one app, youngest first, gone with it.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::key::decryption::DecryptionKey,
    id::{AppId, KeyId},
    store::{Database, apps, decryption_keys},
};

on_both!(keys_are_of_one_app_and_go_with_it);

async fn app(db: &Database, slug: &str) -> AppId {
    let (checked, id) = (sample::saml(slug, &format!("https://{slug}.example")), new_id!(AppId));
    change!(db, tx => apps::insert(tx, id, &checked, at(0)).await?).expect("inserted").id
}

async fn keep(db: &Database, app_id: AppId, seconds: i64) -> DecryptionKey {
    let key = DecryptionKey {
        id: new_id!(KeyId),
        app_id,
        public_key: "public".into(),
        certificate: "certificate".into(),
        sealed_key: "sealed".into(),
        not_after: at(100_000),
        created_at: at(seconds),
    };
    let kept = key.clone();
    change!(db, tx => decryption_keys::insert(tx, &kept).await?).expect("kept");
    key
}

async fn keys_are_of_one_app_and_go_with_it(test: TestDatabase) {
    let db = &test.db;
    let (crm, wiki) = (app(db, "crm").await, app(db, "wiki").await);
    let (old, young, other) = (keep(db, crm, 1).await, keep(db, crm, 2).await, keep(db, wiki, 3).await);
    assert_eq!(read!(db, c => decryption_keys::of_app(c, crm)), [young.clone(), old.clone()]);
    let foreign = other.id;
    assert!(!change!(db, tx => decryption_keys::delete(tx, crm, foreign).await?).expect("another app's"));
    let id = old.id;
    assert!(change!(db, tx => decryption_keys::delete(tx, crm, id).await?).expect("deleted"));
    assert!(!change!(db, tx => decryption_keys::delete(tx, crm, id).await?).expect("gone"));
    assert_eq!(read!(db, c => decryption_keys::of_app(c, crm)), [young]);
    assert!(change!(db, tx => apps::delete(tx, crm).await?).expect("deleted"));
    assert_eq!(read!(db, c => decryption_keys::of_app(c, crm)), []);
    assert_eq!(read!(db, c => decryption_keys::of_app(c, wiki)), [other]);
}
