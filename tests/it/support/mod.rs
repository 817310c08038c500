//! What several test folders need: databases, fixed instants, ids. Does not own samples of one area.

pub mod app;
pub mod browser;
pub mod client_key;
pub mod database;
pub mod metadata;
pub mod postgres;
mod template;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{SeedableRng, rngs::StdRng};
use std::sync::atomic::{AtomicU64, Ordering};

static SEED: AtomicU64 = AtomicU64::new(1);

/// Randomness that no two calls share.
pub fn rng() -> StdRng {
    StdRng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed))
}

/// A task beside the test; the test waits for it.
#[expect(clippy::disallowed_methods, reason = "a test's tasks end with its runtime")]
pub fn spawn<F>(task: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(task)
}

/// How many events of this kind the audit trail has.
pub async fn count_events(app: &app::TestApp, event_type: gatehouse::domain::audit::EventType) -> usize {
    let filter = gatehouse::store::audit::AuditFilter { event_type: Some(event_type), ..Default::default() };
    let page = gatehouse::store::page::PageRequest { offset: 0, limit: 1 };
    let caller = app::system();
    let events = gatehouse::service::audit::list(&app.ctx, &caller, &filter, page).await.expect("events");
    usize::try_from(events.total).expect("small")
}

/// Keeps the writer of a SQLite gateway busy until what is answered is dropped: who decides by reading meanwhile, writes after it.
pub async fn hold_writer(app: &app::TestApp) -> std::sync::mpsc::Sender<()> {
    let (holds, held) = tokio::sync::oneshot::channel();
    let (let_go, wait) = std::sync::mpsc::channel::<()>();
    let db = app.ctx.db.clone();
    spawn(async move {
        db.write(move |_| {
            Box::pin(async move {
                holds.send(()).expect("the test waits");
                // An error says that the other end was dropped.
                let _ = wait.recv_timeout(std::time::Duration::from_secs(20));
                Ok::<_, gatehouse::store::StoreError>(gatehouse::store::Written::unaudited(()))
            })
        })
        .await
        .expect("written");
    });
    held.await.expect("it holds");
    let_go
}

/// A fixed instant, this many seconds after noon UTC of 1 March 2026.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).expect("in range") + TimeDelta::seconds(seconds)
}

/// A new id of the given type.
macro_rules! new_id {
    ($id:ty) => {
        <$id>::new($crate::support::at(0), &mut $crate::support::rng())
    };
}
pub(crate) use new_id;
