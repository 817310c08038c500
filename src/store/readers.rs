//! The SQLite read pool: a few connections, lent one at a time. Does not own statements.

use super::{error::StoreError, sqlite::Sqlite};
use std::{
    ops::{Deref, DerefMut},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest wait for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// The pool; clones share it.
#[derive(Clone)]
pub struct Readers(Arc<Shared>);

struct Shared {
    path: PathBuf,
    settings: String,
    idle: Mutex<Vec<Sqlite>>,
    places: Arc<Semaphore>,
}

/// A lent connection; dropping it gives it back.
pub struct Reader {
    /// `None` only while it is being dropped.
    conn: Option<Sqlite>,
    home: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

impl Readers {
    /// A pool of at most `size` connections to a file, the first of them opened now.
    pub(super) fn open(path: PathBuf, settings: String, size: usize) -> Result<Self, StoreError> {
        let idle = Mutex::new(vec![Sqlite::open(&path, &settings)?]);
        Ok(Self(Arc::new(Shared { path, settings, idle, places: Arc::new(Semaphore::new(size)) })))
    }

    /// Borrows a connection: the one used last, whose cache is warm.
    pub(super) async fn acquire(&self) -> Result<Reader, StoreError> {
        let place = match Arc::clone(&self.0.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => tokio::time::timeout(ACQUIRE, Arc::clone(&self.0.places).acquire_owned())
                .await
                .map_err(|_| StoreError::Unavailable("no connection came free for reading".into()))?
                .map_err(|_| StoreError::Unavailable("the database is closed".into()))?,
        };
        let idle = self.0.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => Sqlite::open(&self.0.path, &self.0.settings)?,
        };
        Ok(Reader { conn: Some(conn), home: Arc::clone(&self.0), _place: place })
    }

    /// Closes what is idle and lends no more; a connection that is lent closes when it comes back.
    pub(super) fn close(&self) {
        self.0.places.close();
        self.0.idle().clear();
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Sqlite>> {
        // The list is whole between any two statements.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Reader {
    type Target = Sqlite;
    fn deref(&self) -> &Sqlite {
        self.conn.as_ref().expect("there until it is dropped")
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Sqlite {
        self.conn.as_mut().expect("there until it is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take()
            && !self.home.places.is_closed()
        {
            self.home.idle().push(conn);
        }
    }
}
