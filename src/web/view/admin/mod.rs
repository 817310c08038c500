//! The console: the frame that all its pages share, and one module a noun.
//!
//! Does not decide who may see a page.

pub mod apps;
pub mod audit;
pub mod groups;
pub mod home;
pub mod keys;
pub mod users;

use super::{Flash, Person};

/// What the console's frame shows.
#[derive(Debug, Clone)]
pub struct Console {
    /// Who is signed in.
    pub admin: Person,
    /// Their role as a word, such as "Owner".
    pub role: String,
    /// Whether they may change things; others see no controls for it.
    pub may_manage: bool,
    /// Numbers in the navigation.
    pub counts: Counts,
    /// Which entry of the navigation is the current one.
    pub active: Nav,
    /// What was just done.
    pub flash: Option<Flash>,
}

/// How many there are of each thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Applications.
    pub apps: u64,
    /// Users.
    pub users: u64,
    /// Groups.
    pub groups: u64,
}

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    /// `/admin`.
    Home,
    /// `/admin/apps`.
    Apps,
    /// `/admin/users`.
    Users,
    /// `/admin/groups`.
    Groups,
    /// `/admin/audit`.
    Audit,
    /// `/admin/keys`.
    Keys,
}

/// An entry of the navigation, ready to draw.
struct NavEntry {
    href: &'static str,
    icon: &'static str,
    text: &'static str,
    count: Option<String>,
    current: bool,
}

impl Console {
    /// What an admin works with, in order.
    fn nav(&self) -> Vec<NavEntry> {
        let counted = |count| Some(super::list::grouped(count));
        vec![
            self.entry(Nav::Home, "/admin", "house", "Home", None),
            self.entry(Nav::Apps, "/admin/apps", "layout-grid", "Applications", counted(self.counts.apps)),
            self.entry(Nav::Users, "/admin/users", "user-round", "Users", counted(self.counts.users)),
            self.entry(Nav::Groups, "/admin/groups", "users-round", "Groups", counted(self.counts.groups)),
            self.entry(Nav::Audit, "/admin/audit", "scroll-text", "Audit events", None),
        ]
    }

    /// What holds for the whole organisation.
    fn organisation(&self) -> Vec<NavEntry> {
        vec![self.entry(Nav::Keys, "/admin/keys", "key-round", "Keys and certificates", None)]
    }

    fn entry(
        &self,
        nav: Nav,
        href: &'static str,
        icon: &'static str,
        text: &'static str,
        count: Option<String>,
    ) -> NavEntry {
        NavEntry { href, icon, text, count, current: self.active == nav }
    }
}
