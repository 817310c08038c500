//! A person's own page: what is known about them, where they are signed in, their password.
//!
//! Does not check passwords.

use askama::Template;

use super::form::Errors;
use super::portal::Viewer;
use super::{Flash, Page, Tile, ui};

/// An app that the person allowed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedApp {
    /// The app.
    pub tile: Tile,
    /// Its id, for the form.
    pub id: String,
    /// What it may know, and since when.
    pub line: String,
}

/// An app that stays connected in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectedApp {
    /// The app.
    pub tile: Tile,
    /// What names it in the form.
    pub id: String,
    /// Where: a browser, or a device.
    pub place: String,
    /// Since when, and when it was last used.
    pub line: String,
}

/// `GET /account`. Posts `current_password` and `new_password` to `/account`; signing out is `POST /logout`.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/account.html")]
pub struct Account {
    /// Common to all pages.
    pub page: Page,
    /// Who looks.
    pub viewer: Viewer,
    /// What to put right in the password form.
    pub errors: Errors,
    /// What was just done.
    pub flash: Option<Flash>,
    /// User name, which password managers need beside a new password.
    pub username: String,
    /// What is known about the person: label, value; empty values are left out.
    pub facts: Vec<(String, String)>,
    /// Where the person is signed in, this place included.
    pub sessions: u64,
    /// The apps the person allowed something; each posts to `/account/apps/{id}/revoke`.
    pub allowed: Vec<AllowedApp>,
    /// The apps that stay connected; each posts to `/account/grants/{id}/end`.
    pub connected: Vec<ConnectedApp>,
    /// The shortest password that is taken, in characters.
    pub shortest_password: u32,
}

impl Account {
    /// The sentence about sessions.
    fn sessions_line(&self) -> String {
        match self.sessions {
            0 | 1 => "You’re signed in on this device only.".to_owned(),
            count => format!("You’re signed in in {count} browsers, this one included."),
        }
    }

    /// The hint of the new password.
    fn password_hint(&self) -> String {
        format!(
            "At least {} characters. A few words are easier to remember than symbols.",
            self.shortest_password
        )
    }

    /// Facts that have a value.
    fn known(&self) -> impl Iterator<Item = &(String, String)> {
        self.facts.iter().filter(|(_, value)| !value.is_empty())
    }
}
