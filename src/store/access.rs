//! By which routes people have applications. Does not own the decision that follows (`domain::access`).

use super::{
    apps::{AppRow, app_columns, sort_by_label},
    columns::row_type,
    dialect::{Conn, fetch_all, fetch_held, fetch_value, like},
    error::StoreError,
    page::{Page, PageRequest},
    row::{self, Place},
    tx::Tx,
    users::{UserRow, user_columns},
};
use crate::{
    domain::{access::Route, app::App, sent_as::SentAs, text::canonical, user::User},
    id::{AppId, SessionId, UserId},
};
use std::collections::HashMap;

/// The ids of everybody who has app `$1`, each once.
macro_rules! people_of_app {
    () => {
        "SELECT user_id FROM app_users WHERE app_id = $1 UNION SELECT m.user_id FROM app_groups b \
         JOIN group_members m ON m.group_id = b.group_id WHERE b.app_id = $1"
    };
}

/// A route from its columns: a group's id and name and what the app is told of it, or nothing for a choice by hand.
fn route(id: Option<&str>, name: Option<String>, sent_as: Option<&str>) -> Result<Route, StoreError> {
    match (id, name) {
        (Some(id), Some(name)) => {
            let place = Place { table: "groups", id };
            let sent_as = place.word("sent_as", sent_as.unwrap_or_default(), SentAs::parse)?;
            Ok(Route::Group { id: place.id("id", id)?, name, sent_as })
        }
        _ => Ok(Route::Direct),
    }
}

/// Groups by name, the choice by hand last.
fn sort_routes(routes: &mut [Route]) {
    routes.sort_by_cached_key(|route| match route {
        Route::Group { name, .. } => (false, canonical(name)),
        Route::Direct => (true, String::new()),
    });
}

/// The routes by which a person has an app: groups by name, the choice by hand last. Empty: they don't have it.
pub async fn routes(conn: &mut Conn, user: UserId, app: AppId) -> Result<Vec<Route>, StoreError> {
    const SQL: &str = "SELECT g.id, g.name, b.sent_as FROM app_groups b JOIN group_members m ON m.group_id = b.group_id \
        JOIN groups g ON g.id = b.group_id WHERE b.app_id = $1 AND m.user_id = $2 \
        UNION ALL SELECT NULL, NULL, NULL FROM app_users WHERE app_id = $1 AND user_id = $2";
    let rows = fetch_all!(
        conn,
        (Option<String>, Option<String>, Option<String>),
        SQL,
        app.to_string(),
        user.to_string()
    )?;
    let mut routes = rows
        .into_iter()
        .map(|(id, name, sent_as)| route(id.as_deref(), name, sent_as.as_deref()))
        .collect::<Result<Vec<_>, _>>()?;
    sort_routes(&mut routes);
    Ok(routes)
}

/// The apps a person's portal shows, by label: assigned by a group or by hand, active, and with a tile.
pub async fn tiles(conn: &mut Conn, user: UserId) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_columns!("a."),
        " FROM apps a WHERE a.active AND a.show_in_portal AND a.id IN (",
        "SELECT app_id FROM app_users WHERE user_id = $1 UNION ",
        "SELECT b.app_id FROM group_members m JOIN app_groups b ON b.group_id = m.group_id WHERE m.user_id = $1)"
    );
    let mut apps: Vec<App> = row::all(fetch_all!(conn, AppRow, SQL, user.to_string())?)?;
    sort_by_label(&mut apps);
    Ok(apps)
}

row_type! {
    struct AppRouteRow {
        app: AppRow,
        group_id: Option<String>,
        group_name: Option<String>,
        sent_as: Option<String>,
    }
}

/// Every app a person has, paused ones too, by label, each with its routes.
pub async fn apps_of_user(conn: &mut Conn, user: UserId) -> Result<Vec<(App, Vec<Route>)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_columns!("a."),
        ", r.group_id, r.group_name, r.sent_as FROM (",
        "SELECT b.app_id, g.id AS group_id, g.name AS group_name, b.sent_as FROM group_members m ",
        "JOIN app_groups b ON b.group_id = m.group_id JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1 ",
        "UNION ALL SELECT app_id, NULL, NULL, NULL FROM app_users WHERE user_id = $1",
        ") r JOIN apps a ON a.id = r.app_id"
    );
    let mut found: HashMap<AppId, (App, Vec<Route>)> = HashMap::new();
    for row in fetch_all!(conn, AppRouteRow, SQL, user.to_string())? {
        let route = route(row.group_id.as_deref(), row.group_name, row.sent_as.as_deref())?;
        let app: App = row.app.try_into()?;
        found.entry(app.id).or_insert_with(|| (app, Vec::new())).1.push(route);
    }
    let mut apps: Vec<_> = found.into_values().collect();
    for (_, routes) in &mut apps {
        sort_routes(routes);
    }
    apps.sort_by_cached_key(|(app, _)| (canonical(&app.label), app.id));
    Ok(apps)
}

