//! The two databases behind one connection type, and every difference between them.
//! Does not own statements: each repository file holds the SQL of one noun.

use super::{columns::FromRow, error::StoreError, readers::Reader, sqlite::Sqlite};
use crate::domain::text::canonical;
use sqlx::{
    PgConnection, Postgres,
    pool::PoolConnection,
    postgres::{PgQueryResult, PgRow},
};
use std::borrow::Cow;

/// One connection, lent for reading or inside a write.
pub enum Conn {
    /// A connection of the SQLite read pool.
    Sqlite(Reader),
    /// The SQLite writer's own connection.
    SqliteWriter(Box<Sqlite>),
    /// A connection of the PostgreSQL pool.
    Postgres(PoolConnection<Postgres>),
}

/// The driver's connection inside a [`Conn`].
pub enum Driver<'c> {
    /// SQLite.
    Sqlite(&'c mut Sqlite),
    /// PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Conn {
    /// The driver's connection; used by the macros below only.
    pub fn driver(&mut self) -> Driver<'_> {
        match self {
            Self::Sqlite(conn) => Driver::Sqlite(conn),
            Self::SqliteWriter(conn) => Driver::Sqlite(conn),
            Self::Postgres(conn) => Driver::Postgres(conn),
        }
    }
}

/// `"p.a, p.b"` from `columns!("p."; a b)`: the columns of a row, each after a prefix.
macro_rules! columns {
    ($p:literal; $first:ident $($name:ident)*) => {
        concat!($p, stringify!($first) $(, ", ", $p, stringify!($name))*)
    };
}
pub(crate) use columns;

/// A query of PostgreSQL with its values.
macro_rules! postgres {
    ($sql:expr $(, $value:expr)*) => { sqlx::query($sql)$(.bind($value))* };
}
pub(crate) use postgres;

/// Runs a statement and answers how many rows it changed, on whichever database this is. The statement stands once; the
/// expression is compiled for either driver.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $conn.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => c.execute($sql, rusqlite::params![$($value),*]),
            $crate::store::dialect::Driver::Postgres(c) => {
                $crate::store::dialect::changed($crate::store::dialect::postgres!($sql $(, $value)*).execute(c).await)
            }
        }
    };
}
pub(crate) use execute;

/// Fetches every row as a [`FromRow`](super::columns::FromRow) type, on whichever database this is.
macro_rules! fetch_all {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $conn.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => c.fetch_all::<$row>($sql, rusqlite::params![$($value),*]),
            $crate::store::dialect::Driver::Postgres(c) => $crate::store::dialect::every::<$row>(
                $crate::store::dialect::postgres!($sql $(, $value)*).fetch_all(c).await
            ),
        }
    };
}
pub(crate) use fetch_all;

/// Fetches at most one row as a [`FromRow`](super::columns::FromRow) type, on whichever database this is.
macro_rules! fetch_optional {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $conn.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => {
                c.fetch_optional::<$row>($sql, rusqlite::params![$($value),*])
            }
            $crate::store::dialect::Driver::Postgres(c) => $crate::store::dialect::perhaps::<$row>(
                $crate::store::dialect::postgres!($sql $(, $value)*).fetch_optional(c).await
            ),
        }
    };
}
pub(crate) use fetch_optional;

/// Fetches the one value of a query that always has one, a count for example.
macro_rules! fetch_value {
    ($conn:expr, $value_type:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $conn.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => {
                c.fetch_one::<$value_type>($sql, rusqlite::params![$($value),*])
            }
            $crate::store::dialect::Driver::Postgres(c) => $crate::store::dialect::certainly::<$value_type>(
                $crate::store::dialect::postgres!($sql $(, $value)*).fetch_one(c).await
            ),
        }
    };
}
pub(crate) use fetch_value;

/// Fetches rows of `$head || $select || $tail` where `$select` picks rows for one worker of several: on PostgreSQL it
/// locks them and passes over those another worker has locked; SQLite has one writer, so nobody else can pick.
macro_rules! fetch_picked {
    ($conn:expr, $row:ty, $head:literal, $select:literal, $tail:literal $(, $value:expr)* $(,)?) => {
        match $conn.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => {
                c.fetch_all::<$row>(concat!($head, $select, $tail), rusqlite::params![$($value),*])
            }
            $crate::store::dialect::Driver::Postgres(c) => {
                const SQL: &str = concat!($head, $select, " FOR UPDATE SKIP LOCKED", $tail);
                $crate::store::dialect::every::<$row>(
                    $crate::store::dialect::postgres!(SQL $(, $value)*).fetch_all(c).await
                )
            }
        }
    };
}
pub(crate) use fetch_picked;

