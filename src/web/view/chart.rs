//! Turns counts into the numbers of an SVG: sparklines, histograms and shares.
//!
//! Draws with attributes only, because the policy of the pages forbids inline style.

use std::fmt::Write as _;

/// Width and height of a sparkline's view box.
const SPARK: (f64, f64) = (88.0, 24.0);
/// Where a sparkline's highest and lowest points lie.
const SPARK_TOP: f64 = 4.0;
const SPARK_BOTTOM: f64 = 21.0;
/// Width and height of a histogram's view box.
const HISTOGRAM: (f64, f64) = (1000.0, 64.0);
/// Height of the tallest bar, so that it stays clear of the legend.
const TALLEST: f64 = 56.0;

/// The line of a sparkline as SVG path data; `None` when there is nothing to draw.
pub fn spark_line(points: &[u32]) -> Option<String> {
    let highest = points.iter().copied().max().filter(|top| *top > 0)?;
    if points.len() < 2 {
        return None;
    }
    let steps = f64::from(u32::try_from(points.len() - 1).ok()?);
    let mut path = String::new();
    for (index, count) in (0u32..).zip(points) {
        let x = 1.0 + (SPARK.0 - 2.0) * f64::from(index) / steps;
        let share = f64::from(*count) / f64::from(highest);
        let y = SPARK_BOTTOM - (SPARK_BOTTOM - SPARK_TOP) * share;
        let command = if index == 0 { 'M' } else { 'L' };
        // Writing to a String cannot fail.
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    Some(path)
}

/// The filled area under a line of [`spark_line`].
pub fn spark_area(line: &str) -> String {
    format!("{line}L{:.0} {:.0}L1 {:.0}Z", SPARK.0 - 1.0, SPARK.1, SPARK.1)
}

/// How many events fell into one step of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Events that ended well.
    pub ok: u32,
    /// Events that did not.
    pub failed: u32,
}

/// One bar of a histogram, as SVG attribute values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Left edge.
    pub x: String,
    /// Width.
    pub width: String,
    /// Top and height of the part that ended well; `None` when it is empty.
    pub ok: Option<(String, String)>,
    /// Top and height of the part that did not; `None` when it is empty.
    pub failed: Option<(String, String)>,
}

/// The bars of a histogram in a view box of 1000 by 64.
pub fn bars(buckets: &[Bucket]) -> Vec<Bar> {
    let total = |bucket: &Bucket| f64::from(bucket.ok) + f64::from(bucket.failed);
    let highest = buckets.iter().map(total).fold(1.0, f64::max);
    let step = HISTOGRAM.0 / f64::from(u32::try_from(buckets.len()).unwrap_or(u32::MAX).max(1));
    // A part that holds anything stays visible, however small it is beside the rest.
    let height = |count: u32| (f64::from(count) / highest * TALLEST).max(2.0);
    let part = |count: u32, base: f64| {
        (count > 0).then(|| (format!("{:.1}", base - height(count)), format!("{:.1}", height(count))))
    };
    (0u32..)
        .zip(buckets)
        .map(|(index, bucket)| {
            let lifted = if bucket.failed > 0 { height(bucket.failed) } else { 0.0 };
            Bar {
                x: format!("{:.1}", step * f64::from(index) + step * 0.1),
                width: format!("{:.1}", step * 0.8),
                ok: part(bucket.ok, HISTOGRAM.1 - lifted),
                failed: part(bucket.failed, HISTOGRAM.1),
            }
        })
        .collect()
}

/// The width, of 96, that `part` takes of `whole`.
pub fn share(part: u64, whole: u64) -> u64 {
    (part.min(whole) * 96).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counted_draws_no_line() {
        assert_eq!(spark_line(&[]), None);
        assert_eq!(spark_line(&[0, 0, 0]), None);
        assert_eq!(spark_line(&[7]), None);
    }

    #[test]
    fn a_line_spans_the_box() {
        assert_eq!(spark_line(&[0, 4]).as_deref(), Some("M1.0 21.0L87.0 4.0"));
    }

    #[test]
    fn failures_stand_under_successes() {
        let drawn = bars(&[Bucket { ok: 3, failed: 1 }, Bucket::default()]);
        assert_eq!(drawn[0].failed, Some(("50.0".to_owned(), "14.0".to_owned())));
        assert_eq!(drawn[0].ok, Some(("8.0".to_owned(), "42.0".to_owned())));
        assert_eq!((&drawn[1].ok, &drawn[1].failed), (&None, &None));
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(share(0, 0), 0);
        assert_eq!(share(9, 3), 96);
    }
}
