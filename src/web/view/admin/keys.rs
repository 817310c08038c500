//! The issuer's keys, and every certificate that is or will be used, by its end.
//!
//! Does not sort; the handler does.

use askama::Template;

use super::super::form::Errors;
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

/// One key that tokens are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerKeyRow {
    /// Such as "RS256".
    pub alg: String,
    /// Its name in the JWKS.
    pub kid: String,
    /// Where it stands.
    pub state: Pill,
    /// Since or until when, in words.
    pub when: String,
    /// Whether a next key can be published.
    pub can_rotate: bool,
    /// Whether it waits to sign and can begin at once.
    pub can_sign: bool,
    /// Where it can be withdrawn; `None` when it is already.
    pub retire: Option<String>,
}

/// `GET /admin/keys`. Posts `alg`, and `at_once` when the next key is to sign at once, to `/admin/keys/rotate`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/keys.html")]
pub struct KeyList {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right.
    pub errors: Errors,
    /// How keys change by themselves, as a sentence.
    pub calendar: String,
    /// The issuer's keys, by algorithm.
    pub issuer: Vec<IssuerKeyRow>,
    /// The certificates, the one that ends first at the top.
    pub keys: Vec<KeyRow>,
}

/// `GET /admin/keys/retire?kid=…`: the emergency. Posts `kid` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/keys_retire.html")]
pub struct KeyRetire {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// Such as "RS256".
    pub alg: String,
    /// The key's name in the JWKS.
    pub kid: String,
    /// What happens, one sentence each.
    pub consequences: Vec<String>,
}

impl KeyRow {
    fn short(&self) -> String {
        super::apps::certificate::short(&self.fingerprint)
    }
}
