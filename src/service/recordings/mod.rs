//! The flight recorder: the last real sign-ons of each app, kept so that an admin can see what was asked and answered, and try
//! other settings on it. What is kept holds personal data: it is sealed, few may read it, and each reading is told.
//! Does not own sign-on (`sign_on`), which only notes what happens.

mod body;
mod facts;
mod keep;
mod queue;
mod replay;

pub use body::{Answer, KeptRequest, Refusal};
pub use facts::{Difference, Line};
pub use keep::flush;
pub use queue::Recorder;
pub(in crate::service) use queue::{Note, Request};
pub use replay::{Replay, Side, replay};

use super::{
    Caller, ServiceError, apps,
    simulator::{Check, lines_of},
};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        audit::EventType,
        connection::{Connection, SamlConnection},
        permission::Permission,
        recording::{Protocol, RecorderSettings, Recording, RecordingOutcome},
    },
    id::RecordingId,
    store::{self, Written},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Most recordings of one list.
const LISTED: i64 = 1500;

/// A recording without what is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// When the request came, or the tile was opened.
    pub recorded_at: DateTime<Utc>,
    /// By which protocol.
    pub protocol: Protocol,
    /// How far it came.
    pub outcome: RecordingOutcome,
    /// Why it was refused, as the audit event has it.
    pub code: Option<String>,
    /// Who was signed in.
    pub user_id: Option<String>,
    /// The version of the app's settings that it met.
    pub settings_version: i64,
}

/// The recordings of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// Whether sign-ons are kept at all.
    pub recording: bool,
    /// How many of each outcome are kept of this app; 0: none.
    pub per_app: u32,
    /// For how many days.
    pub retention_days: u32,
    /// How many sign-ons this server dropped since its start, because too many came at once.
    pub dropped: u64,
    /// Youngest first.
    pub recordings: Vec<Summary>,
}

/// One recording, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What it is.
    #[serde(flatten)]
    pub summary: Summary,
    /// What the app asked; none for a tile.
    pub request: Option<KeptRequest>,
    /// Every check of the request, as it went then; empty for a tile.
    pub checks: Vec<Check>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// What the app was answered.
    pub answer: Option<Answer>,
    /// Whether messages were too large to be kept.
    pub too_large: bool,
}

impl From<&Recording> for Summary {
    fn from(recording: &Recording) -> Self {
        Self {
            id: recording.id.to_string(),
            recorded_at: recording.recorded_at,
            protocol: recording.protocol,
            outcome: recording.outcome,
            code: recording.code.clone(),
            user_id: recording.user_id.map(|user| user.to_string()),
            settings_version: recording.settings_version,
        }
    }
}

/// What is kept of an app's sign-ons: how many of each outcome, and for how many days; none when nothing is.
pub fn kept(ctx: &AppContext, app: &App) -> Option<RecorderSettings> {
    let saml = app.connection.saml()?;
    let server = &ctx.config.flight_recorder;
    let of_server = RecorderSettings { per_app: server.per_app, days: server.retention_days };
    let wanted = saml.recorder.unwrap_or(of_server);
    let kept = RecorderSettings { days: wanted.days.min(of_server.days), ..wanted };
    (server.per_app > 0 && kept.per_app > 0).then_some(kept)
}

/// Changes how much is kept of an app; what is over goes in the same write. `version` is the one the form was filled from.
///
/// # Errors
/// The caller manages no apps, it is no SAML app, the numbers are out of bounds, or somebody saved meanwhile.
pub async fn configure(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    wanted: Option<RecorderSettings>,
) -> Result<App, ServiceError> {
    let saml = app.connection.saml().ok_or(ServiceError::NotFound("SAML app"))?;
    let connection = Connection::Saml(Box::new(SamlConnection { recorder: wanted, ..saml.clone() }));
    let draft = AppDraft { connection, ..AppDraft::of(app) };
    apps::update(ctx, caller, app.clone(), app.version, draft).await
}

/// The last sign-ons of an app.
///
/// # Errors
/// The caller manages no apps.
pub async fn list(ctx: &AppContext, caller: &Caller, app: &App) -> Result<List, ServiceError> {
    caller.require(Permission::Manage)?;
    let recordings = store::recordings::of_app(&mut ctx.db.read().await?, app.id, LISTED).await?;
    let kept = kept(ctx, app);
    Ok(List {
        recording: kept.is_some(),
        per_app: kept.map(|kept| kept.per_app).unwrap_or_default(),
        retention_days: kept.map(|kept| kept.days).unwrap_or_default(),
        dropped: ctx.recorder().dropped(),
        recordings: recordings.iter().map(Summary::from).collect(),
    })
}

/// One of them, opened; an audit event says so.
///
/// # Errors
/// The caller manages no apps, there is no such recording, or its seal can't be opened.
pub async fn read(ctx: &AppContext, caller: &Caller, app: &App, id: &str) -> Result<Detail, ServiceError> {
    let (recording, body) = opened(ctx, caller, app, id, false).await?;
    let failed =
        body.refusal.as_ref().and_then(|refusal| Some((refusal.check.as_deref()?, refusal.words.as_str())));
    Ok(Detail {
        summary: Summary::from(&recording),
        checks: if body.request.is_some() { lines_of(failed) } else { Vec::new() },
        request: body.request,
        refusal: body.refusal,
        answer: body.answer,
        too_large: body.too_large,
    })
}

/// Opens a recording for a caller, and says so.
async fn opened(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    id: &str,
    replayed: bool,
) -> Result<(Recording, body::Body), ServiceError> {
    const WHAT: &str = "recording";
    caller.require(Permission::Manage)?;
    let id: RecordingId = id.parse().map_err(|_| ServiceError::NotFound(WHAT))?;
    let found = store::recordings::get(&mut ctx.db.read().await?, app.id, id).await?;
    let recording = found.ok_or(ServiceError::NotFound(WHAT))?;
    let body = keep::open(&ctx.keyring, &recording)?;
    let mut event = caller
        .event(ctx, EventType::RecordingRead)
        .at(app)
        .on(WHAT, id, &app.label)
        .detail("replayed", if replayed { "true" } else { "false" });
    if let Some(user) = recording.user_id {
        event = event.detail("user_id", user.to_string());
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await?;
    Ok((recording, body))
}
