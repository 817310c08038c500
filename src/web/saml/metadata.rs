//! What an app's admin downloads: our metadata and certificate for this app. Public by nature; nothing secret in them.

use crate::{
    context::AppContext,
    service::{ServiceError, idp_metadata},
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// Five minutes: a roll-over is seen soon, and a busy app doesn't ask all the time.
const CACHE: &str = "public, max-age=300";

/// `GET /saml2/{slug}/metadata`
pub async fn metadata(State(ctx): State<AppContext>, Path(slug): Path<String>) -> Response {
    match idp_metadata::document(&ctx, &slug).await {
        Ok((slug, xml)) => {
            let name = format!("attachment; filename=\"Gatehouse-{slug}-metadata.xml\"");
            file("application/samlmetadata+xml", &name, xml)
        }
        Err(error) => missing(&error),
    }
}

/// `GET /saml2/{slug}/certificate.pem`
pub async fn certificate(State(ctx): State<AppContext>, Path(slug): Path<String>) -> Response {
    match idp_metadata::certificate_pem(&ctx, &slug).await {
        Ok(pem) => file("application/x-pem-file", "attachment; filename=\"certificate.pem\"", pem),
        Err(error) => missing(&error),
    }
}

fn file(kind: &'static str, disposition: &str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, CACHE),
    ];
    (headers, body).into_response()
}

fn missing(error: &ServiceError) -> Response {
    if matches!(error, ServiceError::NotFound(_)) {
        return (StatusCode::NOT_FOUND, "No SAML app has this address.\n").into_response();
    }
    tracing::error!(?error, "metadata could not be made");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something here stopped working.\n").into_response()
}
