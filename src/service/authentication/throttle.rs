//! Counting tries before they are verified, atomically and durably (W-07). Does not own the rules (`domain::throttle`).

use crate::{
    context::AppContext,
    domain::throttle::{ThrottleRule, Verdict},
    service::ServiceError,
    store::{self, Tx, Written},
};
use chrono::{DateTime, Utc};

/// Counts a try under `name`; the inner error is until when to wait.
pub async fn count(
    ctx: &AppContext,
    name: &str,
    rule: ThrottleRule,
) -> Result<Result<(), DateTime<Utc>>, ServiceError> {
    count_all(ctx, vec![(name.to_owned(), rule)]).await
}

/// Counts a try under several names at once; the first that is full stops it, and then nothing more is counted.
pub async fn count_all(
    ctx: &AppContext,
    names: Vec<(String, ThrottleRule)>,
) -> Result<Result<(), DateTime<Utc>>, ServiceError> {
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let verdict = count_each(tx, &names, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(verdict))
            })
        })
        .await
}

async fn count_each(
    tx: &mut Tx,
    names: &[(String, ThrottleRule)],
    now: DateTime<Utc>,
) -> Result<Result<(), DateTime<Utc>>, ServiceError> {
    let mut counted = Vec::with_capacity(names.len());
    for (name, rule) in names {
        let counter = store::throttles::lock(tx, name, now).await?;
        match crate::domain::throttle::count(rule, Some(counter), now) {
            Verdict::Wait(until) => return Ok(Err(until)),
            Verdict::Go(counter) => counted.push((name, counter)),
        }
    }
    for (name, counter) in counted {
        store::throttles::put(tx, name, &counter).await?;
    }
    Ok(Ok(()))
}
