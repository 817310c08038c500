//! Owns `xs:duration` as `cacheDuration` carries it.
//! Does not schedule anything.

use chrono::TimeDelta;

/// Writes whole seconds, which every reader understands; `None` unless the duration is positive.
pub(super) fn write_duration(duration: TimeDelta) -> Option<String> {
    Some(duration.num_seconds()).filter(|seconds| *seconds > 0).map(|seconds| format!("PT{seconds}S"))
}

const DAY: i64 = 86_400;

/// XML Schema §3.2.6: `PnYnMnDTnHnMnS`. A year counts as 365 days and a month as 30, since a cache needs
/// no calendar. Negative, empty and absurdly long durations are not understood.
pub(super) fn parse_duration(text: &str) -> Option<TimeDelta> {
    let body = text.trim().strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = seconds(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)])?;
    let time = seconds(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    TimeDelta::try_seconds(date.checked_add(time)?)
}

/// The sum of the numbers in `text`, whose letters come in the order of `units`.
fn seconds(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut units, mut sum) = (text, units, 0_i64);
    while !rest.is_empty() {
        let end = rest.find(|character: char| character.is_ascii_alphabetic())?;
        let unit = rest[end..].chars().next()?;
        let place = units.iter().position(|(letter, _)| *letter == unit)?;
        let number = match rest[..end].split_once('.') {
            Some((whole, fraction)) if unit == 'S' && is_number(fraction) => whole,
            Some(_) => return None,
            None => &rest[..end],
        };
        if !is_number(number) {
            return None;
        }
        sum = number.parse::<i64>().ok()?.checked_mul(units[place].1)?.checked_add(sum)?;
        rest = &rest[end + unit.len_utf8()..];
        units = &units[place + 1..];
    }
    Some(sum)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_by_the_schema() {
        for (text, seconds) in [
            ("PT1H", 3_600),
            ("P1D", 86_400),
            (" P1Y2M3DT4H5M6.5S ", 365 * 86_400 + 63 * 86_400 + 4 * 3_600 + 5 * 60 + 6),
            ("PT0S", 0),
            ("P1M", 30 * 86_400),
            ("PT1M", 60),
        ] {
            assert_eq!(parse_duration(text), TimeDelta::try_seconds(seconds), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "P1DT",
            "1D",
            "-P1D",
            "P-1D",
            "PT1D",
            "P1H",
            "PT1M1H",
            "P1D1D",
            "PT1.5M",
            "PT.5S",
            "PT1é",
            "P99999999999999999999D",
            "P999999999999999999Y",
            "PT+1S",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for seconds in [1, 3_600, 86_400] {
            let duration = TimeDelta::seconds(seconds);
            let text = write_duration(duration).expect("positive");
            assert_eq!(parse_duration(&text), Some(duration), "{text}");
        }
        assert_eq!(write_duration(TimeDelta::zero()), None);
        assert_eq!(write_duration(TimeDelta::seconds(-1)), None);
    }
}
