//! Taking an app from a group or a person: who would lose it.
//!
//! Does not count and does not remove.

use askama::Template;

use super::super::super::form::{Errors, Hidden};
use super::super::super::{Page, Person, list, ui};
use super::super::Console;
use super::AppFrame;

/// `GET /admin/apps/{slug}/access/remove`. Posts the payload to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/unassign.html")]
pub struct AppUnassign {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// The group's or the person's name.
    pub name: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// How many people lose the app.
    pub losing: u64,
    /// How many of a group keep it by another route.
    pub keeping: u64,
    /// Some of those who lose it, with their pages.
    pub people: Vec<(Person, String)>,
    /// What the form sends back.
    pub payload: Vec<Hidden>,
}

impl AppUnassign {
    fn lede(&self) -> String {
        let label = &self.frame.tile.label;
        match (self.is_group, self.losing, self.keeping) {
            (true, 0, 0) => format!("Nobody is in {}, so nobody loses {label}.", self.name),
            (true, 0, _) => {
                format!("Nobody loses {label}: everyone in {} keeps it by another route.", self.name)
            }
            (true, losing, 0) => format!("{} {label}.", list::counted(losing, "person loses", "people lose")),
            (true, losing, keeping) => format!(
                "{} {label}, {} it by another route.",
                list::counted(losing, "person loses", "people lose"),
                list::counted(keeping, "keeps", "keep")
            ),
            (false, 0, _) => format!("{} keeps {label} through a group.", self.name),
            (false, ..) => format!("{} loses {label}.", self.name),
        }
    }

    /// How many lose it and are not named.
    fn more(&self) -> u64 {
        self.losing.saturating_sub(u64::try_from(self.people.len()).unwrap_or(u64::MAX))
    }
}
