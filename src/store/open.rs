//! How connections are set up: files and their rights, settings of both databases, pool sizes.
//! Does not own what the connections are used for (`database`).

use super::{error::StoreError, readers::Readers, sqlite::Sqlite};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous},
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

/// What every SQLite connection is set to. Each acknowledged write is on the disk (`synchronous=FULL`); deleted secrets are
/// overwritten.
const SQLITE: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; \
    PRAGMA trusted_schema = OFF;";

/// The writer's own: a cache for the upper levels of every index, and a log that is folded into the file every 2,000
/// pages (8 MiB) and cut back to 16 MiB when a long reader let it grow.
const WRITER: &str =
    "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 16777216;";

/// The readers': small caches. The system's own file cache is behind them; mapping the file instead would count as our
/// memory.
const READER: &str = "PRAGMA cache_size = -1024; PRAGMA query_only = ON;";

/// The writer's connection; makes the file, for our account alone, when it is missing.
pub(super) fn sqlite_writer(path: &Path) -> Result<Sqlite, StoreError> {
    prepare_file(path).map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;
    Sqlite::open(path, &format!("{SQLITE} {WRITER}"))
}

/// A pool of readers: as many as can run at once, and a few more.
pub(super) fn sqlite_readers(path: &Path) -> Result<Readers, StoreError> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Readers::open(path.to_owned(), format!("{SQLITE} {READER}"), (cores * 2).clamp(4, 8))
}

/// A connection for the migrations, with the same promises.
pub(super) async fn sqlite_migrations(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF");
    Ok(options.connect().await?)
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
