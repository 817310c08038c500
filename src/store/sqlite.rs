//! One SQLite connection, used in place: a statement on an embedded database is a call, and as short as parsing a request.
//! Does not own statements, or who may use the connection when (`readers`, `writer`).

use super::{columns::FromRow, error::StoreError};
use rusqlite::{Connection, OpenFlags, ToSql};
use std::{collections::HashMap, path::Path};

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;

/// A connection, and the texts of statements as SQLite wants them.
pub struct Sqlite {
    conn: Connection,
    /// By address and length of the portable text, which lives as long as the program.
    texts: HashMap<(usize, usize), Box<str>>,
}

impl Sqlite {
    /// Opens a file that is there and runs a batch of settings on it.
    pub(super) fn open(path: &Path, settings: &str) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.execute_batch(settings)?;
        Ok(Self { conn, texts: HashMap::new() })
    }

    /// Runs statements that have no parameters, and whose answers are not wanted.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch(sql)?)
    }

    /// Runs a statement; how many rows it changed.
    pub(super) fn execute(&mut self, sql: &'static str, values: &[&dyn ToSql]) -> Result<u64, StoreError> {
        let text = text(&mut self.texts, sql);
        let changed = self.conn.prepare_cached(text)?.execute(values)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Every row.
    pub(super) fn fetch_all<T: FromRow>(
        &mut self,
        sql: &'static str,
        values: &[&dyn ToSql],
    ) -> Result<Vec<T>, StoreError> {
        let text = text(&mut self.texts, sql);
        let mut statement = self.conn.prepare_cached(text)?;
        let mut rows = statement.query(values)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(T::from_sqlite(row, &mut 0)?);
        }
        Ok(found)
    }

    /// The first row, if there is one.
    pub(super) fn fetch_optional<T: FromRow>(
        &mut self,
        sql: &'static str,
        values: &[&dyn ToSql],
    ) -> Result<Option<T>, StoreError> {
        let text = text(&mut self.texts, sql);
        let mut statement = self.conn.prepare_cached(text)?;
        let mut rows = statement.query(values)?;
        match rows.next()? {
            Some(row) => Ok(Some(T::from_sqlite(row, &mut 0)?)),
            None => Ok(None),
        }
    }

    /// The first row of a query that always has one.
    pub(super) fn fetch_one<T: FromRow>(
        &mut self,
        sql: &'static str,
        values: &[&dyn ToSql],
    ) -> Result<T, StoreError> {
        self.fetch_optional(sql, values)?
            .ok_or_else(|| StoreError::Driver(Box::new(rusqlite::Error::QueryReturnedNoRows)))
    }

    /// Closes it; the last to close folds the write-ahead log into the file.
    pub(super) fn close(self) -> Result<(), StoreError> {
        self.conn.close().map_err(|(_, error)| error.into())
    }
}

/// The statement's text for SQLite, translated once.
fn text<'t>(texts: &'t mut HashMap<(usize, usize), Box<str>>, sql: &'static str) -> &'t str {
    texts.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| numbered(sql).into())
}

/// `$1` is a name to SQLite, numbered by where it first stands; `?1` is the number that is meant.
fn numbered(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let parameter = c == '$' && rest.peek().is_some_and(char::is_ascii_digit);
        text.push(if parameter { '?' } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_bound_by_their_number() {
        assert_eq!(
            numbered("UPDATE t SET a = $2 WHERE b = $1 AND c = '$'"),
            "UPDATE t SET a = ?2 WHERE b = ?1 AND c = '$'"
        );
    }

    #[test]
    fn a_statement_binds_and_answers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.db");
        std::fs::write(&path, b"").expect("writable");
        let mut conn = Sqlite::open(&path, "CREATE TABLE t (a TEXT, b BIGINT, c BOOLEAN)").expect("opens");
        let values = rusqlite::params!["x", 7, true];
        assert_eq!(conn.execute("INSERT INTO t (b, a, c) VALUES ($2, $1, $3)", values).expect("runs"), 1);
        let rows: Vec<(String, Option<i64>, bool)> =
            conn.fetch_all("SELECT a, b, c FROM t", &[]).expect("runs");
        assert_eq!(rows, [("x".to_owned(), Some(7), true)]);
        let none: Option<(String,)> =
            conn.fetch_optional("SELECT a FROM t WHERE b = $1", rusqlite::params![8]).expect("runs");
        assert_eq!(none, None);
    }
}
