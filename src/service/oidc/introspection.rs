//! The introspection endpoint (RFC 7662). Reads only.

use super::client::{EndpointError, authenticate};
use crate::{
    context::AppContext,
    domain::{access, audit::Origin},
    store,
};
use ::oidc::{
    Scope,
    introspection::{self, IntrospectionRequest, IntrospectionResponse, StoredToken},
    params::Params,
    token_value::PresentedToken,
};

/// Says whether a token is good, to its own client only.
pub async fn answer(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    body: &str,
) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(body)?;
    let (_, client) = authenticate(ctx, origin, authorization, &params).await?;
    introspection::check_caller(&client)?;
    let request = IntrospectionRequest::from_params(&params)?;
    let Some(presented) = request.token() else { return Ok(IntrospectionResponse::inactive().to_json()) };
    let Some(stored) = stored(ctx, presented).await? else {
        return Ok(IntrospectionResponse::inactive().to_json());
    };
    let issuer = ctx.config.http.public_url.as_str();
    Ok(introspection::decide(&stored, presented, &client, issuer, ctx.now()).to_json())
}

async fn stored(ctx: &AppContext, presented: &PresentedToken) -> Result<Option<StoredToken>, EndpointError> {
    let mut conn = ctx.db.read().await?;
    let hash = presented.hash();
    let (family_id, client_id, scope, issued_at, expires_at, spent) = match presented {
        PresentedToken::Access(_) => match store::access_tokens::get(&mut conn, &hash).await? {
            Some(row) => {
                let spent = !row.is_valid(ctx.now());
                let token = row.token;
                (token.family_id, token.client_id, token.scope, token.issued_at, token.expires_at, spent)
            }
            None => return Ok(None),
        },
        PresentedToken::Refresh(_) => match store::refresh_tokens::get(&mut conn, &hash).await? {
            Some(row) => {
                let spent = row.consumed_at.is_some() || row.replaced;
                (row.family_id, row.client_id, row.scope, row.issued_at, row.idle_expires_at, spent)
            }
            None => return Ok(None),
        },
    };
    let Some(family) = store::token_families::get(&mut conn, family_id).await? else { return Ok(None) };
    let Some(user) = store::users::get(&mut conn, family.user_id).await? else { return Ok(None) };
    let Some(app) = store::apps::get(&mut conn, family.app_id).await? else { return Ok(None) };
    let routes = store::access::routes(&mut conn, user.id, app.id).await?;
    let may = access::decide(&user, &app, routes).is_allowed();
    Ok(Some(StoredToken {
        client_id,
        audience: Vec::new(),
        sub: user.id.to_string(),
        username: Some(user.username),
        scope: Scope::parse(&scope)?,
        issued_at,
        expires_at: expires_at.min(family.expires_at),
        revoked: spent || family.revoked_at.is_some() || !may,
    }))
}
