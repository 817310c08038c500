//! The one SQLite writer: a thread with its own connection. Queued writes run in one transaction, all but its first in savepoints, which is
//! committed once for all of them (group commit); a write that nobody joins needs no savepoint. Does not own what a write
//! does. Nobody is answered before the commit is durable.

use super::{dialect::Conn, error::StoreError, sqlite::Sqlite, tx::Tx};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Most writes that share one commit.
const BATCH: usize = 256;
/// Longest time a batch goes on taking queued writes before it commits.
const BATCH_TIME: Duration = Duration::from_millis(20);
/// While writes come several at a time, a batch that has fewer than the one before waits this long for the next: a commit
/// costs more than that. Somebody who writes alone never waits.
const GATHER: Duration = Duration::from_micros(200);
/// Most writes that wait in the queue; callers beyond it wait to get in.
const QUEUE: usize = 1024;
/// Before it begins, a batch lets others run this often: where every processor is busy, each turn may bring a write that
/// shares the commit; where one is idle, a turn is over at once.
const TURNS: usize = 2;
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

/// A queued write. Its future never waits: a statement on this connection is done when it returns.
pub(super) type Work = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Outcome> + Send>;

enum Message {
    Work(Work, OwnedSemaphorePermit),
    Stop(oneshot::Sender<()>),
}

/// The queue's sending half.
#[derive(Clone)]
pub(super) struct Writer {
    queue: Sender<Message>,
    places: Arc<Semaphore>,
}

impl Writer {
    /// Starts the writer's thread; it ends when it is stopped or the last sender is gone.
    pub(super) fn start(conn: Sqlite) -> Result<Self, StoreError> {
        let (queue, messages) = mpsc::channel();
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || run(conn, &messages))
            .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
        Ok(Self { queue, places: Arc::new(Semaphore::new(QUEUE)) })
    }

    /// Queues a write; waits while the queue is full.
    pub(super) async fn submit(&self, work: Work) -> Result<(), StoreError> {
        let stopped = || StoreError::Unavailable("the writer has stopped".into());
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| stopped())?;
        self.queue.send(Message::Work(work, place)).map_err(|_| stopped())
    }

    /// Takes nothing new, answers what is queued, and closes the connection.
    pub(super) async fn stop(&self) {
        self.places.close();
        let (stopped, wait) = oneshot::channel();
        if self.queue.send(Message::Stop(stopped)).is_ok() {
            // An error means that the writer ended by itself, which is what was wanted.
            let _ = wait.await;
        }
    }
}

/// Why the writer's loop goes on or ends.
enum Next {
    Work(Work),
    /// Everybody who could send is gone, or somebody asked to stop.
    End(Option<oneshot::Sender<()>>),
}

fn run(conn: Sqlite, queue: &Receiver<Message>) {
    let mut tx = Tx { conn: Conn::SqliteWriter(Box::new(conn)) };
    let mut expected = 1;
    let asked = loop {
        match next(&mut tx, queue) {
            Next::Work(first) => {
                let mut waiting = Vec::new();
                let (result, ends) = batch(&mut tx, first, queue, expected, &mut waiting);
                expected = waiting.len();
                answer(&mut tx, result, waiting);
                if let Some(ends) = ends {
                    break ends;
                }
            }
            Next::End(asked) => break asked,
        }
    };
    if let Conn::SqliteWriter(conn) = tx.conn
        && let Err(error) = conn.close()
    {
        tracing::warn!(%error, "closing the writer's connection");
    }
    if let Some(asked) = asked {
        // Whoever asked may have gone.
        let _ = asked.send(());
    }
}

/// The next write; when there is none for a while, the page cache is freed first.
fn next(tx: &mut Tx, queue: &Receiver<Message>) -> Next {
    let message = match queue.recv_timeout(IDLE) {
        Err(RecvTimeoutError::Timeout) => {
            if let Conn::SqliteWriter(conn) = &mut tx.conn
                && let Err(error) = conn.batch("PRAGMA shrink_memory")
            {
                tracing::warn!(%error, "freeing the writer's page cache");
            }
            queue.recv().ok()
        }
        received => received.ok(),
    };
    match message {
        Some(Message::Work(work, place)) => {
            drop(place);
            Next::Work(work)
        }
        Some(Message::Stop(asked)) => Next::End(Some(asked)),
        None => Next::End(None),
    }
}

/// Tells everyone how the commit went. After any failure nothing of the batch was kept.
fn answer(tx: &mut Tx, result: Result<(), StoreError>, waiting: Vec<Notify>) {
    let Err(error) = result else {
        return waiting.into_iter().for_each(|notify| notify(Ok(())));
    };
    tracing::error!(%error, "a batch of writes failed; none of it was kept");
    let told = error.to_string();
    for notify in waiting {
        notify(Err(StoreError::Unavailable(told.clone())));
    }
    // A failed COMMIT or BEGIN may leave a transaction open; if there is none this says so, which is fine.
    if let Err(error) = command(tx, "ROLLBACK") {
        tracing::debug!(%error, "no transaction was left open");
    }
}

