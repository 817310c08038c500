//! Removing an app: who loses what, and the name to type.
//!
//! Does not remove.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, list, ui};
use super::super::Console;
use super::AppFrame;

/// `GET /admin/apps/{slug}/remove`. Posts `confirm` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/remove.html")]
pub struct AppRemove {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// How many people can open it now.
    pub people: u64,
    /// What stops working, one sentence each.
    pub consequences: Vec<String>,
    /// The name as typed.
    pub confirm: String,
}

impl AppRemove {
    fn lede(&self) -> String {
        match self.people {
            0 => "Nobody can open it now, so nobody loses access.".to_owned(),
            count => format!("{} access.", list::counted(count, "person loses", "people lose")),
        }
    }

    fn confirm_label(&self) -> String {
        format!("Type {} to remove it", self.frame.tile.label)
    }
}
