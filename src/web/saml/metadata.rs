//! What an app's admin downloads: our metadata and certificate for this app. Public by nature; nothing secret in them.

use crate::{
    context::AppContext,
    domain::audit::Origin,
    service::{ServiceError, idp_metadata, metadata_fetches},
    web::extract::origin,
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Five minutes: a roll-over is seen soon, and a busy app doesn't ask all the time.
const CACHE: &str = "public, max-age=300";

/// `GET /saml2/{slug}/metadata`
pub async fn metadata(
    State(ctx): State<AppContext>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    match fetched(&ctx, &slug, &origin::of(&headers, &extensions, &ctx.config)).await {
        Ok((slug, xml)) => {
            let name = format!("attachment; filename=\"Gatehouse-{slug}-metadata.xml\"");
            file("application/samlmetadata+xml", &name, xml)
        }
        Err(error) => missing(&error),
    }
}

/// The document. Who fetched it is noted; that failing is no reason to refuse the document.
async fn fetched(ctx: &AppContext, slug: &str, origin: &Origin) -> Result<(String, String), ServiceError> {
    // Looked at before the document is made: a key of the moment between is rather missed than claimed.
    let seen = metadata_fetches::newest_key(ctx, slug).await?;
    let document = idp_metadata::document(ctx, slug).await?;
    if let Err(error) = metadata_fetches::note(ctx, seen, origin).await {
        tracing::warn!(%error, "a fetch of metadata could not be noted");
    }
    Ok(document)
}

/// `GET /saml2/{slug}/certificate.pem`; with `?next` the one that comes after.
pub async fn certificate(
    State(ctx): State<AppContext>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let next = query.as_deref() == Some("next");
    match idp_metadata::certificate_pem(&ctx, &slug, next).await {
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
