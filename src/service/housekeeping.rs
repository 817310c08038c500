//! Removing what has expired; clients of sessions that ended by time are queued to be told. Does not own when it runs (`jobs`).

use super::{ServiceError, logout::clients};
use crate::{
    context::AppContext,
    domain::logout::ClientSession,
    store::{
        self, Written,
        housekeeping::{Expiry, Purged},
    },
};
use chrono::Days;

/// Removes one batch of expired rows; answers how many of each.
pub async fn purge(ctx: &AppContext) -> Result<Purged, ServiceError> {
    let now = ctx.now();
    let expiry = Expiry {
        now,
        sessions_idle_since: now - super::sessions::lifetime(ctx).idle,
        audit_before: match ctx.config.audit.retention_days {
            0 => None,
            days => now.checked_sub_days(Days::new(u64::from(days))),
        },
    };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                // Their clients are told in the same write, or these sessions are not removed yet.
                let limit = store::housekeeping::BATCH;
                let ended = store::sessions::expired(tx, now, expiry.sessions_idle_since, limit).await?;
                for (session_id, user_id) in ended {
                    clients::enqueue_expired(tx, ClientSession { user_id, session_id }, now).await?;
                }
                let purged = store::housekeeping::purge(tx, &expiry).await?;
                Ok::<_, ServiceError>(Written::unaudited(purged))
            })
        })
        .await
}
