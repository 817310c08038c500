//! The introspection endpoint (RFC 7662). Reads only, but for what a client's own assertion needs.

use super::{
    authentication::authenticate,
    call::Call,
    client::{self, EndpointError},
    presented::{self, Found},
    standing, subject,
};
use crate::{context::AppContext, domain::app::App, store};
use ::oidc::{
    Client, GrantType, Scope,
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
    let (family_id, mut token) = match presented::find(&mut conn, presented).await? {
        None => return Ok(None),
        Some(Found::Service(row)) => {
            let Some(app) = store::apps::get(&mut conn, row.app_id).await? else { return Ok(None) };
            let token = StoredToken {
                sub: row.client_id.clone(),
                client_id: row.client_id,
                audience: row.audience,
                key_thumbprint: row.key_thumbprint,
                username: None,
                scope: Scope::parse(&row.scope)?,
                issued_at: Some(row.issued_at),
                expires_at: row.expires_at,
                revoked: row.revoked_at.is_some(),
            };
            return Ok(Some(of_service(token, &app, &client::of_app(&app)?)));
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
                issued_at: Some(token.issued_at),
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
                issued_at: Some(row.issued_at),
                expires_at: row.idle_expires_at,
                revoked: row.consumed_at.is_some() || row.replaced,
            };
            (row.family_id, stored)
        }
    };
    let Some(family) = store::token_families::get(&mut conn, family_id).await? else { return Ok(None) };
    let Some(app) = store::apps::get(&mut conn, family.app_id).await? else { return Ok(None) };
    let registered = client::of_app(&app)?;
    // What lapsed may hold again: nothing is written, and nobody is told why.
    let Ok(standing) = standing::of(&mut conn, &app, &registered, &family).await? else { return Ok(None) };
    drop(conn);
    if presented.is_access_token() {
        let left = left(&token.audience, standing.resources(&registered));
        let Some(audience) = left else { return Ok(None) };
        token.audience = audience;
    } else if !standing.details.offline || !registered.may_use(GrantType::RefreshToken) {
        return Ok(None);
    } else if app.connection.oidc().is_some_and(|oidc| !oidc.rotates_refresh_tokens()) {
        // RFC 7662 §2.2: `iat` is when it was originally issued. Of one that stays, the last time it was handed out is kept.
        token.issued_at = None;
    }
    Ok(Some(StoredToken {
        sub: subject::of(ctx, &app, standing.user.id).await?,
        scope: token.scope.intersection(&standing.details.scope),
        username: Some(standing.user.username),
        expires_at: token.expires_at.min(family.expires_at),
        ..token
    }))
}

/// What the token of a client on its own behalf is worth by its registration now.
fn of_service(token: StoredToken, app: &App, client: &Client) -> StoredToken {
    let audience = left(&token.audience, &client.resources);
    let scope = token.scope.intersection(&client.scopes);
    let gone = !app.active
        || !client.may_use(GrantType::ClientCredentials)
        || audience.is_none()
        || (scope.is_empty() && !token.scope.is_empty());
    StoredToken { audience: audience.unwrap_or_default(), scope, revoked: token.revoked || gone, ..token }
}

/// The resource servers that are left; `None` when all of them went, since none would mean this issuer.
fn left(audience: &[String], allowed: &[String]) -> Option<Vec<String>> {
    let left: Vec<String> = audience.iter().filter(|resource| allowed.contains(resource)).cloned().collect();
    (audience.is_empty() || !left.is_empty()).then_some(left)
}
