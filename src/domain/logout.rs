//! A sign-out under way: which apps are told, how far each is, and how it ends. Does not own messages (`crates/saml`) or
//! ending sessions (`service::logout`).

use super::audit::InitiatedBy;
use crate::id::{AppId, LogoutId, SessionId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use saml::{
    NameId,
    logout::{LogoutReason, VerifiedLogoutRequest},
};
use serde::{Deserialize, Serialize};

/// How long a sign-out may go on: its page works for that long.
pub const LOGOUT_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// How long an app has the browser before the sign-out goes on without its answer (S-37).
pub const HOP_LIFETIME: TimeDelta = TimeDelta::seconds(30);
/// Most apps that are told in one sign-out; the others are named as still open.
pub const PARTICIPANTS_MAX: usize = 64;

/// A sign-out as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Logout {
    /// Stands in addresses; worthless without the browser's cookie.
    pub id: LogoutId,
    /// SHA-256 of the cookie of the browser that walks from app to app; `None` when there is none.
    pub browser_hash: Option<String>,
    /// How far it is.
    pub state: LogoutState,
    /// Counts changes, so that of two who go on at once only one does.
    pub version: i64,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// How far a sign-out is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogoutState {
    /// Who caused it, for the audit events.
    pub by: InitiatedBy,
    /// Whether an admin ended the sessions, and not the person.
    #[serde(default)]
    pub by_admin: bool,
    /// Where it ends.
    pub ending: Ending,
    /// The apps of the ended sessions, but for the one that asked.
    pub participants: Vec<Participant>,
}

/// Where a sign-out ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// On our page.
    Here,
    /// At a registered address of an OIDC client.
    Leave {
        /// The address, checked before.
        address: String,
    },
    /// With a LogoutResponse.
    Answer {
        /// The app that asked.
        app_id: AppId,
        /// What it asked.
        request: Box<VerifiedLogoutRequest>,
    },
}

/// An app with a part in the ended sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    /// The app.
    pub app_id: AppId,
    /// How a SAML app knows the person, as issued; `None` for an OIDC client.
    pub name_id: Option<NameId>,
    /// The sessions that an OIDC client was signed on in; empty for a SAML app.
    #[serde(default)]
    pub client_sessions: Vec<ClientSession>,
    /// The sessions as the app knows them.
    pub session_indexes: Vec<String>,
    /// Whether it was asked from server to server already, in vain.
    #[serde(default)]
    pub tried_back_channel: bool,
    /// How far it is.
    pub progress: Progress,
}

/// A session that an OIDC client was signed on in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSession {
    /// Whose.
    pub user_id: UserId,
    /// What `sid` in the client's ID tokens is made from.
    pub session_id: SessionId,
}

/// How far an app is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// Not asked yet.
    Waiting,
    /// The browser went there.
    Asked {
        /// The ID of our LogoutRequest.
        request_id: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It says that it ended its session.
    Confirmed {
        /// Whether it also says that apps behind it were not told.
        partly: bool,
    },
    /// It did not confirm.
    Failed {
        /// A stable code of why.
        code: String,
    },
    /// It did not take the token that says so, and is told again and again from the queue.
    Queued,
    /// It was loaded in an iframe, which gives no answer.
    Told,
    /// It has no way to be told.
    Untellable,
}

impl Participant {
    /// A SAML app that is to be told.
    pub fn saml(app_id: AppId, name_id: NameId, session_index: String) -> Self {
        Self {
            app_id,
            name_id: Some(name_id),
            client_sessions: Vec::new(),
            session_indexes: vec![session_index],
            tried_back_channel: false,
            progress: Progress::Waiting,
        }
    }

    /// An OIDC client that is to be told.
    pub fn oidc(app_id: AppId, session: ClientSession) -> Self {
        Self {
            app_id,
            name_id: None,
            client_sessions: vec![session],
            session_indexes: Vec::new(),
            tried_back_channel: false,
            progress: Progress::Waiting,
        }
    }

    /// Whether it is an OIDC client.
    pub fn is_client(&self) -> bool {
        !self.client_sessions.is_empty()
    }

    /// Notes that it did not confirm.
    pub fn fail(&mut self, code: &str) {
        self.progress = Progress::Failed { code: code.to_owned() };
    }

    /// Whether the person is signed out there for sure.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.progress, Progress::Confirmed { .. })
    }
}

/// Adds what an app was told: sessions under one name go into one message.
pub fn add_told(participants: &mut Vec<Participant>, app_id: AppId, name_id: NameId, session_index: String) {
    let same = |one: &&mut Participant| one.app_id == app_id && one.name_id.as_ref() == Some(&name_id);
    if let Some(known) = participants.iter_mut().find(same) {
        known.session_indexes.push(session_index);
        return;
    }
    let mut participant = Participant::saml(app_id, name_id, session_index);
    if participants.len() >= PARTICIPANTS_MAX {
        participant.progress = Progress::Untellable;
    }
    participants.push(participant);
}

/// Adds a session that an OIDC client was signed on in: each client is one participant.
pub fn add_client(participants: &mut Vec<Participant>, app_id: AppId, session: ClientSession) {
    if let Some(known) = participants.iter_mut().find(|one| one.app_id == app_id && one.is_client()) {
        if !known.client_sessions.contains(&session) {
            known.client_sessions.push(session);
        }
    } else if participants.len() < 2 * PARTICIPANTS_MAX {
        participants.push(Participant::oidc(app_id, session));
    }
}

impl LogoutState {
    /// A sign-out in which nobody is to be told yet.
    pub fn new(by: InitiatedBy, ending: Ending) -> Self {
        Self { by, by_admin: false, ending, participants: Vec::new() }
    }

