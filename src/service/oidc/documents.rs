//! The issuer's description and keys as their texts, made once for many readers. Does not own what they say (`keys`).

use super::keys;
use crate::{context::AppContext, service::ServiceError};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, OnceLock, RwLock};

/// The text of the JWKS is made anew after this long, so that a key that another node withdrew in an emergency is gone from here
/// too. Clients that keep the answer, as they may, wait far longer.
const FRESH: TimeDelta = TimeDelta::seconds(1);

/// The texts, as last made.
#[derive(Default)]
pub struct Documents {
    discovery: OnceLock<Arc<str>>,
    jwks: RwLock<Option<(DateTime<Utc>, Arc<str>)>>,
}

impl Documents {
    /// The keys have changed here: the next reader sees them as they are.
    pub(in crate::service) fn forget_keys(&self) {
        if let Ok(mut kept) = self.jwks.write() {
            *kept = None;
        }
    }
}

/// The discovery document: it rests on the settings of this process alone.
pub fn discovery(ctx: &AppContext) -> Arc<str> {
    ctx.documents().discovery.get_or_init(|| keys::discovery(ctx).to_string().into()).clone()
}

/// The published keys, a second old at most.
pub async fn jwks(ctx: &AppContext) -> Result<Arc<str>, ServiceError> {
    let now = ctx.now();
    let kept = ctx.documents().jwks.read().ok().and_then(|kept| kept.clone());
    if let Some((made_at, text)) = kept
        && (made_at..made_at + FRESH).contains(&now)
    {
        return Ok(text);
    }
    let text: Arc<str> = keys::set(ctx).await?.to_json().to_string().into();
    if let Ok(mut kept) = ctx.documents().jwks.write() {
        *kept = Some((now, text.clone()));
    }
    Ok(text)
}
