//! Owns writing a date differently. Does not own time: nothing here knows what day it is.

use super::text_of;
use crate::{error::EvaluateError, evaluate::Evaluated, limits::Meter, value::Value};

/// Writes `YYYY-MM-DD`, or such a date with a time after it, by a form of `YYYY`, `YY`, `MM`, `DD`, `HH`, `mm` and `ss`.
/// The time is not shifted to another zone.
pub(super) fn format_date(arguments: &[Value], meter: &mut Meter) -> Evaluated {
    let Some(date) = text_of(arguments, 0, "formatDate")? else { return Ok(Value::Undefined) };
    let Some(form) = text_of(arguments, 1, "formatDate")? else {
        return Err(EvaluateError::value(
            "The second argument of $formatDate is a text such as \"DD/MM/YYYY\"",
        ));
    };
    let parts = Parts::read(date).ok_or_else(|| {
        EvaluateError::value("$formatDate takes a date such as 2031-05-09 or 2031-05-09T08:30:00Z")
    })?;
    meter.allocate(form.len() * 2)?;
    let mut out = String::new();
    let mut rest: &str = form;
    'next: while let Some(first) = rest.chars().next() {
        for (letters, digits) in [
            ("YYYY", parts.year),
            ("YY", &parts.year[2..]),
            ("MM", parts.month),
            ("DD", parts.day),
            ("HH", parts.hour),
            ("mm", parts.minute),
            ("ss", parts.second),
        ] {
            if let Some(after) = rest.strip_prefix(letters) {
                out.push_str(digits);
                rest = after;
                continue 'next;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    Value::text(&out, meter)
}

struct Parts<'a> {
    year: &'a str,
    month: &'a str,
    day: &'a str,
    hour: &'a str,
    minute: &'a str,
    second: &'a str,
}

impl<'a> Parts<'a> {
    fn read(date: &'a str) -> Option<Self> {
        let (day, time) = match date.split_once(['T', ' ']) {
            Some((day, time)) => (day, Some(time)),
            None => (date, None),
        };
        let mut parts = day.splitn(3, '-');
        let year = digits(parts.next()?, 4, 0, 9999)?;
        let month = digits(parts.next()?, 2, 1, 12)?;
        let day = digits(parts.next()?, 2, 1, days(year.parse().ok()?, month.parse().ok()?))?;
        let (mut hour, mut minute, mut second) = ("00", "00", "00");
        if let Some(time) = time {
            hour = digits(time.get(..2)?, 2, 0, 23)?;
            minute = digits(time.get(2..)?.strip_prefix(':')?.get(..2)?, 2, 0, 59)?;
            if let Some(rest) = time.get(5..)?.strip_prefix(':') {
                second = digits(rest.get(..2)?, 2, 0, 60)?;
            }
        }
        Some(Self { year, month, day, hour, minute, second })
    }
}

fn digits(text: &str, length: usize, least: u32, most: u32) -> Option<&str> {
    let fits = text.len() == length && text.bytes().all(|c| c.is_ascii_digit());
    (fits && (least..=most).contains(&text.parse().ok()?)).then_some(text)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
