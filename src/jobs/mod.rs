//! The only background work: what runs by the clock. Does not own what it does (`service`).

mod keys;
mod metadata;

pub use keys::keep_keys;
pub use metadata::keep_metadata;

use crate::{
    context::AppContext,
    service::{
        housekeeping,
        logout::{clients, queued},
    },
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often expired rows are removed.
const EVERY: Duration = Duration::from_mins(1);

/// How often the queue is looked at.
const QUEUE_EVERY: Duration = Duration::from_secs(2);

/// Tells apps of sessions that were ended here, until `shutdown`.
pub async fn tell_apps(ctx: AppContext, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(QUEUE_EVERY) => {}
        }
        match queued::tell_queued(&ctx).await {
            Ok(0) => {}
            Ok(taken) => tracing::debug!(taken, "apps told of ended sessions"),
            Err(error) => tracing::warn!(%error, "apps could not be told of ended sessions"),
        }
        match clients::tell_queued(&ctx).await {
            Ok(0) => {}
            Ok(taken) => tracing::debug!(taken, "clients told of ended sessions"),
            Err(error) => tracing::warn!(%error, "clients could not be told of ended sessions"),
        }
    }
}

/// Removes expired rows until `shutdown`.
pub async fn keep_house(ctx: AppContext, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        // Batch after batch, so that other writes get their turn in between.
        while !shutdown.is_cancelled() {
            match housekeeping::purge(&ctx).await {
                Ok(purged) if purged.is_full() => {
                    tracing::debug!(?purged, "expired rows removed, more are left");
                }
                Ok(purged) => {
                    tracing::debug!(?purged, "expired rows removed");
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, "expired rows could not be removed");
                    break;
                }
            }
        }
    }
}
