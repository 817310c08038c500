//! Tasks that end when the server does: started by name, told to stop, waited for. Does not own what they do.

use std::{future::Future, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// The tasks of a process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Tasks {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Told when the server stops; each task ends soon after.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Starts a task. It must end soon after [`Self::shutdown`] is told; a panic in it is logged and ends it alone.
    pub fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(task.instrument(tracing::info_span!("task", name)));
    }

    /// Tells every task to stop and waits for them; `false` when some are still running after `limit`.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.shutdown.cancel();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn tasks_are_told_to_stop_and_waited_for() {
        let tasks = Tasks::new();
        let done = Arc::new(AtomicBool::new(false));
        let (shutdown, seen) = (tasks.shutdown(), done.clone());
        tasks.spawn("counts", async move {
            shutdown.cancelled().await;
            tokio::task::yield_now().await;
            seen.store(true, Ordering::SeqCst);
        });
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_is_told_of() {
        let tasks = Tasks::new();
        tasks.spawn("sleeps", tokio::time::sleep(Duration::from_mins(10)));
        assert!(!tasks.stop(Duration::from_millis(20)).await);
    }
}
