//! Metadata of apps by the clock. Every node runs it; the database decides who fetches what. Does not own fetching
//! (`service::sp_metadata`) or when an app is due (`domain::sp_metadata`).

use crate::{context::AppContext, service::sp_metadata};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often apps that are due are looked for: an app that was just given an address, by whatever process, is due at once.
const EVERY: Duration = Duration::from_millis(500);

/// Most rounds at a time: an address that takes long to answer keeps nobody waiting but its own round.
const ROUNDS: usize = 4;

/// Fetches metadata that is due until `shutdown`.
pub async fn keep_metadata(ctx: AppContext, shutdown: CancellationToken) {
    // What is cut off when this ends is taken again when its lease ends.
    let mut rounds = JoinSet::new();
    let mut failing = false;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        while let Some(ended) = rounds.try_join_next() {
            if let Err(error) = ended {
                tracing::error!(%error, "fetching metadata of apps broke off");
            }
        }
        if rounds.len() >= ROUNDS {
            continue;
        }
        match sp_metadata::any_due(&ctx).await {
            Ok(due) => {
                failing = false;
                if due {
                    rounds.spawn(round(ctx.clone()));
                }
            }
            // Said once, not twice a second.
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "metadata of apps could not be looked for");
            }
            Err(_) => {}
        }
    }
}

async fn round(ctx: AppContext) {
    match sp_metadata::refresh_due(&ctx).await {
        Ok(taken) => tracing::debug!(taken, "metadata of apps fetched"),
        Err(error) => tracing::warn!(%error, "metadata of apps could not be fetched"),
    }
}
