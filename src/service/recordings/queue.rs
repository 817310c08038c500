//! Sign-ons as they are noted while somebody waits: in memory, moved and not copied, never for long. Does not own keeping them
//! (`keep`): a job does, every few seconds.

use crate::{
    config::FlightRecorderConfig,
    domain::{app::App, sign_on::SignOnRequest},
    id::{AppId, UserId},
};
use chrono::{DateTime, Utc};
use saml::{Binding, IssuedResponse, UnverifiedAuthnRequest, VerifiedAuthnRequest};
use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Most notes that wait.
const NOTES_MAX: usize = 512;
/// Most bytes of messages that wait.
const BYTES_MAX: usize = 8 << 20;
/// Most of a request that could not be decoded.
const RAW_MAX: usize = 32 * 1024;

/// Where sign-ons are noted. When more come than are kept in time, the oldest notes are dropped and counted.
pub struct Recorder {
    is_on: bool,
    queue: Mutex<Queue>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Note>,
    bytes: usize,
}

/// What happened to a sign-on at one moment.
pub(in crate::service) struct Note {
    pub(super) app: AppId,
    pub(super) settings_version: i64,
    /// How many of the app are kept; none: as many as of any app.
    pub(super) keep: Option<u32>,
    pub(super) at: DateTime<Utc>,
    pub(super) user: Option<UserId>,
    /// The request it belongs to.
    pub(super) flow: Option<FlowName>,
    pub(super) what: What,
}

/// Tells one pass through sign-on from another, also when it ends later and on another node.
pub(super) struct FlowName {
    pub(super) began_at: DateTime<Utc>,
    pub(super) request_id: String,
}

/// What happened.
pub(super) enum What {
    /// A request came and passed every check.
    Came(Request),
    /// The app was answered.
    Issued { response: String, assertion: Option<String> },
    /// It was refused, by a check of the request or later.
    Refused { request: Option<Request>, check: Option<&'static str>, code: String, words: String },
}

/// A request as it came.
pub(in crate::service) struct Request {
    pub(super) binding: Binding,
    pub(super) signed: bool,
    pub(super) relay_state_bytes: Option<usize>,
    pub(super) content: Content,
}

/// Its content.
pub(super) enum Content {
    /// The message.
    Xml(Vec<u8>),
    /// The query or the form that no message could be taken from.
    Raw(String),
}

impl Request {
    /// A request that could be read.
    pub(in crate::service) fn read(request: UnverifiedAuthnRequest) -> Self {
        Self {
            binding: request.binding(),
            signed: request.is_signed(),
            relay_state_bytes: request.relay_state().map(|state| state.as_str().len()),
            content: Content::Xml(request.into_xml()),
        }
    }

    /// One that could not, from its query or form.
    pub(in crate::service) fn unread(binding: Binding, raw: &str) -> Self {
        let end = raw.floor_char_boundary(RAW_MAX);
        let content = Content::Raw(raw[..end].to_owned());
        Self { binding, signed: false, relay_state_bytes: None, content }
    }

    fn bytes(&self) -> usize {
        match &self.content {
            Content::Xml(xml) => xml.len(),
            Content::Raw(raw) => raw.len(),
        }
    }
}

impl Note {
    /// A request came and passed every check.
    pub(in crate::service) fn came(
        app: &App,
        began_at: DateTime<Utc>,
        verified: &VerifiedAuthnRequest,
        request: UnverifiedAuthnRequest,
    ) -> Self {
        let flow = FlowName { began_at, request_id: verified.id().to_owned() };
        Self { flow: Some(flow), ..Self::new(app, began_at, None, What::Came(Request::read(request))) }
    }

    /// A request came and was refused at once.
    pub(in crate::service) fn refused_request(
        app: &App,
        at: DateTime<Utc>,
        user: Option<UserId>,
        request: Option<Request>,
        error: &saml::RequestError,
    ) -> Self {
        let what = What::Refused {
            request,
            check: Some(error.check()),
            code: format!("saml_{}", error.check()),
            words: error.detail().to_owned(),
        };
        Self::new(app, at, user, what)
    }

    /// A sign-on under way was refused.
    pub(in crate::service) fn refused(
        (app, request, began_at): (&App, &SignOnRequest, DateTime<Utc>),
        at: DateTime<Utc>,
        user: Option<UserId>,
        code: &str,
        words: &str,
    ) -> Self {
        let what =
            What::Refused { request: None, check: None, code: code.to_owned(), words: words.to_owned() };
        Self { flow: flow_name(request, began_at), ..Self::new(app, at, user, what) }
    }

