//! The pages of recorded sign-ons and of attribute sets, with sample values and with hostile ones.

use super::super::{
    Page, Person, Pill, Tone,
    admin::{
        Console, Nav,
        apps::{
            AppFrame, AppTab,
            recordings::{
                AppRecording, AppRecordings, AppReplay, CheckLine, ComparedLine, Message, RecorderFields,
                RecordingRow,
            },
            saml::SetLine,
            sets::AppSet,
        },
    },
    form::{AttributeRow, Choice, Errors, Hidden},
    list::Pager,
};
use super::{
    common::{HOSTILE, errors_on},
    page,
};

fn row(words: &str) -> RecordingRow {
    RecordingRow {
        href: "/admin/apps/amplitude/recordings/01J".into(),
        when: "12 min ago".into(),
        instant: "2026-11-22T10:00:00Z".into(),
        outcome: Pill::new(Tone::Bad, "Refused"),
        person: Some(Person::new(words)),
        why: words.into(),
    }
}

/// A set in the list of the sign-on tab.
pub(super) fn set_line() -> SetLine {
    SetLine {
        href: "/admin/apps/amplitude/sets/1".into(),
        index: 1,
        name: HOSTILE.into(),
        rows: HOSTILE.into(),
    }
}

fn check(words: &str) -> CheckLine {
    CheckLine { tone: Tone::Warn, word: "Look at this", words: words.into() }
}

fn message(words: &str) -> Message {
    Message { title: words.into(), xml: words.into() }
}

fn list() -> AppRecordings {
    AppRecordings {
        page: Page::sample("/admin/apps/amplitude/recordings"),
        console: Console::sample(Nav::Apps),
        frame: AppFrame::sample(AppTab::Recordings),
        errors: Errors::none(),
        rows: vec![row("Maya Okafor"), RecordingRow { person: None, why: String::new(), ..row("x") }],
        pager: Pager::sample(),
        kept: "The last 20 of each outcome are kept, sealed, for 14 days.".into(),
        server: "The server keeps 20 of each app and outcome, for 14 days.".into(),
        is_on: true,
        dropped: String::new(),
        fields: RecorderFields { recorder: "server".into(), per_app: "20".into(), days: "14".into() },
    }
}

fn replay() -> AppReplay {
    AppReplay {
        page: Page::sample("/admin/apps/amplitude/recordings/try"),
        console: Console::sample(Nav::Apps),
        frame: AppFrame::sample(AppTab::Recordings),
        row: row("Maya Okafor"),
        before: (Pill::new(Tone::Ok, "Answered"), String::new()),
        after: (Pill::new(Tone::Bad, "Refused"), HOSTILE.into()),
        lines: vec![ComparedLine {
            name: HOSTILE.into(),
            before: HOSTILE.into(),
            after: String::new(),
            changed: true,
        }],
        checks: vec![check(HOSTILE)],
        messages: vec![message("Then"), message(HOSTILE)],
        is_draft: true,
        payload: vec![Hidden::new(HOSTILE, HOSTILE)],
        choices: vec![Choice::new(HOSTILE, HOSTILE)],
        chosen: HOSTILE.into(),
    }
}

pub(super) fn pages() -> Vec<(&'static str, String)> {
    let hostile = AppRecordings {
        console: Console::hostile(Nav::Apps),
        frame: AppFrame::hostile(AppTab::Recordings),
        errors: errors_on(&["recorder", "recorder_per_app", "recorder_days"]),
        rows: vec![row(HOSTILE)],
        kept: HOSTILE.into(),
        dropped: HOSTILE.into(),
        fields: RecorderFields { recorder: HOSTILE.into(), per_app: HOSTILE.into(), days: HOSTILE.into() },
        ..list()
    };
    let one = AppRecording {
        page: Page::sample("/admin/apps/amplitude/recordings/01J"),
        console: Console::sample(Nav::Apps),
        frame: AppFrame::sample(AppTab::Recordings),
        row: row(HOSTILE),
        facts: vec![("Person", HOSTILE.into())],
        checks: vec![check(HOSTILE)],
        messages: vec![message("Request"), message(HOSTILE)],
        too_large: true,
    };
    let set = AppSet {
        page: Page::sample("/admin/apps/amplitude/sets/1"),
        console: Console::sample(Nav::Apps),
        frame: AppFrame::sample(AppTab::SignOn),
        errors: errors_on(&["set_index", "set_name", "attribute_name"]),
        title: HOSTILE.into(),
        action: "/admin/apps/amplitude/sets/1".into(),
        is_stored: true,
        index: HOSTILE.into(),
        name: HOSTILE.into(),
        attributes: vec![AttributeRow {
            name: HOSTILE.into(),
            kind: "source".into(),
            only_for: Some(HOSTILE.into()),
            ..AttributeRow::default()
        }],
        sources: vec![HOSTILE.into()],
        conditions: vec![HOSTILE.into()],
    };
    let looking = AppSet {
        errors: Errors::none(),
        is_stored: false,
        conditions: Vec::new(),
        console: Console { may_manage: false, ..Console::sample(Nav::Apps) },
        ..set.clone()
    };
    vec![
        page("recordings", &list()),
        page("recordings-hostile", &hostile),
        page("recordings-none", &AppRecordings { rows: Vec::new(), is_on: false, ..list() }),
        page("recording", &one),
        page("replay-draft", &replay()),
        page("replay", &AppReplay { is_draft: false, lines: Vec::new(), messages: Vec::new(), ..replay() }),
        page("set", &set),
        page("set-looking", &looking),
    ]
}
