//! The small parts that pages are put together from, each with its template in `templates/components/`.
//!
//! Owns no page and no state. Templates call these functions, so a part is typed like any value.

mod field;

use askama::Template;
use askama::filters::HtmlSafe;

use super::form::{Errors, Hidden};
use super::list::{Filter, Pager};
use super::{Flash, Page, Person, Pill, Tile, chart, icon as glyphs};
use crate::web::assets::asset_url;

pub use field::{Field, area, check, file, password, select, text};

/// An icon of the sprite.
#[derive(Template)]
#[template(path = "components/icon.html")]
pub struct Icon<'a> {
    sprite: String,
    name: &'a str,
    size: &'static str,
}

/// An icon of 18 px.
pub fn icon(name: &str) -> Icon<'_> {
    Icon { sprite: asset_url("vendor/icons.svg"), name, size: "i" }
}

/// An icon of 15 px, for small buttons and lines.
pub fn icon_sm(name: &str) -> Icon<'_> {
    Icon { size: "i i-sm", ..icon(name) }
}

/// An icon of 22 px.
pub fn icon_lg(name: &str) -> Icon<'_> {
    Icon { size: "i i-lg", ..icon(name) }
}

/// The address of an asset of the embedded set.
pub fn asset(path: &str) -> String {
    asset_url(path)
}

/// The product's mark: an arch with light in it.
#[derive(Template)]
#[template(path = "components/mark.html")]
pub struct Mark {
    size: u32,
}

/// The mark at a size in px.
pub fn mark(size: u32) -> Mark {
    Mark { size }
}

/// An app's coloured square.
#[derive(Template)]
#[template(path = "components/tile.html")]
pub struct TileSquare<'a> {
    glyph: Icon<'a>,
    colour: &'a str,
    size: &'a str,
}

/// A tile in size `sm`, `md` or `lg`; the empty size is 32 px.
pub fn tile<'a>(tile: &'a Tile, size: &'a str) -> TileSquare<'a> {
    swatch(&tile.glyph, &tile.colour, size)
}

/// A tile by glyph and colour.
pub fn swatch<'a>(glyph: &'a str, colour: &'a str, size: &'a str) -> TileSquare<'a> {
    TileSquare {
        glyph: Icon { size: "", ..icon(glyphs::glyph(glyph)) },
        colour: glyphs::colour(colour),
        size,
    }
}

/// A person's round badge.
#[derive(Template)]
#[template(path = "components/avatar.html")]
pub struct Avatar<'a> {
    person: &'a Person,
    size: &'a str,
}

/// A badge in size `lg`, or the empty size for 28 px.
pub fn avatar<'a>(person: &'a Person, size: &'a str) -> Avatar<'a> {
    Avatar { person, size }
}

/// The hidden fields that every POST form carries: its token, and the version of what it edits.
#[derive(Template)]
#[template(path = "components/csrf.html")]
pub struct Csrf<'a> {
    token: &'a str,
    version: Option<i64>,
}

/// The hidden field `csrf`, and `version` where something is edited.
pub fn csrf(page: &Page) -> Csrf<'_> {
    Csrf { token: &page.csrf, version: page.version }
}

/// Hidden fields that must come back as they are.
#[derive(Template)]
#[template(path = "components/hidden.html")]
pub struct HiddenFields<'a> {
    fields: &'a [Hidden],
}

/// Hidden fields in order.
pub fn hidden(fields: &[Hidden]) -> HiddenFields<'_> {
    HiddenFields { fields }
}

/// A value to copy: readable and selectable without script.
#[derive(Template)]
#[template(path = "components/copy.html")]
pub struct Copy<'a> {
    what: &'a str,
    value: &'a str,
    copied: &'a str,
    download: Option<(&'a str, &'a str)>,
}

impl<'a> Copy<'a> {
    /// Copies this text instead of the one that is shown.
    #[must_use]
    pub fn copying(mut self, text: &'a str) -> Self {
        self.copied = text;
        self
    }

    /// Adds a link that downloads the value as a file with this suffix.
    #[must_use]
    pub fn download(mut self, href: &'a str, suffix: &'a str) -> Self {
        self.download = Some((href, suffix));
        self
    }
}

/// A copy box; `what` names the value for screen readers ("metadata address").
pub fn copy<'a>(what: &'a str, value: &'a str) -> Copy<'a> {
    Copy { what, value, copied: value, download: None }
}

/// The box at the top of a form that lists what to put right.
#[derive(Template)]
#[template(path = "components/summary.html")]
pub struct Summary<'a> {
    errors: &'a Errors,
}

/// The summary; draws nothing when there are no errors.
pub fn summary(errors: &Errors) -> Summary<'_> {
    Summary { errors }
}

/// A state in words with its shape.
#[derive(Template)]
#[template(path = "components/pill.html")]
pub struct PillMark<'a> {
    pill: &'a Pill,
}

/// A state pill.
pub fn pill(pill: &Pill) -> PillMark<'_> {
    PillMark { pill }
}

/// The line that says what was just done.
#[derive(Template)]
#[template(path = "components/flash.html")]
pub struct FlashLine<'a> {
    flash: Option<&'a Flash>,
}

/// The line, or nothing.
pub fn flash(flash: &Option<Flash>) -> FlashLine<'_> {
    FlashLine { flash: flash.as_ref() }
}

/// A row of filters.
#[derive(Template)]
#[template(path = "components/segments.html")]
pub struct Segments<'a> {
    label: &'a str,
    filters: &'a [Filter],
}

/// A row of filters under a spoken label; draws nothing when there are none.
pub fn segments<'a>(label: &'a str, filters: &'a [Filter]) -> Segments<'a> {
    Segments { label, filters }
}

/// The line under a list: which part it is, and the way to the others.
#[derive(Template)]
#[template(path = "components/pager.html")]
pub struct PagerLine<'a> {
    pager: &'a Pager,
}

/// The line under a list.
pub fn pager(pager: &Pager) -> PagerLine<'_> {
    PagerLine { pager }
}

/// Fourteen days in the size of a word.
#[derive(Template)]
#[template(path = "components/spark.html")]
pub struct Spark {
    line: Option<String>,
    area: String,
}

/// A sparkline; flat when nothing was counted.
pub fn spark(points: &[u32]) -> Spark {
    let line = chart::spark_line(points);
    let area = line.as_deref().map(chart::spark_area).unwrap_or_default();
    Spark { line, area }
}

macro_rules! already_escaped {
    ($($part:ident $(<$life:lifetime>)?),* $(,)?) => {
        $(impl HtmlSafe for $part $(<$life>)? {})*
    };
}

already_escaped!(
    Icon<'_>,
    Mark,
    TileSquare<'_>,
    Avatar<'_>,
    Csrf<'_>,
    HiddenFields<'_>,
    Copy<'_>,
    Summary<'_>,
    PillMark<'_>,
    FlashLine<'_>,
    Segments<'_>,
    PagerLine<'_>,
    Spark,
    Field<'_>,
);