    /// The app was answered.
    pub(in crate::service) fn issued(
        (app, request, began_at): (&App, &SignOnRequest, DateTime<Utc>),
        at: DateTime<Utc>,
        user: UserId,
        issued: IssuedResponse,
    ) -> Self {
        let what = What::Issued { response: issued.xml, assertion: issued.plain_assertion };
        Self { flow: flow_name(request, began_at), ..Self::new(app, at, Some(user), what) }
    }

    fn new(app: &App, at: DateTime<Utc>, user: Option<UserId>, what: What) -> Self {
        let keep = app.connection.saml().and_then(|saml| saml.recorder).map(|recorder| recorder.per_app);
        Self { app: app.id, settings_version: app.version, keep, at, user, flow: None, what }
    }

    fn bytes(&self) -> usize {
        match &self.what {
            What::Came(request) => request.bytes(),
            What::Issued { response, assertion } => response.len() + assertion.as_deref().map_or(0, str::len),
            What::Refused { request, words, .. } => words.len() + request.as_ref().map_or(0, Request::bytes),
        }
    }
}

fn flow_name(request: &SignOnRequest, began_at: DateTime<Utc>) -> Option<FlowName> {
    match request {
        SignOnRequest::Saml(request) => Some(FlowName { began_at, request_id: request.id().to_owned() }),
        SignOnRequest::Oidc(_) | SignOnRequest::Launch { .. } => None,
    }
}

impl Recorder {
    /// An empty one.
    pub fn new(config: &FlightRecorderConfig) -> Self {
        Self { is_on: config.per_app > 0, queue: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    /// Whether sign-ons are kept at all.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// How many notes were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Notes what `note` makes, if sign-ons are kept.
    pub(in crate::service) fn note(&self, note: impl FnOnce() -> Note) {
        if !self.is_on {
            return;
        }
        let note = note();
        if note.keep == Some(0) {
            return;
        }
        let mut over = Vec::new();
        {
            // Poisoned or not, the queue holds whole notes only.
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.bytes += note.bytes();
            queue.waiting.push_back(note);
            while queue.waiting.len() > NOTES_MAX || queue.bytes > BYTES_MAX {
                let Some(oldest) = queue.waiting.pop_front() else { break };
                queue.bytes -= oldest.bytes();
                over.push(oldest);
            }
        }
        self.count_dropped(over.len());
    }

    /// Counts notes that are lost.
    pub(super) fn count_dropped(&self, notes: usize) {
        self.dropped.fetch_add(notes as u64, Ordering::Relaxed);
    }

    /// Takes everything that waits, oldest first.
    pub(super) fn take(&self) -> Vec<Note> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *queue);
        taken.waiting.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(words: usize) -> Note {
        let what = What::Refused {
            request: None,
            check: None,
            code: "not_assigned".into(),
            words: "x".repeat(words),
        };
        let now = DateTime::from_timestamp(0, 0).expect("in range");
        let app = AppId::new(now, &mut <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(1));
        Note { app, settings_version: 1, keep: None, at: now, user: None, flow: None, what }
    }

    #[test]
    fn the_oldest_notes_are_dropped_and_counted_when_too_many_or_too_large() {
        let recorder = Recorder::new(&FlightRecorderConfig::default());
        for _ in 0..NOTES_MAX + 3 {
            recorder.note(|| note(1));
        }
        assert_eq!((recorder.take().len(), recorder.dropped()), (NOTES_MAX, 3));
        for size in [BYTES_MAX / 2, BYTES_MAX / 2, 1] {
            recorder.note(|| note(size));
        }
        let left: Vec<usize> = recorder.take().iter().map(Note::bytes).collect();
        assert_eq!((left, recorder.dropped()), (vec![BYTES_MAX / 2, 1], 4), "the first had to go");
        assert!(recorder.take().is_empty());
        recorder.note(|| note(BYTES_MAX + 1));
        assert_eq!((recorder.take().len(), recorder.dropped()), (0, 5), "one alone may be too large");
    }

    #[test]
    fn an_app_that_keeps_none_is_passed_over() {
        let recorder = Recorder::new(&FlightRecorderConfig::default());
        recorder.note(|| Note { keep: Some(0), ..note(1) });
        recorder.note(|| Note { keep: Some(1), ..note(1) });
        assert_eq!((recorder.take().len(), recorder.dropped()), (1, 0));
    }

    #[test]
    fn switched_off_nothing_is_even_made() {
        let off = Recorder::new(&FlightRecorderConfig { per_app: 0, ..FlightRecorderConfig::default() });
        off.note(|| unreachable!("nobody asks for it"));
        assert!(!off.is_on() && off.take().is_empty());
    }
}
