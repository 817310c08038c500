//! Applications, their old names, marks and uses.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::connection::{Connection, SamlConnection},
    id::{AppId, UserId},
    store::{StoreError, apps, apps::AppFilter, favourites, idp_entity_ids, page::PageRequest},
};

on_both!(
    apps_round_trip,
    taken_names_are_told_apart,
    apps_share_an_entity_id,
    holders_of_our_entity_ids,
    old_slugs_go_on_as_aliases,
    apps_are_listed_by_filter,
    favourites_and_uses,
);

async fn apps_round_trip(test: TestDatabase) {
    let db = &test.db;
    let saml = sample::app(db, sample::saml("hr", "https://hr.example/SP")).await;
    let oidc = sample::app(db, sample::oidc("board", "board-client")).await;
    assert_eq!(read!(db, c => apps::get(c, saml.id)), Some(saml.clone()));
    assert_eq!(read!(db, c => apps::find_by_slug(c, "hr")), Some((saml.clone(), false)));
    assert_eq!(read!(db, c => apps::find_by_slug(c, "HR")), None);
    let found = read!(db, c => apps::with_entity_id(c, "https://hr.example/SP", 9));
    assert_eq!(found, std::slice::from_ref(&saml));
    assert_eq!(read!(db, c => apps::with_entity_id(c, "https://hr.example/sp", 9)), []);
    assert_eq!(read!(db, c => apps::find_by_client_id(c, "board-client")), Some(oidc.clone()));
    assert_eq!(read!(db, c => apps::find_by_client_id(c, "")), None);
    let paused = sample::changed(&saml, |draft| {
        draft.active = false;
        draft.label = "Human resources".into();
    });
    let paused =
        change!(db, tx => apps::update(tx, saml.id, Some(1), &paused, at(7)).await?).expect("updated");
    assert_eq!((paused.active, paused.version, paused.updated_at), (false, 2, at(7)));
    assert_eq!(read!(db, c => apps::get(c, saml.id)), Some(paused.clone()));
    let late = sample::changed(&paused, |draft| draft.label = "Late".into());
    let stale = change!(db, tx => apps::update(tx, saml.id, Some(1), &late, at(8)).await?);
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    assert_eq!(read!(db, c => apps::count(c)), 2);
    let labels: Vec<_> = read!(db, c => apps::all(c)).into_iter().map(|app| app.label).collect();
    assert_eq!(labels, ["board", "Human resources"]);
    assert!(change!(db, tx => apps::delete(tx, saml.id).await?).expect("deleted"));
    assert!(!change!(db, tx => apps::delete(tx, saml.id).await?).expect("gone"));
}

async fn apps_share_an_entity_id(test: TestDatabase) {
    let db = &test.db;
    let entity_id = "https://heapanalytics.com";
    let second = sample::app(db, sample::saml("heap-b", entity_id)).await;
    let first = sample::app(db, sample::saml("heap-a", entity_id)).await;
    let other = sample::app(db, sample::saml("hr", "https://hr.example/sp")).await;
    let slugs = |apps: Vec<gatehouse::domain::app::App>| -> Vec<String> {
        apps.into_iter().map(|app| app.slug).collect()
    };
    assert_eq!(slugs(read!(db, c => apps::with_entity_id(c, entity_id, 9))), ["heap-a", "heap-b"]);
    assert_eq!(slugs(read!(db, c => apps::with_entity_id(c, entity_id, 1))), ["heap-a"]);
    // One that had its own takes theirs, and one of theirs its own.
    let joined = sample::saml("hr", entity_id);
    change!(db, tx => apps::update(tx, other.id, Some(1), &joined, at(1)).await?).expect("shared");
    let left = sample::saml("heap-a", "https://hr.example/sp");
    change!(db, tx => apps::update(tx, first.id, Some(1), &left, at(1)).await?).expect("its own");
    assert_eq!(slugs(read!(db, c => apps::with_entity_id(c, entity_id, 9))), ["heap-b", "hr"]);
    change!(db, tx => apps::delete(tx, second.id).await?).expect("deleted");
    assert_eq!(slugs(read!(db, c => apps::with_entity_id(c, entity_id, 9))), ["hr"]);
    // Those that aren't set up share nothing.
    sample::app(db, sample::saml("draft", "")).await;
    assert_eq!(read!(db, c => apps::with_entity_id(c, "", 9)), []);
}

