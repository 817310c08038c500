//! Keeping what was noted: joined, compressed, sealed, and written in batches, away from those who wait for a page.
//! Does not own when (`jobs`).

use super::{
    body::{Answer, Body, KeptRequest, Refusal},
    queue::{FlowName, Note, What},
};
use crate::{
    context::AppContext,
    domain::recording::{Protocol, Recording, RecordingOutcome},
    id::{AppId, RecordingId},
    keyring::{Aad, Keyring},
    service::ServiceError,
    store::{self, Written},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::collections::BTreeMap;

/// Rows of one write: others must get their turn in between.
const ROWS: usize = 32;

/// A sign-on on its way into the database.
struct Draft {
    recording: Recording,
    body: Body,
    /// How many of its app and outcome are kept.
    keep: u32,
}

/// Keeps what waits; answers how many sign-ons were written. What can't be written is dropped and counted: a database that is
/// away must not fill the memory.
pub async fn flush(ctx: &AppContext) -> Result<usize, ServiceError> {
    let notes = ctx.recorder().take();
    if notes.is_empty() {
        return Ok(0);
    }
    let taken = notes.len();
    let kept = write(ctx, notes).await;
    if kept.is_err() {
        ctx.recorder().count_dropped(taken);
    }
    kept
}

async fn write(ctx: &AppContext, notes: Vec<Note>) -> Result<usize, ServiceError> {
    let mut drafts = youngest(joined(ctx, notes));
    for draft in &mut drafts {
        find_beginning(ctx, draft).await?;
    }
    let keyring = ctx.keyring.clone();
    let sealed = tokio::task::spawn_blocking(move || {
        let one = |draft: Draft| Ok((i64::from(draft.keep), seal(&keyring, draft)?));
        drafts.into_iter().map(one).collect::<Result<Vec<_>, ServiceError>>()
    })
    .await
    .map_err(ServiceError::internal)??;
    let mut kept = 0;
    for rows in sealed.chunks(ROWS) {
        let rows = rows.to_vec();
        kept += ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let mut kept = 0;
                    let mut apps = BTreeMap::new();
                    for (keep, row) in &rows {
                        kept += usize::from(store::recordings::put(tx, row).await?);
                        apps.insert(row.app_id, *keep);
                    }
                    for (app, keep) in apps {
                        store::recordings::trim(tx, app, keep).await?;
                    }
                    Ok::<_, ServiceError>(Written::unaudited(kept))
                })
            })
            .await?;
    }
    Ok(kept)
}

/// One draft a sign-on: an end joins the beginning that was noted in the same batch.
fn joined(ctx: &AppContext, notes: Vec<Note>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for note in notes {
        let key = note.flow.as_ref().map(|flow| flow_key(ctx, note.app, flow));
        let keep = note.keep.unwrap_or(ctx.config.flight_recorder.per_app);
        let is_end = !matches!(note.what, What::Came(_));
        let beginning = drafts.iter_mut().rev().find(|draft| {
            is_end
                && key.is_some()
                && draft.recording.flow_key == key
                && draft.recording.outcome == RecordingOutcome::Began
        });
        if let Some(draft) = beginning {
            draft.end(note);
            draft.keep = keep;
        } else {
            let id = RecordingId::new(note.at, &mut ctx.rng());
            drafts.push(Draft { keep, ..Draft::of(note, id, key) });
        }
    }
    drafts
}

/// Only as many of each app and outcome as would be kept.
fn youngest(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut seen: BTreeMap<(AppId, &'static str), u32> = BTreeMap::new();
    let mut left: Vec<Draft> = drafts
        .into_iter()
        .rev()
        .filter(|draft| {
            let count = seen.entry((draft.recording.app_id, draft.recording.outcome.as_str())).or_default();
            *count += 1;
            *count <= draft.keep
        })
        .collect();
    left.reverse();
    left
}

/// A code under the master key, so that the database doesn't tell which request it was.
fn flow_key(ctx: &AppContext, app: AppId, flow: &FlowName) -> String {
    let name = format!("{app} {} {}", flow.began_at.timestamp_millis(), flow.request_id);
    URL_SAFE_NO_PAD.encode(ctx.keyring.mac("recordings", name.as_bytes()))
}

/// An end whose beginning is in the database takes its place.
async fn find_beginning(ctx: &AppContext, draft: &mut Draft) -> Result<(), ServiceError> {
    let recording = &draft.recording;
    let (Some(key), true) =
        (&recording.flow_key, recording.outcome != RecordingOutcome::Began && draft.body.request.is_none())
    else {
        return Ok(());
    };
    let mut conn = ctx.db.read().await?;
    let Some(begun) = store::recordings::begun(&mut conn, recording.app_id, key).await? else {
        return Ok(());
    };
    match open(&ctx.keyring, &begun) {
        Ok(body) => {
            draft.body.request = body.request;
            draft.body.too_large |= body.too_large;
        }
        // Its master key may be gone; what is known of the end is kept all the same.
        Err(error) => {
            tracing::warn!(%error, recording = %begun.id, "the beginning of a recording can't be opened");
        }
    }
    draft.recording.id = begun.id;
    draft.recording.recorded_at = begun.recorded_at;
    Ok(())
}

/// What a recording holds under its seal.
pub(super) fn open(keyring: &Keyring, recording: &Recording) -> Result<Body, ServiceError> {
    let row = recording.id.to_string();
    let packed = keyring.open(&place(&row), &recording.sealed).map_err(ServiceError::internal)?;
    Body::unpack(packed.expose())
}

fn seal(keyring: &Keyring, draft: Draft) -> Result<Recording, ServiceError> {
    let Draft { mut recording, body, .. } = draft;
    let row = recording.id.to_string();
    recording.sealed = keyring.seal(&place(&row), &body.pack()?).map_err(ServiceError::internal)?;
    Ok(recording)
}

fn place(row: &str) -> Aad<'_> {
    Aad { table: "recordings", column: "sealed", row }
}

impl Draft {
    fn of(note: Note, id: RecordingId, flow_key: Option<String>) -> Self {
        let mut draft = Self {
            recording: Recording {
                id,
                app_id: note.app,
                user_id: None,
                protocol: Protocol::Saml,
                outcome: RecordingOutcome::Began,
                code: None,
                settings_version: note.settings_version,
                flow_key,
                recorded_at: note.at,
                sealed: String::new(),
            },
            body: Body::default(),
            keep: 0,
        };
        draft.end(note);
        draft
    }

    /// Adds what a note says.
    fn end(&mut self, note: Note) {
        self.recording.settings_version = note.settings_version;
        self.recording.user_id = note.user.or(self.recording.user_id);
        match note.what {
            What::Came(request) => self.body.request = Some(KeptRequest::of(request)),
            What::Issued { response, assertion } => {
                self.recording.outcome = RecordingOutcome::Issued;
                self.body.answer = Some(Answer::of(&response, assertion.as_deref(), note.at));
            }
            What::Refused { request, check, code, words } => {
                self.recording.outcome = RecordingOutcome::Refused;
                self.recording.code = Some(code.clone());
                self.body.request = request.map(KeptRequest::of).or_else(|| self.body.request.take());
                self.body.refusal = Some(Refusal { code, words, check: check.map(str::to_owned) });
            }
        }
    }
}
