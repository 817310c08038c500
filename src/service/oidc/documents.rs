//! The issuer's description and keys as their texts, made once for many readers. Does not own what they say (`keys`).

use super::keys;
use crate::{
    context::AppContext,
    domain::key::SigningKey,
    id::KeyId,
    service::{ServiceError, issuer_keys},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::{Arc, OnceLock, RwLock};

/// The text of the JWKS is made anew after this long, so that a key that another node withdrew in an emergency is gone from here
/// too. Clients that keep the answer, as they may, wait far longer.
const FRESH: TimeDelta = TimeDelta::seconds(1);

/// The texts, as last made.
#[derive(Default)]
pub struct Documents {
    discovery: OnceLock<Arc<str>>,
    jwks: RwLock<Option<Arc<Jwks>>>,
}

struct Jwks {
    made_at: DateTime<Utc>,
    keys: Vec<KeyId>,
    text: Arc<str>,
}

impl Documents {
    /// The keys have changed here: the next reader sees them as they are.
    pub(in crate::service) fn forget_keys(&self) {
        if let Ok(mut kept) = self.jwks.write() {
            *kept = None;
        }
    }

    /// A key signs here: where it isn't published yet, the next reader sees it.
    pub(in crate::service) fn show(&self, key: &SigningKey) {
        if self.kept().is_some_and(|kept| !kept.keys.contains(&key.id)) {
            self.forget_keys();
        }
    }

    fn kept(&self) -> Option<Arc<Jwks>> {
        self.jwks.read().ok().and_then(|kept| kept.clone())
    }
}

/// The discovery document: it rests on the settings of this process alone.
pub fn discovery(ctx: &AppContext) -> Arc<str> {
    ctx.documents().discovery.get_or_init(|| keys::discovery(ctx).to_string().into()).clone()
}

/// The published keys, a second old at most.
pub async fn jwks(ctx: &AppContext) -> Result<Arc<str>, ServiceError> {
    let now = ctx.now();
    if let Some(kept) = ctx.documents().kept()
        && (kept.made_at..kept.made_at + FRESH).contains(&now)
    {
        return Ok(kept.text.clone());
    }
    let published = issuer_keys::published(ctx).await?;
    let text: Arc<str> = keys::set_of(&published)?.to_json().to_string().into();
    let keys = published.iter().map(|key| key.id).collect();
    if let Ok(mut kept) = ctx.documents().jwks.write() {
        *kept = Some(Arc::new(Jwks { made_at: now, keys, text: text.clone() }));
    }
    Ok(text)
}