async fn holders_of_our_entity_ids(test: TestDatabase) {
    let db = &test.db;
    let with = |slug: &str, id: &str| {
        let connection = SamlConnection { idp_entity_id: id.into(), ..SamlConnection::default() };
        sample::with(slug, slug, Connection::Saml(Box::new(connection)))
    };
    let heap = sample::app(db, with("heap", "urn:heap\"&\\")).await;
    let other = sample::app(db, with("other", "urn:other")).await;
    sample::app(db, with("none", "")).await;
    sample::app(db, sample::bookmark("wiki", "urn:heap")).await;
    let slugs = |apps: Vec<gatehouse::domain::app::App>| -> Vec<String> {
        apps.into_iter().map(|app| app.slug).collect()
    };
    let none = Vec::<String>::new();
    let held = |id: &'static str| async move { slugs(read!(db, c => idp_entity_ids::holders(c, id))) };
    assert_eq!(held("urn:heap\"&\\").await, ["heap"]);
    assert_eq!(held("URN:HEAP\"&\\").await, none, "letter for letter");
    assert_eq!((held("urn:heap").await, held("").await), (none.clone(), none.clone()));
    // As it is with apps that were stored before the column.
    test.execute("UPDATE apps SET idp_entity_id = NULL").await;
    assert_eq!(held("urn:heap\"&\\").await, ["heap"]);
    assert_eq!((held("urn:heap").await, held("urn:other").await), (none.clone(), vec!["other".to_owned()]));
    let moved = with("other", "urn:moved");
    change!(db, tx => {
        idp_entity_ids::hold(tx).await?;
        apps::update(tx, other.id, None, &moved, at(1)).await?
    })
    .expect("moved");
    assert_eq!((held("urn:other").await, held("urn:moved").await), (none.clone(), vec!["other".to_owned()]));
    change!(db, tx => apps::delete(tx, heap.id).await?).expect("deleted");
    assert_eq!(held("urn:heap\"&\\").await, none);
}

async fn taken_names_are_told_apart(test: TestDatabase) {
    let db = &test.db;
    sample::app(db, sample::saml("hr", "https://hr.example/sp")).await;
    sample::app(db, sample::oidc("board", "board-client")).await;
    // Two apps of one service provider do not get in each other's way, nor do two that are not set up yet.
    sample::app(db, sample::saml("hr-test", "https://hr.example/sp")).await;
    sample::app(db, sample::saml("draft-one", "")).await;
    sample::app(db, sample::saml("draft-two", "")).await;
    for (draft, conflict) in [
        (sample::bookmark("hr", "Other"), "apps.slug"),
        (sample::oidc("board2", "board-client"), "apps.client_id"),
    ] {
        let refused = change!(db, tx => apps::insert(tx, new_id!(AppId), &draft, at(0)).await?);
        assert!(matches!(refused, Err(StoreError::Conflict(ref what)) if what == conflict), "{refused:?}");
    }
}

async fn old_slugs_go_on_as_aliases(test: TestDatabase) {
    let db = &test.db;
    let wiki = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let other = sample::app(db, sample::bookmark("other", "Other")).await;
    let renamed = sample::changed(&wiki, |draft| draft.slug = "handbook".into());
    let handbook =
        change!(db, tx => apps::update(tx, wiki.id, None, &renamed, at(1)).await?).expect("renamed");
    assert_eq!(read!(db, c => apps::find_by_slug(c, "wiki")), Some((handbook.clone(), true)));
    assert_eq!(read!(db, c => apps::aliases(c, wiki.id)), [("wiki".to_owned(), None)]);
    for (slug, taken) in [("wiki", true), ("handbook", true), ("free", false)] {
        assert_eq!(read!(db, c => apps::slug_taken(c, slug)), taken, "{slug}");
    }

    let theft = sample::changed(&other, |draft| draft.slug = "wiki".into());
    let refused = change!(db, tx => apps::update(tx, other.id, None, &theft, at(2)).await?);
    assert!(matches!(refused, Err(StoreError::Conflict(ref what)) if what == "apps.slug"), "{refused:?}");
    let theft = sample::bookmark("wiki", "Wiki two");
    let refused = change!(db, tx => apps::insert(tx, new_id!(AppId), &theft, at(2)).await?);
    assert!(matches!(refused, Err(StoreError::Conflict(ref what)) if what == "apps.slug"), "{refused:?}");

    assert!(change!(db, tx => apps::touch_alias(tx, "wiki", at(3)).await?).expect("touched"));
    assert_eq!(read!(db, c => apps::aliases(c, wiki.id)), [("wiki".to_owned(), Some(at(3)))]);
    let back = sample::changed(&handbook, |draft| draft.slug = "wiki".into());
    change!(db, tx => apps::update(tx, wiki.id, None, &back, at(4)).await?).expect("taken back");
    assert_eq!(read!(db, c => apps::aliases(c, wiki.id)), [("handbook".to_owned(), None)]);
    assert!(!change!(db, tx => apps::touch_alias(tx, "wiki", at(5)).await?).expect("no alias any more"));
    assert!(!change!(db, tx => apps::remove_alias(tx, other.id, "handbook").await?).expect("not theirs"));
    assert!(change!(db, tx => apps::remove_alias(tx, wiki.id, "handbook").await?).expect("removed"));
    assert_eq!(read!(db, c => apps::find_by_slug(c, "handbook")), None);
    let named = sample::changed(&wiki, |draft| draft.slug = "notes".into());
    change!(db, tx => apps::update(tx, wiki.id, None, &named, at(6)).await?).expect("renamed");
    assert_eq!(read!(db, c => apps::all_aliases(c)), [("wiki".to_owned(), "notes".to_owned())]);
}

