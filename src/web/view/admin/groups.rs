//! Groups: the list, the form for a new one, and one group with its members and apps.
//!
//! Does not know rules; membership is by hand.

use askama::Template;

use super::super::form::Errors;
use super::super::list::{self, Pager};
use super::super::{Page, Person, Tile, ui};
use super::Console;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// The group's page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// How many people are in it.
    pub members: u64,
    /// Apps that it opens, as many as fit.
    pub apps: Vec<Tile>,
    /// How many apps it opens in all.
    pub app_count: u64,
}

/// `GET /admin/groups`. The filter is `q`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/groups/list.html")]
pub struct GroupList {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What was searched for.
    pub q: String,
    /// This page of groups.
    pub groups: Vec<GroupRow>,
    /// Where the page is in the list.
    pub pager: Pager,
}

/// `GET /admin/groups/new`. Posts `name` and `description` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/groups/new.html")]
pub struct GroupNew {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right.
    pub errors: Errors,
    /// The name as typed.
    pub name: String,
    /// What it is for, as typed.
    pub description: String,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The value of `person` when the member is removed.
    pub id: String,
    /// The person's page.
    pub href: String,
    /// The person.
    pub person: Person,
    /// Work e-mail.
    pub email: String,
}

/// `GET /admin/groups/{id}`. Posts `name` and `description` to it, `action` (`add` or `remove`) and `person`
/// to `/members`, and `confirm` to `/remove` under it.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/groups/detail.html")]
pub struct GroupDetail {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right in any of the forms.
    pub errors: Errors,
    /// `/admin/groups/{id}`.
    pub base: String,
    /// The name as it is stored.
    pub title: String,
    /// The name as typed.
    pub name: String,
    /// What it is for, as typed.
    pub description: String,
    /// How many people are in it.
    pub member_count: u64,
    /// What was searched for among them.
    pub q: String,
    /// This page of members.
    pub members: Vec<Member>,
    /// Where the page is in the list.
    pub pager: Pager,
    /// The person to add, as typed.
    pub person: String,
    /// The apps that would see another name, when that is to be confirmed.
    pub told: Vec<String>,
    /// Apps that the group opens: tile, access page.
    pub apps: Vec<(Tile, String)>,
}

impl GroupDetail {
    fn removal_line(&self) -> String {
        let people = list::counted(self.member_count, "person loses", "people lose");
        let apps = u64::try_from(self.apps.len()).unwrap_or(u64::MAX);
        match apps {
            0 => "The group opens no app, so nobody loses access.".to_owned(),
            _ => format!(
                "Up to {people} {}, unless another group gives it.",
                list::counted(apps, "app", "apps")
            ),
        }
    }
}