/// The people who have an app and whose name, address or department contains `q`, by display name, each with their
/// routes. People who are suspended or staged are listed too.
pub async fn people(
    conn: &mut Conn,
    app: AppId,
    q: &str,
    page: PageRequest,
) -> Result<Page<(User, Vec<Route>)>, StoreError> {
    const COUNT: &str = concat!(
        "SELECT COUNT(*) FROM users u WHERE u.id IN (",
        people_of_app!(),
        ") AND ($2 = '' OR u.search_key LIKE $2 ESCAPE '\\')"
    );
    const ROWS: &str = concat!(
        "SELECT ",
        user_columns!("u."),
        " FROM users u WHERE u.id IN (",
        people_of_app!(),
        ") AND ($2 = '' OR u.search_key LIKE $2 ESCAPE '\\') ORDER BY u.display_key, u.id LIMIT $3 OFFSET $4"
    );
    const ROUTES: &str = concat!(
        "WITH page AS (SELECT u.id FROM users u WHERE u.id IN (",
        people_of_app!(),
        ") AND ($2 = '' OR u.search_key LIKE $2 ESCAPE '\\') ORDER BY u.display_key, u.id LIMIT $3 OFFSET $4) ",
        "SELECT p.id, g.id, g.name, b.sent_as FROM page p JOIN group_members m ON m.user_id = p.id ",
        "JOIN app_groups b ON b.group_id = m.group_id AND b.app_id = $1 JOIN groups g ON g.id = m.group_id ",
        "UNION ALL SELECT p.id, NULL, NULL, NULL FROM page p JOIN app_users d ON d.user_id = p.id AND d.app_id = $1"
    );
    let (app, pattern) = (app.to_string(), like(q));
    let total = fetch_value!(conn, i64, COUNT, &app, &pattern)?;
    let users = fetch_all!(conn, UserRow, ROWS, &app, &pattern, page.take(), page.skip())?;
    let users: Vec<User> = row::all(users)?;
    let rows = fetch_all!(
        conn,
        (String, Option<String>, Option<String>, Option<String>),
        ROUTES,
        &app,
        &pattern,
        page.take(),
        page.skip()
    )?;
    let mut routes: HashMap<String, Vec<Route>> = HashMap::new();
    for (user, group, name, sent_as) in rows {
        routes.entry(user).or_default().push(route(group.as_deref(), name, sent_as.as_deref())?);
    }
    let items = users
        .into_iter()
        .map(|user| {
            let mut routes = routes.remove(&user.id.to_string()).unwrap_or_default();
            sort_routes(&mut routes);
            (user, routes)
        })
        .collect();
    Ok(Page { items, total })
}

/// How many people have an app.
pub async fn count_people(conn: &mut Conn, app: AppId) -> Result<i64, StoreError> {
    const SQL: &str = concat!("SELECT COUNT(*) FROM (", people_of_app!(), ") p");
    fetch_value!(conn, i64, SQL, app.to_string())
}

/// For each app: how many groups are bound to it, and how many people have it. Apps that nobody has are left out.
pub async fn counts_by_app(conn: &mut Conn) -> Result<HashMap<AppId, (i64, i64)>, StoreError> {
    const SQL: &str = "SELECT app_id, CAST(SUM(bound) AS BIGINT), CAST(SUM(people) AS BIGINT) FROM (\
        SELECT app_id, COUNT(*) AS bound, 0 AS people FROM app_groups GROUP BY app_id \
        UNION ALL SELECT app_id, 0, COUNT(*) FROM (SELECT app_id, user_id FROM app_users \
        UNION SELECT b.app_id, m.user_id FROM app_groups b JOIN group_members m ON m.group_id = b.group_id) p \
        GROUP BY app_id) counts GROUP BY app_id";
    fetch_all!(conn, (String, i64, i64), SQL)?
        .into_iter()
        .map(|(app, groups, people)| {
            Ok((Place { table: "apps", id: &app }.id("id", &app)?, (groups, people)))
        })
        .collect()
}

/// Whether at this moment the session lives, its person is active, the app is live, and a route leads from one to the other.
/// On PostgreSQL it holds the session's row until the write ends: an end of the session that comes at once waits, and then sees
/// what was written.
pub async fn confirm(tx: &mut Tx, session: SessionId, user: UserId, app: AppId) -> Result<bool, StoreError> {
    let held = fetch_held!(
        tx,
        (String,),
        "SELECT id FROM sessions WHERE id = $1 AND user_id = $2 \
        AND EXISTS (SELECT 1 FROM users WHERE users.id = $2 AND users.state = 'active') \
        AND EXISTS (SELECT 1 FROM apps WHERE apps.id = $3 AND apps.active) \
        AND (EXISTS (SELECT 1 FROM app_users WHERE app_users.app_id = $3 AND app_users.user_id = $2) \
        OR EXISTS (SELECT 1 FROM app_groups JOIN group_members ON group_members.group_id = app_groups.group_id \
        WHERE app_groups.app_id = $3 AND group_members.user_id = $2))",
        session.to_string(),
        user.to_string(),
        app.to_string()
    )?;
    Ok(held.is_some())
}
