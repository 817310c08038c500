//! Portal and account pages.

use super::super::account::{Account, AllowedApp, ConnectedApp};
use super::super::form::Errors;
use super::super::portal::{LaunchConfirm, Portal, PortalTile, PortalView, Viewer};
use super::super::*;
use super::common::{HOSTILE, errors_on, facts, filters, hostile_tile, tile};
use super::page;

fn app(label: &str, glyph: &str, colour: &str, description: &str) -> PortalTile {
    PortalTile {
        tile: tile(label, glyph, colour),
        slug: label.to_lowercase().replace(' ', "-"),
        href: Some(format!("/launch/{}", label.to_lowercase().replace(' ', "-"))),
        note: String::new(),
        description: description.into(),
        used: String::new(),
        aliases: String::new(),
        favourite: false,
        links: Vec::new(),
    }
}

fn favourite(label: &str, glyph: &str, colour: &str, used: &str) -> PortalTile {
    PortalTile { used: used.into(), favourite: true, ..app(label, glyph, colour, "") }
}

impl Portal {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/"),
            viewer: Viewer::sample(),
            greeting: "Good morning, Maya".into(),
            total: 20,
            view: PortalView::All,
            favourites: vec![
                favourite("Slack", "hash", "plum", "Used 12 min ago"),
                favourite("GitHub", "git-branch", "ink", "Used today"),
                favourite("Amplitude", "activity", "iris", "Used today"),
                favourite("Figma", "pen-tool", "coral", "Used yesterday"),
                favourite("Notion", "notebook-pen", "slate", "Used yesterday"),
                favourite("Zoom", "video", "ocean", "Used Monday"),
            ],
            apps: vec![
                app("AWS access", "cloud", "amber", "Console sign-in, 3 accounts"),
                app("Expensify", "receipt", "fern", "Receipts and claims"),
                app("Handbook", "book-open", "olive", "How we work"),
                app("Heap", "layers", "fern", "Session capture"),
                app("HubSpot", "megaphone", "coral", "CRM and campaigns"),
                app("Jira", "kanban", "sky", "Plan and track work"),
                app("Learning hub", "graduation-cap", "teal", "Courses and certificates"),
                PortalTile {
                    links: vec![
                        ("boards".into(), "Boards".into()),
                        ("reports".into(), "Weekly reports".into()),
                    ],
                    ..app("Mixpanel", "chart-no-axes-column", "plum", "Event analytics and funnels")
                },
                app("Navan", "plane", "plum", "Travel booking"),
                app("PagerDuty", "heart-pulse", "fern", "On-call and incidents"),
                app("Room finder", "map", "rose", "Desks and meeting rooms"),
                app("Statsig", "flask-conical", "ocean", "Feature flags and experiments"),
                app("Workday", "sun", "amber", "Payslips, leave and profile"),
                app("Zendesk", "life-buoy", "teal", "Customer tickets"),
            ],
            categories: filters(
                &[("All", 20), ("Analytics", 4), ("Engineering", 5), ("People", 5), ("Customers", 3)],
                "/?category=",
            ),
            flash: None,
        }
    }
}

impl Account {
    pub(crate) fn sample() -> Self {
        Self {
            page: Page::sample("/account"),
            viewer: Viewer { may_administer: true, ..Viewer::sample() },
            errors: Errors::none(),
            flash: Some(Flash {
                tone: Tone::Ok,
                text: "Password changed. Other sessions were ended.".into(),
            }),
            username: "maya".into(),
            facts: facts(&[
                ("Work email", "maya.okafor@fernhill.example"),
                ("User name", "maya"),
                ("Department", "Growth"),
                ("Phone", ""),
            ]),
            sessions: 2,
            allowed: vec![AllowedApp {
                tile: Tile::sample(),
                id: "1".into(),
                line: "Gets your work email. Allowed 3 November.".into(),
            }],
            connected: vec![ConnectedApp {
                tile: Tile::sample(),
                id: "1".into(),
                place: "Firefox 144 on macOS".into(),
                line: "Since 3 November, last used 2 min ago.".into(),
            }],
            shortest_password: 12,
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile = PortalTile {
        tile: hostile_tile(),
        description: HOSTILE.into(),
        used: HOSTILE.into(),
        href: None,
        note: HOSTILE.into(),
        aliases: HOSTILE.into(),
        links: vec![("reports".into(), HOSTILE.into())],
        ..app("Odd", "box", "ink", "")
    };
    let search = |text: &str, apps| Portal {
        page: Page::hostile("/"),
        view: PortalView::Search(text.into()),
        categories: Vec::new(),
        greeting: format!("Good morning, {HOSTILE}"),
        apps,
        ..Portal::sample()
    };
    vec![
        page("portal", &Portal::sample()),
        page("portal-search", &search(HOSTILE, vec![hostile.clone()])),
        page("portal-nothing", &search(HOSTILE, Vec::new())),
        page(
            "portal-recent",
            &Portal {
                view: PortalView::Recent,
                apps: Vec::new(),
                categories: Vec::new(),
                ..Portal::sample()
            },
        ),
        page("portal-category", &Portal { view: PortalView::Category(HOSTILE.into()), ..Portal::sample() }),
        page(
            "portal-empty",
            &Portal {
                total: 0,
                apps: Vec::new(),
                favourites: Vec::new(),
                categories: Vec::new(),
                ..Portal::sample()
            },
        ),
        page("account", &Account::sample()),
        page(
            "account-error",
            &Account {
                page: Page::hostile("/account"),
                errors: errors_on(&["current_password", "new_password"]),
                facts: facts(&[("Name", HOSTILE)]),
                allowed: vec![AllowedApp { tile: hostile_tile(), id: HOSTILE.into(), line: HOSTILE.into() }],
                connected: vec![ConnectedApp {
                    tile: hostile_tile(),
                    id: HOSTILE.into(),
                    place: HOSTILE.into(),
                    line: HOSTILE.into(),
                }],
                ..Account::sample()
            },
        ),
        page(
            "launch",
            &LaunchConfirm {
                page: Page::sample("/launch/amplitude"),
                tile: hostile_tile(),
                place: HOSTILE.into(),
                path: "/launch/amplitude/reports".into(),
            },
        ),
    ]
}

#[test]
fn a_favourite_comes_back_to_the_list_it_was_chosen_in() {
    let view = Portal { view: PortalView::Category("People".into()), ..Portal::sample() };
    let (_, html) = page("portal", &view);
    assert!(html.contains("<input type=\"hidden\" name=\"category\" value=\"People\">"));
    assert!(html.contains("Add Workday to favourites"));
}

#[test]
fn an_unknown_glyph_or_colour_falls_back() {
    assert_eq!(icon::glyph("<script>"), icon::DEFAULT_GLYPH);
    assert_eq!(icon::colour("red"), icon::DEFAULT_COLOUR);
}
