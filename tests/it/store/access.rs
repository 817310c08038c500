//! Assignments, and the routes that follow from them.

use super::{change, on_both, read, sample};
use crate::support::{at, database::TestDatabase, new_id};
use gatehouse::{
    domain::{
        access::{Route, group_names},
        app::App,
        group::Group,
        sent_as::SentAs,
        user::{User, UserDraft, UserState},
    },
    id::{AppId, GroupId, SessionId, UserId},
    store::{Database, access, apps, assignments, members, page::PageRequest, sessions, users},
};

on_both!(
    bindings_come_and_go,
    groups_are_sent_as_the_binding_says,
    routes_say_why,
    people_are_listed_with_their_routes,
    losses_are_counted,
    s42_only_what_holds_now_is_confirmed,
);

async fn join(db: &Database, group: &Group, user: &User) {
    let (group, user) = (group.id, user.id);
    assert!(change!(db, tx => members::add(tx, group, user, at(0)).await?).expect("added"));
}

async fn bind(db: &Database, app: &App, group: &Group) {
    let (app, group) = (app.id, group.id);
    assert!(change!(db, tx => assignments::bind_group(tx, app, group, at(0)).await?).expect("bound"));
}

async fn choose(db: &Database, app: &App, user: &User) {
    let (app, user) = (app.id, user.id);
    assert!(change!(db, tx => assignments::bind_user(tx, app, user, at(0)).await?).expect("bound"));
}

fn via(group: &Group) -> Route {
    Route::Group { id: group.id, name: group.name.clone(), sent_as: SentAs::Name }
}

async fn bindings_come_and_go(test: TestDatabase) {
    let db = &test.db;
    let (maya, wiki) =
        (sample::user(db, "maya").await, sample::app(db, sample::bookmark("wiki", "Wiki")).await);
    let (design, alpha) = (sample::group(db, "Design").await, sample::group(db, "alpha").await);
    bind(db, &wiki, &design).await;
    bind(db, &wiki, &alpha).await;
    choose(db, &wiki, &maya).await;
    let (app, user, group) = (wiki.id, maya.id, design.id);
    assert!(!change!(db, tx => assignments::bind_group(tx, app, group, at(0)).await?).expect("was bound"));
    assert!(!change!(db, tx => assignments::bind_user(tx, app, user, at(0)).await?).expect("was bound"));
    assert!(
        !change!(db, tx => assignments::bind_group(tx, app, new_id!(GroupId), at(0)).await?)
            .expect("no group")
    );
    assert!(
        !change!(db, tx => assignments::bind_user(tx, app, new_id!(UserId), at(0)).await?).expect("nobody")
    );
    let named = |name: &str, sent_as: SentAs| (name.to_owned(), sent_as);
    assert_eq!(
        read!(db, c => assignments::named_groups_of_app(c, app)),
        [named("alpha", SentAs::Name), named("Design", SentAs::Name)]
    );
    assert_eq!(read!(db, c => assignments::users_of_app(c, app)), [maya]);
    assert_eq!(read!(db, c => assignments::apps_of_group(c, group)), [wiki]);
    assert!(change!(db, tx => assignments::unbind_group(tx, app, group).await?).expect("unbound"));
    assert!(!change!(db, tx => assignments::unbind_group(tx, app, group).await?).expect("was not bound"));
    assert!(change!(db, tx => assignments::unbind_user(tx, app, user).await?).expect("unbound"));
    assert!(!change!(db, tx => assignments::unbind_user(tx, app, user).await?).expect("was not bound"));
    assert_eq!(read!(db, c => assignments::named_groups_of_app(c, app)), [named("alpha", SentAs::Name)]);
    assert_eq!(read!(db, c => assignments::apps_of_group(c, group)), []);
}

async fn groups_are_sent_as_the_binding_says(test: TestDatabase) {
    let db = &test.db;
    let (maya, wiki) =
        (sample::user(db, "maya").await, sample::app(db, sample::bookmark("wiki", "Wiki")).await);
    let group = sample::group(db, "Design").await;
    join(db, &group, &maya).await;
    let alias = SentAs::Alias("alias:é".into());
    let (app, id, sent_as) = (wiki.id, group.id, alias.clone());
    assert!(
        !change!(db, tx => assignments::send_as(tx, app, id, &sent_as).await?).expect("nothing is bound")
    );
    bind(db, &wiki, &group).await;
    assert_eq!(read!(db, c => assignments::apps_told_name(c, id)), [wiki]);
    for changed in [true, false] {
        let sent_as = alias.clone();
        assert_eq!(
            change!(db, tx => assignments::send_as(tx, app, id, &sent_as).await?).expect("written"),
            changed
        );
    }
    assert_eq!(read!(db, c => assignments::apps_told_name(c, id)), []);
    assert_eq!(
        read!(db, c => assignments::sent_as_of_app(c, app)),
        std::collections::HashMap::from([(id, alias.clone())])
    );
    let routes = [Route::Group { id, name: "Design".into(), sent_as: alias }];
    assert_eq!(read!(db, c => access::routes(c, maya.id, app)), routes);
    assert_eq!(read!(db, c => access::apps_of_user(c, maya.id))[0].1, routes);
    assert_eq!(read!(db, c => access::people(c, app, "", PageRequest::first(1))).items[0].1, routes);
    assert_eq!(group_names(&routes), ["alias:é"]);
}

