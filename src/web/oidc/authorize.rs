//! `/oauth2/authorize` by GET and POST (OpenID Connect Core §3.1.2.1 wants both).

use super::resend;
use crate::{
    context::AppContext,
    service::sign_on::oidc,
    web::{
        error::Failure,
        extract::{
            Visit,
            media_type::{self, FORM},
        },
        outcome,
    },
};
use ::oidc::discovery::AUTHORIZATION_PATH;
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

/// Largest body, as the parser's own limit.
const BODY_MAX: usize = 32 * 1024;

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
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let body = String::from_utf8_lossy(&bytes);
    let body = if media_type::is(&headers, FORM) { &*body } else { "" };
    match resend::once_more(&ctx, &visit, (AUTHORIZATION_PATH, query.as_deref()), body)? {
        Some(way_round) => Ok(way_round),
        None => answer(&ctx, &visit, body).await,
    }
}

async fn answer(ctx: &AppContext, visit: &Visit, raw: &str) -> Result<Response, Failure> {
    let outcome = oidc::begin(ctx, &visit.visitor, raw).await?;
    outcome::respond(ctx, visit, outcome)
}
