//! Every certificate that is or will be used, by its end.
//!
//! Does not sort; the handler does.

use askama::Template;

use super::super::{Page, Pill, Tile, ui};
use super::Console;

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The app's certificate page.
    pub href: String,
    /// Whose.
    pub tile: Tile,
    /// Size and kind of its key, such as "RSA 2048".
    pub kind: String,
    /// In use, or next.
    pub state: Pill,
    /// SHA-256 fingerprint.
    pub fingerprint: String,
    /// Its end, such as "14 March 2029".
    pub ends: String,
    /// How far that is.
    pub left: Pill,
}

/// `GET /admin/keys`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/keys.html")]
pub struct KeyList {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The certificates, the one that ends first at the top.
    pub keys: Vec<KeyRow>,
}

impl KeyRow {
    fn short(&self) -> String {
        super::apps::certificate::short(&self.fingerprint)
    }
}
