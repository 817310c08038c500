//! Opening a database and lending its connections: a read pool, and one call for writes.
//! Does not own statements, or the differences between the databases (`dialect`).

use super::{
    dialect::{self, Conn},
    error::StoreError,
    migrations::{self, For},
    open,
    readers::Readers,
    tx::{Tx, WriteFuture, perform},
    writer::{Outcome, Work, Writer},
};
use sqlx::{ConnectOptions, Connection, PgPool};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::oneshot;

/// Which database, and its connections. Cheap to clone.
#[derive(Clone)]
pub enum Database {
    /// Embedded: one writer with group commit, a pool of readers.
    Sqlite(Arc<Embedded>),
    /// PostgreSQL 15 or later: a pool for both.
    Postgres(PgPool),
}

/// A SQLite file and who works on it.
pub struct Embedded {
    path: PathBuf,
    readers: Readers,
    writer: Writer,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

impl Database {
    /// Opens `sqlite://path` (made when missing, mode 0600) or `postgres://…`. Does not migrate.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(open::postgres(url).await?));
        }
        let path =
            url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).ok_or_else(|| {
                StoreError::Unavailable("database.url must begin with sqlite:// or postgres://".to_owned())
            })?;
        let path = PathBuf::from(path);
        // The writer first: it makes the file a WAL database before any reader looks at it.
        let writer = Writer::start(open::sqlite_writer(&path)?)?;
        let readers = open::sqlite_readers(&path)?;
        Ok(Self::Sqlite(Arc::new(Embedded { path, readers, writer })))
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// A connection for reading; sees every write that was acknowledged before.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Sqlite(file) => Conn::Sqlite(file.readers.acquire().await?),
            Self::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// The one way to change anything: the closure's changes, its audit events and its jobs commit together or not at
    /// all. Answers after the commit is durable. No signing, hashing or network inside: it holds the writer.
    ///
    /// A caller that goes away does not stop a write on SQLite once it is queued; on PostgreSQL it is rolled back
    /// unless the commit was already sent.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> WriteFuture<'t, T, E> + Send + 'static,
    {
        match self {
            Self::Sqlite(file) => queue(&file.writer, work).await,
            Self::Postgres(pool) => transact(pool, work).await,
        }
    }

    /// The names of the migrations that are not applied yet.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.read().await?;
        migrations::pending(&mut conn).await
    }

    /// Applies what is pending, on a connection of its own. Refuses when an applied migration was changed afterwards,
    /// or is one that this version does not know.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrated = match self {
            Self::Sqlite(file) => {
                let mut conn = open::sqlite_migrations(&file.path).await?;
                let migrated = migrations::migrator(For::Sqlite).run(&mut conn).await;
                conn.close().await?;
                migrated
            }
            Self::Postgres(pool) => {
                // Building an index may take longer than any statement of a request may.
                let options = pool.connect_options().as_ref().clone().options([("statement_timeout", "0")]);
                let mut conn = options.connect().await?;
                let migrated = migrations::migrator(For::Postgres).run(&mut conn).await;
                conn.close().await?;
                migrated
            }
        };
        migrated.map_err(|error| StoreError::Unavailable(format!("migration failed: {error}")))
    }

    /// Closes the connections of every clone; queued writes are still answered.
    pub async fn close(self) {
        match self {
            Self::Sqlite(file) => {
                // The writer last: it folds the write-ahead log into the file when nobody else has it open.
                file.readers.close();
                file.writer.stop().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

async fn queue<T, E, F>(writer: &Writer, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> WriteFuture<'t, T, E> + Send + 'static,
{
    let (answer, answered) = oneshot::channel::<Result<T, E>>();
    let job: Work = Box::new(move |tx| {
        Box::pin(async move {
            let result = perform(tx, work).await;
            let keep = result.is_ok();
            let notify = Box::new(move |committed: Result<(), StoreError>| {
                // The caller may have gone; the write stands.
                let _ = answer.send(match committed {
                    Ok(()) => result,
                    Err(error) => Err(E::from(error)),
                });
            });
            if keep { Outcome::Keep(notify) } else { Outcome::Undo(notify) }
        })
    });
    writer.submit(job).await?;
    match answered.await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unavailable("the write was not begun, or it panicked".into()).into()),
    }
}

async fn transact<T, E, F>(pool: &PgPool, work: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: for<'t> FnOnce(&'t mut Tx) -> WriteFuture<'t, T, E>,
{
    let conn = pool.acquire().await.map_err(StoreError::from)?;
    let mut guard = Guard(Some(Tx { conn: Conn::Postgres(conn) }));
    let Some(tx) = guard.0.as_mut() else {
        return Err(StoreError::Unavailable("no connection".into()).into());
    };
    dialect::postgres_command(tx, "BEGIN").await?;
    let result = perform(tx, work).await;
    // COMMIT of a transaction in which a statement failed answers "ROLLBACK" and no error. The SELECT before it does
    // fail then, so that a closure that swallowed an error is never acknowledged.
    let end = if result.is_ok() { "SELECT 1; COMMIT" } else { "ROLLBACK" };
    let ended = dialect::postgres_command(tx, end).await;
    if ended.is_ok() {
        guard.0.take();
    }
    let value = result?;
    ended?;
    Ok(value)
}

/// Closes a connection that is dropped inside a transaction (a cancelled request, a failed commit), rather than handing
/// it back to the pool.
struct Guard(Option<Tx>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(Tx { conn: Conn::Postgres(conn) }) = self.0.take() {
            drop(conn.detach());
        }
    }
}