async fn routes_say_why(test: TestDatabase) {
    let db = &test.db;
    let (maya, tom) = (sample::user(db, "maya").await, sample::user(db, "tom").await);
    let (design, alpha) = (sample::group(db, "Design").await, sample::group(db, "alpha").await);
    let wiki = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let board = sample::app(db, sample::bookmark("board", "board")).await;
    let hidden = sample::app(db, sample::bookmark("hidden", "Hidden")).await;
    join(db, &design, &maya).await;
    join(db, &alpha, &maya).await;
    bind(db, &wiki, &design).await;
    bind(db, &wiki, &alpha).await;
    bind(db, &hidden, &alpha).await;
    choose(db, &wiki, &maya).await;
    choose(db, &board, &maya).await;
    let expected = vec![via(&alpha), via(&design), Route::Direct];
    assert_eq!(read!(db, c => access::routes(c, maya.id, wiki.id)), expected);
    assert_eq!(read!(db, c => access::routes(c, tom.id, wiki.id)), []);
    assert_eq!(read!(db, c => access::routes(c, maya.id, new_id!(AppId))), []);
    assert_eq!(group_names(&read!(db, c => access::routes(c, maya.id, wiki.id))), ["Design", "alpha"]);
    assert_eq!(group_names(&read!(db, c => access::routes(c, maya.id, board.id))), Vec::<String>::new());

    let unlisted = sample::changed(&hidden, |draft| draft.show_in_portal = false);
    let unlisted =
        change!(db, tx => apps::update(tx, hidden.id, None, &unlisted, at(1)).await?).expect("hidden");
    assert_eq!(read!(db, c => access::tiles(c, maya.id)), [board.clone(), wiki.clone()]);
    assert_eq!(read!(db, c => access::tiles(c, tom.id)), []);
    let paused = sample::changed(&board, |draft| draft.active = false);
    let paused = change!(db, tx => apps::update(tx, board.id, None, &paused, at(1)).await?).expect("paused");
    assert_eq!(read!(db, c => access::tiles(c, maya.id)), std::slice::from_ref(&wiki));
    assert_eq!(
        read!(db, c => access::apps_of_user(c, maya.id)),
        [(paused, vec![Route::Direct]), (unlisted, vec![via(&alpha)]), (wiki, expected)]
    );
    assert_eq!(read!(db, c => access::apps_of_user(c, tom.id)), []);
}

async fn people_are_listed_with_their_routes(test: TestDatabase) {
    let db = &test.db;
    let maya = sample::user(db, "maya").await;
    let tom = sample::user(db, "tom").await;
    let zoe = sample::user(db, "zoe").await;
    let stranger = sample::user(db, "stranger").await;
    let design = sample::group(db, "Design").await;
    let wiki = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let lonely = sample::app(db, sample::bookmark("lonely", "Lonely")).await;
    join(db, &design, &maya).await;
    join(db, &design, &tom).await;
    bind(db, &wiki, &design).await;
    choose(db, &wiki, &tom).await;
    choose(db, &wiki, &zoe).await;
    let all = read!(db, c => access::people(c, wiki.id, "", PageRequest::default()));
    assert_eq!(
        all.items,
        [
            (maya.clone(), vec![via(&design)]),
            (tom.clone(), vec![via(&design), Route::Direct]),
            (zoe.clone(), vec![Route::Direct])
        ]
    );
    assert_eq!(all.total, 3);
    let page = read!(db, c => access::people(c, wiki.id, "", PageRequest::new(1, 1)));
    assert_eq!((page.items, page.total), (vec![(tom, vec![via(&design), Route::Direct])], 3));
    let found = read!(db, c => access::people(c, wiki.id, "ZOE@", PageRequest::default()));
    assert_eq!((found.items, found.total), (vec![(zoe, vec![Route::Direct])], 1));
    assert_eq!(read!(db, c => access::count_people(c, wiki.id)), 3);
    assert_eq!(read!(db, c => access::count_people(c, lonely.id)), 0);
    choose(db, &lonely, &stranger).await;
    assert_eq!(read!(db, c => access::counts_by_app(c)), [(wiki.id, (1, 3)), (lonely.id, (0, 1))].into());
}

