//! Which groups and people are bound to which applications. Does not own what follows from it for one person (`access`).

use super::{
    apps::{AppRow, app_columns, sort_by_label},
    dialect::{Conn, execute, fetch_all, fetch_value},
    error::StoreError,
    groups::{CountedGroupRow, group_columns},
    page::{Page, PageRequest},
    row::{self, Place},
    tx::Tx,
    users::{UserRow, user_columns},
};
use crate::{
    domain::{app::App, group::Group, sent_as::SentAs, text::canonical, user::User},
    id::{AppId, GroupId, UserId},
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// Binds a group to an app; `false` when it was bound, or one of the two is not there.
pub async fn bind_group(
    tx: &mut Tx,
    app: AppId,
    group: GroupId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO app_groups (app_id, group_id, created_at) \
        SELECT a.id, g.id, $3 FROM apps a, groups g WHERE a.id = $1 AND g.id = $2 ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, app.to_string(), group.to_string(), now.timestamp_millis())? == 1)
}

/// Unbinds a group from an app; whether it was bound.
pub async fn unbind_group(tx: &mut Tx, app: AppId, group: GroupId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM app_groups WHERE app_id = $1 AND group_id = $2";
    Ok(execute!(tx, SQL, app.to_string(), group.to_string())? == 1)
}

/// Binds a person to an app by hand; `false` when they were bound, or one of the two is not there.
pub async fn bind_user(
    tx: &mut Tx,
    app: AppId,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO app_users (app_id, user_id, created_at) \
        SELECT a.id, u.id, $3 FROM apps a, users u WHERE a.id = $1 AND u.id = $2 ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, app.to_string(), user.to_string(), now.timestamp_millis())? == 1)
}

/// Unbinds a person from an app; whether they were bound by hand.
pub async fn unbind_user(tx: &mut Tx, app: AppId, user: UserId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM app_users WHERE app_id = $1 AND user_id = $2";
    Ok(execute!(tx, SQL, app.to_string(), user.to_string())? == 1)
}

/// The groups bound to an app, by name, each with how many members it has, and how many of those have the app through
/// this group alone: the people who would lose it.
pub async fn groups_of_app(conn: &mut Conn, app: AppId) -> Result<Vec<(Group, i64, i64)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!("g."),
        ", (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id) AS first_count",
        ", (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id",
        " AND NOT EXISTS (SELECT 1 FROM app_users au WHERE au.app_id = $1 AND au.user_id = m.user_id)",
        " AND NOT EXISTS (SELECT 1 FROM group_members om JOIN app_groups oa ON oa.group_id = om.group_id",
        " WHERE om.user_id = m.user_id AND oa.app_id = $1 AND om.group_id <> g.id)) AS second_count",
        " FROM app_groups b JOIN groups g ON g.id = b.group_id WHERE b.app_id = $1"
    );
    let mut groups = fetch_all!(conn, CountedGroupRow, SQL, app.to_string())?
        .into_iter()
        .map(CountedGroupRow::into_counted)
        .collect::<Result<Vec<_>, _>>()?;
    groups.sort_by_cached_key(|(group, ..)| canonical(&group.name));
    Ok(groups)
}

/// The members of a group who have the app through this group alone, by display name: the people who would lose it.
pub async fn only_through(
    conn: &mut Conn,
    app: AppId,
    group: GroupId,
    page: PageRequest,
) -> Result<Page<User>, StoreError> {
    macro_rules! losing {
        () => {
            " FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = $2 \
             AND NOT EXISTS (SELECT 1 FROM app_users au WHERE au.app_id = $1 AND au.user_id = m.user_id) \
             AND NOT EXISTS (SELECT 1 FROM group_members om JOIN app_groups oa ON oa.group_id = om.group_id \
             WHERE om.user_id = m.user_id AND oa.app_id = $1 AND om.group_id <> $2)"
        };
    }
    const COUNT: &str = concat!("SELECT COUNT(*)", losing!());
    const ROWS: &str = concat!(
        "SELECT ",
        user_columns!("u."),
        losing!(),
        " ORDER BY u.display_key, u.id LIMIT $3 OFFSET $4"
    );
    let (app, group) = (app.to_string(), group.to_string());
    let total = fetch_value!(conn, i64, COUNT, &app, &group)?;
    let rows = fetch_all!(conn, UserRow, ROWS, &app, &group, page.take(), page.skip())?;
    Ok(Page { items: row::all(rows)?, total })
}

