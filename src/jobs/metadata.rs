//! Metadata of apps by the clock. Every node runs it; the database decides who fetches what. Does not own fetching
//! (`service::sp_metadata`) or when an app is due (`domain::sp_metadata`).

use crate::{context::AppContext, service::sp_metadata};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often apps that are due are looked for.
const EVERY: Duration = Duration::from_secs(30);

/// Fetches metadata that is due until `shutdown`.
pub async fn keep_metadata(ctx: AppContext, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let work = async {
            match sp_metadata::refresh_due(&ctx).await {
                Ok(0) => {}
                Ok(taken) => tracing::debug!(taken, "metadata of apps fetched"),
                Err(error) => tracing::warn!(%error, "metadata of apps could not be fetched"),
            }
        };
        // What is cut off here is taken again when its lease ends.
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = work => {}
        }
    }
}
