//! The client secrets of an app: which there are, and a new one.
//!
//! Holds no secret: a new one is shown by [`super::oidc`].

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, ui};
use super::super::Console;
use super::AppFrame;

/// When the secret in use ends after a new one is made: hours, label.
pub const RETIREMENTS: &[(&str, &str)] =
    &[("0", "At once"), ("1", "In one hour"), ("24", "In a day"), ("168", "In a week")];

/// One secret that works.
#[derive(Debug, Clone)]
pub struct SecretRow {
    /// Its public name.
    pub id: String,
    /// The few last characters.
    pub hint: String,
    /// When it was made, and when it ends, in words.
    pub line: String,
}

/// `GET /admin/apps/{slug}/secret`. Posts `retire_hours` to the same path, and `id` to `…/withdraw`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/secret.html")]
pub struct AppSecret {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// The secrets that work, newest first.
    pub secrets: Vec<SecretRow>,
    /// What is chosen.
    pub retire_hours: String,
}

impl AppSecret {
    /// What a new secret would end beside: the older of two that work.
    pub fn older(&self) -> Option<String> {
        match self.secrets.as_slice() {
            [_, .., older] => Some(format!("…{} may end now", older.hint)),
            _ => None,
        }
    }
}
