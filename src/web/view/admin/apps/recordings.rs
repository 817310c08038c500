//! The sign-ons that were recorded at a SAML app: the list and how much is kept, one of them, and one beside other settings.
//!
//! Does not open or compare them; the handler passes words.

use askama::Template;

use super::super::super::form::{Choice, Errors, Hidden};
use super::super::super::list::Pager;
use super::super::super::{Page, Person, Pill, Tone, ui};
use super::super::Console;
use super::AppFrame;

/// Values of `recorder`.
pub const RECORDER: &[(&str, &str)] =
    &[("server", "As the server keeps"), ("own", "As many as below"), ("off", "None")];

/// One recorded sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingRow {
    /// Its page.
    pub href: String,
    /// When, such as "12 min ago, 10:04".
    pub when: String,
    /// The same for machines.
    pub instant: String,
    /// How far it came.
    pub outcome: Pill,
    /// Who was signed in.
    pub person: Option<Person>,
    /// Why it was refused; may be empty.
    pub why: String,
}

/// What was typed into the form of how much is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecorderFields {
    /// One of [`RECORDER`].
    pub recorder: String,
    /// How many of each outcome.
    pub per_app: String,
    /// For how many days.
    pub days: String,
}

/// `GET /admin/apps/{slug}/recordings`. Posts [`RecorderFields`] as `recorder`, `recorder_per_app` and `recorder_days` to the same path.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/recordings.html")]
pub struct AppRecordings {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What to put right.
    pub errors: Errors,
    /// This page of the list, youngest first.
    pub rows: Vec<RecordingRow>,
    /// Where the page is in the list.
    pub pager: Pager,
    /// What is kept now, as a sentence.
    pub kept: String,
    /// What the server keeps of every app, as a sentence.
    pub server: String,
    /// Whether the server keeps any.
    pub is_on: bool,
    /// Sign-ons that were lost because too many came at once, as a sentence; empty when none were.
    pub dropped: String,
    /// What was typed or is stored.
    pub fields: RecorderFields,
}

/// One check of a request or of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// How it went.
    pub tone: Tone,
    /// The same in a word, for screen readers.
    pub word: &'static str,
    /// What was found.
    pub words: String,
}

/// A message, to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is, such as "Response".
    pub title: String,
    /// The XML, an element a line.
    pub xml: String,
}

/// `GET /admin/apps/{slug}/recordings/{id}`. Posts nothing but the token to the same path: then it is replayed.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/recording.html")]
pub struct AppRecording {
    /// Common to all pages.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// What it is.
    pub row: RecordingRow,
    /// Label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Every check of the request; empty for a tile.
    pub checks: Vec<CheckLine>,
    /// What the app asked, and what it was answered.
    pub messages: Vec<Message>,
    /// Whether messages were too large to be kept.
    pub too_large: bool,
}

/// One line of what a response says, then and with other settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedLine {
    /// What it is, such as "Attribute email".
    pub name: String,
    /// As it was, one value a line; may be empty.
    pub before: String,
    /// As it would be.
    pub after: String,
    /// Whether they differ.
    pub changed: bool,
}

/// The answer to `POST …/recordings/{id}` and `POST …/recordings/try`: a recorded sign-on with other settings.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/apps/replay.html")]
pub struct AppReplay {
    /// Common to all pages; `version` is that of the form the settings were typed into.
    pub page: Page,
    /// The console's frame.
    pub console: Console,
    /// The app.
    pub frame: AppFrame,
    /// The recording.
    pub row: RecordingRow,
    /// How it ended, and why.
    pub before: (Pill, String),
    /// How it would end, and why.
    pub after: (Pill, String),
    /// What the response says, what changes first.
    pub lines: Vec<ComparedLine>,
    /// Every check with these settings.
    pub checks: Vec<CheckLine>,
    /// The assertion of then and the one of these settings, as far as there are any.
    pub messages: Vec<Message>,
    /// Whether the settings are unsaved ones of the form.
    pub is_draft: bool,
    /// The form they were typed into, to be sent again.
    pub payload: Vec<Hidden>,
    /// Recordings to choose from, for a draft.
    pub choices: Vec<Choice>,
    /// The chosen one.
    pub chosen: String,
}

impl AppReplay {
    fn changes_line(&self) -> String {
        match self.lines.iter().filter(|line| line.changed).count() {
            0 if self.lines.is_empty() => "There is no answer to compare.".to_owned(),
            0 => "The app would be told the same.".to_owned(),
            1 => "One thing would change.".to_owned(),
            count => format!("{count} things would change."),
        }
    }
}
