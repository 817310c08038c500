//! What a client asks for: the request itself, or one that was pushed. Does not own what follows (`sign_on::oidc`).

use crate::{context::AppContext, domain::app::App, service::ServiceError, store};
use ::oidc::{
    ProtocolError,
    authorization::{pushed, request::UnverifiedAuthorizationRequest},
    params::MAX_COUNT,
};

/// The request itself, or the one that was pushed and is referred to; the reference stays good. RFC 9126 §4: it is bound to the
/// client that pushed it, and what stands beside it in the query counts for nothing (RFC 9101 §5), but for `request`, which may
/// not stand there.
pub(in crate::service) async fn read(
    ctx: &AppContext,
    raw: &str,
) -> Result<Result<UnverifiedAuthorizationRequest, (Option<App>, ProtocolError)>, ServiceError> {
    let direct = match UnverifiedAuthorizationRequest::parse(raw) {
        Ok(request) => request,
        Err(error) => return Ok(Err((named(ctx, raw).await?, error))),
    };
    let reference = match pushed::reference(direct.params()) {
        Ok(None) => return Ok(Ok(direct)),
        Ok(Some(reference)) => reference,
        Err(error) => return Ok(Err((None, error))),
    };
    let hash = reference.hash();
    let mut conn = ctx.db.read().await?;
    let refused = |app: Option<App>, detail: &str| Ok(Err((app, pushed::invalid_reference(detail))));
    let Some(row) = store::pushed_requests::get(&mut conn, &hash).await? else {
        return refused(None, "A request_uri came that was never given out, or was forgotten.");
    };
    let Some(app) = store::apps::get(&mut conn, row.app_id).await? else {
        return refused(None, "The client that pushed the request is gone.");
    };
    let client_id = app.connection.oidc().map(|settings| settings.client_id.as_str());
    if direct.client_id() != client_id {
        return refused(
            None,
            "The request_uri came with another client_id than that of the client that pushed it.",
        );
    }
    if row.consumed_at.is_some() {
        return refused(Some(app), "The request_uri was used before.");
    }
    if ctx.now() >= row.expires_at {
        return refused(Some(app), "The request_uri was presented too late.");
    }
    Ok(UnverifiedAuthorizationRequest::pushed(&row.request, hash).map_err(|error| (Some(app), error)))
}

/// The app of a request that can't be read, for whoever looks into it: where exactly one `client_id` stands in it. Nothing else of it
/// counts.
async fn named(ctx: &AppContext, raw: &str) -> Result<Option<App>, ServiceError> {
    let pairs = form_urlencoded::parse(raw.as_bytes()).take(MAX_COUNT);
    let mut ids: Vec<_> = pairs.filter(|(name, _)| name == "client_id").map(|(_, id)| id).collect();
    match (ids.pop(), ids.is_empty()) {
        (Some(id), true) => Ok(store::apps::find_by_client_id(&mut ctx.db.read().await?, &id).await?),
        _ => Ok(None),
    }
}
