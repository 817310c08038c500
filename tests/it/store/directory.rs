//! People, passwords, groups and memberships.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::user::{CustomValue, Role, User, UserState},
    id::{GroupId, UserId},
    store::{StoreError, credentials, groups, members, page::PageRequest, users, users::UserFilter},
};

on_both!(
    users_round_trip,
    user_names_and_addresses_are_one_name_space,
    users_are_listed_and_counted,
    user_updates_check_the_version,
    passwords_are_set_and_taken_away,
    groups_round_trip,
    memberships_come_and_go,
);

async fn users_round_trip(test: TestDatabase) {
    let db = &test.db;
    let mut draft = sample::draft("maya");
    draft.profile.insert("department".into(), "Design".into());
    draft.custom.insert("level".into(), CustomValue::Number(3.5));
    draft.custom.insert("teams".into(), CustomValue::List(vec!["a".into(), "b".into()]));
    draft.custom.insert("remote".into(), CustomValue::Boolean(true));
    draft.role = Role::Auditor;
    let checked = draft.check().expect("valid");
    let id = new_id!(UserId);
    let stored = change!(db, tx => users::insert(tx, id, &checked, at(5)).await?).expect("inserted");
    assert_eq!(read!(db, c => users::get(c, id)), Some(stored.clone()));
    assert_eq!((stored.version, stored.created_at), (1, at(5)));
    assert_eq!(read!(db, c => users::find_by_login(c, " MAYA ")), Some(stored.clone()));
    assert_eq!(read!(db, c => users::find_by_login(c, "Maya@Fernhill.example")), Some(stored));
    assert_eq!(read!(db, c => users::find_by_login(c, "may")), None);
    assert!(change!(db, tx => users::delete(tx, id).await?).expect("deleted"));
    assert!(!change!(db, tx => users::delete(tx, id).await?).expect("nothing to delete"));
    assert_eq!(read!(db, c => users::get(c, id)), None);
}

async fn user_names_and_addresses_are_one_name_space(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await;
    let taken = |name: &str, email: &str| {
        let mut draft = sample::draft(name);
        draft.email = email.into();
        draft.check().expect("valid")
    };
    for (draft, conflict) in [
        (taken("MAYA", "other@fernhill.example"), "users.username_key"),
        (taken("other", "Maya@FERNHILL.example"), "users.email_key"),
        (taken("maya@fernhill.example", "third@fernhill.example"), "users.username_key"),
    ] {
        let refused = change!(db, tx => users::insert(tx, new_id!(UserId), &draft, at(0)).await?);
        assert!(matches!(refused, Err(StoreError::Conflict(ref what)) if what == conflict), "{refused:?}");
    }
    let own = taken("maya@fernhill.example", "maya@fernhill.example");
    let own = change!(db, tx => users::update(tx, maya.id, Some(1), &own, at(9)).await?).expect("one's own");
    assert_eq!((own.version, own.updated_at, own.created_at), (2, at(9), at(0)));
    let other = sample::user(db, "other").await;
    let theft = taken("other", "MAYA@fernhill.example");
    let refused = change!(db, tx => users::update(tx, other.id, None, &theft, at(9)).await?);
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(read!(db, c => users::count(c)), 2);
}