/// Whether the writer is to end after a batch, and who asked for it.
type Ends = Option<Option<oneshot::Sender<()>>>;

/// Runs `first` and what else is queued, `expected` writes if they come soon, in one transaction, up to its durable commit.
fn batch(
    tx: &mut Tx,
    first: Work,
    queue: &Receiver<Message>,
    expected: usize,
    waiting: &mut Vec<Notify>,
) -> (Result<(), StoreError>, Ends) {
    let mut ends = None;
    let result = match second(queue, expected, &mut ends) {
        None => alone(tx, first, waiting),
        Some(second) => together(tx, [first, second], queue, expected, waiting, &mut ends),
    };
    (result, ends)
}

/// The write that shares the first one's commit, if one comes soon.
fn second(queue: &Receiver<Message>, expected: usize, ends: &mut Ends) -> Option<Work> {
    for _ in 0..TURNS {
        if let Some(work) = taken(queue.try_recv().ok(), ends) {
            return Some(work);
        }
        std::thread::yield_now();
    }
    let late = if expected > 1 { queue.recv_timeout(GATHER).ok() } else { queue.try_recv().ok() };
    taken(late, ends)
}

/// The write of a message; a wish to end is noted.
fn taken(message: Option<Message>, ends: &mut Ends) -> Option<Work> {
    match message? {
        Message::Work(work, place) => {
            drop(place);
            Some(work)
        }
        Message::Stop(asked) => {
            *ends = Some(Some(asked));
            None
        }
    }
}

/// Runs one write in a transaction of its own.
fn alone(tx: &mut Tx, work: Work, waiting: &mut Vec<Notify>) -> Result<(), StoreError> {
    command(tx, "BEGIN IMMEDIATE")?;
    let end = if keeps(tx, work, waiting) { "COMMIT" } else { "ROLLBACK" };
    command(tx, end)
}

/// Runs writes in savepoints of one transaction, and those that are queued meanwhile.
fn together(
    tx: &mut Tx,
    first: [Work; 2],
    queue: &Receiver<Message>,
    expected: usize,
    waiting: &mut Vec<Notify>,
    ends: &mut Ends,
) -> Result<(), StoreError> {
    let [first, second] = first;
    command(tx, "BEGIN IMMEDIATE")?;
    let begun = Instant::now();
    // Nothing is before the first: undoing it is beginning again, and that is cheaper than a savepoint each time.
    if !keeps(tx, first, waiting) {
        command(tx, "ROLLBACK")?;
        command(tx, "BEGIN IMMEDIATE")?;
    }
    in_savepoint(tx, second, waiting)?;
    let mut count = 2;
    while count < BATCH && begun.elapsed() < BATCH_TIME && ends.is_none() {
        let message = match queue.try_recv() {
            Err(_) if count < expected => queue.recv_timeout(GATHER).ok(),
            received => received.ok(),
        };
        let Some(work) = taken(message, ends) else { break };
        in_savepoint(tx, work, waiting)?;
        count += 1;
    }
    command(tx, "COMMIT")
}

/// Runs one write, to be undone alone.
fn in_savepoint(tx: &mut Tx, work: Work, waiting: &mut Vec<Notify>) -> Result<(), StoreError> {
    command(tx, "SAVEPOINT w")?;
    if !keeps(tx, work, waiting) {
        command(tx, "ROLLBACK TO w")?;
    }
    command(tx, "RELEASE w")
}

/// Runs one write; whether its changes stay. They don't when it asks for that, panics, or waits for something that is not
/// its transaction.
fn keeps(tx: &mut Tx, work: Work, waiting: &mut Vec<Notify>) -> bool {
    match std::panic::catch_unwind(AssertUnwindSafe(|| work(tx).now_or_never())) {
        Ok(Some(Outcome::Keep(notify))) => {
            waiting.push(notify);
            true
        }
        Ok(Some(Outcome::Undo(notify))) => {
            waiting.push(notify);
            false
        }
        // Its caller is told by the channel that goes with it.
        Ok(None) => {
            tracing::error!("a write waited for something else than its transaction; its changes are undone");
            false
        }
        Err(_) => {
            tracing::error!("a write panicked; its changes are undone");
            false
        }
    }
}

/// A statement of the writer's own.
fn command(tx: &mut Tx, sql: &'static str) -> Result<(), StoreError> {
    match &mut tx.conn {
        Conn::SqliteWriter(conn) => conn.execute(sql, &[]).map(|_| ()),
        _ => Err(StoreError::Unavailable("not the writer's connection".into())),
    }
}
