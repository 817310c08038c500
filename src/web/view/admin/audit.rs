//! The list of audit events with one of them open beside it.
//!
//! Does not know event types; titles and sentences come from the handler.

use askama::Template;

use super::super::chart::{Bar, Bucket, bars};
use super::super::form::{Choice, Hidden};
use super::super::list::{self, Pager};
use super::super::{Link, Page, Person, Tile, Tone, ui};
use super::Console;

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded.
    Ok,
    /// It failed.
    Failed,
    /// It was refused by a rule.
    Denied,
}

impl Outcome {
    /// The value of `data-o`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "fail",
            Self::Denied => "deny",
        }
    }

    /// The word that a screen reader hears.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "successful",
            Self::Failed => "failed",
            Self::Denied => "denied",
        }
    }

    /// The tone of the detail.
    pub fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Ok,
            Self::Failed => Tone::Bad,
            Self::Denied => Tone::Warn,
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The event's page, with the filters of the list.
    pub href: String,
    /// When, such as "15:04:31" or "3 Nov, 15:04".
    pub time: String,
    /// When, as RFC 3339.
    pub instant: String,
    /// What happened, in a few words.
    pub title: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it; `None` for the gateway itself.
    pub by: Option<Person>,
    /// The app it was about.
    pub app: Option<Tile>,
    /// Whether it is the one that is open.
    pub open: bool,
}

/// A filter that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// What it is about, such as "When".
    pub label: String,
    /// What it is set to.
    pub value: String,
    /// The list without it.
    pub remove: String,
}

/// One line of facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: String,
    /// Whether a machine reads it.
    pub mono: bool,
    /// Where it leads.
    pub href: Option<String>,
}

/// The event that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDetail {
    /// What happened, in a few words.
    pub title: String,
    /// When, in full.
    pub when: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What happened, as a sentence.
    pub sentence: String,
    /// The rest of it, such as what the person saw; may be empty.
    pub more: String,
    /// The difference, such as "Asked for" and "On the list".
    pub difference: Vec<Fact>,
    /// How to fix it; may be empty.
    pub fix: String,
    /// The button that leads to the place.
    pub fix_link: Option<Link>,
    /// Who, where from, event type, id.
    pub facts: Vec<Fact>,
    /// The event as it is stored, indented.
    pub json: String,
    /// The list without the detail.
    pub close: String,
}

/// `GET /admin/audit` and `GET /admin/audit/{id}`. Filters are `q`, `outcome` and `type`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/audit/list.html")]
pub struct AuditPage {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The sentence under the title.
    pub lede: String,
    /// What was searched for.
    pub q: String,
    /// Values of `outcome`, the empty one first.
    pub outcomes: Vec<Choice>,
    /// The chosen outcome; empty for all.
    pub outcome: String,
    /// Values of `type`, the empty one first.
    pub types: Vec<Choice>,
    /// The chosen type; empty for all.
    pub event_type: String,
    /// Filters that have no control in the form and stay when it is sent.
    pub kept: Vec<Hidden>,
    /// Filters that are on.
    pub chips: Vec<Chip>,
    /// How many events match.
    pub total: u64,
    /// How many of them did not succeed.
    pub failed: u64,
    /// Their spread over time; empty hides the figure.
    pub buckets: Vec<Bucket>,
    /// What the figure shows, as a sentence for screen readers.
    pub chart_label: String,
    /// Marks under the figure, from left to right.
    pub axis: Vec<String>,
    /// This page of events, newest first.
    pub events: Vec<EventRow>,
    /// The open event.
    pub detail: Option<EventDetail>,
    /// Where the page is in the list.
    pub pager: Pager,
}

impl AuditPage {
    fn bars(&self) -> Vec<Bar> {
        bars(&self.buckets)
    }
}
