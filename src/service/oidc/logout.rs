//! RP-initiated logout: what a client may ask for. Does not own ending the session (`sessions`).

use super::{client, hint, sid, subject};
use crate::{context::AppContext, domain::session::Session, service::ServiceError, store};
use ::oidc::{
    ProtocolError,
    end_session::{self, CurrentSession, EndSessionDecision, EndSessionRequest},
};

/// Decides what a logout request comes to; the session itself is ended by the caller.
pub async fn decide(
    ctx: &AppContext,
    raw: &str,
    session: Option<&Session>,
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
    let names = match (&app, session) {
        (_, None) => None,
        (Some(app), Some(session)) => {
            Some((subject::of(ctx, app, session.user_id).await?, sid::of(ctx, app, session.id).await?))
        }
        (None, Some(session)) => Some((session.user_id.to_string(), session.id.to_string())),
    };
    let current = names.as_ref().map(|(sub, sid)| CurrentSession { sub, sid });
    Ok(Ok(end_session::decide(&request, hint.as_ref(), registered.as_ref(), current)))
}
