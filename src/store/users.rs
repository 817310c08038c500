//! People in the database. Does not own password hashes (`credentials`) or memberships (`members`).

use super::{
    columns::row_type,
    dialect::{Conn, can_be_key, execute, fetch_all, fetch_optional, fetch_value, like},
    error::StoreError,
    page::{Page, PageRequest},
    row::{self, Place, cut},
    tx::{ACCOUNTS, Tx},
};
use crate::{
    domain::{
        text::canonical,
        user::{CheckedUser, Role, User, UserState},
    },
    id::UserId,
};
use chrono::{DateTime, Utc};

const TABLE: &str = "users";

/// The columns of a [`UserRow`], each after the given prefix; never the password hash.
macro_rules! user_columns {
    () => {
        $crate::store::users::user_columns!("")
    };
    ($p:literal) => {
        $crate::store::dialect::columns!($p; id username email display_name state role profile custom created_at updated_at version)
    };
}
pub(super) use user_columns;

row_type! {
    /// A person as stored.
    pub(super) struct UserRow {
        id: String,
        username: String,
        email: String,
        display_name: String,
        state: String,
        role: String,
        profile: String,
        custom: String,
        created_at: i64,
        updated_at: i64,
        version: i64,
    }
}

impl TryFrom<UserRow> for User {
    type Error = StoreError;
    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        let place = Place { table: TABLE, id: &row.id };
        Ok(Self {
            id: place.id("id", &row.id)?,
            state: place.word("state", &row.state, UserState::parse)?,
            role: place.word("role", &row.role, Role::parse)?,
            profile: place.json("profile", &row.profile)?,
            custom: place.json("custom", &row.custom)?,
            created_at: place.instant("created_at", row.created_at)?,
            updated_at: place.instant("updated_at", row.updated_at)?,
            version: row.version,
            username: row.username,
            email: row.email,
            display_name: row.display_name,
        })
    }
}

/// Which people a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Part of a name, user name, address or department; empty: everybody.
    pub q: String,
    /// Only people in this state.
    pub state: Option<UserState>,
}

/// One person.
pub async fn get(conn: &mut Conn, id: UserId) -> Result<Option<User>, StoreError> {
    const SQL: &str = concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1");
    row::one(fetch_optional!(conn, UserRow, SQL, id.to_string())?)
}

/// The person whose user name or address is `text`, compared by canonical key.
pub async fn find_by_login(conn: &mut Conn, text: &str) -> Result<Option<User>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users WHERE username_key = $1 OR email_key = $1 ",
        "ORDER BY CASE WHEN username_key = $1 THEN 0 ELSE 1 END LIMIT 1"
    );
    if !can_be_key(text) {
        return Ok(None);
    }
    row::one(fetch_optional!(conn, UserRow, SQL, canonical(text))?)
}

/// Adds a person. `Conflict("users.username_key")` or `("users.email_key")` when the name or address is another's name
/// or address.
pub async fn insert(
    tx: &mut Tx,
    id: UserId,
    user: &CheckedUser,
    now: DateTime<Utc>,
) -> Result<User, StoreError> {
    const SQL: &str = "INSERT INTO users (id, username, username_key, email, email_key, state, role, display_name, \
        display_key, search_key, profile, custom, created_at, updated_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1)";
    tx.alone(ACCOUNTS).await?;
    let draft = user.get();
    let text_id = id.to_string();
    let place = Place { table: TABLE, id: &text_id };
    let (username_key, email_key) = (canonical(&draft.username), canonical(&draft.email));
    check_names(tx, &text_id, &username_key, &email_key).await?;
    execute!(
        tx,
        SQL,
        &text_id,
        &draft.username,
        username_key,
        &draft.email,
        email_key,
        draft.state.as_str(),
        draft.role.as_str(),
        &draft.display_name,
        canonical(&draft.display_name),
        user.search_key(),
        place.to_json("profile", &draft.profile)?,
        place.to_json("custom", &draft.custom)?,
        now.timestamp_millis()
    )?;
    let draft = draft.clone();
    Ok(User {
        id,
        username: draft.username,
        email: draft.email,
        display_name: draft.display_name,
        state: draft.state,
        role: draft.role,
        profile: draft.profile,
        custom: draft.custom,
        created_at: cut(now),
        updated_at: cut(now),
        version: 1,
    })
}

