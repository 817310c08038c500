//! A rollover step by step, and every order of steps.

use super::*;
use crate::domain::key::KeyAlgorithm;
use rand::{RngExt, SeedableRng, rngs::StdRng};

fn at(hours: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("in range") + TimeDelta::hours(hours)
}

fn key(number: u64, state: KeyState) -> SigningKey {
    SigningKey {
        id: KeyId::new(at(0), &mut StdRng::seed_from_u64(number)),
        app_id: None,
        algorithm: KeyAlgorithm::Rsa2048,
        state,
        public_key: String::new(),
        certificate: None,
        sealed_key: String::new(),
        not_after: Some(at(24 * 1000)),
        created_at: at(0) + TimeDelta::seconds(i64::try_from(number).expect("small")),
        switch_at: None,
        retired_at: None,
        published_until: None,
        withdrawn_at: None,
    }
}

/// What would be stored after a step.
fn stored(keys: &AppKeys) -> Vec<SigningKey> {
    keys.keys.clone()
}

fn ids(keys: &[&SigningKey]) -> Vec<KeyId> {
    keys.iter().map(|key| key.id).collect()
}

#[test]
fn a_rollover_goes_next_active_retired_and_back() {
    let (one, two) = (key(1, KeyState::Active), key(2, KeyState::Next));
    let mut keys = AppKeys::at(vec![one.clone(), two.clone()], at(0));
    assert_eq!(ids(&keys.published()), [one.id, two.id], "active first");
    assert_eq!(keys.may_add_next(), Err(KeyRefusal::NextExists));
    assert_eq!(keys.switch(one.id), Err(KeyRefusal::NoNext), "only to the next one");
    keys.switch(two.id).expect("there is a next");
    assert_eq!(ids(&keys.changed()), [one.id, two.id], "retire before activating");
    assert_eq!(ids(&keys.published()), [two.id, one.id], "the old one stays for a while");
    let later = AppKeys::at(stored(&keys), at(24));
    assert_eq!(ids(&later.published()), [two.id], "and then goes");
    assert_eq!(later.retired()[0].retired_at, Some(at(0)));

    let mut back = later;
    assert_eq!(back.roll_back(two.id), Err(KeyRefusal::NotRetired));
    back.roll_back(one.id).expect("kept");
    assert_eq!(back.active().map(|key| key.id), Some(one.id));
    assert_eq!(back.next().map(|key| key.id), Some(two.id), "the switch can be tried again");
    assert_eq!(ids(&back.published()), [one.id, two.id]);
    assert_eq!(back.active().and_then(|key| key.retired_at), None);
}

#[test]
fn a_scheduled_switch_counts_from_its_time_for_everybody() {
    let (one, two) = (key(1, KeyState::Active), key(2, KeyState::Next));
    let mut keys = AppKeys::at(vec![one.clone(), two.clone()], at(0));
    for wrong in [at(0), at(-1), at(24 * 400)] {
        assert_eq!(keys.schedule(two.id, Some(wrong)), Err(KeyRefusal::Time));
    }
    keys.schedule(two.id, Some(at(5))).expect("ahead");
    let before = AppKeys::at(stored(&keys), at(5) - TimeDelta::milliseconds(1));
    assert_eq!((before.active().map(|key| key.id), before.due()), (Some(one.id), None));
    let after = AppKeys::at(stored(&keys), at(9));
    assert_eq!(after.active().map(|key| key.id), Some(two.id));
    assert_eq!(after.due().map(|key| key.id), Some(two.id), "to be stored");
    assert_eq!(
        after.retired()[0].retired_at,
        Some(at(5)),
        "from the time that was set, not when it was seen"
    );
    assert_eq!(after.retired()[0].published_until, Some(at(5) + GRACE));
    let again = AppKeys::at(stored(&after), at(9));
    assert_eq!((again.due(), again.changed().len()), (None, 0), "once");

    keys.schedule(two.id, None).expect("taken back");
    assert_eq!(AppKeys::at(stored(&keys), at(9)).active().map(|key| key.id), Some(one.id));
}

#[test]
fn a_certificate_that_has_ended_is_not_switched_to() {
    let mut two = key(2, KeyState::Next);
    two.not_after = Some(at(3));
    let mut keys = AppKeys::at(vec![key(1, KeyState::Active), two.clone()], at(0));
    assert_eq!(keys.schedule(two.id, Some(at(3))), Err(KeyRefusal::Ended));
    assert_eq!(keys.schedule(two.id, Some(at(2))), Ok(()));
    let mut late = AppKeys::at(vec![key(1, KeyState::Active), two.clone()], at(3));
    assert_eq!(late.switch(two.id), Err(KeyRefusal::Ended));
}

