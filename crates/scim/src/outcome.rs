//! What an answer of a SCIM target means for a job: done, once more, or never. Does not own the queue that acts on it.

use std::time::Duration;

/// Shortest wait a target can ask for (C-29).
pub const WAIT_MIN: Duration = Duration::from_secs(1);
/// Longest wait a target can ask for (C-29).
pub const WAIT_MAX: Duration = Duration::from_hours(1);

/// What becomes of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is as we want it.
    Done,
    /// Try again; not before `after`, when the target said so.
    Retry {
        /// The target's own wish, held within [`WAIT_MIN`] and [`WAIT_MAX`].
        after: Option<Duration>,
    },
    /// Trying again changes nothing: a person must look.
    Refused {
        /// The status.
        status: u16,
    },
}

/// Reads an answer. RFC 7644 §3.12 names the statuses; RFC 6585 §4 adds 429, RFC 9110 §10.2.3 `Retry-After`.
/// A resource that is gone is what a deletion wants.
pub fn of(status: u16, retry_after: Option<&str>, is_delete: bool) -> Outcome {
    match status {
        200..=299 => Outcome::Done,
        404 | 410 if is_delete => Outcome::Done,
        408 | 425 | 429 | 500..=599 if status != 501 => {
            Outcome::Retry { after: retry_after.and_then(seconds) }
        }
        status => Outcome::Refused { status },
    }
}

/// Delay-seconds only: a date would need a clock, and targets send seconds. Garbage counts as absent.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().map_or(WAIT_MAX, Duration::from_secs).clamp(WAIT_MIN, WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_to_try_again() {
        assert_eq!(of(204, None, false), Outcome::Done);
        assert_eq!(of(404, None, true), Outcome::Done);
        for status in [301, 400, 401, 404, 409, 412, 501] {
            assert_eq!(of(status, None, false), Outcome::Refused { status });
        }
        for status in [408, 429, 500, 502, 503] {
            assert_eq!(of(status, None, false), Outcome::Retry { after: None });
        }
    }

    #[test]
    fn c29_a_wish_to_wait_is_held_within_bounds() {
        let after = |text| match of(429, Some(text), false) {
            Outcome::Retry { after } => after,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(after("30"), Some(Duration::from_secs(30)));
        assert_eq!(after("0"), Some(WAIT_MIN));
        assert_eq!(after("99999999999999999999999"), Some(WAIT_MAX));
        for garbage in ["", "-1", "soon", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(after(garbage), None, "{garbage}");
        }
    }
}
