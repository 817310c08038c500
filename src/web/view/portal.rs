//! The portal: a person's tiles, and the question before a cross-site start of an app.
//!
//! Does not decide which tiles a person has.

use askama::Template;

use super::list::Filter;
use super::{Flash, Page, Person, Tile, ui};

/// Who looks at a portal page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The person.
    pub person: Person,
    /// Whether to offer the console.
    pub may_administer: bool,
}

/// One app on the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalTile {
    /// Name, glyph and colour.
    pub tile: Tile,
    /// The app's slug.
    pub slug: String,
    /// Where the tile leads; `None`: the app can't be opened from here, and the note says what to do.
    pub href: Option<String>,
    /// What to know before it is opened; may be empty.
    pub note: String,
    /// A few words about the app; may be empty.
    pub description: String,
    /// When it was last used, such as "Used today"; may be empty.
    pub used: String,
    /// Other words that the live filter finds it by; may be empty.
    pub aliases: String,
    /// Whether it is a favourite.
    pub favourite: bool,
    /// The places in it that can be gone to, name and caption; each is launched at `/launch/{slug}/{name}`.
    pub links: Vec<(String, String)>,
}

/// What the list of apps shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalView {
    /// Everything, with favourites on top.
    All,
    /// What `?q=` finds.
    Search(String),
    /// One category (`?category=`).
    Category(String),
    /// What was used last (`?view=recent`).
    Recent,
}

/// `GET /`. Favourites post `favourite` (`add` or `remove`) and, to come back to the same list,
/// `q`, `category` or `view` to `/favourites/{slug}`.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/apps.html")]
pub struct Portal {
    /// Common to all pages.
    pub page: Page,
    /// Who looks.
    pub viewer: Viewer,
    /// The greeting, such as "Good morning, Maya".
    pub greeting: String,
    /// How many apps the person has in all.
    pub total: u64,
    /// What the list shows.
    pub view: PortalView,
    /// Favourites; shown only in [`PortalView::All`].
    pub favourites: Vec<PortalTile>,
    /// The apps of the list.
    pub apps: Vec<PortalTile>,
    /// Category filters, "All" first; empty hides them.
    pub categories: Vec<Filter>,
    /// What was just done.
    pub flash: Option<Flash>,
}

impl Portal {
    /// The heading of the list.
    fn heading(&self) -> String {
        match &self.view {
            PortalView::All | PortalView::Category(_) => "All apps".to_owned(),
            PortalView::Search(text) => format!("Results for “{text}”"),
            PortalView::Recent => "Recently used".to_owned(),
        }
    }

    /// Whether the page shows everything.
    fn shows_all(&self) -> bool {
        self.view == PortalView::All
    }

    /// What was searched for.
    fn searched(&self) -> &str {
        match &self.view {
            PortalView::Search(text) => text,
            _ => "",
        }
    }

    /// The field that brings a favourite's form back to this list: name, value.
    fn way_back(&self) -> Option<(&'static str, &str)> {
        match &self.view {
            PortalView::All => None,
            PortalView::Search(text) => Some(("q", text)),
            PortalView::Category(name) => Some(("category", name)),
            PortalView::Recent => Some(("view", "recent")),
        }
    }
}

/// Asks before an app is opened because another site asked for it. Posts to its path.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/launch.html")]
pub struct LaunchConfirm {
    /// Common to all pages.
    pub page: Page,
    /// The app.
    pub tile: Tile,
    /// The caption of the place in it that was asked for; empty for the app itself.
    pub place: String,
    /// What it is launched at: `/launch/{slug}`, or `/launch/{slug}/{name}`.
    pub path: String,
}
