//! The flight recorder over HTTP. Does not own what is kept (`service::recordings`).

use super::{bearer::Bearer, problem::Problem, simulate::app_and_draft};
use crate::{
    context::AppContext,
    service::{
        organisation::SamlEntry,
        recordings::{self, Detail, List, Replay},
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::Deserialize;

/// What `replay` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// Unsaved settings: a `saml` block as in the organisation file. Without it, the saved ones count.
    #[serde(default)]
    draft: Option<SamlEntry>,
}

/// `GET /api/v1/apps/{slug}/recordings`
pub(super) async fn list(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<Json<List>, Problem> {
    let run = async {
        let (app, _) = app_and_draft(&ctx, &caller, &slug, None).await?;
        recordings::list(&ctx, &caller, &app).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `GET /api/v1/apps/{slug}/recordings/{id}`
pub(super) async fn read(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Detail>, Problem> {
    let run = async {
        let (app, _) = app_and_draft(&ctx, &caller, &slug, None).await?;
        recordings::read(&ctx, &caller, &app, &id).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/recordings/{id}/replay`
pub(super) async fn replay(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, id)): Path<(String, String)>,
    body: Result<Json<ReplayBody>, JsonRejection>,
) -> Result<Json<Replay>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let (app, draft) = app_and_draft(&ctx, &caller, &slug, body.draft).await?;
        recordings::replay(&ctx, &caller, &app, &id, draft).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}