#[test]
fn an_emergency_leaves_nothing_published() {
    let mut old = key(3, KeyState::Retired);
    (old.retired_at, old.published_until) = (Some(at(-1)), Some(at(23)));
    let mut keys = AppKeys::at(vec![key(1, KeyState::Active), key(2, KeyState::Next), old], at(0));
    assert_eq!(keys.published().len(), 3);
    keys.withdraw_all().expect("few keys");
    assert!(keys.published().is_empty() && keys.active().is_none() && keys.next().is_none());
    assert_eq!(keys.changed().len(), 3);
    assert_eq!(keys.retired().last().and_then(|key| key.retired_at), Some(at(-1)));
}

#[test]
fn a_withdrawn_key_never_comes_back_and_one_that_was_switched_away_from_does() {
    let mut old = key(3, KeyState::Retired);
    (old.retired_at, old.published_until) = (Some(at(-1)), Some(at(23)));
    old.public_key = "cHVibGlj".into();
    let (one, two) = (key(1, KeyState::Active), key(2, KeyState::Next));
    let before = vec![one.clone(), two.clone(), old.clone()];
    let mut calm = AppKeys::at(before.clone(), at(0));
    assert_eq!(calm.may_bring(&old.public_key), Ok(()));
    assert_eq!(calm.roll_back(old.id), Ok(()));
    let mut emergency = AppKeys::at(before, at(0));
    emergency.withdraw_all().expect("few keys");
    let mut after = stored(&emergency);
    after.push(key(4, KeyState::Active));
    let mut later = AppKeys::at(after, at(1));
    for id in [one.id, two.id, old.id] {
        assert_eq!(later.roll_back(id), Err(KeyRefusal::Withdrawn));
        assert_eq!(later.find(id).and_then(|key| key.withdrawn_at), Some(at(0)));
    }
    assert_eq!(later.may_bring(&old.public_key), Err(KeyRefusal::Withdrawn), "nor under another certificate");
    assert!(later.changed().is_empty());
    // Of the issuer, one key at a time.
    let mut issuer = AppKeys::at(vec![one.clone()], at(0));
    assert_eq!(issuer.withdraw(one.id), Ok(KeyState::Active));
    assert_eq!(issuer.roll_back(one.id), Err(KeyRefusal::Withdrawn));
}

#[test]
fn what_signs_is_not_removed() {
    let (one, two) = (key(1, KeyState::Active), key(2, KeyState::Next));
    let keys = AppKeys::at(vec![one.clone(), two.clone()], at(0));
    assert_eq!(keys.removable(one.id), Err(KeyRefusal::InUse));
    assert_eq!(keys.removable(two.id).map(|key| key.id), Ok(two.id), "a next key can be given up");
    assert_eq!(keys.removable(key(9, KeyState::Next).id), Err(KeyRefusal::NotRetired));
    let mut due = two;
    due.switch_at = Some(at(1));
    let keys = AppKeys::at(vec![one, due.clone()], at(1));
    assert_eq!(keys.removable(due.id), Err(KeyRefusal::InUse), "it signs since a moment ago");
}

#[test]
fn no_order_of_steps_breaks_the_invariants() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..300 {
        let mut held = vec![key(1, KeyState::Active)];
        for step in 0..40_u64 {
            let now = at(i64::try_from(step).expect("small"));
            let mut keys = AppKeys::at(held.clone(), now);
            let any = held[rng.random_range(0..held.len())].id;
            let mut new = None;
            match rng.random_range(0..7) {
                0 if keys.may_add_next().is_ok() => new = Some(key(step + 10, KeyState::Next)),
                1 => drop(keys.switch(any)),
                2 => drop(keys.schedule(any, Some(now + TimeDelta::hours(2)))),
                3 => drop(keys.schedule(any, None)),
                4 => drop(keys.roll_back(any)),
                5 if keys.withdraw_all().is_ok() => new = Some(key(step + 10, KeyState::Active)),
                _ => {
                    if keys.removable(any).is_ok() {
                        held = stored(&keys);
                        held.retain(|key| key.id != any);
                        continue;
                    }
                }
            }
            held = stored(&keys);
            held.extend(new);
            let count = |state| held.iter().filter(|key| key.state == state).count();
            assert_eq!(count(KeyState::Active), 1, "exactly one signs");
            assert!(count(KeyState::Next) <= 1 && held.len() <= KEYS_MAX);
            for key in &held {
                assert!(key.switch_at.is_none() || key.state == KeyState::Next);
                assert_eq!(key.retired_at.is_some(), key.state == KeyState::Retired);
                assert!(key.published_until.is_none() || key.state == KeyState::Retired);
                assert!(key.withdrawn_at.is_none() || key.state == KeyState::Retired, "for good");
            }
            let seen = AppKeys::at(held.clone(), now);
            assert_eq!(seen.published().first().map(|key| key.id), seen.active().map(|key| key.id));
        }
    }
}
