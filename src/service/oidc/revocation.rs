//! The revocation endpoint (RFC 7009).

use super::{
    authentication::{Proven, prove},
    call::Call,
    client::EndpointError,
    once,
    presented::{self, Found},
};
use crate::{
    context::AppContext,
    domain::audit::{EventType, InitiatedBy},
    service::{ServiceError, actor, refusals},
    store::{self, Written},
};
use ::oidc::{
    params::Params,
    revocation::{self, RevocationDecision, RevocationRequest},
};

/// Ends a token: a refresh token with its whole family, an access token alone. Unknown tokens are ended already.
pub async fn revoke(ctx: &AppContext, call: &Call<'_>) -> Result<(), EndpointError> {
    let params = Params::parse(call.body)?;
    let Proven { app, client, assertion } = prove(ctx, call.origin, call.authorization, &params).await?;
    let request = RevocationRequest::from_params(&params)?;
    let found = match request.token() {
        Some(presented) => presented::find(&mut ctx.db.read().await?, presented).await?,
        None => None,
    };
    let decision = revocation::decide(found.as_ref().map(Found::client_id), &client.client_id);
    let (ended, refused) = match (decision, found) {
        (RevocationDecision::Refused(error), _) => (None, Some(error)),
        (RevocationDecision::Revoke, found) => (found, None),
        (RevocationDecision::NothingToDo, _) => (None, None),
    };
    let kind = if matches!(ended, Some(Found::Refresh(_))) { "refresh_token" } else { "access_token" };
    let event = actor::event(ctx, EventType::OauthTokenRevoke)
        .by(InitiatedBy {
            kind: "client".into(),
            id: Some(client.client_id.clone()),
            username: Some(app.label.clone()),
            email: None,
        })
        .from_origin(call.origin)
        .at(&app)
        .detail("token", kind);
    let event = match &refused {
        Some(error) => event.failed(error.code().as_str(), error.detail().unwrap_or_default()),
        None => event,
    };
    let nothing_to_write = ended.is_none() && refused.is_none() && assertion.is_none();
    if nothing_to_write {
        return Ok(());
    }
    let (now, failed) = (ctx.now(), refused.is_some());
    // A public client has proven nothing: its refusals are kept within limits.
    let event = if failed && client.is_public() {
        refusals::within_limit(ctx, call.origin, event).await?
    } else {
        Some(event)
    };
    let recorded = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let once: Vec<_> = assertion.into_iter().collect();
                if let Err(replayed) = once::record(tx, &once).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(Err(replayed)));
                }
                let changed = match ended {
                    Some(Found::Refresh(row)) => {
                        store::token_families::revoke(tx, row.family_id, "revoked by the client", now).await?
                    }
                    Some(Found::Access(row)) => {
                        store::access_tokens::revoke(tx, &row.token.hash, now).await?
                    }
                    Some(Found::Service(row)) => store::service_tokens::revoke(tx, &row.hash, now).await?,
                    None => false,
                };
                Ok(match event.filter(|_| changed || failed) {
                    Some(event) => Written::new(Ok(()), event),
                    None => Written::unaudited(Ok(())),
                })
            })
        })
        .await?;
    recorded?;
    refused.map_or(Ok(()), |error| Err(error.into()))
}
