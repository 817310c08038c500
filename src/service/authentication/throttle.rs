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

/// What of an address a counter is kept for: all of IPv4, the /64 of IPv6, which one household or machine has to itself.
pub fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn one_network_is_one_counter() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }
}
