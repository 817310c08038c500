//! `/oauth2/authorize` by GET and POST (OpenID Connect Core §3.1.2.1 wants both).

use super::resend;
use crate::{
    context::AppContext,
    service::sign_on::oidc,
    web::{error::Failure, extract::Visit, outcome},
};
use ::oidc::discovery::AUTHORIZATION_PATH;
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

/// `GET /oauth2/authorize`
pub async fn get(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    answer(&ctx, &visit, query.as_deref().unwrap_or_default()).await
}

/// `POST /oauth2/authorize`
pub async fn post(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    match resend::posted(&ctx, &visit, (AUTHORIZATION_PATH, query.as_deref()), &headers, body).await? {
        Ok(form) => answer(&ctx, &visit, &form).await,
        Err(way_round) => Ok(way_round),
    }
}

async fn answer(ctx: &AppContext, visit: &Visit, raw: &str) -> Result<Response, Failure> {
    let outcome = oidc::begin(ctx, &visit.visitor, raw).await?;
    outcome::respond(ctx, visit, outcome)
}
