//! What an app's admin downloads: our metadata and certificate for this app. Public by nature; nothing secret in them.

use crate::{
    context::AppContext,
    domain::audit::Origin,
    service::{
        ServiceError,
        idp_metadata::{self, Published},
        metadata_fetches,
    },
    web::{assets::names_tag, extract::origin},
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
        Ok(published) => sent(&headers, published),
        Err(error) => missing(&error),
    }
}

/// RFC 9110 §8.8.3, §13.1.2: the document with its entity tag, or nothing when the client has it already. The tag of a signed one
/// is weak: it names what is said and until when, not the octets of the signature.
fn sent(headers: &HeaderMap, published: Published) -> Response {
    let tag = format!("\"{}\"", published.tag);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|asked| names_tag(asked, &tag));
    let weak = if published.exact { "" } else { "W/" };
    let about = [(header::CACHE_CONTROL, CACHE.to_owned()), (header::ETAG, format!("{weak}{tag}"))];
    if known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let name = format!("attachment; filename=\"Gatehouse-{}-metadata.xml\"", published.slug);
    (about, file("application/samlmetadata+xml", &name, published.xml)).into_response()
}

/// The document. Who fetched it is noted; that failing is no reason to refuse the document.
async fn fetched(ctx: &AppContext, slug: &str, origin: &Origin) -> Result<Published, ServiceError> {
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
    match error {
        ServiceError::NotFound("next certificate") => {
            let words = "This app has no next certificate: its key isn’t being changed.\n";
            return (StatusCode::NOT_FOUND, words).into_response();
        }
        ServiceError::NotFound(_) => {
            return (StatusCode::NOT_FOUND, "No SAML app has this address.\n").into_response();
        }
        _ => {}
    }
    tracing::error!(?error, "metadata could not be made");
    (StatusCode::INTERNAL_SERVER_ERROR, "Something here stopped working.\n").into_response()
}
