//! Who may open an app, and why; with the check of one person beside it.
//!
//! Does not decide; verdict and chain come from the same code as sign-in.

use askama::Template;

use super::super::super::form::Errors;
use super::super::super::list::{self, Pager};
use super::super::super::{Link, Page, Person, Tone, chart, ui};
use super::super::Console;
use super::AppFrame;

/// A group that opens the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGroup {
    /// The value of `group` when it is removed.
    pub id: String,
    /// The group's page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub note: String,
    /// People in it.
    pub people: u64,
    /// People who have the app only through it.
    pub only: u64,
    /// What the app is told of it: the value of `as`.
    pub sent_as: &'static str,
    /// The alias, if it is told one; what was typed, if that was refused.
    pub alias: String,
}

impl AccessGroup {
    fn share(&self) -> u64 {
        chart::share(self.only, self.people)
    }

    /// What the app is told of it, in words.
    fn told(&self) -> String {
        match self.sent_as {
            "id" => "Told as its id".to_owned(),
            "alias" => format!("Told as {}", self.alias),
            _ => "Told by name".to_owned(),
        }
    }

    fn removal(&self) -> String {
        list::counted(self.only, "person would lose access", "people would lose access")
    }
}

/// A group that could be given the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedGroup {
    /// The value of `group`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub note: String,
    /// People in it.
    pub people: u64,
}

impl OfferedGroup {
    /// The text of its option.
    fn option(&self) -> String {
        format!("{} ({})", self.name, list::counted(self.people, "person", "people"))
    }
}

/// A person who has the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPerson {
    /// The person's page.
    pub href: String,
    /// The person.
    pub person: Person,
    /// The groups that give it.
    pub via: Vec<Link>,
    /// The value of `person` when a choice by hand is taken back; `None` when it is through groups only.
    pub by_hand: Option<String>,
    /// When it was last opened; may be empty.
    pub last_opened: String,
    /// Why it can't be opened in spite of that, such as "Account suspended".
    pub stopped: Option<String>,
}

/// One link of the chain that a decision went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainStep {
    /// [`Tone::Ok`] passed, [`Tone::Bad`] stopped here, [`Tone::Draft`] not reached.
    pub tone: Tone,
    /// What was asked.
    pub title: String,
    /// What was found.
    pub text: String,
}

impl ChainStep {
    /// The value of `data-tone`, which has its own word for "not reached".
    fn mark(&self) -> &'static str {
        if self.tone == Tone::Draft { "off" } else { self.tone.name() }
    }
}

/// The answer for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether they would get in.
    pub lets_in: bool,
    /// The verdict, such as "Omar would be stopped".
    pub title: String,
    /// Why, as a sentence.
    pub text: String,
    /// The chain, in order.
    pub chain: Vec<ChainStep>,
    /// What the person sees when stopped: title, sentence.
    pub sees: Option<(String, String)>,
    /// The person's page.
    pub person_href: String,
}

impl Verdict {
    fn tone(&self) -> Tone {
        if self.lets_in { Tone::Ok } else { Tone::Bad }
    }
}

/// `GET /admin/apps/{slug}/access`. Searches with `q`, checks with `check` (user name or e-mail). Posts `action` to the
/// same path: `add_group` with `group` (may repeat), `add_person` with `person`. Removing has a page of its own, `/remove`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/access.html")]
pub struct AppAccess {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// Groups that have the app.
    pub groups: Vec<AccessGroup>,
    /// Whether the app hears of groups at all.
    pub tells_groups: bool,
    /// The group whose alias was refused: its form stays open.
    pub open: String,
    /// The other groups.
    pub offered: Vec<OfferedGroup>,
    /// People who have the app, by any path.
    pub people_count: u64,
    /// How many of them are stopped by something else.
    pub stopped_count: u64,
    /// What was searched for among them.
    pub q: String,
    /// This page of people.
    pub people: Vec<AccessPerson>,
    /// Where the page is in the list.
    pub pager: Pager,
    /// The person to add, as typed.
    pub person: String,
    /// The person to check, as typed.
    pub check: String,
    /// The answer; `None` before anyone was checked.
    pub verdict: Option<Verdict>,
    /// Instead of an answer, such as "Nobody here is called that."
    pub check_note: Option<String>,
}

impl AppAccess {
    fn nobody(&self) -> bool {
        self.groups.is_empty() && self.people_count == 0
    }

    fn people_line(&self) -> String {
        let can = list::grouped(self.people_count.saturating_sub(self.stopped_count));
        let all = list::grouped(self.people_count);
        match self.stopped_count {
            0 => format!("{} open it now.", list::counted(self.people_count, "person can", "people can")),
            1 => format!("{can} of {all} can open it now. One has it, but is stopped by something else."),
            n => format!("{can} of {all} can open it now. {n} have it, but are stopped by something else."),
        }
    }
}
