//! `/oauth2/authorize` by GET and POST (OpenID Connect Core §3.1.2.1 wants both).

use crate::{
    context::AppContext,
    service::sign_on::oidc,
    web::{
        error::Failure,
        extract::{FetchSite, Visit},
        outcome,
        respond::redirect,
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::{HeaderMap, header},
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

/// `POST /oauth2/authorize`. From another site it comes without our cookies; sent on as a GET, it comes with them.
pub async fn post(
    State(ctx): State<AppContext>,
    visit: Visit,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let form = kind.starts_with("application/x-www-form-urlencoded");
    let clean = body.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if form && clean && visit.is_new_browser && visit.site == FetchSite::Other {
        return Ok(redirect(&format!("/oauth2/authorize?{body}")));
    }
    answer(&ctx, &visit, if form { &body } else { "" }).await
}

async fn answer(ctx: &AppContext, visit: &Visit, raw: &str) -> Result<Response, Failure> {
    let outcome = oidc::begin(ctx, &visit.visitor, raw).await?;
    outcome::respond(ctx, visit, outcome)
}