/// Changes a person. `Stale` when they are gone or no longer at `expected_version`; `None` takes any version.
pub async fn update(
    tx: &mut Tx,
    id: UserId,
    expected_version: Option<i64>,
    user: &CheckedUser,
    now: DateTime<Utc>,
) -> Result<User, StoreError> {
    const SQL: &str = concat!(
        "UPDATE users SET username = $3, username_key = $4, email = $5, email_key = $6, state = $7, role = $8, ",
        "display_name = $9, display_key = $10, search_key = $11, profile = $12, custom = $13, updated_at = $14, ",
        "version = version + 1 WHERE id = $1 AND ($2 IS NULL OR version = $2) RETURNING ",
        user_columns!()
    );
    tx.alone(ACCOUNTS).await?;
    let draft = user.get();
    let text_id = id.to_string();
    let place = Place { table: TABLE, id: &text_id };
    let (username_key, email_key) = (canonical(&draft.username), canonical(&draft.email));
    check_names(tx, &text_id, &username_key, &email_key).await?;
    let updated = fetch_optional!(
        tx,
        UserRow,
        SQL,
        &text_id,
        expected_version,
        &draft.username,
        username_key,
        &draft.email,
        email_key,
        draft.state.as_str(),
        draft.role.as_str(),
        &draft.display_name,
        canonical(&draft.display_name),
        user.search_key(),
        place.to_json("profile", &draft.profile)?,
        place.to_json("custom", &draft.custom)?,
        now.timestamp_millis()
    )?;
    row::one(updated)?.ok_or(StoreError::Stale)
}

/// A sign-in name must lead to one person: nobody's user name may be another's address.
async fn check_names(tx: &mut Tx, id: &str, username_key: &str, email_key: &str) -> Result<(), StoreError> {
    const SQL: &str = "SELECT CASE WHEN email_key = $2 THEN 'users.username_key' ELSE 'users.email_key' END \
        FROM users WHERE (email_key = $2 OR username_key = $3) AND id <> $1 LIMIT 1";
    match fetch_optional!(tx, (String,), SQL, id, username_key, email_key)? {
        Some((taken,)) => Err(StoreError::Conflict(taken)),
        None => Ok(()),
    }
}

/// Removes a person with all that hangs on them; whether they were there.
pub async fn delete(tx: &mut Tx, id: UserId) -> Result<bool, StoreError> {
    tx.alone(ACCOUNTS).await?;
    Ok(execute!(tx, "DELETE FROM users WHERE id = $1", id.to_string())? == 1)
}

/// People by display name.
pub async fn list(conn: &mut Conn, filter: &UserFilter, page: PageRequest) -> Result<Page<User>, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM users \
        WHERE ($1 = '' OR search_key LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR state = $2)";
    const ROWS: &str = concat!(
        "SELECT ",
        user_columns!(),
        " FROM users WHERE ($1 = '' OR search_key LIKE $1 ESCAPE '\\') AND ($2 IS NULL OR state = $2) ",
        "ORDER BY display_key, id LIMIT $3 OFFSET $4"
    );
    let pattern = like(&filter.q);
    let state = filter.state.map(UserState::as_str);
    let total = fetch_value!(conn, i64, COUNT, &pattern, state)?;
    let rows = fetch_all!(conn, UserRow, ROWS, &pattern, state, page.take(), page.skip())?;
    Ok(Page { items: row::all(rows)?, total })
}

/// How many people there are.
pub async fn count(conn: &mut Conn) -> Result<i64, StoreError> {
    fetch_value!(conn, i64, "SELECT COUNT(*) FROM users")
}

/// How many owners may sign in; the last one can't be taken away.
pub async fn count_active_owners(conn: &mut Conn) -> Result<i64, StoreError> {
    // The condition on `none` is the one of the partial index.
    fetch_value!(
        conn,
        i64,
        "SELECT COUNT(*) FROM users WHERE role <> 'none' AND role = 'owner' AND state = 'active'"
    )
}

/// Everybody, in the order of their canonical user names: the same on both databases.
pub async fn all(conn: &mut Conn) -> Result<Vec<User>, StoreError> {
    const SQL: &str = concat!("SELECT ", user_columns!(), " FROM users");
    let mut users: Vec<User> = row::all(fetch_all!(conn, UserRow, SQL)?)?;
    users.sort_by_cached_key(|user| canonical(&user.username));
    Ok(users)
}
