//! Owns which span of time a nonce belongs to (RFC 9449 §8).
//!
//! Does not own the key: a nonce is a message authentication code over [`window`], made and compared by the caller, so
//! that any node of an installation knows the nonces of all.

use chrono::{DateTime, Utc};

/// How long one nonce is handed out, in seconds. It is taken for as long again.
pub const WINDOW_SECONDS: i64 = 300;

/// The number of the span that `now` is in.
pub fn window(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(WINDOW_SECONDS)
}

/// The spans whose nonces are good: this one and the one before.
pub fn accepted_windows(now: DateTime<Utc>) -> [i64; 2] {
    let current = window(now);
    [current, current - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_at_least_one_span_and_at_most_two() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("in range");
        let made = window(at(1_800_000_000));
        for (later, good) in [(0, true), (299, true), (300, true), (599, true), (600, false)] {
            assert_eq!(accepted_windows(at(1_800_000_000 + later)).contains(&made), good, "{later}");
        }
    }
}
