//! The one SQLite writer: queued writes run in savepoints of one transaction, which is committed once for all of them
//! (group commit). Does not own what a write does. Nobody is answered before the commit is durable.

use super::{
    dialect::{Conn, execute},
    error::StoreError,
    tx::Tx,
};
use futures_util::{FutureExt, future::BoxFuture};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// Most writes that share one commit.
const BATCH: usize = 256;
/// Longest time a batch goes on taking queued writes before it commits.
const BATCH_TIME: Duration = Duration::from_millis(20);
/// Most writes that wait in the queue; callers beyond it wait to get in.
const QUEUE: usize = 1024;
/// Without work for this long, the writer gives its page cache back to the system.
const IDLE: Duration = Duration::from_secs(10);

/// Told once how the commit went: durable, or why not.
pub(super) type Notify = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What a queued write answers to the writer. Either way its caller hears after the commit: a refusal too may rest on
/// what an earlier write of the same batch did.
pub(super) enum Outcome {
    /// Keep its changes.
    Keep(Notify),
    /// Undo its changes.
    Undo(Notify),
}

/// A queued write.
pub(super) type Work = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Outcome> + Send>;

enum Message {
    Work(Work),
    Stop(oneshot::Sender<()>),
}

/// The queue's sending half.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Opens the writer's connection and starts its task; the task ends when it is stopped or the last sender is gone.
    pub(super) async fn start(options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let conn = options.clone().connect().await?;
        let (queue, messages) = mpsc::channel(QUEUE);
        #[expect(
            clippy::disallowed_methods,
            reason = "the writer drains its queue and ends with the last sender"
        )]
        tokio::spawn(run(conn, messages));
        Ok(Self { queue })
    }

    /// Queues a write; waits while the queue is full.
    pub(super) async fn submit(&self, work: Work) -> Result<(), StoreError> {
        self.queue
            .send(Message::Work(work))
            .await
            .map_err(|_| StoreError::Unavailable("the writer has stopped".into()))
    }

    /// Answers what is queued, takes nothing new, and closes the connection.
    pub(super) async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.queue.send(Message::Stop(stopped)).await.is_ok() {
            // An error means that the writer ended by itself, which is what was wanted.
            let _ = wait.await;
        }
    }
}

async fn run(conn: SqliteConnection, mut queue: mpsc::Receiver<Message>) {
    let mut tx = Tx { conn: Conn::SqliteWriter(Box::new(conn)) };
    let mut stops = Vec::new();
    while let Some(message) = next(&mut tx, &mut queue).await {
        match message {
            Message::Stop(stopped) => {
                queue.close();
                stops.push(stopped);
            }
            Message::Work(first) => {
                if let Err(error) = batch(&mut tx, first, &mut queue, &mut stops).await {
                    tracing::error!(%error, "a batch of writes failed; none of it was kept");
                }
            }
        }
    }
    if let Conn::SqliteWriter(conn) = tx.conn
        && let Err(error) = conn.close().await
    {
        tracing::warn!(%error, "closing the writer's connection");
    }
    for stopped in stops {
        // Whoever asked may have gone.
        let _ = stopped.send(());
    }
}

/// The next message; when there is none for a while, the page cache is freed first.
async fn next(tx: &mut Tx, queue: &mut mpsc::Receiver<Message>) -> Option<Message> {
    if let Ok(message) = tokio::time::timeout(IDLE, queue.recv()).await {
        return message;
    }
    if let Err(error) = execute!(tx, "PRAGMA shrink_memory") {
        tracing::warn!(%error, "freeing the writer's page cache");
    }
    queue.recv().await
}

/// One transaction: begin, run what is queued, commit, answer. After any failure everyone waiting is told.
async fn batch(
    tx: &mut Tx,
    first: Work,
    queue: &mut mpsc::Receiver<Message>,
    stops: &mut Vec<oneshot::Sender<()>>,
) -> Result<(), StoreError> {
    let mut waiting: Vec<Notify> = Vec::new();
    let result = fill(tx, first, queue, stops, &mut waiting).await;
    match &result {
        Ok(()) => waiting.into_iter().for_each(|notify| notify(Ok(()))),
        Err(error) => {
            let told = error.to_string();
            for notify in waiting {
                notify(Err(StoreError::Unavailable(told.clone())));
            }
            // A failed COMMIT or BEGIN may leave a transaction open; if there is none this says so, which is fine.
            if let Err(error) = execute!(tx, "ROLLBACK") {
                tracing::debug!(%error, "no transaction was left open");
            }
        }
    }
    result
}

/// Runs `first` and what else is queued in one transaction, up to its durable commit. Each hop to the driver's thread
/// costs as much as a small statement, so statements that always follow each other are sent together.
async fn fill(
    tx: &mut Tx,
    first: Work,
    queue: &mut mpsc::Receiver<Message>,
    stops: &mut Vec<oneshot::Sender<()>>,
    waiting: &mut Vec<Notify>,
) -> Result<(), StoreError> {
    let begun = Instant::now();
    execute!(tx, "BEGIN IMMEDIATE; SAVEPOINT w")?;
    let mut work = first;
    for taken in 1.. {
        let undone = match AssertUnwindSafe(work(tx)).catch_unwind().await {
            Ok(Outcome::Keep(notify)) => {
                waiting.push(notify);
                false
            }
            Ok(Outcome::Undo(notify)) => {
                waiting.push(notify);
                true
            }
            Err(_) => {
                tracing::error!("a write panicked; its changes are undone");
                true
            }
        };
        // The savepoint outlives ROLLBACK TO and is there for the next write.
        if undone {
            execute!(tx, "ROLLBACK TO w")?;
        }
        if taken >= BATCH || begun.elapsed() >= BATCH_TIME {
            break;
        }
        work = match queue.try_recv() {
            Ok(Message::Work(next)) => next,
            Ok(Message::Stop(stopped)) => {
                queue.close();
                stops.push(stopped);
                break;
            }
            Err(_) => break,
        };
        if !undone {
            execute!(tx, "RELEASE w; SAVEPOINT w")?;
        }
    }
    execute!(tx, "COMMIT").map(|_| ())
}
