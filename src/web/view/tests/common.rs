//! Sample values that several pages share.

use super::super::admin::apps::{AppFrame, AppTab};
use super::super::admin::{Console, Counts, Nav};
use super::super::form::Errors;
use super::super::list::{Filter, Pager};
use super::super::portal::Viewer;
use super::super::*;

/// Text that would break a page if it were not escaped.
pub(super) const HOSTILE: &str = "<img src=x onerror=1>\"'&";

impl Page {
    pub(crate) fn sample(path: &str) -> Self {
        Self {
            organisation: "Fernhill".into(),
            host: "id.fernhill.example".into(),
            theme: None,
            csrf: "csrf-token".into(),
            path: path.into(),
            version: Some(7),
            help: Some("mailto:it@fernhill.example".into()),
        }
    }

    /// The same page of an organisation with a name that would break it.
    pub(super) fn hostile(path: &str) -> Self {
        Self { organisation: HOSTILE.into(), theme: Some(Theme::Dark), ..Self::sample(path) }
    }
}

impl Tile {
    pub(crate) fn sample() -> Self {
        tile("Amplitude", "activity", "iris")
    }
}

pub(super) fn tile(label: &str, glyph: &str, colour: &str) -> Tile {
    Tile { label: label.into(), glyph: glyph.into(), colour: colour.into() }
}

pub(super) fn hostile_tile() -> Tile {
    tile(HOSTILE, HOSTILE, HOSTILE)
}

impl Viewer {
    pub(crate) fn sample() -> Self {
        Self { person: Person::new("Maya Okafor"), may_administer: false }
    }
}

impl Console {
    pub(crate) fn sample(active: Nav) -> Self {
        Self {
            admin: Person::new("Tomás Rivera"),
            role: "Owner".into(),
            may_manage: true,
            counts: Counts { apps: 24, users: 212, groups: 18 },
            active,
            flash: None,
        }
    }

    /// The frame with a name and a message that would break it.
    pub(super) fn hostile(active: Nav) -> Self {
        Self {
            admin: Person::new(HOSTILE),
            flash: Some(Flash { tone: Tone::Ok, text: format!("Saved {HOSTILE}.") }),
            ..Self::sample(active)
        }
    }
}

impl AppFrame {
    pub(crate) fn sample(tab: AppTab) -> Self {
        Self {
            slug: "amplitude".into(),
            tile: Tile::sample(),
            state: Pill::new(Tone::Ok, "Live"),
            live: true,
            meta: "SAML 2.0 · 4 groups, 86 people · last sign-in 2 minutes ago".into(),
            has_certificate: true,
            has_recordings: true,
            tab,
            try_href: Some("/launch/amplitude".into()),
        }
    }

    pub(super) fn hostile(tab: AppTab) -> Self {
        Self {
            tile: hostile_tile(),
            state: Pill::new(Tone::Draft, HOSTILE),
            live: false,
            meta: HOSTILE.into(),
            ..Self::sample(tab)
        }
    }
}

impl Pager {
    pub(crate) fn sample() -> Self {
        Self {
            first: 10,
            last: 18,
            total: 1284,
            previous: Some("/admin/apps?page=1".into()),
            next: Some("/admin/apps?page=3".into()),
        }
    }
}

pub(super) fn filters(words: &[(&str, u64)], base: &str) -> Vec<Filter> {
    words
        .iter()
        .enumerate()
        .map(|(index, (label, count))| Filter {
            label: (*label).into(),
            count: Some(*count),
            href: format!("{base}{index}"),
            current: index == 0,
        })
        .collect()
}

pub(super) fn errors_on(fields: &[&str]) -> Errors {
    let mut errors = Errors::general(format!("Nothing was saved {HOSTILE}."));
    for field in fields {
        errors.add(*field, format!("Enter something else than {HOSTILE}."));
    }
    errors
}

pub(super) fn facts(words: &[(&str, &str)]) -> Vec<(String, String)> {
    words.iter().map(|(label, value)| ((*label).into(), (*value).into())).collect()
}
