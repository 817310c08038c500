//! The closed lists that a tile is chosen from: glyphs and colours.
//!
//! Does not draw; the sprite is built from `assets/icons.txt`, which holds all of these names.

/// The glyphs an admin may give a tile.
pub const GLYPHS: &[&str] = &[
    "box",
    "activity",
    "book-open",
    "briefcase",
    "building-2",
    "calendar",
    "chart-column",
    "chart-no-axes-column",
    "chart-pie",
    "cloud",
    "credit-card",
    "database",
    "file-text",
    "flask-conical",
    "folder",
    "gauge",
    "git-branch",
    "globe",
    "graduation-cap",
    "hash",
    "headphones",
    "heart-pulse",
    "inbox",
    "kanban",
    "key-round",
    "landmark",
    "laptop",
    "layers",
    "life-buoy",
    "link",
    "mail",
    "map",
    "megaphone",
    "message-circle",
    "monitor",
    "notebook-pen",
    "package",
    "pen-tool",
    "plane",
    "puzzle",
    "receipt",
    "rocket",
    "shield",
    "shield-check",
    "shopping-cart",
    "store",
    "sun",
    "terminal",
    "ticket",
    "users-round",
    "video",
    "wallet",
    "workflow",
    "wrench",
    "zap",
];

/// Drawn when a tile has no glyph, or one that is not in [`GLYPHS`].
pub const DEFAULT_GLYPH: &str = "box";

/// The tile colours: `data-c` names of the stylesheet and their words.
///
/// The list is closed so that white on a tile always has enough contrast (WCAG 2.2, 1.4.11).
pub const COLOURS: &[(&str, &str)] = &[
    ("iris", "Iris"),
    ("ocean", "Ocean"),
    ("teal", "Teal"),
    ("fern", "Fern"),
    ("olive", "Olive"),
    ("amber", "Amber"),
    ("coral", "Coral"),
    ("rose", "Rose"),
    ("plum", "Plum"),
    ("slate", "Slate"),
    ("ink", "Ink"),
    ("sky", "Sky"),
];

/// Drawn when a tile has no colour, or one that is not in [`COLOURS`].
pub const DEFAULT_COLOUR: &str = "slate";

/// The glyph to draw for a stored name.
pub fn glyph(name: &str) -> &str {
    if GLYPHS.contains(&name) { name } else { DEFAULT_GLYPH }
}

/// The colour to draw for a stored name.
pub fn colour(name: &str) -> &str {
    if COLOURS.iter().any(|(known, _)| *known == name) { name } else { DEFAULT_COLOUR }
}

/// A glyph name as words, for the label of its radio button.
pub fn words(glyph: &str) -> String {
    glyph.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').replace('-', " ")
}
