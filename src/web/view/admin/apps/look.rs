//! How an app looks in the portal: name, words, glyph and colour.
//!
//! Does not check the slug.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::{Page, icon, ui};
use super::super::Console;
use super::AppFrame;

/// The fields `label`, `slug`, `description`, `category`, `glyph`, `colour` and `show_in_portal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Name under the tile.
    pub label: String,
    /// Last part of the app's addresses; empty for "made from the name".
    pub slug: String,
    /// A few words about the app.
    pub description: String,
    /// The portal's filter it appears under; may be empty.
    pub category: String,
    /// An icon of [`icon::GLYPHS`].
    pub glyph: String,
    /// A colour of [`icon::COLOURS`].
    pub colour: String,
    /// Whether it has a tile at all.
    pub show_in_portal: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            label: String::new(),
            slug: String::new(),
            description: String::new(),
            category: String::new(),
            glyph: icon::DEFAULT_GLYPH.to_owned(),
            colour: icon::DEFAULT_COLOUR.to_owned(),
            show_in_portal: true,
        }
    }
}

impl Look {
    /// Glyphs with their words, and whether each is the chosen one.
    pub(super) fn glyphs(&self) -> impl Iterator<Item = (&'static str, String, bool)> {
        let chosen = icon::glyph(&self.glyph).to_owned();
        icon::GLYPHS.iter().map(move |name| (*name, icon::words(name), *name == chosen))
    }

    /// Colours with their words, and whether each is the chosen one.
    pub(super) fn colours(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let chosen = icon::colour(&self.colour).to_owned();
        icon::COLOURS.iter().map(move |(name, words)| (*name, *words, *name == chosen))
    }
}

/// `GET /admin/apps/{slug}/appearance`. Posts the fields of [`Look`] to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/appearance.html")]
pub struct AppAppearance {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// Name and tile.
    pub look: Look,
}
