//! Groups in the database. Does not own who is in them (`members`) or what they open (`assignments`).

use super::{
    columns::row_type,
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, fetch_value, like},
    error::StoreError,
    page::{Page, PageRequest},
    row::{self, Place, cut},
    tx::Tx,
};
use crate::{
    domain::{
        group::{CheckedGroup, Group},
        text::canonical,
    },
    id::GroupId,
};
use chrono::{DateTime, Utc};

/// The columns of a [`GroupRow`], each after the given prefix.
macro_rules! group_columns {
    () => {
        $crate::store::groups::group_columns!("")
    };
    ($p:literal) => {
        $crate::store::dialect::columns!($p; id name description created_at updated_at version)
    };
}
pub(super) use group_columns;

row_type! {
    /// A group as stored.
    pub(super) struct GroupRow {
        id: String,
        name: String,
        description: String,
        created_at: i64,
        updated_at: i64,
        version: i64,
    }
}

impl TryFrom<GroupRow> for Group {
    type Error = StoreError;
    fn try_from(row: GroupRow) -> Result<Self, StoreError> {
        let place = Place { table: "groups", id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            created_at: place.instant("created_at", row.created_at)?,
            updated_at: place.instant("updated_at", row.updated_at)?,
            version: row.version,
            name: row.name,
            description: row.description,
        })
    }
}

row_type! {
    /// A group and two counts about it.
    pub(super) struct CountedGroupRow {
        group: GroupRow,
        first_count: i64,
        second_count: i64,
    }
}

impl CountedGroupRow {
    /// The group and its counts.
    pub(super) fn into_counted(self) -> Result<(Group, i64, i64), StoreError> {
        Ok((self.group.try_into()?, self.first_count, self.second_count))
    }
}

/// One group.
pub async fn get(conn: &mut Conn, id: GroupId) -> Result<Option<Group>, StoreError> {
    const SQL: &str = concat!("SELECT ", group_columns!(), " FROM groups WHERE id = $1");
    row::one(fetch_optional!(conn, GroupRow, SQL, id.to_string())?)
}

/// The group of this name, compared by canonical key.
pub async fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<Group>, StoreError> {
    const SQL: &str = concat!("SELECT ", group_columns!(), " FROM groups WHERE name_key = $1");
    if !can_be_key(name) {
        return Ok(None);
    }
    row::one(fetch_optional!(conn, GroupRow, SQL, canonical(name))?)
}

fn search_key(name: &str, description: &str) -> String {
    canonical(&format!("{name} {description}"))
}

/// Adds a group. `Conflict("groups.name_key")` when the name is taken.
pub async fn insert(
    tx: &mut Tx,
    id: GroupId,
    group: &CheckedGroup,
    now: DateTime<Utc>,
) -> Result<Group, StoreError> {
    const SQL: &str = "INSERT INTO groups (id, name, name_key, description, search_key, created_at, updated_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $6, 1)";
    let draft = group.get().clone();
    execute!(
        tx,
        SQL,
        id.to_string(),
        &draft.name,
        canonical(&draft.name),
        &draft.description,
        search_key(&draft.name, &draft.description),
        now.timestamp_millis()
    )?;
    Ok(Group {
        id,
        name: draft.name,
        description: draft.description,
        created_at: cut(now),
        updated_at: cut(now),
        version: 1,
    })
}

/// Changes a group. `Stale` when it is gone or no longer at `expected_version`; `None` takes any version.
pub async fn update(
    tx: &mut Tx,
    id: GroupId,
    expected_version: Option<i64>,
    group: &CheckedGroup,
    now: DateTime<Utc>,
) -> Result<Group, StoreError> {
    const SQL: &str = concat!(
        "UPDATE groups SET name = $3, name_key = $4, description = $5, search_key = $6, updated_at = $7, ",
        "version = version + 1 WHERE id = $1 AND ($2 IS NULL OR version = $2) RETURNING ",
        group_columns!()
    );
    let draft = group.get();
    let updated = fetch_optional!(
        tx,
        GroupRow,
        SQL,
        id.to_string(),
        expected_version,
        &draft.name,
        canonical(&draft.name),
        &draft.description,
        search_key(&draft.name, &draft.description),
        now.timestamp_millis()
    )?;
    row::one(updated)?.ok_or(StoreError::Stale)
}

/// Removes a group with its memberships and assignments; whether it was there.
pub async fn delete(tx: &mut Tx, id: GroupId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM groups WHERE id = $1", id.to_string())? == 1)
}

/// Groups by name, each with how many members it has and how many apps it opens.
pub async fn list(
    conn: &mut Conn,
    q: &str,
    page: PageRequest,
) -> Result<Page<(Group, i64, i64)>, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM groups WHERE $1 = '' OR search_key LIKE $1 ESCAPE '\\'";
    const ROWS: &str = concat!(
        "SELECT ",
        group_columns!("g."),
        ", (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id) AS first_count",
        ", (SELECT COUNT(*) FROM app_groups a WHERE a.group_id = g.id) AS second_count",
        " FROM groups g WHERE $1 = '' OR g.search_key LIKE $1 ESCAPE '\\' ORDER BY g.name_key LIMIT $2 OFFSET $3"
    );
    let pattern = like(q);
    let total = fetch_value!(conn, i64, COUNT, &pattern)?;
    let rows = fetch_all!(conn, CountedGroupRow, ROWS, &pattern, page.take(), page.skip())?;
    let items = rows.into_iter().map(CountedGroupRow::into_counted).collect::<Result<_, _>>()?;
    Ok(Page { items, total })
}

/// Every group, in the order of their canonical names: the same on both databases.
pub async fn all(conn: &mut Conn) -> Result<Vec<Group>, StoreError> {
    const SQL: &str = concat!("SELECT ", group_columns!(), " FROM groups");
    let mut groups: Vec<Group> = row::all(fetch_all!(conn, GroupRow, SQL)?)?;
    sort_by_name(&mut groups);
    Ok(groups)
}

/// Sorts by canonical name.
pub(super) fn sort_by_name(groups: &mut [Group]) {
    groups.sort_by_cached_key(|group| canonical(&group.name));
}

/// How many groups there are.
pub async fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    fetch_value!(conn, i64, "SELECT COUNT(*) FROM groups")
}
