//! People: the list, one person, and the form for a new or changed one.
//!
//! Does not check fields.

use askama::Template;

use super::super::account::{AllowedApp, ConnectedApp};
use super::super::form::{CUSTOM_TYPES, Choice, CustomRow, Errors};
use super::super::list::{self, Filter, Pager};
use super::super::{Link, Page, Person, Pill, Tile, ui};
use super::Console;
use super::audit::EventRow;

/// Empty rows after the custom attributes, so that some can be added without script.
const SPARE_ROWS: usize = 2;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The person's page.
    pub href: String,
    /// The person.
    pub person: Person,
    /// User name.
    pub username: String,
    /// Work e-mail.
    pub email: String,
    /// Department; may be empty.
    pub department: String,
    /// How many groups.
    pub groups: u64,
    /// When they last signed in, such as "2 min ago"; empty for never.
    pub last_sign_in: String,
    /// Active, staged or suspended.
    pub state: Pill,
}

/// `GET /admin/users`. Filters are `q` and `state`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/users/list.html")]
pub struct UserList {
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
    /// This page of people.
    pub users: Vec<UserRow>,
    /// Where the page is in the list.
    pub pager: Pager,
}

/// The fields of a person, as text; each name is the field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "every field is the form field of the same name")]
pub struct UserFields {
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub middle_name: String,
    pub last_name: String,
    pub display_name: String,
    pub alternate_email: String,
    pub phone: String,
    pub company: String,
    pub department: String,
    pub cost_center: String,
    pub job_title: String,
    pub employee_identifier: String,
    pub employee_type: String,
    pub location: String,
    pub manager: String,
    pub locale: String,
    pub state: String,
    pub custom: Vec<CustomRow>,
}

/// `GET /admin/users/new` and `GET /admin/users/{id}/edit`; posts to `action`.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/users/form.html")]
pub struct UserForm {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right.
    pub errors: Errors,
    /// The name of the person who is changed; `None` for a new one.
    pub name: Option<String>,
    /// Where the form posts to.
    pub action: String,
    /// Where "Cancel" leads.
    pub cancel: String,
    /// What was typed or is stored.
    pub fields: UserFields,
    /// States that may be chosen.
    pub states: Vec<Choice>,
    /// The role and the roles that may be chosen; `None` unless an owner looks.
    pub role: Option<(String, Vec<Choice>)>,
}

impl UserForm {
    fn custom_rows(&self) -> Vec<CustomRow> {
        let spare = std::iter::repeat_n(CustomRow::default(), SPARE_ROWS);
        self.fields.custom.iter().cloned().chain(spare).collect()
    }
}

/// An app that a person can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserApp {
    /// The app.
    pub tile: Tile,
    /// Its access page.
    pub href: String,
    /// Why: the groups, or "Chosen by hand".
    pub via: Vec<Link>,
    /// When it was last opened; may be empty.
    pub last_opened: String,
    /// Why it can't be opened in spite of that, such as "Account suspended".
    pub stopped: Option<String>,
}

/// One place where a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Browser and system.
    pub device: String,
    /// The address it came from.
    pub address: String,
    /// Since when.
    pub since: String,
    /// When it was last used.
    pub last_seen: String,
}

/// What an admin may do to the account as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateAction {
    /// Posts `state=suspended`.
    Suspend,
    /// Posts `state=active`.
    Activate,
    /// Nothing, such as for oneself.
    None,
}

/// `GET /admin/users/{id}`. Posts to `/state`, `/sessions` (ends all) and `/password` (`new_password`) under it.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/users/detail.html")]
pub struct UserDetail {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// What to put right in the password form.
    pub errors: Errors,
    /// `/admin/users/{id}`.
    pub base: String,
    /// The person.
    pub person: Person,
    /// Under the name, such as "maya · last sign-in 2 min ago".
    pub meta: String,
    /// The state as a pill.
    pub state: Pill,
    /// The button that changes the state.
    pub state_action: StateAction,
    /// The role as a word, if it is not "none".
    pub role: Option<String>,
    /// Profile: label, value; empty values are left out.
    pub facts: Vec<(String, String)>,
    /// Groups with their pages.
    pub groups: Vec<Link>,
    /// Apps with the reason.
    pub apps: Vec<UserApp>,
    /// Where the person is signed in.
    pub sessions: Vec<SessionRow>,
    /// Third-party apps the person allowed something; each posts `app` to `/consents` under the base.
    pub allowed: Vec<AllowedApp>,
    /// Apps that stay connected to the person; each posts `grant` to `/grants` under the base.
    pub connected: Vec<ConnectedApp>,
    /// The newest events about the person.
    pub events: Vec<EventRow>,
    /// Whether the profile may be changed by who looks.
    pub may_edit: bool,
    /// Whether the sessions may be ended by who looks.
    pub may_end_sessions: bool,
    /// Whether the password may be set here.
    pub may_set_password: bool,
}

impl UserDetail {
    fn known(&self) -> impl Iterator<Item = &(String, String)> {
        self.facts.iter().filter(|(_, value)| !value.is_empty())
    }
}
