//! Wrong secrets of clients as this node knows them: counted in memory, in the instant in which they are found wrong.
//! Does not own the rule (`domain::throttle`), nor the counters that last and that all nodes share (`authentication::throttle`).

use crate::domain::throttle::{Counter, ThrottleRule, Verdict, count};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// Most counters that are remembered.
const CAPACITY: usize = 16_384;

/// What was wrong here lately. A right secret only looks, beside others that look; nothing is awaited meanwhile.
///
/// W-07, O-13: the shared counter is a write, and guesses that come together would all be compared before the first of them is
/// stored. So the order of looking and counting here decides: a secret is taken only while fewer wrong ones than the rule allows
/// were found before it. With several nodes each holds to the rule by itself, until it reads what the others stored: over all,
/// at most as many times the tries as there are nodes can be compared, once in a wait.
#[derive(Default)]
pub struct Guesses(RwLock<HashMap<String, Counter>>);

impl Guesses {
    /// Whether so much was wrong under `name` that nothing is taken now, not even what is right.
    pub fn is_full(&self, name: &str, now: DateTime<Utc>) -> bool {
        self.read().get(name).is_some_and(|counter| now < counter.blocked_until)
    }

    /// Counts a wrong one under `name`; `false` when it came too late for that.
    pub fn count(&self, name: &str, rule: &ThrottleRule, now: DateTime<Utc>) -> bool {
        let mut all = self.write();
        let Verdict::Go(counter) = count(rule, all.get(name).copied(), now) else { return false };
        if all.len() >= CAPACITY && !all.contains_key(name) {
            all.retain(|_, counter| now < counter.window_ends_at || now < counter.blocked_until);
            if all.len() >= CAPACITY {
                // The stored counters stay: what is lost is only the order among guesses that are under way.
                all.clear();
            }
        }
        all.insert(name.to_owned(), counter);
        true
    }

    // Poisoned or not, the map holds whole counters only.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Counter>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Counter>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::throttle::CLIENT;
    use chrono::TimeDelta;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400, 0).expect("in range")
    }

    #[test]
    fn o13_threads_that_guess_together_count_no_more_than_the_rule_allows() {
        let guesses = Guesses::default();
        let counted: usize = std::thread::scope(|scope| {
            let guess = || (0..50).filter(|_| guesses.count("client/a", &CLIENT, now())).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(guess)).collect();
            threads.into_iter().map(|thread| thread.join().expect("ends")).sum()
        });
        assert_eq!(i64::try_from(counted), Ok(CLIENT.tries));
        assert!(guesses.is_full("client/a", now()) && !guesses.is_full("client/b", now()));
        assert!(!guesses.is_full("client/a", now() + CLIENT.wait), "never for good");
    }

    #[test]
    fn what_is_remembered_has_a_limit_and_what_is_over_goes_first() {
        let guesses = Guesses::default();
        for number in 0..CAPACITY {
            assert!(guesses.count(&format!("client/{number}"), &CLIENT, now()));
        }
        let later = now() + CLIENT.window - TimeDelta::seconds(1);
        for _ in 0..CLIENT.tries {
            guesses.count("client/0", &CLIENT, later);
        }
        let after = now() + CLIENT.window;
        assert!(guesses.count("client/new", &CLIENT, after));
        assert_eq!(guesses.read().len(), 2, "the windows of the others are over");
        assert!(guesses.is_full("client/0", after), "who has to wait still waits");
        for number in 0..CAPACITY {
            guesses.count(&format!("client/{number}"), &CLIENT, after);
        }
        assert!(guesses.read().len() <= CAPACITY);
    }
}
