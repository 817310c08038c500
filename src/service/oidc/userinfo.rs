//! The userinfo endpoint. Writes only when it refuses.

use super::{claims, client, client::EndpointError, grant::GrantDetails};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access},
        audit::{EventType, Origin},
    },
    service::{ServiceError, actor, refusals},
    store,
};
use ::oidc::{ErrorCode, ProtocolError, Scope, claims::ClaimRelease, userinfo};

/// Answers with the claims of the person the access token stands for. A token that isn't good is an event, within limits.
pub async fn answer(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    query: Option<&str>,
    body: Option<&str>,
) -> Result<serde_json::Value, EndpointError> {
    let sent = authorization.is_some() || body.is_some();
    match claims_of(ctx, authorization, query, body).await {
        Err(EndpointError::Protocol(error)) if sent && error.code() == ErrorCode::InvalidToken => {
            let words = error.detail().unwrap_or("An access token that nobody has was presented.").to_owned();
            let event = actor::event(ctx, EventType::OauthTokenRefuse)
                .failed("invalid_token", words)
                .detail("at", "userinfo");
            refusals::record(ctx, origin, event).await?;
            Err(error.into())
        }
        other => other,
    }
}

async fn claims_of(
    ctx: &AppContext,
    authorization: Option<&str>,
    query: Option<&str>,
    body: Option<&str>,
) -> Result<serde_json::Value, EndpointError> {
    let token = userinfo::bearer_token(authorization, query, body)?;
    let invalid = || ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid");
    let mut conn = ctx.db.read().await?;
    let row = store::access_tokens::get(&mut conn, &token.hash()).await?.ok_or_else(invalid)?;
    let of_client = |why: &str| {
        invalid().with_detail(format!("An access token of client “{}” {why}.", row.token.client_id))
    };
    if !row.is_valid(ctx.now()) {
        return Err(of_client("has expired or was withdrawn").into());
    }
    let app = store::apps::get(&mut conn, row.app_id).await?.ok_or_else(invalid)?;
    let user = store::users::get(&mut conn, row.user_id).await?.ok_or_else(invalid)?;
    let family = store::token_families::get(&mut conn, row.token.family_id).await?.ok_or_else(invalid)?;
    let routes = store::access::routes(&mut conn, user.id, app.id).await?;
    drop(conn);
    let Access::Allowed(routes) = access::decide(&user, &app, routes) else {
        return Err(of_client("is of somebody who may not open the app any more").into());
    };
    let groups = access::group_names(&routes);
    let registered = client::of_app(&app)?;
    let details = GrantDetails::parse(&family.grant_details)
        .ok_or_else(|| ServiceError::Internal("a grant that can't be read".into()))?;
    let scope = Scope::parse(&row.token.scope)?;
    let source = claims::source(&user, &groups);
    let custom = claims::custom(&app, &user, &groups);
    let release = ClaimRelease {
        source: &source,
        scope: &scope,
        allowed: &registered.scopes,
        requested: details.claims.as_ref(),
        custom: &custom,
    };
    Ok(serde_json::Value::Object(userinfo::response(&user.id.to_string(), &release)))
}