/// Fetches at most one row, which nobody else can change until the write ends: on PostgreSQL by a lock; SQLite has one writer.
macro_rules! fetch_held {
    ($tx:expr, $row:ty, $sql:literal $(, $value:expr)* $(,)?) => {
        match $tx.driver() {
            $crate::store::dialect::Driver::Sqlite(c) => {
                c.fetch_optional::<$row>($sql, rusqlite::params![$($value),*])
            }
            $crate::store::dialect::Driver::Postgres(c) => {
                const HELD: &str = concat!($sql, " FOR UPDATE");
                $crate::store::dialect::perhaps::<$row>(
                    $crate::store::dialect::postgres!(HELD $(, $value)*).fetch_optional(c).await
                )
            }
        }
    };
}
pub(crate) use fetch_held;

/// How many rows PostgreSQL changed.
pub(super) fn changed(done: Result<PgQueryResult, sqlx::Error>) -> Result<u64, StoreError> {
    Ok(done?.rows_affected())
}

/// Every row of PostgreSQL.
pub(super) fn every<T: FromRow>(rows: Result<Vec<PgRow>, sqlx::Error>) -> Result<Vec<T>, StoreError> {
    rows?.iter().map(|row| T::from_postgres(row, &mut 0)).collect()
}

/// The row of PostgreSQL, if there is one.
pub(super) fn perhaps<T: FromRow>(row: Result<Option<PgRow>, sqlx::Error>) -> Result<Option<T>, StoreError> {
    row?.map(|row| T::from_postgres(&row, &mut 0)).transpose()
}

/// The row of PostgreSQL.
pub(super) fn certainly<T: FromRow>(row: Result<PgRow, sqlx::Error>) -> Result<T, StoreError> {
    T::from_postgres(&row?, &mut 0)
}

/// Whether a table exists.
pub(super) async fn table_exists(conn: &mut Conn, table: &str) -> Result<bool, StoreError> {
    match conn.driver() {
        Driver::Sqlite(c) => c.fetch_one(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)",
            rusqlite::params![table],
        ),
        Driver::Postgres(c) => {
            certainly(postgres!("SELECT to_regclass($1) IS NOT NULL", table).fetch_one(c).await)
        }
    }
}

/// Runs a command of the simple protocol, several statements allowed; for the ends of PostgreSQL transactions.
pub(super) async fn postgres_command(conn: &mut Conn, command: &'static str) -> Result<(), StoreError> {
    match conn.driver() {
        Driver::Postgres(c) => sqlx::raw_sql(command).execute(c).await.map(|_| ()).map_err(StoreError::from),
        Driver::Sqlite(_) => Err(StoreError::Unavailable("not a PostgreSQL connection".into())),
    }
}

/// Longest text that is searched for, in characters; SQLite refuses patterns over 50,000 bytes.
const SEARCH_MAX: usize = 256;

/// `%text%` for `LIKE … ESCAPE '\\'` on a canonical search key: the text is made canonical too, and its own wildcards
/// are taken literally. Empty for an empty text, which the queries take as "everything".
pub fn like(text: &str) -> String {
    let cut: String = text.chars().filter(|c| *c != '\0').take(SEARCH_MAX).collect();
    let word = canonical(&cut);
    if word.is_empty() {
        return word;
    }
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Text as both databases can keep it: PostgreSQL refuses U+0000, which is replaced by U+FFFD.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}

/// Whether a text can be the key of a row at all. Others are not asked for: PostgreSQL answers U+0000 with an error.
pub(super) fn can_be_key(text: &str) -> bool {
    text.len() <= 4096 && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_the_search_text_are_literal() {
        assert_eq!(like("50%_\\ Off"), "%50\\%\\_\\\\ off%");
        assert_eq!(like("  "), "");
        assert_eq!(like("a\0b"), "%ab%");
        assert_eq!(like(&"x".repeat(100_000)).len(), SEARCH_MAX + 2);
    }
}
