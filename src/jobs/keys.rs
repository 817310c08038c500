//! Keys by the clock: switches of certificates whose time has come, warnings before an end, and the calendar of the issuer's keys.
//! Every node runs it; the database decides who was first. Does not own any rule (`service::{keys, key_expiry, issuer_keys}`).

use crate::{
    context::AppContext,
    service::{issuer_keys::rotation, key_expiry, keys},
};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often switches are looked for.
const SWITCHES: Duration = Duration::from_secs(30);
/// How often ends are looked for. More often than once a day: a node that starts late still says it on the day.
const ENDS: Duration = Duration::from_hours(1);

/// Stores switches and gives warnings until `shutdown`, beginning at once.
pub async fn keep_keys(ctx: AppContext, shutdown: CancellationToken) {
    let mut ends_at = Instant::now();
    loop {
        match keys::settle_due(&ctx).await {
            Ok(0) => {}
            Ok(switched) => tracing::info!(switched, "scheduled certificate switches stored"),
            Err(error) => tracing::warn!(%error, "scheduled certificate switches could not be stored"),
        }
        match rotation::keep(&ctx).await {
            Ok(0) => {}
            Ok(steps) => tracing::info!(steps, "keys of the issuer moved on"),
            Err(error) => tracing::warn!(%error, "keys of the issuer could not be moved on"),
        }
        if Instant::now() >= ends_at {
            ends_at = Instant::now() + ENDS;
            match key_expiry::warn(&ctx).await {
                Ok(0) => {}
                Ok(warned) => tracing::warn!(warned, "certificates end soon: see Keys and certificates"),
                Err(error) => tracing::warn!(%error, "the ends of certificates could not be looked at"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(SWITCHES) => {}
        }
    }
}
