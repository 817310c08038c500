//! The secrets of a client over HTTP: what is known about them, and each new one once. Does not own their life
//! (`service::client_secrets`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    id::ClientSecretId,
    service::{
        ServiceError, apps,
        client_secrets::{self, ClientSecret},
    },
};
use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// One secret, without the secret (W-20).
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    /// Its last characters.
    ends_in: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    active: bool,
}

/// The secrets of an app.
#[derive(Debug, Serialize)]
pub(super) struct List {
    secrets: Vec<Shown>,
}

/// A new secret; this answer is the only one that holds it.
#[derive(Serialize)]
pub(super) struct Made {
    client_secret: String,
    #[serde(flatten)]
    shown: Shown,
}

/// What making one takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MakeBody {
    /// For how many hours the one before goes on, 0 to 720; 24 unless said otherwise.
    #[serde(default)]
    old_ends_after_hours: Option<u32>,
    /// Where two are valid already: that the older one may end now.
    #[serde(default)]
    end_older: bool,
}

/// What setting an end takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpireBody {
    /// After how many hours, 0 to 720.
    after_hours: u32,
}

fn shown(secret: ClientSecret, now: DateTime<Utc>) -> Shown {
    Shown {
        id: secret.id.to_string(),
        ends_in: secret.hint,
        created_at: secret.created_at,
        expires_at: secret.expires_at,
        last_used_at: secret.last_used_at,
        active: secret.expires_at.is_none_or(|end| now < end),
    }
}

fn id(text: &str) -> Result<ClientSecretId, ServiceError> {
    text.parse().map_err(|_| ServiceError::NotFound("client secret"))
}

fn hours(count: u32) -> TimeDelta {
    TimeDelta::hours(i64::from(count))
}

/// `GET /api/v1/apps/{slug}/client-secrets`
pub(super) async fn list(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
) -> Result<Json<List>, Problem> {
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        let secrets = client_secrets::of_app(&ctx, &caller, &app).await?;
        Ok(List { secrets: secrets.into_iter().map(|secret| shown(secret, ctx.now())).collect() })
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/client-secrets`: makes one more; the one before goes on for a while.
pub(super) async fn make(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path(slug): Path<String>,
    body: Result<Json<MakeBody>, JsonRejection>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        let overlap = body.old_ends_after_hours.map_or(client_secrets::OVERLAP, hours);
        let (secret, plain) = client_secrets::rotate(&ctx, &caller, &app, overlap, body.end_older).await?;
        Ok(Made { client_secret: plain, shown: shown(secret, ctx.now()) })
    };
    run.await.map(|made| (StatusCode::CREATED, Json(made))).map_err(|error| Problem::of(&ctx, error))
}

/// `POST /api/v1/apps/{slug}/client-secrets/{id}/expire`
pub(super) async fn expire(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, secret)): Path<(String, String)>,
    body: Result<Json<ExpireBody>, JsonRejection>,
) -> Result<Json<Shown>, Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        let after = hours(body.after_hours);
        let secret = client_secrets::expire(&ctx, &caller, &app, id(&secret)?, after).await?;
        Ok(shown(secret, ctx.now()))
    };
    run.await.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// `DELETE /api/v1/apps/{slug}/client-secrets/{id}`
pub(super) async fn remove(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    Path((slug, secret)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let run = async {
        let app = apps::find(&ctx, &caller, &slug).await?;
        client_secrets::withdraw(&ctx, &caller, &app, id(&secret)?).await
    };
    run.await.map(|()| StatusCode::NO_CONTENT).map_err(|error| Problem::of(&ctx, error))
}
