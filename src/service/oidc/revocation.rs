//! The revocation endpoint (RFC 7009).

use super::client::{EndpointError, authenticate};
use crate::{
    context::AppContext,
    domain::audit::{EventType, InitiatedBy, Origin},
    service::{ServiceError, actor},
    store::{self, Written},
};
use ::oidc::{
    params::Params,
    revocation::{self, RevocationDecision, RevocationRequest},
    token_value::PresentedToken,
};

/// Ends a token: a refresh token with its whole family, an access token alone. Unknown tokens are ended already.
pub async fn revoke(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    body: &str,
) -> Result<(), EndpointError> {
    let params = Params::parse(body)?;
    let (app, client) = authenticate(ctx, origin, authorization, &params).await?;
    let request = RevocationRequest::from_params(&params)?;
    let Some(presented) = request.token() else { return Ok(()) };
    let hash = presented.hash();
    let mut conn = ctx.db.read().await?;
    let owner = match presented {
        PresentedToken::Access(_) => store::access_tokens::get(&mut conn, &hash)
            .await?
            .map(|row| (row.token.client_id, row.token.family_id)),
        PresentedToken::Refresh(_) => {
            store::refresh_tokens::get(&mut conn, &hash).await?.map(|row| (row.client_id, row.family_id))
        }
    };
    drop(conn);
    let decision =
        revocation::decide(owner.as_ref().map(|(client_id, _)| client_id.as_str()), &client.client_id);
    let family_id = match (decision, owner) {
        (RevocationDecision::Refused(error), _) => return Err(error.into()),
        (RevocationDecision::Revoke, Some((_, family_id))) => family_id,
        _ => return Ok(()),
    };
    let whole_family = matches!(presented, PresentedToken::Refresh(_));
    let event = actor::event(ctx, EventType::OauthTokenRevoke)
        .by(InitiatedBy {
            kind: "client".into(),
            id: Some(client.client_id.clone()),
            username: Some(app.label.clone()),
            email: None,
        })
        .from_origin(origin)
        .at(&app)
        .detail("token", if whole_family { "refresh_token" } else { "access_token" });
    let now = ctx.now();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let changed = if whole_family {
                    store::token_families::revoke(tx, family_id, "revoked by the client", now).await?
                } else {
                    store::access_tokens::revoke(tx, &hash, now).await?
                };
                Ok::<_, ServiceError>(if changed { Written::new((), event) } else { Written::unaudited(()) })
            })
        })
        .await?;
    Ok(())
}
