//! Removing what has expired. Does not own when it runs (`jobs`).

use super::ServiceError;
use crate::{
    context::AppContext,
    store::{self, Written, housekeeping::Purged},
};

/// Removes one batch of expired rows; answers how many of each.
pub async fn purge(ctx: &AppContext) -> Result<Purged, ServiceError> {
    let now = ctx.now();
    let idle_cutoff = now - super::sessions::lifetime(ctx).idle;
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let purged = store::housekeeping::purge(tx, now, idle_cutoff).await?;
                Ok::<_, ServiceError>(Written::unaudited(purged))
            })
        })
        .await
}
