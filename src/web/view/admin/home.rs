//! The console's first page: what is left to set up, then numbers.
//!
//! Does not count; every number comes from the handler.

use askama::Template;

use super::super::chart::{Bar, Bucket, bars};
use super::super::{Link, Page, Person, Pill, Tile, list, ui};
use super::Console;

/// One step of setting up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupStep {
    /// What it is.
    pub title: String,
    /// Why, and how long it takes; shown while it is open.
    pub text: String,
    /// What was reached, such as "19 live"; shown when it is done.
    pub fact: String,
    /// Whether it is done.
    pub done: bool,
    /// The button that does it.
    pub action: Option<Link>,
}

/// Something about an app that needs somebody: a certificate that ends soon, metadata that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingRow {
    /// The app.
    pub tile: Tile,
    /// What, such as "Amplitude’s certificate ends in 12 days".
    pub text: String,
    /// The day, and what to do.
    pub hint: String,
    /// The page where it is done.
    pub href: String,
    /// How urgent it is.
    pub state: Pill,
}

/// A recent change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who made it.
    pub person: Person,
    /// What, as a sentence.
    pub text: String,
    /// When, such as "15:01".
    pub when: String,
    /// The audit event.
    pub href: String,
}

/// `GET /admin`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/home.html")]
pub struct Home {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The greeting, such as "Good afternoon, Tomás".
    pub greeting: String,
    /// The sentence under it.
    pub lede: String,
    /// All steps in order; the checklist hides when all are done.
    pub steps: Vec<SetupStep>,
    /// Certificates that end soon, the first at the top.
    pub ending: Vec<EndingRow>,
    /// Apps whose metadata needs somebody.
    pub metadata: Vec<EndingRow>,
    /// Sign-ins since midnight.
    pub sign_ins_today: u64,
    /// Different people among them.
    pub people_today: u64,
    /// Attempts since midnight that did not succeed.
    pub failed_today: u64,
    /// Sign-ins by hour, 24 numbers; hours to come are 0.
    pub hours: Vec<u32>,
    /// About the gateway itself: label, value.
    pub facts: Vec<(String, String)>,
    /// The newest changes.
    pub changes: Vec<Change>,
}

impl Home {
    fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.done).count()
    }

    fn is_set_up(&self) -> bool {
        self.done() == self.steps.len()
    }

    /// The steps with their numbers, and whether each is the next one to do.
    fn numbered(&self) -> impl Iterator<Item = (usize, &SetupStep, bool)> {
        let next = self.steps.iter().position(|step| !step.done);
        self.steps.iter().enumerate().map(move |(index, step)| (index + 1, step, Some(index) == next))
    }

    fn bars(&self) -> Vec<Bar> {
        let buckets: Vec<_> = self.hours.iter().map(|ok| Bucket { ok: *ok, failed: 0 }).collect();
        bars(&buckets)
    }
}
