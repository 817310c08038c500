//! Who is in which group. Does not own the groups (`groups`) or the people (`users`).

use super::{
    dialect::{Conn, execute, fetch_all, fetch_value, like},
    error::StoreError,
    groups::{GroupRow, group_columns, sort_by_name},
    page::{Page, PageRequest},
    row,
    tx::Tx,
    users::{UserRow, user_columns},
};
use crate::{
    domain::{group::Group, text::canonical, user::User},
    id::{GroupId, UserId},
};
use chrono::{DateTime, Utc};

/// Puts a person in a group; `false` when they were in it, or one of the two is not there.
pub async fn add(tx: &mut Tx, group: GroupId, user: UserId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO group_members (group_id, user_id, created_at) \
        SELECT g.id, u.id, $3 FROM groups g, users u WHERE g.id = $1 AND u.id = $2 ON CONFLICT DO NOTHING";
    Ok(execute!(tx, SQL, group.to_string(), user.to_string(), now.timestamp_millis())? == 1)
}

/// Takes a person out of a group; whether they were in it.
pub async fn remove(tx: &mut Tx, group: GroupId, user: UserId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
    Ok(execute!(tx, SQL, group.to_string(), user.to_string())? == 1)
}

/// The groups of a person, by name.
pub async fn groups_of(conn: &mut Conn, user: UserId) -> Result<Vec<Group>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!("g."),
        " FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = $1"
    );
    let mut groups: Vec<Group> = row::all(fetch_all!(conn, GroupRow, SQL, user.to_string())?)?;
    sort_by_name(&mut groups);
    Ok(groups)
}

/// The people of a group whose name, address or department contains `q`, by display name.
pub async fn users_of(
    conn: &mut Conn,
    group: GroupId,
    q: &str,
    page: PageRequest,
) -> Result<Page<User>, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM group_members m JOIN users u ON u.id = m.user_id \
        WHERE m.group_id = $1 AND ($2 = '' OR u.search_key LIKE $2 ESCAPE '\\')";
    const ROWS: &str = concat!(
        "SELECT ",
        user_columns!("u."),
        " FROM group_members m JOIN users u ON u.id = m.user_id ",
        "WHERE m.group_id = $1 AND ($2 = '' OR u.search_key LIKE $2 ESCAPE '\\') ",
        "ORDER BY u.display_key, u.id LIMIT $3 OFFSET $4"
    );
    let (group, pattern) = (group.to_string(), like(q));
    let total = fetch_value!(conn, i64, COUNT, &group, &pattern)?;
    let rows = fetch_all!(conn, UserRow, ROWS, &group, &pattern, page.take(), page.skip())?;
    Ok(Page { items: row::all(rows)?, total })
}

/// The user names of everybody in a group, in canonical order.
pub async fn usernames_of(conn: &mut Conn, group: GroupId) -> Result<Vec<String>, StoreError> {
    const SQL: &str =
        "SELECT u.username FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = $1";
    let rows = fetch_all!(conn, (String,), SQL, group.to_string())?;
    let mut names: Vec<String> = rows.into_iter().map(|(name,)| name).collect();
    names.sort_by_cached_key(|name| canonical(name));
    Ok(names)
}
