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
    record_of(ctx, origin, event.by(InitiatedBy::anonymous()).from_origin(origin)).await
}

/// As [`record`], of somebody whose name is known but was not proven: the event keeps it.
pub async fn record_of(ctx: &AppContext, origin: &Origin, event: AuditEvent) -> Result<(), ServiceError> {
    record_within(ctx, &name(origin), STRANGER_STOPS, event).await
}

/// The event, if the limit of its network allows one more; for a write that must happen with the event or without it.
pub async fn within_limit(
    ctx: &AppContext,
    origin: &Origin,
    event: AuditEvent,
) -> Result<Option<AuditEvent>, ServiceError> {
    Ok(has_room(ctx, &name(origin), STRANGER_STOPS).await?.then_some(event))
}

fn name(origin: &Origin) -> String {
    format!("refused/{}", network(&origin.client_ip))
}

/// Stores the event unless the counter is full.
pub async fn record_within(
    ctx: &AppContext,
    counter: &str,
    rule: ThrottleRule,
    event: AuditEvent,
) -> Result<(), ServiceError> {
    if !has_room(ctx, counter, rule).await? {
        return Ok(());
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await
}

/// Counts one more event. A full counter is looked at only: a flood costs reads, no writes.
async fn has_room(ctx: &AppContext, counter: &str, rule: ThrottleRule) -> Result<bool, ServiceError> {
    let stored = store::throttles::get(&mut ctx.db.read().await?, counter).await?;
    let is_full = stored.is_some_and(|stored| ctx.now() < stored.blocked_until);
    Ok(!is_full && count(ctx, counter, rule).await?.is_ok())
}
