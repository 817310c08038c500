//! The keys for what an app encrypts for us, over HTTP. Does not own their life (`service::decryption_keys`).

use super::{bearer::Bearer, problem::Problem, simulate::app_and_draft};
use crate::{
    context::AppContext,
    domain::key::decryption::DecryptionKey,
    service::{ServiceError, decryption_keys},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One key without its private half.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    certificate: String,
    fingerprint: String,
    created_at: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

/// The keys of an app.
#[derive(Debug, Serialize)]
pub(super) struct List {
    keys: Vec<Shown>,
}

fn shown(key: DecryptionKey) -> Result<Shown, ServiceError> {
    Ok(Shown {
        id: key.id.to_string(),
        fingerprint: decryption_keys::fingerprint(&key)?,
        certificate: key.certificate,
        created_at: key.created_at,
        not_after: key.not_after,
    })
}

/// `GET /api/v1/apps/{slug}/decryption-keys`
pub(super) async fn list(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<Json<List>, Problem> {
    let run = async {
        let (app, _) = app_and_draft(&ctx, &caller, &slug, None).await?;
        let keys = decryption_keys::of_app(&ctx, &caller, &app).await?;
        Ok(List { keys: keys.into_iter().map(shown).collect::<Result<_, ServiceError>>()? })
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/decryption-keys`: makes one more.
pub(super) async fn make(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let run = async {
        let (app, _) = app_and_draft(&ctx, &caller, &slug, None).await?;
        decryption_keys::make(&ctx, &caller, &app).await.and_then(shown)
    };
    run.await.map(|key| (StatusCode::CREATED, Json(key))).map_err(|error| Problem::of(&ctx, error))
}

/// `DELETE /api/v1/apps/{slug}/decryption-keys/{id}`
pub(super) async fn remove(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let run = async {
        let (app, _) = app_and_draft(&ctx, &caller, &slug, None).await?;
        decryption_keys::remove(&ctx, &caller, &app, &id).await
    };
    run.await.map(|()| StatusCode::NO_CONTENT).map_err(|error| Problem::of(&ctx, error))
}
