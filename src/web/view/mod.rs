//! What every page shows: one struct a page, plain display values only, rendered by the templates.
//!
//! Knows no database, no domain type and no HTTP: handlers translate into these structs and send
//! what `askama::Template::render` returns.

pub mod account;
pub mod admin;
pub mod chart;
pub mod device;
pub mod errors;
pub mod form;
pub mod icon;
pub mod list;
pub mod portal;
pub mod protocol;
pub mod setup;
pub mod sign_in;
pub mod ui;

#[cfg(test)]
pub(crate) mod tests;

/// What every page needs, signed in or not.
#[derive(Debug, Clone)]
pub struct Page {
    /// Display name of the organisation, shown beside the logo and in titles.
    pub organisation: String,
    /// Host of the public URL, shown in the footer of sign-in pages.
    pub host: String,
    /// The theme the person chose; `None` follows the system.
    pub theme: Option<Theme>,
    /// Value of the hidden field `csrf` in every POST form.
    pub csrf: String,
    /// Path of this page, where its forms post to unless a form says otherwise.
    pub path: String,
    /// The version of what the page's form edits, sent back as `version`, so that a form that was open while somebody else saved
    /// doesn't overwrite it; `None` where nothing is edited.
    pub version: Option<i64>,
    /// Where help is, an address such as `mailto:it@fernhill.example`; `None` hides the links.
    pub help: Option<String>,
}

impl Page {
    /// A page whose form edits something in this version.
    #[must_use]
    pub fn editing(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }
}

/// A colour theme chosen by the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light paper.
    Light,
    /// Light text on dark paper.
    Dark,
}

impl Theme {
    /// The value of `data-theme` and of the cookie.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The coloured square that stands for an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Name under the tile.
    pub label: String,
    /// An icon of [`icon::GLYPHS`]; any other name draws [`icon::DEFAULT_GLYPH`].
    pub glyph: String,
    /// A colour of [`icon::COLOURS`]; any other name draws [`icon::DEFAULT_COLOUR`].
    pub colour: String,
}

/// A person as a name and a round badge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name as the person gave it.
    pub name: String,
    /// One or two letters for the badge; see [`initials`].
    pub initials: String,
    /// Colour of the badge, 0 to 5; see [`hue`].
    pub hue: u8,
}

impl Person {
    /// A person with the badge worked out from the name.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self { initials: initials(&name), hue: hue(&name), name }
    }
}

/// Up to two letters of a name, first and last word, upper case; `?` for a name without letters.
pub fn initials(name: &str) -> String {
    let first_letter = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let mut letters = name.split_whitespace().filter_map(first_letter);
    let first = letters.next();
    let last = letters.next_back();
    let joined: String = first.into_iter().chain(last).flat_map(char::to_uppercase).collect();
    if joined.is_empty() { "?".to_owned() } else { joined }
}

/// A badge colour, 0 to 5, always the same for the same name.
pub fn hue(name: &str) -> u8 {
    name.bytes().fold(0u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte)) % 6
}

/// How good or bad something is; every tone has its own shape as well as its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Works.
    Ok,
    /// Will stop working, or was refused on purpose.
    Warn,
    /// Does not work.
    Bad,
    /// Not started, or paused.
    Draft,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// The value of `data-tone`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Draft => "draft",
            Self::Info => "info",
        }
    }

    /// The icon that goes with the tone.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Ok => "circle-check",
            Self::Warn => "triangle-alert",
            Self::Bad => "circle-x",
            Self::Draft => "circle-slash",
            Self::Info => "info",
        }
    }
}

/// A state in one or two words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pill {
    /// Decides colour and shape.
    pub tone: Tone,
    /// The words.
    pub text: String,
}

impl Pill {
    /// A pill of this tone and these words.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// One line that says what a form has just done, shown on the page after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
}

/// A link with words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub text: String,
}
