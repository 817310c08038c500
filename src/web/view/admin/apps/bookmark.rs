//! The address of a link, in the place where other apps have single sign-on.
//!
//! Does not check the address.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, ui};
use super::super::Console;
use super::AppFrame;

/// `GET /admin/apps/{slug}/sso` of a link. Posts `url` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/bookmark.html")]
pub struct BookmarkSso {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// The address as typed or stored.
    pub url: String,
}
