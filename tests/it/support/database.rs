//! A fresh, migrated database for one test, on either backend.

use gatehouse::store::Database;
use sqlx::Connection as _;
use std::path::PathBuf;

/// A database that goes away with the test.
pub struct TestDatabase {
    /// The database.
    pub db: Database,
    /// Its address, to open it once more.
    pub url: String,
    folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// SQLite in a folder of its own.
    pub async fn sqlite() -> Self {
        let test = Self::empty_sqlite().await;
        test.db.migrate().await.expect("migrates");
        test
    }

    /// SQLite before the first migration.
    pub async fn empty_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("gatehouse.db").display());
        let db = Database::open(&url).await.expect("opens");
        Self { db, url, folder: Some(folder) }
    }

    /// A copy of a migrated PostgreSQL database.
    pub async fn postgres() -> Self {
        let url = super::postgres::migrated().await;
        let db = Database::open(&url).await.expect("opens");
        Self { db, url, folder: None }
    }

    /// PostgreSQL before the first migration.
    pub async fn empty_postgres() -> Self {
        let url = super::postgres::empty().await;
        let db = Database::open(&url).await.expect("opens");
        Self { db, url, folder: None }
    }

    /// Runs a statement beside the store, for what only an older version leaves behind.
    pub async fn execute(&self, sql: &str) {
        if self.folder.is_some() {
            rusqlite::Connection::open(self.file()).expect("opens").execute_batch(sql).expect("runs");
        } else {
            let mut conn = sqlx::PgConnection::connect(&self.url).await.expect("answers");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.expect("runs");
        }
    }

    /// The file of a SQLite database.
    pub fn file(&self) -> PathBuf {
        self.folder.as_ref().expect("a SQLite database").path().join("gatehouse.db")
    }
}

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Embedded.
    Sqlite,
    /// The server of the test run.
    Postgres,
}

/// The address of a new database in `folder`, or on the server.
pub async fn url(kind: Kind, folder: &std::path::Path) -> String {
    match kind {
        Kind::Sqlite => format!("sqlite://{}", folder.join("gatehouse.db").display()),
        Kind::Postgres => super::postgres::migrated().await,
    }
}
