//! W-21: text that means something to SQL, to `LIKE` or to a C string is data on both databases.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{group::GroupDraft, user::UserDraft},
    id::{GroupId, UserId},
    store::{
        apps, apps::AppFilter, audit, audit::AuditFilter, groups, page::PageRequest, pending_sign_ons,
        settings, throttles, users, users::UserFilter,
    },
};

on_both!(hostile_names_round_trip, wildcards_find_themselves_only, nul_is_never_an_error);

const NAMES: &[&str] = &[
    "O'Brien\"; DROP TABLE users; --",
    "100% _real_ \\ backslash",
    "👩‍🚀 李 Zoë",
    "$1 ${x} {{y}} :name ?",
    "%",
    "_",
    "\\",
    "'",
];

async fn hostile_names_round_trip(test: TestDatabase) {
    let db = &test.db;
    for (number, name) in NAMES.iter().enumerate() {
        let draft = UserDraft { display_name: (*name).into(), ..sample::draft(&format!("u{number}")) };
        let checked = draft.check().expect("valid");
        let user =
            change!(db, tx => users::insert(tx, new_id!(UserId), &checked, at(0)).await?).expect("kept");
        assert_eq!(read!(db, c => users::get(c, user.id)).expect("there").display_name, *name);
        let checked =
            GroupDraft { name: (*name).into(), description: (*name).into() }.check().expect("valid");
        let group =
            change!(db, tx => groups::insert(tx, new_id!(GroupId), &checked, at(0)).await?).expect("kept");
        assert_eq!(read!(db, c => groups::find_by_name(c, name)), Some(group));
        change!(db, tx => settings::set(tx, name, name, at(0)).await?).expect("kept");
        assert_eq!(read!(db, c => settings::get(c, name)).as_deref(), Some(*name));
    }
    assert_eq!(usize::try_from(read!(db, c => users::count(c))).expect("small"), NAMES.len());
}

async fn wildcards_find_themselves_only(test: TestDatabase) {
    let db = &test.db;
    for (number, name) in
        ["100% sure", "snake_case", "back\\slash", "O'Brien", "plain", "👩‍🚀 crew"].iter().enumerate()
    {
        let draft = UserDraft { display_name: (*name).into(), ..sample::draft(&format!("user{number}")) };
        let checked = draft.check().expect("valid");
        change!(db, tx => users::insert(tx, new_id!(UserId), &checked, at(0)).await?).expect("kept");
    }
    for (q, expected) in [
        ("%", vec!["100% sure"]),
        ("_", vec!["snake_case"]),
        ("\\", vec!["back\\slash"]),
        ("O'", vec!["O'Brien"]),
        ("👩‍🚀", vec!["👩‍🚀 crew"]),
        ("' OR 1=1 --", vec![]),
        ("%%", vec![]),
    ] {
        let filter = UserFilter { q: q.into(), state: None };
        let page = read!(db, c => users::list(c, &filter, PageRequest::default()));
        let names: Vec<_> = page.items.iter().map(|user| user.display_name.as_str()).collect();
        assert_eq!(names, expected, "{q}");
    }
    let long = UserFilter { q: "%".repeat(1_000_000), state: None };
    assert_eq!(read!(db, c => users::list(c, &long, PageRequest::default())).total, 0);
}

async fn nul_is_never_an_error(test: TestDatabase) {
    let db = &test.db;
    let nul = "ma\u{0}ya";
    assert_eq!(read!(db, c => users::find_by_login(c, nul)), None);
    assert_eq!(read!(db, c => groups::find_by_name(c, nul)), None);
    assert_eq!(read!(db, c => apps::find_by_slug(c, nul)), None);
    assert_eq!(read!(db, c => apps::find_by_client_id(c, nul)), None);
    assert_eq!(read!(db, c => apps::with_entity_id(c, nul, 9)), []);
    assert!(!read!(db, c => apps::slug_taken(c, nul)));
    assert_eq!(read!(db, c => audit::find_by_reference(c, nul)), None);
    assert_eq!(read!(db, c => throttles::get(c, nul)), None);
    assert_eq!(read!(db, c => settings::get(c, nul)), None);
    let page = PageRequest::default();
    let people = UserFilter { q: nul.into(), state: None };
    assert_eq!(read!(db, c => users::list(c, &people, page)).total, 0);
    let filter = AppFilter { q: nul.into(), protocol: Some(nul.into()), active: None };
    assert_eq!(read!(db, c => apps::list(c, &filter, page)).total, 0);
    let events = AuditFilter { q: nul.into(), ..AuditFilter::default() };
    assert_eq!(read!(db, c => audit::list(c, &events, page)).total, 0);
    let nobody = new_id!(gatehouse::id::SignOnId);
    assert!(
        !change!(db, tx => pending_sign_ons::set_username(tx, nobody, "ma\u{0}ya").await?).expect("no error")
    );
}
