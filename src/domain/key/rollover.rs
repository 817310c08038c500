//! The life of an app's keys, and of the issuer's keys of one algorithm, next → active → retired: what may follow what, and what
//! is published meanwhile. Does not own the issuer's calendar (`issuer`), storing keys (`store::signing_keys`) or making them (`keyring`).

use super::{KeyState, SigningKey};
use crate::id::KeyId;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a key that was switched away from stays in the metadata: longer than a message lives and a copy of the metadata
/// is kept, so that what was signed a moment before still verifies, and there is a way back.
pub const GRACE: TimeDelta = TimeDelta::hours(24);
/// How far ahead a switch can be scheduled.
const AHEAD_MAX: TimeDelta = TimeDelta::days(366);
/// Most keys of one app, deleted ones not counted.
const KEYS_MAX: usize = 20;

/// Why a step was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// There is a next key already.
    #[error("There is a next certificate already. Switch to it or remove it first")]
    NextExists,
    /// There is no next key, or another one than was meant.
    #[error("There is no such next certificate. Look at the page again")]
    NoNext,
    /// There is no such retired key.
    #[error("There is no such earlier certificate. Look at the page again")]
    NotRetired,
    /// The key was withdrawn in an emergency: somebody else may have it.
    #[error("This certificate was withdrawn in an emergency and is never used again. Make a new one")]
    Withdrawn,
    /// Another key signs by now.
    #[error("This certificate isn’t in use any more. Look at the page again")]
    NotActive,
    /// A key that signs can't be removed.
    #[error("The certificate in use can’t be removed")]
    InUse,
    /// An instant that is past or too far away.
    #[error("Choose a time from now on, within a year")]
    Time,
    /// The next key's certificate has ended, or ends before the switch.
    #[error("The next certificate has ended by then. Make a new one")]
    Ended,
    /// Too many keys.
    #[error("There are 20 certificates already. Remove earlier ones first")]
    TooMany,
}

/// The keys of one app, or those of the issuer for one algorithm, as they are at an instant: a switch whose time has come counts as done, whether or not anybody has
/// stored it yet. So every node signs with the same key.
///
/// Always: at most one next and one active key; only a next key has a time to switch; only a retired one has a time it
/// retired and stays published for a while, or was withdrawn and stays so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKeys {
    keys: Vec<SigningKey>,
    touched: Vec<KeyId>,
    due: Option<KeyId>,
    now: DateTime<Utc>,
    grace: TimeDelta,
}

impl AppKeys {
    /// The stored keys as they are now.
    pub fn at(keys: Vec<SigningKey>, now: DateTime<Utc>) -> Self {
        Self::with_grace(keys, now, GRACE)
    }

    /// The stored keys as they are now, where a key that was switched away from stays published for `grace`.
    pub fn with_grace(keys: Vec<SigningKey>, now: DateTime<Utc>, grace: TimeDelta) -> Self {
        let mut this = Self { keys, touched: Vec::new(), due: None, now, grace };
        let due = this
            .keys
            .iter()
            .filter(|key| key.state == KeyState::Next)
            .find_map(|key| Some((key.id, key.switch_at.filter(|at| *at <= now)?)));
        if let Some((id, at)) = due {
            this.activate(id, at);
            this.due = Some(id);
        }
        this
    }

    /// The key that messages are signed with.
    pub fn active(&self) -> Option<&SigningKey> {
        self.in_state(KeyState::Active).max_by_key(|key| (key.created_at, key.id))
    }

    /// The key that is published and not used yet.
    pub fn next(&self) -> Option<&SigningKey> {
        self.in_state(KeyState::Next).next()
    }

    /// The keys that no longer sign, the one that ceased last first.
    pub fn retired(&self) -> Vec<&SigningKey> {
        let mut retired: Vec<_> = self.in_state(KeyState::Retired).collect();
        retired.sort_by_key(|key| std::cmp::Reverse((key.retired_at, key.created_at, key.id)));
        retired
    }

