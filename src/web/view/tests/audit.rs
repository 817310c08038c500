//! The console's pages about audit events.

use super::super::admin::audit::{AuditPage, Chip, EventDetail, EventRow, Fact, Outcome};
use super::super::admin::{Console, Nav};
use super::super::chart::Bucket;
use super::super::form::Choice;
use super::super::list::Pager;
use super::super::*;
use super::common::{HOSTILE, hostile_tile, tile};
use super::page;

impl EventRow {
    pub(crate) fn sample() -> Self {
        Self {
            href: "/admin/audit/01JD8Q5Z7M4XAV9T".into(),
            time: "15:04:31".into(),
            instant: "2026-11-22T15:04:31Z".into(),
            title: "SAML request refused".into(),
            outcome: Outcome::Failed,
            by: Some(Person::new("Lena Fischer")),
            app: Some(tile("Heap", "layers", "fern")),
            open: false,
        }
    }
}

impl EventDetail {
    pub(crate) fn sample() -> Self {
        let fact = |label: &str, value: &str| Fact {
            label: label.into(),
            value: value.into(),
            mono: true,
            href: None,
        };
        Self {
            title: "SAML request refused".into(),
            when: "Today at 15:04:31.208".into(),
            outcome: Outcome::Failed,
            sentence: "Heap asked for a reply address that isn’t on its list.".into(),
            more: "Lena saw “Heap isn’t set up correctly” with reference 7KQ2-M4XA.".into(),
            difference: vec![
                fact("Asked for", "https://heapanalytics.com/saml/acs/eu"),
                fact("On the list", "https://heapanalytics.com/saml/acs"),
            ],
            fix: "If Heap moved you to its EU region, add the new address. If you don’t recognise it, leave it blocked.".into(),
            fix_link: Some(Link { href: "/admin/apps/heap/sso".into(), text: "Review in Heap".into() }),
            facts: vec![
                Fact { label: "Person".into(), value: "Lena Fischer".into(), mono: false, href: Some("/admin/users/1".into()) },
                Fact { label: "Device".into(), value: "Firefox 144 on macOS, 81.2.69.142".into(), mono: false, href: None },
                fact("Event", "sso_auth"),
                fact("ID", "01JD8Q5Z7M4XAV9T"),
            ],
            json: "{\n  \"event_type\": \"sso_auth\"\n}".into(),
            close: "/admin/audit".into(),
        }
    }
}

impl AuditPage {
    pub(crate) fn sample() -> Self {
        let row = |title: &str, outcome, by: Option<&str>, app| EventRow {
            title: title.into(),
            outcome,
            by: by.map(Person::new),
            app,
            ..EventRow::sample()
        };
        let buckets = (0u32..72)
            .map(|step| Bucket { ok: (step * (72 - step)) / 26, failed: u32::from(step % 7 == 3) * 3 });
        Self {
            page: Page::sample("/admin/audit"),
            console: Console::sample(Nav::Audit),
            lede: "Every sign-in and every change.".into(),
            q: String::new(),
            outcomes: vec![
                Choice::new("", "Any outcome"),
                Choice::new("ok", "Successful"),
                Choice::new("failed", "Not successful"),
            ],
            outcome: String::new(),
            types: vec![Choice::new("", "Any type"), Choice::new("sso_auth", "Sign-in to app")],
            event_type: String::new(),
            kept: Vec::new(),
            chips: vec![Chip {
                label: "When".into(),
                value: "Today".into(),
                remove: "/admin/audit?when=".into(),
            }],
            total: 1284,
            failed: 61,
            buckets: buckets.collect(),
            chart_label: "Events in 20-minute steps. 1,284 events, 61 not successful.".into(),
            axis: ["00:00", "06:00", "12:00", "18:00", "24:00"].map(Into::into).into(),
            events: vec![
                EventRow { open: true, ..EventRow::sample() },
                row("Signed in to app", Outcome::Ok, Some("Maya Okafor"), Some(Tile::sample())),
                row("Application changed", Outcome::Ok, Some("Tomás Rivera"), Some(Tile::sample())),
                row("Signing key made", Outcome::Ok, None, Some(tile("Heap", "layers", "fern"))),
                row(
                    "App access denied",
                    Outcome::Denied,
                    Some("Omar Haddad"),
                    Some(tile("AWS access", "cloud", "amber")),
                ),
                row("Signed in", Outcome::Ok, Some("Ines Duarte"), None),
            ],
            detail: Some(EventDetail::sample()),
            pager: Pager::sample(),
        }
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile_detail = EventDetail {
        title: HOSTILE.into(),
        sentence: HOSTILE.into(),
        more: HOSTILE.into(),
        json: format!("{{ \"name\": \"{HOSTILE}\" }}"),
        outcome: Outcome::Ok,
        ..EventDetail::sample()
    };
    let hostile_event = EventRow {
        title: HOSTILE.into(),
        by: Some(Person::new(HOSTILE)),
        app: Some(hostile_tile()),
        ..EventRow::sample()
    };
    vec![
        page("audit", &AuditPage::sample()),
        page("audit-list", &AuditPage { detail: None, ..AuditPage::sample() }),
        page(
            "audit-hostile",
            &AuditPage {
                console: Console::hostile(Nav::Audit),
                q: HOSTILE.into(),
                kept: Vec::new(),
                chips: vec![Chip {
                    label: HOSTILE.into(),
                    value: HOSTILE.into(),
                    remove: "/admin/audit".into(),
                }],
                events: vec![hostile_event],
                detail: Some(hostile_detail),
                ..AuditPage::sample()
            },
        ),
        page(
            "audit-nothing",
            &AuditPage {
                events: Vec::new(),
                detail: None,
                buckets: Vec::new(),
                pager: Pager::default(),
                ..AuditPage::sample()
            },
        ),
    ]
}
