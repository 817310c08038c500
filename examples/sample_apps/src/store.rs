//! A bounded map in memory whose entries expire. Owns sessions, pending requests and seen assertion ids; nothing
//! survives a restart, which is all that an example app needs.

use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// No store may be grown beyond this by whoever sends requests.
const CAPACITY: usize = 4096;

/// What to do with a new entry when the store is full of live ones.
#[derive(Clone, Copy)]
pub(crate) enum WhenFull {
    /// The entry that expires first makes room: right for sessions.
    DropOldest,
    /// The new entry is turned away: right for a replay cache, where forgetting an entry would open a hole.
    Refuse,
}

struct Entry<T> {
    value: T,
    expires: DateTime<Utc>,
}

/// Values by key, each until its own instant.
pub(crate) struct Store<T> {
    entries: Mutex<HashMap<String, Entry<T>>>,
    when_full: WhenFull,
}

impl<T: Clone> Store<T> {
    pub(crate) fn new(when_full: WhenFull) -> Self {
        Self { entries: Mutex::default(), when_full }
    }

    /// Adds a value under a key that is not there yet. `false` when it is, or when the store is full and refuses.
    pub(crate) fn insert(&self, key: String, value: T, expires: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let mut entries = self.lock();
        if entries.get(&key).is_some_and(|entry| entry.expires > now) {
            return false;
        }
        if entries.len() >= CAPACITY {
            entries.retain(|_, entry| entry.expires > now);
        }
        if entries.len() >= CAPACITY {
            if matches!(self.when_full, WhenFull::Refuse) {
                return false;
            }
            let oldest = entries.iter().min_by_key(|(_, entry)| entry.expires).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                entries.remove(&oldest);
            }
        }
        entries.insert(key, Entry { value, expires });
        true
    }

    /// The live value of a key.
    pub(crate) fn get(&self, key: &str, now: DateTime<Utc>) -> Option<T> {
        self.lock().get(key).filter(|entry| entry.expires > now).map(|entry| entry.value.clone())
    }

    /// Removes a key and gives its value, if it was still live. Of several callers one gets it.
    pub(crate) fn take(&self, key: &str, now: DateTime<Utc>) -> Option<T> {
        self.lock().remove(key).filter(|entry| entry.expires > now).map(|entry| entry.value)
    }

    /// Removes every live value that is meant; how many there were.
    pub(crate) fn take_where(&self, now: DateTime<Utc>, is_meant: impl Fn(&T) -> bool) -> usize {
        let mut entries = self.lock();
        let before = entries.len();
        entries.retain(|_, entry| entry.expires <= now || !is_meant(&entry.value));
        before - entries.len()
    }

    /// Changes a live value in place. `false` when there is none.
    pub(crate) fn update(&self, key: &str, now: DateTime<Utc>, change: impl FnOnce(&mut T)) -> bool {
        match self.lock().get_mut(key).filter(|entry| entry.expires > now) {
            Some(entry) => {
                change(&mut entry.value);
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry<T>>> {
        // A panic while the lock was held cannot leave a half-written entry: every change is one map operation.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone};

    fn at(seconds: i64) -> DateTime<Utc> {
        Utc.timestamp_opt(1_700_000_000 + seconds, 0).single().expect("a valid instant")
    }

    #[test]
    fn a_key_is_taken_once() {
        let store = Store::new(WhenFull::Refuse);
        assert!(store.insert("a".into(), 1, at(10), at(0)));
        assert!(!store.insert("a".into(), 2, at(10), at(0)));
        assert_eq!(store.take("a", at(1)), Some(1));
        assert_eq!(store.take("a", at(1)), None);
    }

    #[test]
    fn live_entries_are_taken_by_what_they_hold() {
        let store = Store::new(WhenFull::Refuse);
        for (key, value, ends) in [("a", 1, 10), ("b", 1, 10), ("c", 2, 10), ("over", 1, 1)] {
            store.insert(key.into(), value, at(ends), at(0));
        }
        assert_eq!(store.take_where(at(5), |value| *value == 1), 2);
        assert_eq!((store.get("a", at(5)), store.get("c", at(5))), (None, Some(2)));
    }

    #[test]
    fn an_entry_ends_at_its_instant() {
        let store = Store::new(WhenFull::Refuse);
        store.insert("a".into(), 1, at(10), at(0));
        assert_eq!(store.get("a", at(9)), Some(1));
        assert_eq!(store.get("a", at(10)), None);
        assert!(!store.update("a", at(10), |value| *value = 3));
        assert!(store.insert("a".into(), 2, at(20), at(10)));
    }

    #[test]
    fn a_full_replay_cache_refuses_and_a_full_session_store_makes_room() {
        let replay = Store::new(WhenFull::Refuse);
        let sessions = Store::new(WhenFull::DropOldest);
        for i in 0..CAPACITY {
            let expires = at(100) + TimeDelta::seconds(i64::try_from(i).expect("a small number"));
            assert!(replay.insert(i.to_string(), (), expires, at(0)));
            assert!(sessions.insert(i.to_string(), (), expires, at(0)));
        }
        assert!(!replay.insert("new".into(), (), at(200), at(0)));
        assert!(replay.get("0", at(0)).is_some());
        assert!(sessions.insert("new".into(), (), at(200), at(0)));
        assert!(sessions.get("0", at(0)).is_none());
        // Once entries have expired there is room again.
        assert!(replay.insert("new".into(), (), at(300), at(101)));
    }
}