    /// The keys whose certificates stand in the metadata. The active one is first: some SPs read no further (interop,
    /// XS-09). Then the next, and those that ceased a short while ago.
    pub fn published(&self) -> Vec<&SigningKey> {
        let late = |key: &&SigningKey| key.published_until.is_some_and(|until| self.now < until);
        self.active().into_iter().chain(self.next()).chain(self.retired().into_iter().filter(late)).collect()
    }

    /// The key to which a scheduled switch was due, while that isn't stored.
    pub fn due(&self) -> Option<&SigningKey> {
        self.due.and_then(|id| self.find(id))
    }

    /// What has to be stored, in an order that never has two keys in one place.
    pub fn changed(&self) -> Vec<&SigningKey> {
        let order = |key: &SigningKey| match key.state {
            KeyState::Retired => 0,
            KeyState::Next => 1,
            KeyState::Active => 2,
        };
        let mut changed: Vec<_> = self.keys.iter().filter(|key| self.touched.contains(&key.id)).collect();
        changed.sort_by_key(|key| order(key));
        changed
    }

    /// Whether a new key can become the next one; then [`SigningKey::state`] of the new key is [`KeyState::Next`].
    ///
    /// # Errors
    /// There is one already, or there are too many keys.
    pub fn may_add_next(&self) -> Result<(), KeyRefusal> {
        if self.next().is_some() {
            return Err(KeyRefusal::NextExists);
        }
        if self.keys.len() >= KEYS_MAX { Err(KeyRefusal::TooMany) } else { Ok(()) }
    }

    /// Whether a key pair that somebody brings can be taken: one that was withdrawn doesn't come back under another certificate.
    /// `public_key` is as in [`SigningKey::public_key`].
    ///
    /// # Errors
    /// It was withdrawn.
    pub fn may_bring(&self, public_key: &str) -> Result<(), KeyRefusal> {
        let withdrawn = |key: &SigningKey| key.withdrawn_at.is_some() && key.public_key == public_key;
        if self.keys.iter().any(withdrawn) { Err(KeyRefusal::Withdrawn) } else { Ok(()) }
    }

    /// The next key signs from now on; the active one retires.
    ///
    /// # Errors
    /// `id` is not the next key, or its certificate has ended.
    pub fn switch(&mut self, id: KeyId) -> Result<(), KeyRefusal> {
        let now = self.now;
        self.usable_next(id, now)?;
        self.activate(id, now);
        Ok(())
    }

    /// The next key will sign from `at` on; `None` takes a schedule back.
    ///
    /// # Errors
    /// `id` is not the next key, the instant is past or too far away, or the certificate has ended by then.
    pub fn schedule(&mut self, id: KeyId, at: Option<DateTime<Utc>>) -> Result<(), KeyRefusal> {
        if let Some(at) = at {
            if at <= self.now || at > self.now + AHEAD_MAX {
                return Err(KeyRefusal::Time);
            }
            self.usable_next(id, at)?;
        } else if self.next().is_none_or(|next| next.id != id) {
            return Err(KeyRefusal::NoNext);
        }
        self.change(id, |key| key.switch_at = at);
        Ok(())
    }

    /// A retired key signs again. The one that signed becomes the next, so that the switch can be tried once more; it
    /// retires when there is a next already.
    ///
    /// # Errors
    /// `id` is not a retired key, or it was withdrawn.
    pub fn roll_back(&mut self, id: KeyId) -> Result<(), KeyRefusal> {
        if self.retired_key(id)?.withdrawn_at.is_some() {
            return Err(KeyRefusal::Withdrawn);
        }
        let now = self.now;
        let waits = self.next().is_none();
        let active: Vec<KeyId> = self.in_state(KeyState::Active).map(|key| key.id).collect();
        for (position, other) in active.into_iter().enumerate() {
            if waits && position == 0 {
                self.change(other, |key| {
                    key.state = KeyState::Next;
                    (key.switch_at, key.retired_at, key.published_until) = (None, None, None);
                });
            } else {
                self.retire(other, now, Some(now + self.grace));
            }
        }
        self.change(id, |key| {
            key.state = KeyState::Active;
            (key.switch_at, key.retired_at, key.published_until) = (None, None, None);
        });
        Ok(())
    }

