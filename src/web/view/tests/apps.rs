//! The console's pages about applications.

use super::super::admin::apps::access::{
    AccessGroup, AccessPerson, AppAccess, ChainStep, OfferedGroup, Verdict,
};
use super::super::admin::apps::look::{AppAppearance, Look};
use super::super::admin::apps::new::{AppNew, AppNewConnector, AppNewForm, ConnectorCard, NewKind};
use super::super::admin::apps::recipe::ParameterField;
use super::super::admin::apps::remove::AppRemove;
use super::super::admin::apps::secret::{AppSecret, SecretRow};
use super::super::admin::apps::source::{EntityChoice, SourceFields};
use super::super::admin::apps::unassign::AppUnassign;
use super::super::admin::apps::{AppActivity, AppFrame, AppList, AppRow, AppTab};
use super::super::admin::audit::EventRow;
use super::super::admin::{Console, Nav};
use super::super::form::{Errors, Hidden};
use super::super::list::Pager;
use super::super::*;
use super::common::{HOSTILE, errors_on, filters, hostile_tile, tile};
use super::page;

fn console() -> Console {
    Console::sample(Nav::Apps)
}

fn row(label: &str, glyph: &str, colour: &str, description: &str, state: Pill) -> AppRow {
    AppRow {
        href: "/admin/apps/amplitude/sso".into(),
        tile: tile(label, glyph, colour),
        description: description.into(),
        protocol: "SAML 2.0".into(),
        groups: 4,
        people: 86,
        sign_ins: vec![9, 18, 17, 20, 18, 7, 6, 10, 21, 19, 22, 20, 8, 7],
        state,
    }
}

impl AppList {
    pub(crate) fn sample() -> Self {
        let live = || Pill::new(Tone::Ok, "Live");
        let ending = Pill::new(Tone::Warn, "Certificate ends in 12 days");
        Self {
            page: Page::sample("/admin/apps"),
            console: console(),
            q: String::new(),
            state: String::new(),
            filters: filters(
                &[("All", 24), ("Live", 19), ("In set-up", 3), ("Needs attention", 2)],
                "/admin/apps?state=",
            ),
            apps: vec![
                row("Amplitude", "activity", "iris", "Product analytics", live()),
                row("AWS access", "cloud", "amber", "Console sign-in, 3 accounts", live()),
                AppRow {
                    protocol: "Link".into(),
                    ..row("Handbook", "book-open", "olive", "How we work", live())
                },
                row("Heap", "layers", "fern", "Session capture", Pill::new(Tone::Bad, "Needs attention")),
                row("Mixpanel", "chart-no-axes-column", "plum", "Event analytics and funnels", ending),
                AppRow {
                    protocol: "OIDC".into(),
                    groups: 0,
                    people: 0,
                    sign_ins: vec![0; 14],
                    ..row(
                        "Statsig",
                        "flask-conical",
                        "ocean",
                        "",
                        Pill::new(Tone::Draft, "In set-up · 3 of 5"),
                    )
                },
            ],
            pager: Pager::sample(),
        }
    }
}

