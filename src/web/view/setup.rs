//! The first-run page, which exists only until there is an owner.
//!
//! Does not know the code; the handler compares it.

use askama::Template;

use super::form::Errors;
use super::{Page, ui};

/// `GET /setup`. Posts `code`, `organisation`, `username`, `email`, `first_name`, `last_name` and `password`.
#[derive(Debug, Clone, Template)]
#[template(path = "sign_in/setup.html")]
pub struct Setup {
    /// Common to all pages.
    pub page: Page,
    /// What to put right.
    pub errors: Errors,
    /// The public address, shown so that a wrong one is noticed now.
    pub public_url: String,
    /// A warning about the public address, such as "People and apps need https."
    pub warning: Option<String>,
    /// The setup code as typed.
    pub code: String,
    /// Name of the organisation as typed.
    pub organisation: String,
    /// The owner's user name as typed.
    pub username: String,
    /// The owner's e-mail as typed.
    pub email: String,
    /// The owner's first name as typed.
    pub first_name: String,
    /// The owner's last name as typed.
    pub last_name: String,
}
