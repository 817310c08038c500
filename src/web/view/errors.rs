//! The hand-over page: what happened, what to do, who can help, and a reference.
//!
//! Knows no protocol words; the cause is in the audit event that the reference names.

use askama::Template;

use super::{Page, Person, Tile, ui};

/// Who to turn to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The person or desk.
    pub person: Person,
    /// What they do, such as "Looks after Heap".
    pub role: String,
    /// Where to write, an address such as `mailto:it@fernhill.example?subject=…`.
    pub href: String,
    /// The words of the button, such as "Email Tomás".
    pub action: String,
}

/// A page that ends a journey; the handler decides the status.
#[derive(Debug, Clone, Template)]
#[template(path = "errors/hand_over.html")]
pub struct HandOver {
    /// Common to all pages.
    pub page: Page,
    /// What happened.
    pub title: String,
    /// What is not wrong, and what to do.
    pub lede: String,
    /// The person, if signed in.
    pub person: Option<Person>,
    /// The app, if one was on the way; draws where it stopped.
    pub app: Option<Tile>,
    /// Names the audit event, such as `7KQ2-M4XA`.
    pub reference: Option<String>,
    /// Who can help.
    pub contact: Option<Contact>,
    /// Where "Try again" leads; `None` when it cannot help.
    pub retry: Option<String>,
}

impl HandOver {
    /// A page with words only.
    pub fn plain(page: Page, title: impl Into<String>, lede: impl Into<String>) -> Self {
        Self {
            page,
            title: title.into(),
            lede: lede.into(),
            person: None,
            app: None,
            reference: None,
            contact: None,
            retry: None,
        }
    }

    /// Status 404.
    pub fn not_found(page: Page) -> Self {
        let lede = "It may have moved, or it isn’t yours to see. Check the address, or start from your apps.";
        Self::plain(page, "There is nothing at this address", lede)
    }

    /// Status 403.
    pub fn forbidden(page: Page) -> Self {
        let lede = "Your account is fine, but this page needs a role that it doesn’t have. \
                    Ask an owner if you need it for your work.";
        Self::plain(page, "This page isn’t for your account", lede)
    }

    /// Status 403, for a form without its token.
    pub fn stale_form(page: Page) -> Self {
        let lede = "Nothing was changed. Go back, load the page again and send the form once more. \
                    If it happens again, allow cookies for this site.";
        Self::plain(page, "This form was open too long", lede)
    }

    /// Status 405.
    pub fn method_not_allowed(page: Page) -> Self {
        let lede = "Nothing was changed. Start from your apps and use the page’s own buttons.";
        Self::plain(page, "This address can’t be used like that", lede)
    }

    /// Status 413.
    pub fn too_large(page: Page) -> Self {
        let lede = "Nothing was changed. Send a smaller file, or paste only the part that is asked for.";
        Self::plain(page, "That was too much to send", lede)
    }

    /// Status 500, with the reference under which it was logged.
    pub fn internal(page: Page, reference: impl Into<String>) -> Self {
        let lede = "It isn’t you. Try again in a moment; if it stays, send IT the reference.";
        Self {
            reference: Some(reference.into()),
            ..Self::plain(page, "Something here stopped working", lede)
        }
    }
}
