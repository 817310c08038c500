//! How connections are set up: files and their rights, settings of both databases, pool sizes.
//! Does not own what the connections are used for (`database`).

use super::error::StoreError;
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};

/// Longest wait for a connection of a pool.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A PostgreSQL connection that was idle for longer is asked whether it is still there before it is used.
const PING_AFTER: Duration = Duration::from_secs(1);

/// A pool of PostgreSQL connections. No statement of a request may run longer than 5 s.
pub(super) async fn postgres(url: &str) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("gatehouse")
        .statement_cache_capacity(512)
        .options([("statement_timeout", "5000"), ("idle_in_transaction_session_timeout", "30000")]);
    let pool = PgPoolOptions::new()
        .max_connections(32)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(
                async move { Ok(meta.idle_for < PING_AFTER || sqlx::Connection::ping(conn).await.is_ok()) },
            )
        })
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// The settings that all SQLite connections share; makes the file when it is missing.
pub(super) fn sqlite_options(path: &Path) -> Result<SqliteConnectOptions, StoreError> {
    prepare_file(path).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON")
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF"))
}

/// The writer's own: a cache for the upper levels of every index, and a log that is folded into the file every 2,000
/// pages (8 MiB) and cut back to 16 MiB when a long reader let it grow.
pub(super) fn writer_options(options: &SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .clone()
        .pragma("cache_size", "-8192")
        .pragma("wal_autocheckpoint", "2000")
        .pragma("journal_size_limit", "16777216")
}

/// The readers: few, with small caches, given back after half a minute without use. The system's own file cache is behind
/// them; mapping the file instead would count as our memory.
pub(super) async fn readers(options: &SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let cores =
        std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(8));
    let pool = SqlitePoolOptions::new()
        .max_connections((cores * 2).clamp(4, 8))
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_secs(30))
        .test_before_acquire(false)
        .connect_with(options.clone().pragma("cache_size", "-1024").pragma("query_only", "ON"))
        .await?;
    Ok(pool)
}

/// Makes folder and file with no rights for others, and refuses a file that everybody can read or write (D-05).
fn prepare_file(path: &Path) -> std::io::Result<()> {
    if path.as_os_str().is_empty() || path == Path::new(":memory:") {
        return Err(std::io::Error::other("the database must be a file"));
    }
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
        && !folder.exists()
    {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o007 != 0 {
        return Err(std::io::Error::other(format!("mode {mode:03o} lets every account in: chmod 600 it")));
    }
    Ok(())
}
