//! Small translations from domain values to what pages show: tiles, people, times. Does not own layout.

use super::view::{Person, Tile};
use crate::domain::{app::App, user::User};
use chrono::{DateTime, TimeDelta, Utc};

/// An app's tile.
pub fn tile(app: &App) -> Tile {
    Tile { label: app.label.clone(), glyph: app.glyph.clone(), colour: app.colour.clone() }
}

/// A person's name and badge.
pub fn person(user: &User) -> Person {
    Person::new(user.display_name.clone())
}

/// How long ago, as people say it: `just now`, `12 min ago`, `today`, `yesterday`, `Monday`, `3 November`.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let passed = now - then;
    let days = (now.date_naive() - then.date_naive()).num_days();
    match passed.num_minutes() {
        ..=0 => "just now".into(),
        minutes @ 1..60 => format!("{minutes} min ago"),
        _ if days == 0 => "today".into(),
        _ if days == 1 => "yesterday".into(),
        _ if days < 7 => then.format("%A").to_string(),
        _ if passed < TimeDelta::days(330) => then.format("%-d %B").to_string(),
        _ => then.format("%-d %B %Y").to_string(),
    }
}

/// `Good morning, Maya`, by the hour in UTC: the organisation has no time zone yet.
pub fn greeting(name: &str, now: DateTime<Utc>) -> String {
    let part = match now.format("%H").to_string().parse::<u32>().unwrap_or(12) {
        5..12 => "morning",
        12..18 => "afternoon",
        _ => "evening",
    };
    format!("Good {part}, {name}")
}

/// A wait in words: `1 minute`, `5 minutes`.
pub fn wait(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = ((until - now).num_seconds().max(1) + 59) / 60;
    if minutes == 1 { "1 minute".into() } else { format!("{minutes} minutes") }
}
