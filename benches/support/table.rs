//! The one table that the benchmark prints. Does not judge: a goal is printed beside a figure, never asserted.

use std::fmt;

/// One figure.
pub struct Row {
    /// Measured against its yardstick; none for a yardstick itself.
    pub ratio: Option<f64>,
    /// Which ratio is wanted, such as `≤ 1.5`.
    pub goal: &'static str,
    /// What was done.
    pub what: String,
    /// Processor time of the server for each, in milliseconds.
    pub cpu_ms: Option<f64>,
    /// How many a second.
    pub rate: Option<f64>,
    /// What the ratio is of, and what else one should know.
    pub beside: String,
}

/// Rows, then notes.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.what.chars().count()).max().unwrap_or(0);
        writeln!(
            f,
            "{:>6}  {:<7} {:<width$} {:>9} {:>9}  beside it",
            "ratio", "goal", "what", "CPU ms", "per s"
        )?;
        for row in &self.rows {
            let ratio = row.ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
            let cpu = row.cpu_ms.map_or_else(|| "-".into(), |cpu| format!("{cpu:.3}"));
            let rate = row.rate.map_or_else(|| "-".into(), |rate| format!("{rate:.0}"));
            let (goal, what, beside) = (row.goal, &row.what, &row.beside);
            writeln!(f, "{ratio:>6}  {goal:<7} {what:<width$} {cpu:>9} {rate:>9}  {beside}")?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        Ok(())
    }
}

/// The middle one; of an even number, the upper middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
