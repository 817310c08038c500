//! A set of attributes of a SAML app, which a request names by its number.
//!
//! Does not check it.

use askama::Template;

use super::super::super::form::{
    ATTRIBUTE_KINDS, ATTRIBUTE_SENDS, AttributeRow, CLAIM_PLACES, Errors, NAME_FORMATS,
};
use super::super::super::{Page, ui};
use super::super::Console;
use super::AppFrame;
use super::saml::with_spare;

/// `GET /admin/apps/{slug}/sets/{index}`, or `…/sets/new`. Posts `set_index`, `set_name` and the attribute rows to the same path, or
/// `remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/set.html")]
pub struct AppSet {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// Such as "Set 2".
    pub title: String,
    /// Where the form goes.
    pub action: String,
    /// Whether it is there already.
    pub is_stored: bool,
    /// Its number as typed.
    pub index: String,
    /// Its name.
    pub name: String,
    /// Its rows, without spare ones.
    pub attributes: Vec<AttributeRow>,
    /// Names of user attributes, suggested in rows.
    pub sources: Vec<String>,
    /// Suggestions for what a row is released for; empty when rows don't ask.
    pub conditions: Vec<String>,
}

impl AppSet {
    fn rows(&self) -> Vec<AttributeRow> {
        if self.console.may_manage { with_spare(&self.attributes) } else { self.attributes.clone() }
    }
}
