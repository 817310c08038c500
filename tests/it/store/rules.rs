//! Rules over many rows hold also when two break them at once: the second waits, and sees what the first did.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id, spawn};
use gatehouse::{
    domain::user::{Role, User, UserDraft},
    id::{AppId, UserId},
    store::{Database, StoreError, Tx, apps, users},
};
use std::time::Duration;

on_both!(
    of_the_last_two_owners_one_stays,
    an_owner_who_steps_down_counts_while_another_is_removed,
    a_name_that_is_just_left_is_not_taken,
    a_name_is_taken_by_one,
);

/// Time for the other write to begin. SQLite's writer does not wait for timers, and does one write after the other anyway.
async fn linger(tx: &mut Tx) {
    if matches!(&**tx, gatehouse::store::Conn::Postgres(_)) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn owner(db: &Database, name: &str) -> User {
    let checked = UserDraft { role: Role::Owner, ..sample::draft(name) }.check().expect("valid");
    change!(db, tx => users::insert(tx, new_id!(UserId), &checked, at(0)).await?).expect("inserted")
}

/// Takes the role from this owner, or the owner away, unless none would be left.
async fn give_up(db: Database, owner: User, steps_down: bool) -> Result<(), StoreError> {
    change!(db, tx => {
        if steps_down {
            let checked = UserDraft { role: Role::None, ..UserDraft::of(&owner) }.check().expect("valid");
            users::update(tx, owner.id, None, &checked, at(1)).await?;
        } else {
            users::delete(tx, owner.id).await?;
        }
        let left = users::count_active_owners(tx).await?;
        linger(tx).await;
        if left == 0 {
            return Err(StoreError::Conflict("the last owner".into()));
        }
    })
}

async fn both_give_up(db: &Database, steps_down: [bool; 2]) {
    let (one, two) = (owner(db, "tomas").await, owner(db, "ines").await);
    let racers =
        [spawn(give_up(db.clone(), one, steps_down[0])), spawn(give_up(db.clone(), two, steps_down[1]))];
    let mut done = 0;
    for racer in racers {
        match racer.await.expect("no panic") {
            Ok(()) => done += 1,
            Err(error) => assert!(matches!(&error, StoreError::Conflict(_)), "{error}"),
        }
    }
    assert_eq!((done, read!(db, c => users::count_active_owners(c))), (1, 1), "{steps_down:?}");
    let three = owner(db, "third").await;
    give_up(db.clone(), three, false).await.expect("one of two may always go");
}

async fn of_the_last_two_owners_one_stays(test: TestDatabase) {
    both_give_up(&test.db, [false, false]).await;
}

async fn an_owner_who_steps_down_counts_while_another_is_removed(test: TestDatabase) {
    both_give_up(&test.db, [true, false]).await;
}

/// An app is renamed and leaves its old name behind, while another claims that name.
async fn a_name_that_is_just_left_is_not_taken(test: TestDatabase) {
    let db = &test.db;
    let app = sample::app(db, sample::bookmark("old", "Old")).await;
    let renamed = sample::changed(&app, |draft| draft.slug = "handbook".into());
    let renames = {
        let db = db.clone();
        spawn(async move {
            change!(db, tx => {
                let renamed = apps::update(tx, app.id, None, &renamed, at(1)).await?;
                linger(tx).await;
                renamed
            })
        })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let claim = async |slug: &str| {
        let checked = sample::bookmark(slug, slug);
        change!(db, tx => apps::insert(tx, new_id!(AppId), &checked, at(1)).await?)
    };
    let claimed = claim("old").await;
    renames.await.expect("no panic").expect("renamed");
    assert!(matches!(&claimed, Err(StoreError::Conflict(what)) if what == "apps.slug"), "{claimed:?}");
    let (found, via_alias) = read!(db, c => apps::find_by_slug(c, "old")).expect("its old name");
    assert_eq!((found.id, found.slug.as_str(), via_alias), (app.id, "handbook", true));
    claim("free").await.expect("a free name is taken at once");
}

async fn a_name_is_taken_by_one(test: TestDatabase) {
    let db = &test.db;
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            spawn(async move {
                let checked = sample::bookmark("wiki", "Wiki");
                change!(db, tx => {
                    let app = apps::insert(tx, new_id!(AppId), &checked, at(0)).await?;
                    let renamed = sample::changed(&app, |draft| draft.slug = "handbook".into());
                    apps::update(tx, app.id, None, &renamed, at(1)).await?
                })
            })
        })
        .collect();
    let mut won = 0;
    for racer in racers {
        match racer.await.expect("no panic") {
            Ok(_) => won += 1,
            Err(error) => assert!(matches!(&error, StoreError::Conflict(_)), "{error}"),
        }
    }
    assert_eq!((won, read!(db, c => apps::count(c))), (1, 1));
    assert!(read!(db, c => apps::slug_taken(c, "wiki")) && read!(db, c => apps::slug_taken(c, "handbook")));
}
