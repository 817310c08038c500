//! The simulator over HTTP: what would happen to a person, and to a request. Does not own either (`service::simulator`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    domain::{app::App, connection::SamlConnection},
    service::{
        Caller, ServiceError, apps,
        organisation::{self, SamlEntry},
        simulator::{self, Judgement, Simulation},
        users,
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::Deserialize;

/// What `simulate` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SimulateBody {
    /// User name or e-mail.
    user: String,
    /// Unsaved settings: a `saml` block as in the organisation file.
    #[serde(default)]
    draft: Option<SamlEntry>,
}

/// What `judge` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JudgeBody {
    /// An address, a query, a form, a value of `SAMLRequest`, or XML.
    request: String,
    /// As in [`SimulateBody`].
    #[serde(default)]
    draft: Option<SamlEntry>,
}

/// `POST /api/v1/apps/{slug}/simulate`
pub(super) async fn simulate(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<SimulateBody>, JsonRejection>,
) -> Result<Json<Simulation>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let (app, draft) = app_and_draft(&ctx, &caller, &slug, body.draft).await?;
        let user = users::find(&ctx, &caller, &body.user).await?.ok_or(ServiceError::NotFound("person"))?;
        simulator::simulate(&ctx, &caller, &app, &user, draft).await
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/judge`
pub(super) async fn judge(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<JudgeBody>, JsonRejection>,
) -> Result<Json<Judgement>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let (app, draft) = app_and_draft(&ctx, &caller, &slug, body.draft).await?;
        simulator::judge(&ctx, &caller, &app, &body.request, draft)
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// The app of a slug, and the settings that a draft asks for.
pub(super) async fn app_and_draft(
    ctx: &AppContext,
    caller: &Caller,
    slug: &str,
    draft: Option<SamlEntry>,
) -> Result<(App, Option<SamlConnection>), ServiceError> {
    let app = apps::find(ctx, caller, slug).await?;
    let draft = match draft {
        Some(block) => Some(organisation::saml_draft(ctx, &app, block).map_err(ServiceError::Invalid)?),
        None => None,
    };
    Ok((app, draft))
}
