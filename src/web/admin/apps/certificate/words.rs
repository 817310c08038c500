//! Ends of certificates in words and pills. Does not own when a warning is due (`domain::key::expiry`).

use crate::{
    domain::key::expiry::days_left,
    web::view::{Pill, Tone, list::counted},
};
use chrono::{DateTime, Utc};

/// Days from which on an end is a warning on the app itself; the console's home says it earlier.
pub const SOON: i64 = 30;

/// A day: `14 March 2029`.
pub fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y").to_string()
}

/// A time of a day: `3 December 2026, 02:00 UTC`.
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// How far an end is: `in 12 days`, `today`, `ended`.
pub fn distance(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    match days_left(end, now) {
        ..0 => "ended".to_owned(),
        0 => "within a day".to_owned(),
        days => format!("in {}", counted(days.unsigned_abs(), "day", "days")),
    }
}

/// How far an end is, as a pill.
pub fn left(end: DateTime<Utc>, now: DateTime<Utc>) -> Pill {
    let tone = match days_left(end, now) {
        ..0 => Tone::Bad,
        0..=SOON => Tone::Warn,
        _ => Tone::Ok,
    };
    Pill::new(tone, format!("Ends {}", distance(end, now)).replace("Ends ended", "Ended"))
}

/// The pill of an app whose certificate ends soon; `None` while there is time.
pub fn of_app(end: DateTime<Utc>, now: DateTime<Utc>) -> Option<Pill> {
    match days_left(end, now) {
        ..0 => Some(Pill::new(Tone::Bad, "Certificate has ended")),
        0..=SOON => Some(Pill::new(Tone::Warn, format!("Certificate ends {}", distance(end, now)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ends_are_said_by_their_distance() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let said = |days: i64| {
            let pill = left(now + TimeDelta::days(days), now);
            (pill.text, pill.tone)
        };
        assert_eq!(said(61), ("Ends in 61 days".to_owned(), Tone::Ok));
        assert_eq!(said(12), ("Ends in 12 days".to_owned(), Tone::Warn));
        assert_eq!(said(1), ("Ends in 1 day".to_owned(), Tone::Warn));
        assert_eq!(said(0), ("Ends within a day".to_owned(), Tone::Warn));
        assert_eq!(said(-1), ("Ended".to_owned(), Tone::Bad));
        let pill = |days| of_app(now + TimeDelta::days(days), now).map(|pill| pill.text);
        assert_eq!(pill(12).as_deref(), Some("Certificate ends in 12 days"));
        assert_eq!((pill(31), pill(-2).as_deref()), (None, Some("Certificate has ended")));
    }
}