impl AppAccess {
    pub(crate) fn sample() -> Self {
        let group = |name: &str, people, only| AccessGroup {
            id: name.into(),
            href: "/admin/groups/1".into(),
            name: name.into(),
            note: "Chosen by hand".into(),
            people,
            only,
            sent_as: "alias",
            alias: "growth-eu".into(),
        };
        let link = |text: &str| Link { href: "/admin/groups/1".into(), text: text.into() };
        let person = |name: &str, via: &[&str]| AccessPerson {
            href: "/admin/users/1".into(),
            person: Person::new(name),
            via: via.iter().map(|text| link(text)).collect(),
            by_hand: None,
            last_opened: "yesterday".into(),
            stopped: None,
        };
        let step = |tone, title: &str, text: &str| ChainStep { tone, title: title.into(), text: text.into() };
        Self {
            page: Page::sample("/admin/apps/amplitude/access"),
            console: console(),
            frame: AppFrame::sample(AppTab::Access),
            errors: Errors::none(),
            groups: vec![
                group("Product managers", 31, 28),
                group("Data platform", 27, 13),
                group("Growth", 18, 1),
            ],
            tells_groups: true,
            open: String::new(),
            offered: vec![
                OfferedGroup {
                    id: "1".into(),
                    name: "Everyone".into(),
                    note: "All of Fernhill".into(),
                    people: 212,
                },
                OfferedGroup { id: "2".into(), name: "Engineering".into(), note: String::new(), people: 58 },
            ],
            people_count: 86,
            stopped_count: 2,
            q: String::new(),
            people: vec![
                person("Ines Duarte", &["Product managers"]),
                person("Jonas Berg", &["Data platform", "Growth"]),
                AccessPerson { by_hand: Some("7".into()), ..person("Maya Okafor", &[]) },
                AccessPerson {
                    stopped: Some("Account suspended".into()),
                    ..person("Petra Novák", &["Growth"])
                },
            ],
            pager: Pager::sample(),
            person: String::new(),
            check: "omar".into(),
            verdict: Some(Verdict {
                lets_in: false,
                title: "Omar would be stopped".into(),
                text: "He isn’t in a group that has Amplitude.".into(),
                chain: vec![
                    step(Tone::Ok, "Account is active", "Since March 2023"),
                    step(
                        Tone::Bad,
                        "In a group that has Amplitude",
                        "His groups: Engineering, London office, Everyone",
                    ),
                    step(Tone::Draft, "App is live", "Not reached. He would pass."),
                ],
                sees: Some((
                    "You don’t have Amplitude yet.".into(),
                    "If you need it for your work, ask for it.".into(),
                )),
                person_href: "/admin/users/4".into(),
            }),
            check_note: None,
        }
    }
}

impl ConnectorCard {
    fn sample() -> Self {
        Self {
            slug: "amplitude".into(),
            tile: tile("Amplitude", "activity", "iris"),
            description: "Product analytics".into(),
            protocol: "SAML 2.0",
        }
    }
}

impl AppNew {
    fn sample() -> Self {
        Self {
            page: Page::sample("/admin/apps/new"),
            console: console(),
            q: String::new(),
            connectors: vec![ConnectorCard::sample()],
        }
    }
}

impl AppNewConnector {
    fn sample() -> Self {
        Self {
            page: Page::sample("/admin/apps/new/amplitude"),
            console: console(),
            errors: Errors::none(),
            card: ConnectorCard::sample(),
            parameters: vec![ParameterField::sample()],
            look: Look { label: "Amplitude".into(), ..Look::default() },
        }
    }
}

