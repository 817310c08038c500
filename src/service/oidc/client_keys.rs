//! The public keys of clients that sign: registered by value, or fetched from the client's own address and kept for a while.
//! Does not own verifying with them (`crates/oidc`) nor the guard on what may be called (`outbound`).

use crate::{
    context::AppContext, domain::connection::OidcConnection, outbound::http::Client, service::ServiceError,
};
use ::oidc::{
    ProtocolError,
    jose::{KeySet, key_set},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How long fetched keys are good without asking again.
const KEPT: TimeDelta = TimeDelta::minutes(10);
/// How long they are good while the address gives no others.
const KEPT_AT_MOST: TimeDelta = TimeDelta::hours(1);
/// How soon an address is asked again: because a key is unknown, or because the last try failed.
const RETRY: TimeDelta = TimeDelta::seconds(60);
/// Most addresses that are remembered.
const ADDRESSES_MAX: usize = 1024;

/// What an address last said.
#[derive(Default)]
struct Fetched {
    tried_at: Option<DateTime<Utc>>,
    read_at: Option<DateTime<Utc>>,
    keys: Option<Arc<KeySet>>,
    failure: String,
}

/// One entry an address; its lock lets one request fetch while the others wait for the same answer.
type Entry = Arc<tokio::sync::Mutex<Fetched>>;

/// What the addresses of clients last said, by address.
#[derive(Default)]
pub struct ClientKeys(Mutex<HashMap<String, Entry>>);

impl ClientKeys {
    fn entry(&self, address: &str) -> Entry {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES_MAX && !all.contains_key(address) {
            all.clear();
        }
        Arc::clone(all.entry(address.to_owned()).or_default())
    }
}

/// The keys of a client. `renew` says that a key was looked for in vain: they are then fetched anew, once a minute at most.
pub async fn of(
    ctx: &AppContext,
    settings: &OidcConnection,
    renew: bool,
) -> Result<Result<Arc<KeySet>, ProtocolError>, ServiceError> {
    if !settings.jwks.is_empty() {
        let keys = KeySet::parse(settings.jwks.as_bytes());
        return Ok(keys
            .map(Arc::new)
            .map_err(|error| refused(&format!("the registered keys can’t be used: {error}"))));
    }
    if settings.jwks_uri.is_empty() {
        return Ok(Err(refused("the client has no key registered")));
    }
    let entry = ctx.client_keys().entry(&settings.jwks_uri);
    let mut entry = entry.lock_owned().await;
    let now = ctx.now();
    let is_fresh = entry.read_at.is_some_and(|at| now - at < KEPT) && !renew;
    let tried_lately = entry.tried_at.is_some_and(|at| now - at < RETRY);
    if !is_fresh && !tried_lately {
        let (own, address) = (ctx.clone(), settings.jwks_uri.clone());
        // A task of its own: a caller that goes away must not leave a try without an answer behind.
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends within the fetch’s time limit, and nothing is lost with it at shutdown"
        )]
        let task = tokio::spawn(async move {
            let fetched = fetch(&own, &address).await?;
            entry.tried_at = Some(now);
            match fetched {
                Ok(keys) => {
                    entry.keys = Some(Arc::new(keys));
                    entry.read_at = Some(now);
                    entry.failure.clear();
                }
                // Good keys are not replaced by a bad answer.
                Err(failure) => entry.failure = failure,
            }
            Ok::<_, ServiceError>(entry)
        });
        entry = task.await.map_err(ServiceError::internal)??;
    }
    // But they don't last for ever either.
    if entry.read_at.is_some_and(|at| now - at >= KEPT_AT_MOST) {
        entry.keys = None;
    }
    Ok(entry.keys.clone().ok_or_else(|| refused(&entry.failure)))
}

/// O-25: through the guarded client: no redirects, short time, small answer.
async fn fetch(ctx: &AppContext, address: &str) -> Result<Result<KeySet, String>, ServiceError> {
    let client = Client::new(&ctx.config.outbound).map_err(ServiceError::internal)?;
    let accept = "application/jwk-set+json, application/json";
    Ok(match client.get(address, accept, key_set::MAX_BYTES).await {
        Ok(answer) if answer.status == 200 => KeySet::parse(&answer.body)
            .map_err(|error| format!("the keys at {address} can’t be used: {error}")),
        Ok(answer) => Err(format!("{address} answered with HTTP status {}", answer.status)),
        Err(error) => Err(format!("{address} can’t be read: {error}")),
    })
}

fn refused(detail: &str) -> ProtocolError {
    ProtocolError::invalid_client(detail)
}
