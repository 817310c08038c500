//! RP-initiated logout: what a client may ask for. Does not own ending the session (`sessions`).

use super::{client, hint, subject};
use crate::{context::AppContext, id::UserId, service::ServiceError, store};
use ::oidc::{
    ProtocolError,
    end_session::{self, EndSessionDecision, EndSessionRequest},
};

/// Decides what a logout request comes to; the session itself is ended by the caller.
pub async fn decide(
    ctx: &AppContext,
    raw: &str,
    session_sub: Option<&str>,
) -> Result<Result<EndSessionDecision, ProtocolError>, ServiceError> {
    let request = match EndSessionRequest::parse(raw) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    let hint = match request.id_token_hint() {
        Some(text) => hint::at_logout(ctx, text).await?,
        None => None,
    };
    let app = match &hint {
        Some(hint) => store::apps::find_by_client_id(&mut ctx.db.read().await?, hint.client_id()).await?,
        None => None,
    };
    let registered = app.as_ref().map(client::of_app).transpose()?;
    // The hint names the person as this client knows them.
    let session_sub = match (&app, session_sub.map(str::parse::<UserId>)) {
        (Some(app), Some(Ok(user))) => Some(subject::of(ctx, app, user).await?),
        _ => session_sub.map(str::to_owned),
    };
    Ok(Ok(end_session::decide(&request, hint.as_ref(), registered.as_ref(), session_sub.as_deref())))
}
