//! Whether an app must ask before it learns about a person, and for what. Does not own the answer (`answers`) or taking it
//! back (`service::consents`).

use super::Flow;
use crate::{
    context::AppContext,
    domain::{
        app::App,
        consent::Released,
        sign_on::{ConsentNeed, SignOnRequest},
        user::User,
    },
    service::ServiceError,
    store,
};
use ::oidc::{
    Scope,
    authorization::request::VerifiedAuthorizationRequest,
    claims::{is_protocol_claim, of_scope, request::ClaimsRequest},
};

/// Whether the person must be asked. Never for a first-party app: the company chose it for everybody. OpenID Connect Core
/// §3.1.2.4: consent is obtained before information is released; §3.1.2.1: `prompt=consent` asks again.
pub(super) async fn need(ctx: &AppContext, flow: &Flow, user: &User) -> Result<ConsentNeed, ServiceError> {
    let SignOnRequest::Oidc(request) = &flow.request else { return Ok(ConsentNeed::Settled) };
    if flow.app.connection.oidc().is_none_or(|settings| settings.first_party) {
        return Ok(ConsentNeed::Settled);
    }
    if request.prompt().consent() {
        return Ok(ConsentNeed::Ask);
    }
    let given = store::consents::get(&mut ctx.db.read().await?, user.id, flow.app.id).await?;
    let covered = given.is_some_and(|consent| consent.released.covers(&asked(&flow.app, request)));
    Ok(if covered { ConsentNeed::Settled } else { ConsentNeed::Ask })
}

/// What the app gets if a request is answered.
pub(super) fn asked(app: &App, request: &VerifiedAuthorizationRequest) -> Released {
    released(app, request.scope(), request.claims(), request.resources())
}

/// What an app gets: its scopes, single claims beyond them, its own claims, and resource servers.
pub fn released(app: &App, scope: &Scope, claims: Option<&ClaimsRequest>, resources: &[String]) -> Released {
    let Some(settings) = app.connection.oidc() else { return Released::default() };
    let in_scopes = |name: &str| scope.iter().any(|scope| of_scope(scope).contains(&name));
    let allowed = |name: &str| settings.scopes.iter().any(|scope| of_scope(scope).contains(&name));
    let single = claims
        .into_iter()
        .flat_map(|claims| claims.id_token().keys().chain(claims.userinfo().keys()))
        .filter(|name| allowed(name));
    let own = settings.claims.iter().filter(|row| !row.off).map(|row| &row.name);
    Released {
        scopes: scope.iter().map(str::to_owned).collect(),
        claims: single
            .chain(own)
            .filter(|name| !in_scopes(name) && !is_protocol_claim(name))
            .cloned()
            .collect(),
        resources: resources.iter().cloned().collect(),
    }
}
