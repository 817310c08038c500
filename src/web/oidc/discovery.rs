//! What clients read before they ask: the issuer's description and keys.

use crate::{context::AppContext, service::oidc::keys};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// Half of the overlap at a key's roll-over, and more (O-41).
const CACHE: &str = "public, max-age=300";

/// `GET /.well-known/openid-configuration`
pub async fn document(State(ctx): State<AppContext>) -> Response {
    ([(header::CACHE_CONTROL, CACHE)], Json(keys::discovery(&ctx))).into_response()
}

/// `GET /oauth2/jwks`
pub async fn jwks(State(ctx): State<AppContext>) -> Response {
    match keys::set(&ctx).await {
        Ok(set) => ([(header::CACHE_CONTROL, CACHE)], Json(set.to_json())).into_response(),
        Err(error) => {
            tracing::error!(?error, "keys could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