    /// An emergency: every key retires at once, leaves the metadata and never comes back; a new key, in [`KeyState::Active`],
    /// takes their place.
    ///
    /// # Errors
    /// There are too many keys.
    pub fn withdraw_all(&mut self) -> Result<(), KeyRefusal> {
        if self.keys.len() >= KEYS_MAX {
            return Err(KeyRefusal::TooMany);
        }
        let now = self.now;
        let all: Vec<(KeyId, Option<DateTime<Utc>>)> =
            self.keys.iter().map(|key| (key.id, key.retired_at)).collect();
        for (id, retired_at) in all {
            self.retire(id, retired_at.unwrap_or(now), None);
            self.mark_withdrawn(id);
        }
        Ok(())
    }

    /// The active key retires, for a new one that is added in [`KeyState::Active`]; it stays published for a while.
    pub fn step_down(&mut self) {
        let (now, until) = (self.now, self.now + self.grace);
        let active: Vec<KeyId> = self.in_state(KeyState::Active).map(|key| key.id).collect();
        for id in active {
            self.retire(id, now, Some(until));
        }
    }

    /// An emergency of one key: it is no longer published or used, whatever it was; the state it was in. An active one is replaced
    /// by the caller.
    ///
    /// # Errors
    /// There is no such key.
    pub fn withdraw(&mut self, id: KeyId) -> Result<KeyState, KeyRefusal> {
        let key = self.find(id).ok_or(KeyRefusal::NotRetired)?;
        let (state, retired_at) = (key.state, key.retired_at.unwrap_or(self.now));
        self.retire(id, retired_at, None);
        self.mark_withdrawn(id);
        Ok(state)
    }

    /// A key that doesn't sign, to be removed for good.
    ///
    /// # Errors
    /// It signs, or there is no such key.
    pub fn removable(&self, id: KeyId) -> Result<&SigningKey, KeyRefusal> {
        match self.find(id) {
            Some(key) if key.state == KeyState::Active => Err(KeyRefusal::InUse),
            Some(key) => Ok(key),
            None => Err(KeyRefusal::NotRetired),
        }
    }

    fn in_state(&self, state: KeyState) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().filter(move |key| key.state == state)
    }

    fn find(&self, id: KeyId) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    fn usable_next(&self, id: KeyId, at: DateTime<Utc>) -> Result<(), KeyRefusal> {
        let next = self.next().filter(|next| next.id == id).ok_or(KeyRefusal::NoNext)?;
        if next.not_after.is_some_and(|end| end <= at) { Err(KeyRefusal::Ended) } else { Ok(()) }
    }

    fn retired_key(&self, id: KeyId) -> Result<&SigningKey, KeyRefusal> {
        self.find(id).filter(|key| key.state == KeyState::Retired).ok_or(KeyRefusal::NotRetired)
    }

    fn activate(&mut self, id: KeyId, at: DateTime<Utc>) {
        let active: Vec<KeyId> = self.in_state(KeyState::Active).map(|key| key.id).collect();
        for other in active {
            self.retire(other, at, Some(at + self.grace));
        }
        self.change(id, |key| {
            key.state = KeyState::Active;
            key.switch_at = None;
        });
    }

    fn retire(&mut self, id: KeyId, at: DateTime<Utc>, published_until: Option<DateTime<Utc>>) {
        self.change(id, |key| {
            key.state = KeyState::Retired;
            key.switch_at = None;
            key.retired_at = Some(at);
            key.published_until = published_until;
        });
    }

    fn mark_withdrawn(&mut self, id: KeyId) {
        let now = self.now;
        self.change(id, |key| key.withdrawn_at = Some(key.withdrawn_at.unwrap_or(now)));
    }

    fn change(&mut self, id: KeyId, how: impl FnOnce(&mut SigningKey)) {
        if let Some(key) = self.keys.iter_mut().find(|key| key.id == id) {
            how(key);
            if !self.touched.contains(&id) {
                self.touched.push(id);
            }
        }
    }
}

#[cfg(test)]
mod tests;
