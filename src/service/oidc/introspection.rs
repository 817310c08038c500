//! The introspection endpoint (RFC 7662). Reads only, but for what a client's own assertion needs.

use super::{
    authentication::authenticate,
    call::Call,
    client::EndpointError,
    presented::{self, Found},
    subject,
};
use crate::{context::AppContext, domain::access, store};
use ::oidc::{
    Scope,
    introspection::{self, IntrospectionRequest, IntrospectionResponse, StoredToken},
    params::Params,
    token_value::PresentedToken,
};

/// Says whether a token is good, to its own client and to the resource servers it is for.
pub async fn answer(ctx: &AppContext, call: &Call<'_>) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(call.body)?;
    let (_, client) = authenticate(ctx, call.origin, call.authorization, &params).await?;
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
    let now = ctx.now();
    let (family_id, token) = match presented::find(&mut conn, presented).await? {
        None => return Ok(None),
        Some(Found::Service(row)) => {
            let app = store::apps::get(&mut conn, row.app_id).await?;
            return Ok(Some(StoredToken {
                sub: row.client_id.clone(),
                client_id: row.client_id,
                audience: row.audience,
                key_thumbprint: row.key_thumbprint,
                username: None,
                scope: Scope::parse(&row.scope)?,
                issued_at: row.issued_at,
                expires_at: row.expires_at,
                revoked: row.revoked_at.is_some() || app.is_none_or(|app| !app.active),
            }));
        }
        Some(Found::Access(row)) => {
            let revoked = !row.is_valid(now);
            let token = row.token;
            let stored = StoredToken {
                client_id: token.client_id,
                audience: token.audience,
                key_thumbprint: token.key_thumbprint,
                sub: String::new(),
                username: None,
                scope: Scope::parse(&token.scope)?,
                issued_at: token.issued_at,
                expires_at: token.expires_at,
                revoked,
            };
            (token.family_id, stored)
        }
        Some(Found::Refresh(row)) => {
            let stored = StoredToken {
                client_id: row.client_id,
                audience: Vec::new(),
                key_thumbprint: row.key_thumbprint,
                sub: String::new(),
                username: None,
                scope: Scope::parse(&row.scope)?,
                issued_at: row.issued_at,
                expires_at: row.idle_expires_at,
                revoked: row.consumed_at.is_some() || row.replaced,
            };
            (row.family_id, stored)
        }
    };
    let Some(family) = store::token_families::get(&mut conn, family_id).await? else { return Ok(None) };
    let Some(user) = store::users::get(&mut conn, family.user_id).await? else { return Ok(None) };
    let Some(app) = store::apps::get(&mut conn, family.app_id).await? else { return Ok(None) };
    let routes = store::access::routes(&mut conn, user.id, app.id).await?;
    drop(conn);
    let may = access::decide(&user, &app, routes).is_allowed();
    Ok(Some(StoredToken {
        sub: subject::of(ctx, &app, user.id).await?,
        username: Some(user.username),
        expires_at: token.expires_at.min(family.expires_at),
        revoked: token.revoked || family.revoked_at.is_some() || !may,
        ..token
    }))
}
