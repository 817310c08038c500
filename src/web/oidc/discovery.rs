//! What clients read before they ask: the issuer's description and keys. Does not own either
//! (`service::oidc::documents`).

use crate::{
    context::AppContext,
    service::{ServiceError, oidc::documents},
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Far less than half of the time for which a next key is published before it signs (O-41), and short enough for a key that is
/// withdrawn in an emergency.
const CACHE: &str = "public, max-age=300";

/// `GET /.well-known/openid-configuration`, and `GET /.well-known/oauth-authorization-server` (RFC 8414 §3)
pub async fn document(State(ctx): State<AppContext>, headers: HeaderMap) -> Response {
    cached(&headers, &documents::discovery(&ctx))
}

/// `GET /oauth2/jwks`
pub async fn jwks(State(ctx): State<AppContext>, headers: HeaderMap) -> Response {
    match documents::jwks(&ctx).await {
        Ok(set) => cached(&headers, &set),
        Err(error) => {
            tracing::error!(?error, "keys could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// RFC 9110 §8.8.3, §13.1.2: a document with its entity tag, or nothing when the client has it already.
fn cached(headers: &HeaderMap, document: &str) -> Response {
    let tag = format!("\"{}\"", crate::keyring::secret_hash(document));
    let Ok(etag) = HeaderValue::from_str(&tag) else {
        let error = ServiceError::internal("an entity tag with other than base64url characters");
        tracing::error!(%error, "a document could not be sent");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let sent = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = sent.flat_map(|list| list.split(',')).map(|one| one.trim().trim_start_matches("W/"));
    let known = tags.any(|one| one == "*" || one == tag);
    let about = [(header::CACHE_CONTROL, HeaderValue::from_static(CACHE)), (header::ETAG, etag)];
    if known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (about, kind, document.to_owned()).into_response()
}
