//! The organisation file over HTTP. Does not own what it means (`service::organisation`).

use super::{bearer::Bearer, problem::Problem};
use crate::{
    context::AppContext,
    service::organisation::{self, Applied, ApplyOptions, Document, Notation, Secrets},
    web::extract::media_type::{self, JSON},
};
use axum::{
    Json,
    body::Bytes,
    extract::{
        Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;

/// The query of `apply`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApplyQuery {
    plan: bool,
    prune: bool,
}

/// `POST /api/v1/organisation/apply`: a JSON document; answers the changes, and the client secrets that were generated.
pub(super) async fn apply(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    query: Result<Query<ApplyQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Applied>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    if !media_type::is(&headers, JSON) {
        let detail = "Send the document as application/json";
        return Err(Problem::bad_request(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let body = body.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let document = organisation::value(&body, Notation::Json)
        .and_then(organisation::document)
        .map_err(Problem::invalid)?;
    let options = ApplyOptions { plan_only: query.plan, prune: query.prune };
    let applied = organisation::apply(&ctx, &caller, &document, options).await;
    applied.map(Json).map_err(|error| Problem::of(&ctx, error))
}

/// The query of `export`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExportQuery {
    secrets: SecretsWord,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SecretsWord {
    #[default]
    None,
    Sealed,
}

/// `GET /api/v1/organisation/export`: the document.
pub(super) async fn export(
    State(ctx): State<AppContext>,
    Bearer(caller): Bearer,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Json<Document>, Problem> {
    let Query(query) = query.map_err(|error| Problem::bad_request(error.status(), error.body_text()))?;
    let secrets = match query.secrets {
        SecretsWord::None => Secrets::None,
        SecretsWord::Sealed => Secrets::Sealed,
    };
    organisation::export(&ctx, &caller, secrets).await.map(Json).map_err(|error| Problem::of(&ctx, error))
}