async fn losses_are_counted(test: TestDatabase) {
    let db = &test.db;
    let (one, two, three) =
        (sample::user(db, "one").await, sample::user(db, "two").await, sample::user(db, "three").await);
    let (design, alpha) = (sample::group(db, "Design").await, sample::group(db, "alpha").await);
    let wiki = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let other = sample::app(db, sample::bookmark("other", "Other")).await;
    for user in [&one, &two, &three] {
        join(db, &design, user).await;
    }
    join(db, &alpha, &two).await;
    bind(db, &wiki, &design).await;
    bind(db, &wiki, &alpha).await;
    bind(db, &other, &design).await;
    choose(db, &wiki, &three).await;
    // `one` has the app through Design alone; `two` has both groups; `three` was chosen by hand too.
    assert_eq!(
        read!(db, c => assignments::groups_of_app(c, wiki.id)),
        [(alpha, 1, 0), (design.clone(), 3, 1)]
    );
    assert_eq!(read!(db, c => assignments::groups_of_app(c, other.id)), [(design.clone(), 3, 3)]);
    let only = |app: AppId, group: GroupId, page: PageRequest| async move {
        let found = read!(db, c => assignments::only_through(c, app, group, page));
        (found.items.into_iter().map(|user| user.username).collect::<Vec<_>>(), found.total)
    };
    assert_eq!(only(wiki.id, design.id, PageRequest::first(9)).await, (vec!["one".to_owned()], 1));
    assert_eq!(only(wiki.id, new_id!(GroupId), PageRequest::first(9)).await, (Vec::new(), 0));
    let (some, total) = only(other.id, design.id, PageRequest::new(1, 1)).await;
    assert_eq!((some.as_slice(), total), (["three".to_owned()].as_slice(), 3), "by display name");
}

async fn s42_only_what_holds_now_is_confirmed(test: TestDatabase) {
    let db = &test.db;
    let (maya, tom) = (sample::user(db, "maya").await, sample::user(db, "tom").await);
    let group = sample::group(db, "Design").await;
    let wiki = sample::app(db, sample::bookmark("wiki", "Wiki")).await;
    let other = sample::app(db, sample::bookmark("other", "Other")).await;
    join(db, &group, &maya).await;
    bind(db, &wiki, &group).await;
    choose(db, &other, &tom).await;
    let session = super::flows::session(maya.id, 0);
    super::flows::keep(db, &session, "h").await;
    let holds = async |session: SessionId, user: &User, app: &App| {
        let (user, app) = (user.id, app.id);
        change!(db, tx => access::confirm(tx, session, user, app).await?).expect("answered")
    };
    assert!(holds(session.id, &maya, &wiki).await, "by a group");
    assert!(!holds(session.id, &maya, &other).await, "somebody else has that app");
    assert!(!holds(session.id, &tom, &other).await, "somebody else has that session");
    assert!(!holds(new_id!(SessionId), &maya, &wiki).await, "no session");
    let missing = new_id!(AppId);
    assert!(!change!(db, tx => access::confirm(tx, session.id, maya.id, missing).await?).expect("answered"));

    let (app, of, user) = (wiki.id, group.id, maya.id);
    change!(db, tx => assignments::unbind_group(tx, app, of).await?).expect("unbound");
    assert!(!holds(session.id, &maya, &wiki).await, "the group is unbound");
    choose(db, &wiki, &maya).await;
    assert!(holds(session.id, &maya, &wiki).await, "by hand");
    change!(db, tx => assignments::unbind_user(tx, app, user).await?).expect("unbound");
    bind(db, &wiki, &group).await;
    assert!(holds(session.id, &maya, &wiki).await, "bound again");
    change!(db, tx => members::remove(tx, of, user).await?).expect("left");
    assert!(!holds(session.id, &maya, &wiki).await, "she left the group");
    join(db, &group, &maya).await;

    let paused = sample::changed(&wiki, |draft| draft.active = false);
    change!(db, tx => apps::update(tx, app, None, &paused, at(1)).await?).expect("paused");
    assert!(!holds(session.id, &maya, &wiki).await, "the app is paused");
    let live = sample::changed(&wiki, |draft| draft.active = true);
    change!(db, tx => apps::update(tx, app, None, &live, at(2)).await?).expect("live");
    assert!(holds(session.id, &maya, &wiki).await, "live again");

    for (state, may) in [(UserState::Suspended, false), (UserState::Staged, false), (UserState::Active, true)]
    {
        let checked = UserDraft { state, ..UserDraft::of(&maya) }.check().expect("valid");
        change!(db, tx => users::update(tx, user, None, &checked, at(3)).await?).expect("changed");
        assert_eq!(holds(session.id, &maya, &wiki).await, may, "{state:?}");
    }
    change!(db, tx => sessions::delete(tx, session.id).await?).expect("ended");
    assert!(!holds(session.id, &maya, &wiki).await, "the session ended");
}
