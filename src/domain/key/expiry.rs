//! When a certificate's end is said: once at each of four distances. Does not own who hears it (`service::key_expiry`).

use chrono::{DateTime, TimeDelta, Utc};

/// Days before the end at which a warning is given, farthest first.
pub const WARNINGS: &[i64] = &[60, 30, 7, 1];

/// The warning that is due: the nearest distance reached, unless it or a nearer one was given before. An end that is
/// past counts as the nearest. A gateway that was off meanwhile says the nearest only.
pub fn due_warning(not_after: DateTime<Utc>, given: Option<i64>, now: DateTime<Utc>) -> Option<i64> {
    let reached = WARNINGS.iter().rev().copied().find(|days| not_after - now <= TimeDelta::days(*days))?;
    given.is_none_or(|given| reached < given).then_some(reached)
}

/// Whole days until an end; negative after it.
pub fn days_left(not_after: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (not_after - now).num_seconds().div_euclid(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).expect("in range") + TimeDelta::days(days)
    }

    #[test]
    fn each_distance_is_said_once() {
        let mut given = None;
        let mut said = Vec::new();
        for day in -70..=2 {
            while let Some(days) = due_warning(at(0), given, at(day)) {
                given = Some(days);
                said.push((day, days));
            }
        }
        assert_eq!(said, [(-60, 60), (-30, 30), (-7, 7), (-1, 1)]);
    }

    #[test]
    fn what_was_slept_through_is_not_said_late() {
        assert_eq!(due_warning(at(0), None, at(-5)), Some(7));
        assert_eq!(due_warning(at(0), Some(7), at(-5)), None);
        assert_eq!(due_warning(at(0), Some(60), at(9)), Some(1), "past the end too");
        assert_eq!(due_warning(at(0), None, at(-61)), None);
    }

    #[test]
    fn days_are_counted_whole() {
        assert_eq!(days_left(at(0), at(-12)), 12);
        assert_eq!(days_left(at(0), at(-1) + TimeDelta::hours(1)), 0);
        assert_eq!(days_left(at(0), at(0) + TimeDelta::seconds(1)), -1);
    }
}
