//! Where an app stands between added and live, as the pills of the console say it. Does not own being live.

use crate::{
    domain::{app::App, connection::Connection},
    web::view::{Pill, Tone},
};

/// How many steps there are from added to live.
const STEPS: usize = 5;

/// Where an app stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// People can open it.
    Live,
    /// It is on, but nobody has it: somebody forgot something.
    LiveForNobody,
    /// It was live and is switched off.
    Paused,
    /// It is being set up: how many of the steps are done.
    SetUp(usize),
}

impl Stage {
    /// Every value of the list's filter, with its words.
    pub const FILTERS: [(&'static str, &'static str); 5] = [
        ("", "All"),
        ("live", "Live"),
        ("attention", "Needs attention"),
        ("setup", "In set-up"),
        ("paused", "Paused"),
    ];

    /// Works it out. `people` have the app; `was_live` is asked of apps that are off.
    pub fn of(app: &App, people: i64, was_live: bool) -> Self {
        match (app.active, was_live) {
            (true, _) if people > 0 => Self::Live,
            (true, _) => Self::LiveForNobody,
            (false, true) => Self::Paused,
            (false, false) => Self::SetUp(done(app, people)),
        }
    }

    /// The value of the list's filter that shows it.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::LiveForNobody => "attention",
            Self::Paused => "paused",
            Self::SetUp(_) => "setup",
        }
    }

    /// As a pill.
    pub fn pill(self) -> Pill {
        match self {
            Self::Live => Pill::new(Tone::Ok, "Live"),
            Self::LiveForNobody => Pill::new(Tone::Warn, "Live, but nobody has access"),
            Self::Paused => Pill::new(Tone::Draft, "Paused"),
            Self::SetUp(done) => Pill::new(Tone::Draft, format!("In set-up · {done} of {STEPS}")),
        }
    }
}

/// The steps that are done: added, addresses exchanged, what is sent, somebody has it; the last is going live.
fn done(app: &App, people: i64) -> usize {
    let says_who_it_is = match &*app.connection {
        Connection::Saml(saml) => !saml.attributes.is_empty() || !saml.groups_attribute.is_empty(),
        // The scopes of OpenID Connect bring their own claims; a link sends nothing.
        Connection::Oidc(_) | Connection::Bookmark(_) => true,
    };
    [true, app.connection.is_complete(), says_who_it_is, people > 0].iter().filter(|step| **step).count()
}

/// How people sign on, in a word or two.
pub fn protocol_word(connection: &Connection) -> &'static str {
    match connection {
        Connection::Saml(_) => "SAML 2.0",
        Connection::Oidc(_) => "OIDC",
        Connection::Bookmark(_) => "Link",
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{
        domain::connection::{AcsUrl, SamlConnection},
        id::AppId,
    };
    use chrono::DateTime;
    use rand::{SeedableRng, rngs::StdRng};
    use std::sync::Arc;

    /// A SAML app without anything of the other side.
    pub fn app() -> App {
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        App {
            id: AppId::new(now, &mut StdRng::seed_from_u64(1)),
            slug: "amplitude".into(),
            label: "Amplitude".into(),
            description: String::new(),
            connector: "custom-saml".into(),
            parameters: std::collections::BTreeMap::new(),
            glyph: "activity".into(),
            colour: "iris".into(),
            category: String::new(),
            show_in_portal: true,
            active: false,
            connection: Arc::new(Connection::Saml(Box::default())),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    #[test]
    fn an_app_climbs_from_added_to_live() {
        let mut app = app();
        assert_eq!(Stage::of(&app, 0, false), Stage::SetUp(1));
        app.connection = Arc::new(Connection::Saml(Box::new(SamlConnection {
            sp_entity_id: "https://sp.example".into(),
            acs_urls: vec![AcsUrl { url: "https://sp.example/acs".into(), index: 0, default: true }],
            groups_attribute: "memberOf".into(),
            ..SamlConnection::default()
        })));
        assert_eq!(Stage::of(&app, 0, false), Stage::SetUp(3));
        assert_eq!(Stage::of(&app, 3, false).pill().text, "In set-up · 4 of 5");
        app.active = true;
        assert_eq!(Stage::of(&app, 3, false), Stage::Live);
        assert_eq!(Stage::of(&app, 0, false).pill().tone, Tone::Warn, "live for nobody is a warning");
        app.active = false;
        assert_eq!(Stage::of(&app, 3, true).pill().text, "Paused");
    }
}
