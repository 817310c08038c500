//! Remembering what strangers were refused, within limits: a flood of them must not fill the audit trail.
//! Does not own the refusal itself, nor slowing down guesses (`authentication::throttle`).

use super::{
    ServiceError,
    authentication::throttle::{count, network},
};
use crate::{
    context::AppContext,
    domain::{
        audit::{AuditEvent, InitiatedBy, Origin},
        throttle::{STRANGER_STOPS, ThrottleRule},
    },
    store::{self, Written},
};

/// Stores the event of somebody unknown; over the limit of their network it is dropped.
pub async fn record(ctx: &AppContext, origin: &Origin, event: AuditEvent) -> Result<(), ServiceError> {
    let name = format!("refused/{}", network(&origin.client_ip));
    record_within(ctx, &name, STRANGER_STOPS, event.by(InitiatedBy::anonymous()).from_origin(origin)).await
}

/// Stores the event unless the counter is full. A full one is looked at only: a flood costs reads, no writes.
pub async fn record_within(
    ctx: &AppContext,
    counter: &str,
    rule: ThrottleRule,
    event: AuditEvent,
) -> Result<(), ServiceError> {
    let stored = store::throttles::get(&mut ctx.db.read().await?, counter).await?;
    let is_full = stored.is_some_and(|stored| ctx.now() < stored.blocked_until);
    if is_full || count(ctx, counter, rule).await?.is_err() {
        return Ok(());
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await
}
