//! The console's pages about people and groups, and its home.

use super::super::account::{AllowedApp, ConnectedApp};
use super::super::admin::audit::EventRow;
use super::super::admin::groups::{GroupDetail, GroupList, GroupNew, GroupRow, Member};
use super::super::admin::home::{Change, EndingRow, Home, SetupStep};
use super::super::admin::users::{
    SessionRow, StateAction, UserApp, UserDetail, UserFields, UserForm, UserList, UserRow,
};
use super::super::admin::{Console, Nav};
use super::super::form::{Choice, CustomRow, Errors};
use super::super::list::Pager;
use super::super::*;
use super::common::{HOSTILE, errors_on, facts, filters, hostile_tile, tile};
use super::page;

impl Home {
    pub(crate) fn sample() -> Self {
        let step = |title: &str, done, action: Option<(&str, &str)>| SetupStep {
            title: title.into(),
            text: "If you lose your password, nobody else can let you back in. About 2 minutes.".into(),
            fact: "212".into(),
            done,
            action: action.map(|(href, text)| Link { href: href.into(), text: text.into() }),
        };
        let change = |name: &str, text: &str| Change {
            person: Person::new(name),
            text: text.into(),
            when: "15:01".into(),
            href: "/admin/audit/01JD8Q5Z7M4XAV9T".into(),
        };
        Self {
            page: Page::sample("/admin"),
            console: Console::sample(Nav::Home),
            greeting: "Good afternoon, Tomás".into(),
            lede: "Two steps are left. Everything else is running.".into(),
            steps: vec![
                step("Owner secured", true, None),
                step("People added", true, None),
                step("Add an application", false, Some(("/admin/apps/new", "Add application"))),
                step("Add a second owner", false, Some(("/admin/users/new", "Add person"))),
            ],
            sign_ins_today: 1759,
            people_today: 148,
            failed_today: 61,
            hours: vec![1, 0, 0, 0, 0, 2, 9, 20, 39, 48, 50, 46, 35, 42, 44, 28, 0, 0, 0, 0, 0, 0, 0, 0],
            facts: facts(&[("Address", "id.fernhill.example"), ("Database", "SQLite"), ("Version", "0.1.0")]),
            ending: vec![EndingRow {
                tile: Tile::sample(),
                text: "Amplitude’s certificate ends in 12 days".into(),
                hint: "On 4 December 2026. The next one takes three steps.".into(),
                href: "/admin/apps/amplitude/certificate".into(),
                state: Pill::new(Tone::Warn, "Soon"),
            }],
            metadata: vec![EndingRow {
                tile: Tile::sample(),
                text: "Amplitude’s metadata changed".into(),
                hint: "Keys or addresses, today. Approve or dismiss it.".into(),
                href: "/admin/apps/amplitude/sso".into(),
                state: Pill::new(Tone::Warn, "Waits"),
            }],
            changes: vec![
                change("Tomás Rivera", "Changed Amplitude’s attributes"),
                change("Ines Duarte", "Changed her password"),
            ],
        }
    }
}

impl UserList {
    pub(crate) fn sample() -> Self {
        let user = |name: &str, username: &str, state| UserRow {
            href: "/admin/users/1".into(),
            person: Person::new(name),
            username: username.into(),
            email: format!("{username}@fernhill.example"),
            department: "Growth".into(),
            groups: 3,
            last_sign_in: "2 min ago".into(),
            state,
        };
        Self {
            page: Page::sample("/admin/users"),
            console: Console::sample(Nav::Users),
            q: String::new(),
            state: String::new(),
            filters: filters(
                &[("All", 212), ("Active", 204), ("Staged", 5), ("Suspended", 3)],
                "/admin/users?state=",
            ),
            users: vec![
                user("Ines Duarte", "ines", Pill::new(Tone::Ok, "Active")),
                user("Maya Okafor", "maya", Pill::new(Tone::Draft, "Staged")),
                user("Petra Novák", "petra", Pill::new(Tone::Bad, "Suspended")),
            ],
            pager: Pager::sample(),
        }
    }
}

impl UserForm {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/admin/users/new"),
            console: Console::sample(Nav::Users),
            errors: Errors::none(),
            name: None,
            action: "/admin/users/new".into(),
            cancel: "/admin/users".into(),
            fields: UserFields { state: "active".into(), ..UserFields::default() },
            states: vec![Choice::new("active", "Active"), Choice::new("staged", "Staged")],
            role: Some(("none".into(), vec![Choice::new("none", "None"), Choice::new("owner", "Owner")])),
        }
    }
}