    /// SAML Core §3.7.3: what apps are told as the reason.
    pub fn reason(&self) -> LogoutReason {
        if self.by_admin { LogoutReason::Admin } else { LogoutReason::User }
    }

    /// The next app that waits.
    pub fn next_waiting(&self) -> Option<usize> {
        self.participants.iter().position(|one| one.progress == Progress::Waiting)
    }

    /// The OIDC clients that wait for an iframe.
    pub fn waiting_clients(&self) -> Vec<usize> {
        let waits = |one: &Participant| one.is_client() && one.progress == Progress::Waiting;
        (0..self.participants.len()).filter(|index| waits(&self.participants[*index])).collect()
    }

    /// The app that has the browser.
    pub fn asked(&self) -> Option<usize> {
        self.participants.iter().position(|one| matches!(one.progress, Progress::Asked { .. }))
    }

    /// The app that was asked by this request.
    pub fn asked_by(&self, app: AppId, id: &str) -> Option<usize> {
        self.participants.iter().position(|one| {
            one.app_id == app
                && matches!(&one.progress, Progress::Asked { request_id, .. } if request_id == id)
        })
    }

    /// Gives up on apps that kept the browser too long (S-37); answers which.
    pub fn give_up(&mut self, now: DateTime<Utc>) -> Vec<usize> {
        let mut late = Vec::new();
        for (index, one) in self.participants.iter_mut().enumerate() {
            if matches!(one.progress, Progress::Asked { at, .. } if now >= at + HOP_LIFETIME) {
                one.fail("no_answer");
                late.push(index);
            }
        }
        late
    }

    /// SAML Core §3.7.3.2: whether every other app confirmed that it, and all behind it, ended its session.
    pub fn is_complete(&self) -> bool {
        self.participants.iter().all(|one| one.progress == Progress::Confirmed { partly: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};
    use saml::NameIdFormat;

    fn app(seed: u64) -> AppId {
        AppId::new(DateTime::UNIX_EPOCH, &mut StdRng::seed_from_u64(seed))
    }

    fn name(value: &str) -> NameId {
        NameId::new(NameIdFormat::Persistent, value)
    }

    fn state() -> LogoutState {
        LogoutState::new(InitiatedBy::anonymous(), Ending::Here)
    }

    #[test]
    fn sessions_under_one_name_are_told_together() {
        let mut all = Vec::new();
        for (seed, value, index) in [(1, "x", "_1"), (1, "x", "_2"), (1, "y", "_3"), (2, "x", "_4")] {
            add_told(&mut all, app(seed), name(value), index.to_owned());
        }
        let indexes: Vec<_> = all.iter().map(|one| one.session_indexes.join(" ")).collect();
        assert_eq!(indexes, ["_1 _2", "_3", "_4"]);
        for seed in 3..100 {
            add_told(&mut all, app(seed), name("x"), "_5".to_owned());
        }
        let waiting = all.iter().filter(|one| one.progress == Progress::Waiting).count();
        assert_eq!((waiting, all.len()), (PARTICIPANTS_MAX, 100), "the others are named, not told");
    }

    #[test]
    fn an_app_that_keeps_the_browser_is_given_up_after_its_time() {
        let now = DateTime::UNIX_EPOCH;
        let mut state = state();
        add_told(&mut state.participants, app(1), name("x"), "_1".into());
        state.participants[0].progress = Progress::Asked { request_id: "_r".into(), at: now };
        assert_eq!(state.asked_by(app(1), "_r"), Some(0));
        assert_eq!(state.asked_by(app(2), "_r"), None, "another app can't answer for it");
        assert_eq!(state.give_up(now + HOP_LIFETIME - TimeDelta::milliseconds(1)), [0; 0]);
        assert_eq!(state.give_up(now + HOP_LIFETIME), [0]);
        assert_eq!(state.asked(), None);
        assert!(!state.is_complete());
    }

    #[test]
    fn a_client_is_one_participant_with_all_its_sessions() {
        let session = |seed: u64| ClientSession {
            user_id: UserId::new(DateTime::UNIX_EPOCH, &mut StdRng::seed_from_u64(1)),
            session_id: SessionId::new(DateTime::UNIX_EPOCH, &mut StdRng::seed_from_u64(seed)),
        };
        let mut state = state();
        add_told(&mut state.participants, app(1), name("x"), "_1".into());
        for (client, seed) in [(1, 1), (2, 1), (2, 2), (2, 2)] {
            add_client(&mut state.participants, app(client), session(seed));
        }
        let sessions: Vec<_> = state.participants.iter().map(|one| one.client_sessions.len()).collect();
        assert_eq!(sessions, [0, 1, 2], "an app that was SAML before is told as both");
        assert_eq!(state.waiting_clients(), [1, 2]);
        state.participants[1].progress = Progress::Told;
        assert_eq!(state.waiting_clients(), [2]);
    }

    #[test]
    fn complete_means_that_everybody_confirmed() {
        let mut state = state();
        assert!(state.is_complete(), "nobody else was there");
        state.participants.push(Participant::saml(app(1), name("x"), "_1".into()));
        for (progress, complete) in [
            (Progress::Waiting, false),
            (Progress::Confirmed { partly: false }, true),
            (Progress::Confirmed { partly: true }, false),
            (Progress::Failed { code: "x".into() }, false),
            (Progress::Queued, false),
            (Progress::Told, false),
            (Progress::Untellable, false),
        ] {
            state.participants[0].progress = progress;
            assert_eq!(state.is_complete(), complete, "{state:?}");
        }
    }
}
