//! Applications: the list, adding one, and the frame around the pages of one app.
//!
//! Each tab of an app is a module of its own.

pub mod access;
pub mod bookmark;
pub mod certificate;
pub mod look;
pub mod new;
pub mod oidc;
pub mod preview;
pub mod recipe;
pub mod recordings;
pub mod remove;
pub mod saml;
pub mod saml_advanced;
pub mod secret;
pub mod sets;
pub mod source;
pub mod unassign;

use askama::Template;

use super::super::list::{self, Filter, Pager};
use super::super::{Page, Pill, Tile, ui};
use super::Console;
use super::audit::EventRow;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRow {
    /// The app's first page.
    pub href: String,
    /// Name, glyph and colour.
    pub tile: Tile,
    /// A few words; may be empty.
    pub description: String,
    /// How people sign on: "SAML 2.0", "OIDC" or "Link".
    pub protocol: String,
    /// Groups that may open it.
    pub groups: u64,
    /// People who may open it.
    pub people: u64,
    /// Sign-ins of the last 14 days, oldest first.
    pub sign_ins: Vec<u32>,
    /// The state.
    pub state: Pill,
}

impl AppRow {
    fn sign_in_total(&self) -> String {
        list::grouped(self.sign_ins.iter().map(|day| u64::from(*day)).sum::<u64>())
    }

    fn groups_line(&self) -> String {
        match (self.groups, self.people) {
            (0, 0) => "Nobody yet".to_owned(),
            (0, _) => "Chosen people".to_owned(),
            (count, _) => list::counted(count, "group", "groups"),
        }
    }

    fn people_line(&self) -> String {
        list::counted(self.people, "person", "people")
    }
}

/// `GET /admin/apps`. Filters are `q` and `state`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/list.html")]
pub struct AppList {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What was searched for.
    pub q: String,
    /// The chosen state, kept when searching; empty for all.
    pub state: String,
    /// Filters by state.
    pub filters: Vec<Filter>,
    /// This page of apps.
    pub apps: Vec<AppRow>,
    /// Where the page is in the list.
    pub pager: Pager,
}

/// A page of one app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppTab {
    /// `…/sso`.
    SignOn,
    /// `…/certificate`.
    Certificate,
    /// `…/access`.
    Access,
    /// `…/appearance`.
    Appearance,
    /// `…/recordings`.
    Recordings,
    /// `…/activity`.
    Activity,
    /// Any other page of the app.
    Other,
}

/// What all pages of one app show above their content.
#[derive(Debug, Clone)]
pub struct AppFrame {
    /// The app's slug.
    pub slug: String,
    /// Name, glyph and colour.
    pub tile: Tile,
    /// The state.
    pub state: Pill,
    /// Whether it is live; decides between "Pause" and "Go live".
    pub live: bool,
    /// Under the name, such as "SAML 2.0 · 4 groups, 86 people · last sign-in 2 minutes ago".
    pub meta: String,
    /// Whether it has a certificate, and so the tab of it.
    pub has_certificate: bool,
    /// Whether its sign-ons can be recorded, and the admin may look at them.
    pub has_recordings: bool,
    /// The current page.
    pub tab: AppTab,
    /// Where "Try sign-in" leads; `None` when the admin may not open the app.
    pub try_href: Option<String>,
}

impl AppFrame {
    fn base(&self) -> String {
        format!("/admin/apps/{}", self.slug)
    }

    /// The tabs: address, words, whether it is the current one.
    fn tabs(&self) -> Vec<(String, &'static str, bool)> {
        let tab = |path, text, tab| (format!("{}/{path}", self.base()), text, self.tab == tab);
        let mut tabs = vec![tab("sso", "Single sign-on", AppTab::SignOn)];
        if self.has_certificate {
            tabs.push(tab("certificate", "Certificate", AppTab::Certificate));
        }
        tabs.push(tab("access", "Access", AppTab::Access));
        tabs.push(tab("appearance", "Appearance", AppTab::Appearance));
        if self.has_recordings {
            tabs.push(tab("recordings", "Recordings", AppTab::Recordings));
        }
        tabs.push(tab("activity", "Activity", AppTab::Activity));
        tabs
    }
}

/// `GET /admin/apps/{slug}/activity`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/activity.html")]
pub struct AppActivity {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// The newest events about the app.
    pub events: Vec<EventRow>,
    /// All of them, in the audit list.
    pub all_href: String,
    /// Where the page is in the list.
    pub pager: Pager,
}