impl UserDetail {
    pub(crate) fn sample() -> Self {
        let link = |text: &str| Link { href: "/admin/groups/1".into(), text: text.into() };
        Self {
            page: Page::sample("/admin/users/1"),
            console: Console::sample(Nav::Users),
            errors: Errors::none(),
            base: "/admin/users/1".into(),
            person: Person::new("Maya Okafor"),
            meta: "maya · last sign-in 2 minutes ago".into(),
            state: Pill::new(Tone::Ok, "Active"),
            state_action: StateAction::Suspend,
            role: Some("Admin".into()),
            facts: facts(&[
                ("Work email", "maya.okafor@fernhill.example"),
                ("Department", "Growth"),
                ("Phone", ""),
            ]),
            groups: vec![link("Growth"), link("Product analytics"), link("Everyone")],
            apps: vec![
                UserApp {
                    tile: Tile::sample(),
                    href: "/admin/apps/amplitude/access".into(),
                    via: vec![link("Product analytics")],
                    last_opened: "2 min ago".into(),
                    stopped: None,
                },
                UserApp {
                    tile: tile("Heap", "layers", "fern"),
                    href: "/admin/apps/heap/access".into(),
                    via: vec![link("Growth")],
                    last_opened: String::new(),
                    stopped: Some("App paused".into()),
                },
            ],
            sessions: vec![SessionRow {
                device: "Firefox 144 on macOS".into(),
                address: "81.2.69.142".into(),
                since: "today, 08:40".into(),
                last_seen: "2 min ago".into(),
            }],
            allowed: vec![AllowedApp {
                tile: tile("Trailhead", "map", "fern"),
                id: HOSTILE.into(),
                line: HOSTILE.into(),
            }],
            connected: vec![ConnectedApp {
                tile: tile("Trailhead", "map", "fern"),
                id: HOSTILE.into(),
                place: HOSTILE.into(),
                line: HOSTILE.into(),
            }],
            events: vec![EventRow::sample()],
            may_edit: true,
            may_end_sessions: true,
            may_set_password: true,
        }
    }
}

impl GroupDetail {
    pub(crate) fn sample() -> Self {
        let member = |name: &str| Member {
            id: "1".into(),
            href: "/admin/users/1".into(),
            person: Person::new(name),
            email: "maya.okafor@fernhill.example".into(),
        };
        Self {
            page: Page::sample("/admin/groups/1"),
            console: Console::sample(Nav::Groups),
            errors: Errors::none(),
            base: "/admin/groups/1".into(),
            title: "Product analytics".into(),
            name: "Product analytics".into(),
            description: "Those who read the numbers".into(),
            member_count: 24,
            q: String::new(),
            members: vec![member("Ines Duarte"), member("Maya Okafor")],
            pager: Pager::default(),
            person: String::new(),
            told: vec!["Amplitude".into()],
            apps: vec![(Tile::sample(), "/admin/apps/amplitude/access".into())],
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let mut set_up = Home { lede: HOSTILE.into(), ..Home::sample() };
    set_up.steps.iter_mut().for_each(|step| step.done = true);
    set_up.changes.iter_mut().for_each(|change| change.text = HOSTILE.into());
    set_up.ending.iter_mut().for_each(|row| (row.text, row.hint) = (HOSTILE.into(), HOSTILE.into()));
    let mut pages = vec![page("home", &Home::sample()), page("home-done", &set_up)];
    pages.extend(users());
    pages.extend(groups());
    pages
}

fn users() -> Vec<(&'static str, String)> {
    let custom = vec![CustomRow { key: HOSTILE.into(), kind: "json".into(), value: HOSTILE.into() }];
    let edited = UserForm {
        errors: errors_on(&["username", "email", "custom_key", "state"]),
        name: Some(HOSTILE.into()),
        cancel: "/admin/users/1".into(),
        fields: UserFields {
            username: HOSTILE.into(),
            first_name: HOSTILE.into(),
            custom,
            ..UserFields::default()
        },
        role: None,
        ..UserForm::sample()
    };
    let bare = UserDetail {
        person: Person::new(HOSTILE),
        meta: HOSTILE.into(),
        state: Pill::new(Tone::Bad, "Suspended"),
        state_action: StateAction::Activate,
        errors: errors_on(&["new_password"]),
        facts: facts(&[("Department", HOSTILE)]),
        role: None,
        groups: Vec::new(),
        apps: Vec::new(),
        sessions: Vec::new(),
        events: Vec::new(),
        ..UserDetail::sample()
    };
    vec![
        page("users", &UserList::sample()),
        page(
            "users-nobody",
            &UserList {
                console: Console::hostile(Nav::Users),
                q: HOSTILE.into(),
                users: Vec::new(),
                ..UserList::sample()
            },
        ),
        page("user-new", &UserForm::sample()),
        page("user-edit-error", &edited),
        page("user", &UserDetail::sample()),
        page("user-bare", &bare),
    ]
}

fn groups() -> Vec<(&'static str, String)> {
    let row = |name: &str, apps: Vec<Tile>| GroupRow {
        href: "/admin/groups/1".into(),
        name: name.into(),
        description: name.into(),
        members: 24,
        app_count: u64::try_from(apps.len()).expect("few"),
        apps,
    };
    vec![
        page(
            "groups",
            &GroupList {
                page: Page::sample("/admin/groups"),
                console: Console::hostile(Nav::Groups),
                q: String::new(),
                groups: vec![row("Growth", vec![Tile::sample(), hostile_tile()]), row(HOSTILE, Vec::new())],
                pager: Pager::sample(),
            },
        ),
        page(
            "group-new",
            &GroupNew {
                page: Page::sample("/admin/groups/new"),
                console: Console::sample(Nav::Groups),
                errors: errors_on(&["name"]),
                name: HOSTILE.into(),
                description: HOSTILE.into(),
            },
        ),
        page("group", &GroupDetail::sample()),
        page(
            "group-empty",
            &GroupDetail {
                title: HOSTILE.into(),
                errors: errors_on(&["person", "confirm"]),
                member_count: 0,
                members: Vec::new(),
                apps: Vec::new(),
                ..GroupDetail::sample()
            },
        ),
    ]
}

#[test]
fn only_an_owner_chooses_roles() {
    let (_, with) = page("user-new", &UserForm::sample());
    let (_, without) = page("user-new", &UserForm { role: None, ..UserForm::sample() });
    assert!(with.contains("name=\"role\"") && !without.contains("name=\"role\""));
}
