//! When secrets of clients were last used, to the minute: an admin sees by it whether an old one may go.
//! Does not own what a secret is worth (`authentication`).

use crate::{
    context::AppContext,
    id::ClientSecretId,
    service::ServiceError,
    store::{self, Written, client_secrets::ClientSecret},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

/// How old a note may be.
const NOTE_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Most secrets that are remembered.
const CAPACITY: usize = 16_384;

/// What this node noted lately, so that callers who come together leave one note.
#[derive(Default)]
pub struct SecretUses(RwLock<HashMap<ClientSecretId, DateTime<Utc>>>);

impl SecretUses {
    /// Whether a use at `now` is to be noted; it then counts as noted.
    fn take(&self, id: ClientSecretId, now: DateTime<Utc>) -> bool {
        let is_due = |noted: Option<&DateTime<Utc>>| noted.is_none_or(|&noted| now >= noted + NOTE_AFTER);
        // Poisoned or not, the map holds whole entries only.
        if !is_due(self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id)) {
            return false;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !is_due(all.get(&id)) {
            return false;
        }
        if all.len() >= CAPACITY {
            all.clear();
        }
        all.insert(id, now);
        true
    }
}

/// Housekeeping: notes that a secret was used just now, once a minute at most; not worth an event. The caller waits for
/// nothing: who has a right secret is not held up by a write, and a note that is lost is made again.
pub fn note(ctx: &AppContext, secret: &ClientSecret) {
    let (now, id) = (ctx.now(), secret.id);
    let is_old = secret.last_used_at.is_none_or(|last| now >= last + NOTE_AFTER);
    if !is_old || !ctx.secret_uses().take(id, now) {
        return;
    }
    let own = ctx.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "one short write a minute; a note that is lost at shutdown is made again"
    )]
    tokio::spawn(async move {
        let noted = own
            .db
            .write(move |tx| {
                Box::pin(async move {
                    store::client_secrets::touch(tx, id, now).await?;
                    Ok::<_, ServiceError>(Written::unaudited(()))
                })
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the last use of a client secret could not be noted");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn uses_that_come_together_are_noted_once() {
        let now = DateTime::from_timestamp(1_772_366_400, 0).expect("in range");
        let mut rng = StdRng::seed_from_u64(1);
        let mut id = || ClientSecretId::new(now, &mut rng);
        let (uses, one, other) = (SecretUses::default(), id(), id());
        assert!(uses.take(one, now) && !uses.take(one, now));
        assert!(uses.take(other, now), "each secret by itself");
        assert!(!uses.take(one, now + NOTE_AFTER - TimeDelta::seconds(1)));
        assert!(uses.take(one, now + NOTE_AFTER));
        for _ in 0..CAPACITY {
            uses.take(id(), now);
        }
        assert!(uses.0.read().expect("whole").len() <= CAPACITY);
    }
}
