//! RP-initiated logout: what a client may ask for. Does not own ending the session (`sessions`).

use super::{client, hint};
use crate::{context::AppContext, service::ServiceError, store};
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
    let registered = match &hint {
        Some(hint) => store::apps::find_by_client_id(&mut ctx.db.read().await?, hint.client_id())
            .await?
            .map(|app| client::of_app(&app))
            .transpose()?,
        None => None,
    };
    Ok(Ok(end_session::decide(&request, hint.as_ref(), registered.as_ref(), session_sub)))
}
