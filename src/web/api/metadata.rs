//! Metadata by address over HTTP: how fetching goes, what waits; fetching, approving, dismissing. Does not own any of it
//! (`service::sp_metadata`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    domain::{app::App, sp_metadata::Trouble},
    service::{
        Caller, ServiceError, apps,
        sp_metadata::{self, Refreshed},
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is known.
#[derive(Serialize)]
pub(super) struct Status {
    /// The last try.
    tried_at: Option<DateTime<Utc>>,
    /// The last success.
    fetched_at: Option<DateTime<Utc>>,
    /// The next try.
    due_at: DateTime<Utc>,
    /// Whether the signature of the source was verified.
    verified: bool,
    /// Until when the document is valid.
    valid_until: Option<DateTime<Utc>>,
    /// Why the last try failed.
    trouble: Option<Trouble>,
    /// What waits for approval.
    waiting: Option<Waiting>,
}

/// Changes that wait.
#[derive(Serialize)]
struct Waiting {
    /// What exactly would be approved.
    digest: String,
    /// Setting by setting.
    rows: Vec<Row>,
}

/// One setting.
#[derive(Serialize)]
struct Row {
    field: &'static str,
    now: String,
    from_metadata: String,
    changes: bool,
}

/// What to do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "action")]
pub(super) enum Act {
    /// Fetch it now.
    Fetch {},
    /// Set what waits.
    Approve {
        /// As it was shown.
        digest: String,
    },
    /// Leave the settings as they are.
    Dismiss {
        /// As it was shown.
        digest: String,
    },
}

/// `GET /api/v1/apps/{slug}/metadata`
pub(super) async fn show(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<Json<Status>, Problem> {
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        status(&ctx, &caller, &app).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/metadata`
pub(super) async fn act(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<Act>, JsonRejection>,
) -> Result<Json<Status>, Problem> {
    let Json(act) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let mut app = apps::find(&ctx, &caller, &slug).await?;
        match act {
            Act::Fetch {} => {
                let outcome = sp_metadata::refresh_now(&ctx, &caller, app.id).await?;
                // How it went is in the answer; only that somebody else is at it is not.
                if outcome == Refreshed::Busy && sp_metadata::look(&ctx, &caller, &app).await?.is_some() {
                    return Err(ServiceError::Busy);
                }
            }
            Act::Approve { digest } => {
                app = sp_metadata::approve(&ctx, &caller, &app, app.version, &digest).await?;
            }
            Act::Dismiss { digest } => sp_metadata::dismiss(&ctx, &caller, &app, &digest).await?,
        }
        status(&ctx, &caller, &app).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

async fn status(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Status, ServiceError> {
    let known =
        sp_metadata::look(ctx, caller, app).await?.ok_or(ServiceError::NotFound("metadata source"))?;
    let waiting = sp_metadata::pending(ctx, app, &known).await?.map(|pending| Waiting {
        digest: pending.digest,
        rows: pending
            .rows
            .into_iter()
            .map(|row| Row {
                field: row.field,
                now: row.now,
                from_metadata: row.from_metadata,
                changes: row.changes,
            })
            .collect(),
    });
    Ok(Status {
        tried_at: known.progress.tried_at,
        fetched_at: known.progress.fetched_at,
        due_at: known.due_at,
        verified: known.progress.verified,
        valid_until: known.progress.valid_until,
        trouble: known.progress.trouble,
        waiting,
    })
}
