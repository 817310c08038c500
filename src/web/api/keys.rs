//! The issuer's keys over HTTP. Does not own their life (`service::issuer_keys`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    service::{
        ServiceError,
        issuer_keys::{self, IssuerKey, rotation},
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
};
use serde::{Deserialize, Serialize};

/// What every answer holds.
#[derive(Debug, Serialize)]
pub(super) struct Keys {
    keys: Vec<IssuerKey>,
}

/// What `rotate` takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateBody {
    /// `RS256`, `ES256` or `EdDSA`.
    alg: String,
    /// Whether the next key signs at once, and not in two days.
    #[serde(default)]
    at_once: bool,
}

/// `GET /api/v1/keys`
pub(super) async fn list(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
) -> Result<Json<Keys>, Problem> {
    answer(&ctx, issuer_keys::list(&ctx, &caller).await)
}

/// `POST /api/v1/keys/rotate`
pub(super) async fn rotate(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    body: Result<Json<RotateBody>, JsonRejection>,
) -> Result<Json<Keys>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let rotated = match rotation::named(&body.alg) {
        Some(algorithm) => rotation::rotate(&ctx, &caller, algorithm, body.at_once).await,
        None => Err(ServiceError::field("alg", "Write RS256, ES256 or EdDSA")),
    };
    answer(&ctx, rotated)
}

/// `POST /api/v1/keys/{kid}/retire`: the emergency.
pub(super) async fn retire(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(kid): Path<String>,
) -> Result<Json<Keys>, Problem> {
    answer(&ctx, rotation::retire(&ctx, &caller, &kid).await)
}

fn answer(ctx: &AppContext, keys: Result<Vec<IssuerKey>, ServiceError>) -> Result<Json<Keys>, Problem> {
    keys.map(|keys| Json(Keys { keys })).map_err(|error| Problem::of(ctx, error))
}
