//! Reading the audit trail. Does not own writing it: every write does.

use super::{Caller, ServiceError};
use crate::{
    context::AppContext,
    domain::{audit::AuditEvent, permission::Permission, reference},
    id::{AppId, EventId},
    store::{
        self,
        audit::AuditFilter,
        page::{Page, PageRequest},
    },
};
use chrono::{DateTime, Utc};
use std::collections::HashMap;

/// The events that match, newest first.
pub async fn list(
    ctx: &AppContext,
    caller: &Caller,
    filter: &AuditFilter,
    page: PageRequest,
) -> Result<Page<AuditEvent>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::audit::list(&mut ctx.db.read().await?, filter, page).await?)
}

/// One event by its id or by the reference a person saw.
pub async fn find(
    ctx: &AppContext,
    caller: &Caller,
    id_or_reference: &str,
) -> Result<AuditEvent, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let found = match (id_or_reference.parse::<EventId>(), reference::parse(id_or_reference)) {
        (Ok(id), _) => store::audit::get(&mut conn, id).await?,
        (_, Some(reference)) => store::audit::find_by_reference(&mut conn, &reference).await?,
        _ => None,
    };
    found.ok_or(ServiceError::NotFound("event"))
}

/// Counts a bucket: start, worked, failed.
pub async fn histogram(
    ctx: &AppContext,
    caller: &Caller,
    filter: &AuditFilter,
    bucket_ms: i64,
) -> Result<Vec<(DateTime<Utc>, i64, i64)>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::audit::histogram(&mut ctx.db.read().await?, filter, bucket_ms).await?)
}

/// Sign-ins a day for every app since then.
pub async fn sign_ins_by_day(
    ctx: &AppContext,
    caller: &Caller,
    since: DateTime<Utc>,
) -> Result<HashMap<AppId, Vec<(i64, i64)>>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::audit::sign_ins_by_day(&mut ctx.db.read().await?, since).await?)
}
