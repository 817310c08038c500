//! The calendar of the issuer's keys: when the next one is published, when it signs, and what is forgotten. Does not own what may
//! follow what (`rollover`).

use super::{SigningKey, rollover::AppKeys};
use crate::id::KeyId;
use chrono::{DateTime, TimeDelta, Utc};

/// How long the next key is published before it signs: clients keep the JWKS for hours at most.
pub const LEAD: TimeDelta = TimeDelta::days(2);
/// How long a key that no longer signs stays published: longer than the longest-lived token that it can have signed.
pub const GRACE: TimeDelta = TimeDelta::days(7);
/// How many keys that are neither used nor published are remembered, for the history on the page.
const REMEMBERED: usize = 3;

/// The issuer's keys of one algorithm as they are now.
pub fn at(keys: Vec<SigningKey>, now: DateTime<Utc>) -> AppKeys {
    AppKeys::with_grace(keys, now, GRACE)
}

/// Since when the active key signs: since the one before ceased to, or since it was made.
pub fn signs_since(keys: &AppKeys) -> Option<DateTime<Utc>> {
    let active = keys.active()?;
    Some(keys.retired().iter().filter_map(|key| key.retired_at).max().unwrap_or(active.created_at))
}

/// When a next key that has to be made now will sign; `None` while it is not time, or there is one.
///
/// Key management of OpenID Connect Core §10.1.1: the new key is published before it signs, so that nobody meets a signature
/// with a key that their copy of the JWKS lacks.
pub fn due_next(keys: &AppKeys, every: TimeDelta, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if keys.next().is_some() {
        return None;
    }
    let end = signs_since(keys)? + every;
    (now >= end - LEAD).then(|| end.max(now + LEAD))
}

/// Retired keys that left the JWKS and are not among the last few: to be removed, private halves and all.
pub fn forgotten(keys: &AppKeys, now: DateTime<Utc>) -> Vec<KeyId> {
    let withdrawn = |key: &&&SigningKey| key.published_until.is_none_or(|until| until <= now);
    keys.retired().iter().filter(withdrawn).skip(REMEMBERED).map(|key| key.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key::{KeyAlgorithm, KeyState};
    use rand::{SeedableRng, rngs::StdRng};

    fn day(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).expect("in range") + TimeDelta::days(days)
    }

    fn key(number: u64, state: KeyState, made: i64) -> SigningKey {
        SigningKey {
            id: KeyId::new(day(made), &mut StdRng::seed_from_u64(number)),
            app_id: None,
            algorithm: KeyAlgorithm::P256,
            state,
            public_key: String::new(),
            certificate: None,
            sealed_key: String::new(),
            not_after: None,
            created_at: day(made),
            switch_at: None,
            retired_at: None,
            published_until: None,
            withdrawn_at: None,
        }
    }

    /// Day by day over a year: who signs when, and what a client that looks once a day knows of it.
    #[test]
    fn every_key_is_published_two_days_before_it_signs_and_a_week_after() {
        let every = TimeDelta::days(90);
        let mut stored = vec![key(1, KeyState::Active, 0)];
        let mut switches = Vec::new();
        let mut signed = stored[0].id;
        let mut known: Vec<(KeyId, i64)> = vec![(signed, 0)];
        for today in 0..=365 {
            let keys = at(stored.clone(), day(today));
            if let Some(switch_at) = due_next(&keys, every, day(today)) {
                let next = SigningKey {
                    switch_at: Some(switch_at),
                    ..key(u64::try_from(today).expect("small") + 2, KeyState::Next, today)
                };
                stored.push(next);
            }
            let keys = at(stored.clone(), day(today));
            for changed in keys.changed() {
                if let Some(key) = stored.iter_mut().find(|key| key.id == changed.id) {
                    *key = changed.clone();
                }
            }
            let gone = forgotten(&keys, day(today));
            stored.retain(|key| !gone.contains(&key.id));
            let active = keys.active().expect("one signs").id;
            if active != signed {
                let since = known.iter().find(|(id, _)| *id == active).expect("published before").1;
                assert!(today - since >= 2, "published two days ahead");
                switches.push(today);
                signed = active;
            }
            for key in keys.published() {
                if !known.iter().any(|(id, _)| *id == key.id) {
                    known.push((key.id, today));
                }
            }
            let late: Vec<_> = keys.retired().iter().filter_map(|key| key.published_until).collect();
            assert!(late.iter().all(|until| *until <= day(today) + GRACE));
            assert_eq!(keys.published().iter().any(|key| key.state == KeyState::Retired), {
                switches.last().is_some_and(|last| today < last + 7)
            });
        }
        assert_eq!(switches, [90, 180, 270, 360]);
        assert!(stored.len() <= 2 + REMEMBERED);
    }

    #[test]
    fn a_gateway_that_was_off_still_publishes_before_it_signs() {
        let keys = at(vec![key(1, KeyState::Active, 0)], day(200));
        assert_eq!(due_next(&keys, TimeDelta::days(90), day(200)), Some(day(202)));
        let keys = at(vec![key(1, KeyState::Active, 0)], day(87));
        assert_eq!(due_next(&keys, TimeDelta::days(90), day(87)), None, "not yet");
        assert_eq!(due_next(&at(Vec::new(), day(0)), TimeDelta::days(90), day(0)), None, "none signs");
    }
}