async fn users_are_listed_and_counted(test: TestDatabase) {
    let db = &test.db;
    for name in ["carol", "alice", "bob"] {
        sample::user(db, name).await;
    }
    let mut draft = sample::draft("Dora");
    draft.state = UserState::Suspended;
    draft.role = Role::Owner;
    let dora = draft.clone().check().expect("valid");
    let dora = change!(db, tx => users::insert(tx, new_id!(UserId), &dora, at(0)).await?).expect("inserted");
    assert_eq!(read!(db, c => users::count_active_owners(c)), 0);
    draft.state = UserState::Active;
    let active = draft.check().expect("valid");
    change!(db, tx => users::update(tx, dora.id, None, &active, at(1)).await?).expect("updated");
    assert_eq!(read!(db, c => users::count_active_owners(c)), 1);

    let names = |users: &[User]| users.iter().map(|user| user.username.clone()).collect::<Vec<_>>();
    let everyone = read!(db, c => users::list(c, &UserFilter::default(), PageRequest::default()));
    assert_eq!(
        (names(&everyone.items), everyone.total),
        (vec!["alice".into(), "bob".into(), "carol".into(), "Dora".into()], 4)
    );
    let second = read!(db, c => users::list(c, &UserFilter::default(), PageRequest::new(1, 2)));
    assert_eq!((names(&second.items), second.total), (vec!["bob".into(), "carol".into()], 4));
    let found = UserFilter { q: "CAROL@fern".into(), state: None };
    assert_eq!(names(&read!(db, c => users::list(c, &found, PageRequest::default())).items), ["carol"]);
    let suspended = UserFilter { q: String::new(), state: Some(UserState::Suspended) };
    assert_eq!(read!(db, c => users::list(c, &suspended, PageRequest::default())).total, 0);
    assert_eq!(names(&read!(db, c => users::all(c))), ["alice", "bob", "carol", "Dora"]);
    assert_eq!(read!(db, c => users::count(c)), 4);
}

async fn user_updates_check_the_version(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await;
    let next = sample::person("maya2");
    let updated =
        change!(db, tx => users::update(tx, maya.id, Some(1), &next, at(1)).await?).expect("updated");
    assert_eq!((updated.username.as_str(), updated.version), ("maya2", 2));
    assert_eq!(read!(db, c => users::get(c, maya.id)), Some(updated));
    let late = sample::person("maya3");
    let stale = change!(db, tx => users::update(tx, maya.id, Some(1), &late, at(2)).await?);
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    let late = sample::person("maya4");
    let any = change!(db, tx => users::update(tx, maya.id, None, &late, at(3)).await?).expect("any version");
    assert_eq!(any.version, 3);
    let nobody = sample::person("nobody");
    let gone = change!(db, tx => users::update(tx, new_id!(UserId), None, &nobody, at(3)).await?);
    assert!(matches!(gone, Err(StoreError::Stale)), "{gone:?}");
}

async fn passwords_are_set_and_taken_away(test: TestDatabase) {
    let db = &test.db;
    let id = sample::user(db, "maya").await.id;
    assert_eq!(read!(db, c => credentials::password_hash(c, id)), None);
    assert_eq!(read!(db, c => credentials::password_changed_at(c, id)), None);
    assert!(
        change!(db, tx => credentials::set_password_hash(tx, id, Some("$argon2id$x"), at(3)).await?)
            .expect("set")
    );
    assert_eq!(read!(db, c => credentials::password_hash(c, id)).as_deref(), Some("$argon2id$x"));
    assert_eq!(read!(db, c => credentials::password_changed_at(c, id)), Some(at(3)));
    assert!(
        change!(db, tx => credentials::set_password_hash(tx, id, None, at(4)).await?).expect("taken away")
    );
    assert_eq!(read!(db, c => credentials::password_hash(c, id)), None);
    let nobody = new_id!(UserId);
    assert!(
        !change!(db, tx => credentials::set_password_hash(tx, nobody, None, at(4)).await?).expect("nobody")
    );
    assert_eq!(read!(db, c => credentials::password_hash(c, nobody)), None);
}

