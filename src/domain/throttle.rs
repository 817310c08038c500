//! How failed sign-ins slow the next ones down. Does not own the counters (`store::throttles`).

use chrono::{DateTime, TimeDelta, Utc};

/// A rule: so many tries in a window, then a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRule {
    /// Tries that may fail within the window.
    pub tries: i64,
    /// How long failures are remembered.
    pub window: TimeDelta,
    /// How long one has to wait after that; never for good, so that nobody can lock another out (W-10).
    pub wait: TimeDelta,
}

/// Failures against one account from one address.
pub const PER_ACCOUNT_AND_ADDRESS: ThrottleRule =
    ThrottleRule { tries: 5, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(5) };
/// Failures against one account from everywhere: slows spraying over many addresses. Browsers the person has signed in
/// with before are exempt from this one.
pub const PER_ACCOUNT: ThrottleRule =
    ThrottleRule { tries: 30, window: TimeDelta::minutes(15), wait: TimeDelta::minutes(5) };
/// Failures from one address against any account.
pub const PER_ADDRESS: ThrottleRule =
    ThrottleRule { tries: 100, window: TimeDelta::minutes(15), wait: TimeDelta::minutes(5) };
/// Wrong secrets of one client from one network.
pub const CLIENT: ThrottleRule =
    ThrottleRule { tries: 20, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(1) };
/// What strangers of one network were refused with an event: sign-ons that stopped, tokens that nobody knows.
pub const STRANGER_STOPS: ThrottleRule =
    ThrottleRule { tries: 200, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(1) };
/// Events that say that a network has too many sign-ons under way.
pub const FULL_NETWORK: ThrottleRule =
    ThrottleRule { tries: 1, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(5) };
/// Wrong codes of devices that one person types.
pub const DEVICE_CODE: ThrottleRule =
    ThrottleRule { tries: 10, window: TimeDelta::minutes(15), wait: TimeDelta::minutes(15) };
/// Wrong codes of devices that come from one network: an office has many people.
pub const DEVICE_CODE_OF_NETWORK: ThrottleRule = ThrottleRule { tries: 100, ..DEVICE_CODE };
/// Devices of one client that begin from one network.
pub const DEVICES: ThrottleRule =
    ThrottleRule { tries: 60, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(1) };
/// Authorization requests that public clients pushed from one network: each is a row, for a minute.
pub const PUSHED_BY_NETWORK: ThrottleRule =
    ThrottleRule { tries: 300, window: TimeDelta::minutes(1), wait: TimeDelta::minutes(1) };
/// Identifiers in unsigned requests of one network that are decrypted with our keys: each costs what a signature costs, and
/// answers whether a ciphertext is good.
pub const DECRYPTIONS: ThrottleRule =
    ThrottleRule { tries: 300, window: TimeDelta::minutes(5), wait: TimeDelta::minutes(1) };
/// Tries of the set-up code.
pub const SETUP: ThrottleRule =
    ThrottleRule { tries: 10, window: TimeDelta::minutes(15), wait: TimeDelta::minutes(5) };

/// One counter as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Tries counted in this window.
    pub failures: i64,
    /// When the window ends.
    pub window_ends_at: DateTime<Utc>,
    /// Until when tries are refused.
    pub blocked_until: DateTime<Utc>,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on; the counter to store.
    Go(Counter),
    /// Wait until then; nothing is counted.
    Wait(DateTime<Utc>),
}

/// Counts one try *before* it is verified (W-07); success resets the counter afterwards.
pub fn count(rule: &ThrottleRule, counter: Option<Counter>, now: DateTime<Utc>) -> Verdict {
    let fresh = Counter { failures: 0, window_ends_at: now + rule.window, blocked_until: now };
    let counter = match counter {
        Some(counter) if now < counter.blocked_until => return Verdict::Wait(counter.blocked_until),
        Some(counter) if now < counter.window_ends_at && counter.failures < rule.tries => counter,
        _ => fresh,
    };
    let failures = counter.failures + 1;
    let blocked_until = if failures >= rule.tries { now + rule.wait } else { now };
    Verdict::Go(Counter { failures, blocked_until, ..counter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w07_tries_stop_at_the_limit_and_w10_go_on_after_the_wait() {
        let rule = PER_ACCOUNT_AND_ADDRESS;
        let start = DateTime::from_timestamp(1_000, 0).expect("in range");
        let mut counter = None;
        for _ in 0..rule.tries {
            let Verdict::Go(next) = count(&rule, counter, start) else { unreachable!("within the limit") };
            counter = Some(next);
        }
        assert_eq!(count(&rule, counter, start), Verdict::Wait(start + rule.wait));
        assert!(matches!(count(&rule, counter, start + rule.wait), Verdict::Go(c) if c.failures == 1));
    }
}