impl AppNewForm {
    pub(crate) fn sample(kind: NewKind) -> Self {
        Self {
            page: Page::sample("/admin/apps/new"),
            console: console(),
            errors: Errors::none(),
            kind,
            look: Look::default(),
            metadata_xml: String::new(),
            source: SourceFields::default(),
            choice: EntityChoice::default(),
            redirect_uris: String::new(),
            url: String::new(),
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let mut pages = lists();
    pages.extend(other_tabs());
    pages
}

fn lists() -> Vec<(&'static str, String)> {
    let hostile_row = AppRow {
        tile: hostile_tile(),
        description: HOSTILE.into(),
        ..row("", "", "", "", Pill::new(Tone::Bad, HOSTILE))
    };
    let hostile_look =
        Look { label: HOSTILE.into(), slug: HOSTILE.into(), description: HOSTILE.into(), ..Look::default() };
    let mut empty = AppList { apps: Vec::new(), filters: Vec::new(), ..AppList::sample() };
    empty.console.counts.apps = 0;
    vec![
        page("apps", &AppList::sample()),
        page(
            "apps-hostile",
            &AppList {
                console: Console::hostile(Nav::Apps),
                q: HOSTILE.into(),
                apps: vec![hostile_row],
                ..AppList::sample()
            },
        ),
        page("apps-empty", &empty),
        page("apps-new", &AppNew::sample()),
        page("apps-new-none", &AppNew { q: HOSTILE.into(), connectors: Vec::new(), ..AppNew::sample() }),
        page("apps-new-connector", &AppNewConnector::sample()),
        page(
            "apps-new-connector-hostile",
            &AppNewConnector {
                errors: errors_on(&["label", "slug", "parameters.org_id"]),
                card: ConnectorCard {
                    tile: hostile_tile(),
                    description: HOSTILE.into(),
                    ..ConnectorCard::sample()
                },
                parameters: vec![ParameterField {
                    value: HOSTILE.into(),
                    required: false,
                    ..ParameterField::sample()
                }],
                look: hostile_look.clone(),
                ..AppNewConnector::sample()
            },
        ),
        page("apps-new-saml", &AppNewForm::sample(NewKind::Saml)),
        page("apps-new-oidc", &AppNewForm::sample(NewKind::Oidc)),
        page(
            "apps-new-link-error",
            &AppNewForm {
                errors: errors_on(&["label", "slug", "url"]),
                look: hostile_look,
                url: HOSTILE.into(),
                ..AppNewForm::sample(NewKind::Bookmark)
            },
        ),
    ]
}

fn other_tabs() -> Vec<(&'static str, String)> {
    let nobody = AppAccess {
        frame: AppFrame::hostile(AppTab::Access),
        groups: Vec::new(),
        people: Vec::new(),
        people_count: 0,
        stopped_count: 0,
        verdict: None,
        check_note: Some(HOSTILE.into()),
        ..AppAccess::sample()
    };
    let hostile_access = AppAccess {
        errors: errors_on(&["person", "group"]),
        q: HOSTILE.into(),
        person: HOSTILE.into(),
        check: HOSTILE.into(),
        people: Vec::new(),
        ..AppAccess::sample()
    };
    let page_of = |path: &str| Page::sample(path);
    vec![
        page("access", &AppAccess::sample()),
        page("access-hostile", &hostile_access),
        page("access-empty", &nobody),
        page(
            "access-remove",
            &AppUnassign {
                page: page_of("/admin/apps/amplitude/access/remove"),
                console: console(),
                frame: AppFrame::sample(AppTab::Access),
                errors: errors_on(&[]),
                name: HOSTILE.into(),
                is_group: true,
                losing: 12,
                keeping: 6,
                people: vec![(Person::new(HOSTILE), "/admin/users/1".into())],
                payload: vec![Hidden::new("group", "1"), Hidden::new("losing", "12")],
            },
        ),
        page(
            "appearance",
            &AppAppearance {
                page: page_of("/admin/apps/amplitude/appearance"),
                console: Console::hostile(Nav::Apps),
                frame: AppFrame::sample(AppTab::Appearance),
                errors: Errors::none(),
                look: Look {
                    label: "Amplitude".into(),
                    slug: "amplitude".into(),
                    glyph: "activity".into(),
                    colour: "iris".into(),
                    ..Look::default()
                },
            },
        ),
        page(
            "activity",
            &AppActivity {
                page: page_of("/admin/apps/amplitude/activity"),
                console: console(),
                frame: AppFrame::sample(AppTab::Activity),
                events: vec![EventRow::sample()],
                all_href: "/admin/audit?q=amplitude".into(),
                pager: Pager::default(),
            },
        ),
        page(
            "client-secret",
            &AppSecret {
                page: page_of("/admin/apps/metrics/secret"),
                console: console(),
                frame: AppFrame::sample(AppTab::SignOn),
                errors: errors_on(&["retire_hours"]),
                secrets: vec![SecretRow { id: "1".into(), hint: HOSTILE.into(), line: HOSTILE.into() }],
                retire_hours: "24".into(),
            },
        ),
        page(
            "app-remove",
            &AppRemove {
                page: page_of("/admin/apps/amplitude/remove"),
                console: console(),
                frame: AppFrame::sample(AppTab::Other),
                errors: errors_on(&["confirm"]),
                people: 86,
                consequences: vec!["Its addresses stop answering at once.".into(), HOSTILE.into()],
                confirm: HOSTILE.into(),
            },
        ),
    ]
}