/// The people bound to an app by hand, by display name.
pub async fn users_of_app(conn: &mut Conn, app: AppId) -> Result<Vec<User>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        user_columns!("u."),
        " FROM app_users b JOIN users u ON u.id = b.user_id WHERE b.app_id = $1"
    );
    let mut users: Vec<User> = row::all(fetch_all!(conn, UserRow, SQL, app.to_string())?)?;
    users.sort_by_cached_key(|user| (canonical(&user.display_name), user.id));
    Ok(users)
}

/// The apps bound to a group, by label.
pub async fn apps_of_group(conn: &mut Conn, group: GroupId) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_columns!("a."),
        " FROM app_groups b JOIN apps a ON a.id = b.app_id WHERE b.group_id = $1"
    );
    let mut apps: Vec<App> = row::all(fetch_all!(conn, AppRow, SQL, group.to_string())?)?;
    sort_by_label(&mut apps);
    Ok(apps)
}

/// The apps bound to a group that are told its name, by label.
pub async fn apps_told_name(conn: &mut Conn, group: GroupId) -> Result<Vec<App>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        app_columns!("a."),
        " FROM app_groups b JOIN apps a ON a.id = b.app_id WHERE b.group_id = $1 AND b.sent_as = 'name'"
    );
    let mut apps: Vec<App> = row::all(fetch_all!(conn, AppRow, SQL, group.to_string())?)?;
    sort_by_label(&mut apps);
    Ok(apps)
}

/// The names of the groups bound to an app, in canonical order, each with what the app is told of it.
pub async fn named_groups_of_app(conn: &mut Conn, app: AppId) -> Result<Vec<(String, SentAs)>, StoreError> {
    const SQL: &str = "SELECT g.id, g.name, b.sent_as FROM app_groups b JOIN groups g ON g.id = b.group_id \
        WHERE b.app_id = $1";
    let mut groups = fetch_all!(conn, (String, String, String), SQL, app.to_string())?
        .into_iter()
        .map(|(id, name, sent_as)| Ok((name, bound(&id).word("sent_as", &sent_as, SentAs::parse)?)))
        .collect::<Result<Vec<_>, StoreError>>()?;
    groups.sort_by_cached_key(|(name, _)| canonical(name));
    Ok(groups)
}

/// What an app is told of the groups that are bound to it, where that is not the name.
pub async fn sent_as_of_app(conn: &mut Conn, app: AppId) -> Result<HashMap<GroupId, SentAs>, StoreError> {
    const SQL: &str = "SELECT group_id, sent_as FROM app_groups WHERE app_id = $1 AND sent_as <> 'name'";
    fetch_all!(conn, (String, String), SQL, app.to_string())?
        .into_iter()
        .map(|(group, sent_as)| {
            let place = bound(&group);
            Ok((place.id("group_id", &group)?, place.word("sent_as", &sent_as, SentAs::parse)?))
        })
        .collect()
}

/// The row that binds a group.
fn bound(group: &str) -> Place<'_> {
    Place { table: "app_groups", id: group }
}

/// Sets what an app is told of a group that is bound to it; whether that is something else than before.
pub async fn send_as(tx: &mut Tx, app: AppId, group: GroupId, sent_as: &SentAs) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE app_groups SET sent_as = $3 WHERE app_id = $1 AND group_id = $2 AND sent_as <> $3";
    Ok(execute!(tx, SQL, app.to_string(), group.to_string(), sent_as.to_string())? == 1)
}
