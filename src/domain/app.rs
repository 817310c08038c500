//! Applications: what an admin configures and a person sees as a tile. Does not own how they sign on (`connection`).

use super::{
    connection::Connection,
    text::{FieldErrors, LINE_MAX, VALUE_MAX, check_line},
};
use crate::id::AppId;
use chrono::{DateTime, Utc};
use std::{collections::BTreeMap, sync::Arc};

/// The closed palette of tile colours: white glyphs pass contrast on each.
pub const COLOURS: &[&str] =
    &["iris", "ocean", "sky", "teal", "fern", "olive", "amber", "coral", "rose", "plum", "slate", "ink"];

/// An application as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Never re-used.
    pub id: AppId,
    /// The name in addresses; can be renamed, the old one goes on as an alias.
    pub slug: String,
    /// The caption of the tile.
    pub label: String,
    /// The line under the caption.
    pub description: String,
    /// Which catalogue file it was made from, or `custom-saml`, `custom-oidc`, `bookmark`.
    pub connector: String,
    /// What the catalogue file asked for, by key; empty for an app made by hand.
    pub parameters: BTreeMap<String, String>,
    /// The name of an icon of the sprite.
    pub glyph: String,
    /// One of [`COLOURS`].
    pub colour: String,
    /// The portal's filter; may be empty.
    pub category: String,
    /// Whether the portal shows a tile.
    pub show_in_portal: bool,
    /// Whether anyone may sign on; a paused app keeps its settings.
    pub active: bool,
    /// The protocol half; shared, as every sign-on looks at it and hardly any changes it.
    pub connection: Arc<Connection>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When any of this last changed.
    pub updated_at: DateTime<Utc>,
    /// Grows with each change: edits of an older version are refused.
    pub version: i64,
}

/// What a form, the API or the organisation file says about an application.
#[derive(Debug, Clone, PartialEq)]
pub struct AppDraft {
    /// See [`App::slug`].
    pub slug: String,
    /// See [`App::label`].
    pub label: String,
    /// See [`App::description`].
    pub description: String,
    /// See [`App::connector`].
    pub connector: String,
    /// See [`App::parameters`].
    pub parameters: BTreeMap<String, String>,
    /// See [`App::glyph`]; empty for the default of the protocol.
    pub glyph: String,
    /// See [`App::colour`]; empty for one chosen from the label.
    pub colour: String,
    /// See [`App::category`].
    pub category: String,
    /// See [`App::show_in_portal`].
    pub show_in_portal: bool,
    /// See [`App::active`].
    pub active: bool,
    /// The protocol half.
    pub connection: Connection,
}

/// A draft that passed every check; only this can be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedApp(AppDraft);

impl CheckedApp {
    /// The checked values.
    pub fn get(&self) -> &AppDraft {
        &self.0
    }
}

impl AppDraft {
    /// The draft of an app as it stands.
    pub fn of(app: &App) -> Self {
        Self {
            slug: app.slug.clone(),
            label: app.label.clone(),
            description: app.description.clone(),
            connector: app.connector.clone(),
            parameters: app.parameters.clone(),
            glyph: app.glyph.clone(),
            colour: app.colour.clone(),
            category: app.category.clone(),
            show_in_portal: app.show_in_portal,
            active: app.active,
            connection: Connection::clone(&app.connection),
        }
    }

    /// Trims, fills in glyph and colour, and checks every field, the connection's too. For a new app.
    pub fn check(self) -> Result<CheckedApp, FieldErrors> {
        self.check_over(None)
    }

    /// The same for an app whose connection was `before`: rules that came later than it don't touch what it keeps.
    pub fn check_over(mut self, before: Option<&Connection>) -> Result<CheckedApp, FieldErrors> {
        let mut errors = FieldErrors::default();
        for text in [&mut self.slug, &mut self.label, &mut self.description, &mut self.category] {
            *text = text.trim().to_owned();
        }
        check_line(&mut errors, "label", &self.label, LINE_MAX);
        check_line(&mut errors, "description", &self.description, VALUE_MAX);
        check_line(&mut errors, "category", &self.category, 64);
        if self.label.is_empty() {
            errors.add("label", "Enter a name for the tile");
        }
        check_slug(&mut errors, &self.slug);
        if self.glyph.is_empty() {
            self.glyph = self.connection.default_glyph().to_owned();
        }
        if !self.glyph.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            || self.glyph.len() > 48
        {
            errors.add("glyph", "Choose one of the icons");
        }
        if self.colour.is_empty() {
            let sum: usize = self.label.bytes().map(usize::from).sum();
            COLOURS[sum % COLOURS.len()].clone_into(&mut self.colour);
        }
        if !COLOURS.contains(&self.colour.as_str()) {
            errors.add("colour", "Choose one of the colours");
        }
        check_parameters(&mut errors, &self.parameters);
        self.connection.check(&mut errors);
        self.connection.check_later(&mut errors, before);
        errors.finish()?;
        Ok(CheckedApp(self))
    }
}

/// What a connector may ask for is its own rule (`catalog`); here only that it can be kept and shown.
fn check_parameters(errors: &mut FieldErrors, parameters: &BTreeMap<String, String>) {
    if parameters.len() > 32 {
        errors.add("parameters", "Use at most 32 parameters");
    }
    for (key, value) in parameters {
        check_line(errors, "parameters", key, 64);
        check_line(errors, "parameters", value, LINE_MAX);
    }
}

/// Longest slug, in bytes.
pub const SLUG_MAX: usize = 64;
/// Words that are addresses of the console themselves.
const RESERVED_SLUGS: &[&str] = &["new"];

/// Whether a text is a name for addresses and file names: lower-case letters, digits and hyphens within, 1–64 characters.
pub fn is_slug(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=SLUG_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn check_slug(errors: &mut FieldErrors, slug: &str) {
    if !is_slug(slug) {
        errors.add("slug", "Use lower-case letters, digits and hyphens, for example product-analytics");
    } else if RESERVED_SLUGS.contains(&slug) {
        errors.add("slug", "Choose another address: this one is the console’s own");
    }
}