async fn groups_round_trip(test: TestDatabase) {
    let db = &test.db;
    let design = sample::group(db, "Design").await;
    assert_eq!(read!(db, c => groups::get(c, design.id)), Some(design.clone()));
    assert_eq!(read!(db, c => groups::find_by_name(c, "dEsIgN ")), Some(design.clone()));
    assert_eq!(read!(db, c => groups::find_by_name(c, "Des")), None);
    let again = sample::team("DESIGN");
    let taken = change!(db, tx => groups::insert(tx, new_id!(GroupId), &again, at(0)).await?);
    assert!(matches!(taken, Err(StoreError::Conflict(ref what)) if what == "groups.name_key"), "{taken:?}");
    let renamed = sample::team("Brand");
    let brand =
        change!(db, tx => groups::update(tx, design.id, Some(1), &renamed, at(1)).await?).expect("updated");
    assert_eq!((brand.name.as_str(), brand.version, brand.updated_at), ("Brand", 2, at(1)));
    let renamed = sample::team("Late");
    let stale = change!(db, tx => groups::update(tx, design.id, Some(1), &renamed, at(1)).await?);
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");

    let maya = sample::user(db, "maya").await;
    let app = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    sample::group(db, "alpha").await;
    change!(db, tx => members::add(tx, brand.id, maya.id, at(0)).await?).expect("added");
    change!(db, tx => gatehouse::store::assignments::bind_group(tx, app.id, brand.id, at(0)).await?)
        .expect("bound");
    let page = read!(db, c => groups::list(c, "", PageRequest::default()));
    let rows: Vec<_> =
        page.items.iter().map(|(group, people, apps)| (group.name.as_str(), *people, *apps)).collect();
    assert_eq!((rows, page.total), (vec![("alpha", 0, 0), ("Brand", 1, 1)], 2));
    assert_eq!(read!(db, c => groups::list(c, "all of BRAND", PageRequest::default())).total, 1);
    let names: Vec<_> = read!(db, c => groups::all(c)).into_iter().map(|group| group.name).collect();
    assert_eq!(names, ["alpha", "Brand"]);
    assert_eq!(read!(db, c => groups::count(c)), 2);
    assert!(change!(db, tx => groups::delete(tx, brand.id).await?).expect("deleted"));
    assert!(!change!(db, tx => groups::delete(tx, brand.id).await?).expect("gone"));
    assert_eq!(read!(db, c => members::groups_of(c, maya.id)), []);
}

async fn memberships_come_and_go(test: TestDatabase) {
    let db = &test.db;
    let (maya, tom) = (sample::user(db, "maya").await, sample::user(db, "Tom").await);
    let (design, alpha) = (sample::group(db, "Design").await, sample::group(db, "alpha").await);
    for (group, user, new) in [
        (design.id, maya.id, true),
        (design.id, tom.id, true),
        (alpha.id, maya.id, true),
        (design.id, maya.id, false),
    ] {
        assert_eq!(change!(db, tx => members::add(tx, group, user, at(0)).await?).expect("answered"), new);
    }
    assert!(!change!(db, tx => members::add(tx, design.id, new_id!(UserId), at(0)).await?).expect("nobody"));
    assert!(!change!(db, tx => members::add(tx, new_id!(GroupId), tom.id, at(0)).await?).expect("no group"));
    assert_eq!(read!(db, c => members::groups_of(c, maya.id)), [alpha.clone(), design.clone()]);
    let page = read!(db, c => members::users_of(c, design.id, "", PageRequest::default()));
    assert_eq!((page.items, page.total), (vec![maya.clone(), tom.clone()], 2));
    let page = read!(db, c => members::users_of(c, design.id, "TOM", PageRequest::default()));
    assert_eq!((page.items, page.total), (vec![tom.clone()], 1));
    assert_eq!(
        read!(db, c => members::users_of(c, design.id, "", PageRequest::new(1, 1))).items,
        std::slice::from_ref(&tom)
    );
    assert_eq!(read!(db, c => members::usernames_of(c, design.id)), ["maya", "Tom"]);
    assert!(change!(db, tx => members::remove(tx, design.id, maya.id).await?).expect("removed"));
    assert!(!change!(db, tx => members::remove(tx, design.id, maya.id).await?).expect("gone"));
    change!(db, tx => users::delete(tx, tom.id).await?).expect("deleted");
    assert_eq!(read!(db, c => members::usernames_of(c, design.id)), Vec::<String>::new());
}