async fn apps_are_listed_by_filter(test: TestDatabase) {
    let db = &test.db;
    sample::app(db, sample::saml("hr", "https://people.example/sp")).await;
    sample::app(db, sample::oidc("board", "planning-client")).await;
    let wiki = sample::app(db, sample::bookmark("wiki", "Aardvark")).await;
    let paused = sample::changed(&wiki, |draft| draft.active = false);
    change!(db, tx => apps::update(tx, wiki.id, None, &paused, at(1)).await?).expect("paused");
    let by = |q: &str, protocol: Option<&str>, active| AppFilter {
        q: q.into(),
        protocol: protocol.map(Into::into),
        active,
    };
    for (filter, expected) in [
        (by("", None, None), vec!["wiki", "board", "hr"]),
        (by("PEOPLE.example", None, None), vec!["hr"]),
        (by("planning", None, None), vec!["board"]),
        (by("opens aard", None, None), vec!["wiki"]),
        (by("", Some("oidc"), None), vec!["board"]),
        (by("", None, Some(false)), vec!["wiki"]),
        (by("", Some("saml"), Some(false)), vec![]),
    ] {
        let page = read!(db, c => apps::list(c, &filter, PageRequest::default()));
        let slugs: Vec<_> = page.items.iter().map(|app| app.slug.as_str()).collect();
        assert_eq!(slugs, expected, "{filter:?}");
        assert_eq!(usize::try_from(page.total).expect("small"), expected.len(), "{filter:?}");
    }
    assert_eq!(
        read!(db, c => apps::list(c, &by("", None, None), PageRequest::new(2, 5))).items[0].slug,
        "hr"
    );
}

async fn favourites_and_uses(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await.id;
    let (wiki, board) = (
        sample::app(db, sample::bookmark("wiki", "Wiki")).await.id,
        sample::app(db, sample::bookmark("board", "Board")).await.id,
    );
    assert!(change!(db, tx => favourites::set(tx, maya, wiki, true, at(2)).await?).expect("marked"));
    assert!(change!(db, tx => favourites::set(tx, maya, board, true, at(1)).await?).expect("marked"));
    assert!(!change!(db, tx => favourites::set(tx, maya, board, true, at(9)).await?).expect("was marked"));
    assert!(
        !change!(db, tx => favourites::set(tx, maya, new_id!(AppId), true, at(9)).await?).expect("no app")
    );
    assert_eq!(read!(db, c => favourites::of_user(c, maya)), [board, wiki]);
    assert!(change!(db, tx => favourites::set(tx, maya, board, false, at(3)).await?).expect("taken away"));
    assert_eq!(read!(db, c => favourites::of_user(c, maya)), [wiki]);
    for second in [1, 5] {
        change!(db, tx => favourites::record_use(tx, maya, wiki, at(second)).await?).expect("recorded");
    }
    change!(db, tx => favourites::record_use(tx, new_id!(UserId), wiki, at(8)).await?).expect("nobody");
    assert_eq!(read!(db, c => favourites::last_used(c, maya)), [(wiki, at(5))].into());
}
