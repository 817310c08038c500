//! What an OIDC app would be told about a person, from its saved settings or from unsaved ones. Does not own what is released
//! (`crates/oidc` by scope and claim, `service::oidc::claims` by value).

mod judge;
mod settings;
mod spec;

use super::{Check, Verdict, saml::access_check};
use crate::{
    context::AppContext,
    domain::{
        access::{self, Access, Route},
        app::App,
        attributes::{self, SignIn, Subject},
        connection::{AccessTokenFormat, Connection, OidcConnection},
        permission::Permission,
        session::ACR_PASSWORD,
        user::User,
    },
    keyring,
    service::{
        Caller, ServiceError, assignments,
        oidc::{claims, client, subject},
    },
};
use ::oidc::{
    Client, Scope, Signer,
    claims::{ClaimRelease, request::ClaimsRequest},
    id_token::{self, IdTokenClaims},
    jwks::Jwk,
    scope, userinfo,
};
pub use judge::{OidcJudgement, ParameterVerdict, judge};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// In place of what is made at a sign-on.
const PREVIEW: &str = "preview";

/// What to simulate beside who.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The scope that the app asks for; everything it may have, when absent.
    pub scope: Option<String>,
    /// The `claims` parameter.
    pub claims: Option<String>,
    /// Resource servers that the tokens are for.
    pub resources: Vec<String>,
    /// The methods of the sign-in.
    pub amr: Vec<String>,
}

/// What would happen to a person who signs on to an OIDC app.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OidcSimulation {
    /// Always `true`: this is no sign-on.
    pub preview: bool,
    /// Whether they get in.
    pub allowed: bool,
    /// Through which groups, or by hand.
    pub routes: Vec<Route>,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// The scope that would be granted.
    pub scope: String,
    /// The claims of the ID token.
    pub id_token: Map<String, Value>,
    /// The same, signed with a throw-away key; none when a check failed before.
    pub id_token_jwt: Option<String>,
    /// The public half of the throw-away key, as a JWK.
    pub throw_away_jwk: Option<Value>,
    /// What the access token stands for: the claims of the JWT, or what introspection would say.
    pub access_token: Map<String, Value>,
    /// The answer of the userinfo endpoint.
    pub userinfo: Map<String, Value>,
}

/// Simulates a sign-on of `user`. `draft` are settings that nobody saved; the saved ones count without.
///
/// # Errors
/// The caller may not read, the app is no OIDC app, the draft breaks a rule of its own, or scope or claims can't be read.
pub async fn simulate(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
    draft: Option<OidcConnection>,
    asked: &Asked,
) -> Result<OidcSimulation, ServiceError> {
    caller.require(Permission::Read)?;
    let app = with_draft(app, draft)?;
    let Some(settings) = app.connection.oidc() else { return Err(ServiceError::NotFound("OIDC app")) };
    let registered = client::of_app(&app)?;
    let (scope, claims_request) = read(asked, &registered)?;
    let access = assignments::check(ctx, caller, &app, user).await?;
    let mut checks = vec![access_check(&access, user, &app)];
    checks.extend(settings::checks(ctx, &app, settings, &registered, user, asked).await?);
    let routes = match access {
        Access::Allowed(routes) => routes,
        Access::Denied(_) => Vec::new(),
    };
    let groups = access::group_names(&routes);
    let sign_in = SignIn { amr: &asked.amr, ..SignIn::by_password() };
    let subject = Subject { user, app: &app, groups: &groups, sign_in };
    let mapped = attributes::claims(&settings.claims, subject);
    for (name, why) in &mapped.problems {
        checks.push(Check::new("claim", Verdict::Warning, format!("“{name}” is left out: {why}.")));
    }
    let told: Vec<&str> = mapped.rows.iter().map(|(row, _)| row.name.as_str()).collect();
    checks.extend(super::nothing_found("claim", &settings.claims, &told, subject));
    let (source, custom) = (claims::source(user, &groups), claims::custom(subject));
    let release = ClaimRelease {
        source: &source,
        scope: &scope,
        allowed: &registered.scopes,
        requested: claims_request.as_ref(),
        custom: &custom,
    };
    let sub = subject::of(ctx, &app, user.id).await?;
    let allowed = checks.iter().all(|check| check.verdict != Verdict::Failed);
    let id_token =
        IdTokenClaims { amr: asked.amr.clone(), ..id_token_claims(ctx, &registered, &sub, &release) };
    let mut simulation = OidcSimulation {
        preview: true,
        allowed,
        routes,
        checks,
        scope: scope.to_string(),
        access_token: access_token(ctx, settings, &registered, &sub, &scope, asked),
        userinfo: userinfo::response(&sub, &release),
        id_token: object(&id_token)?,
        id_token_jwt: None,
        throw_away_jwk: None,
    };
    if allowed {
        let algorithm = registered.id_token_alg;
        let signer = tokio::task::spawn_blocking(move || keyring::throw_away_oidc_signer(algorithm))
            .await
            .map_err(ServiceError::internal)?
            .map_err(ServiceError::internal)?;
        simulation.id_token_jwt = Some(id_token::issue(&id_token, &signer).map_err(ServiceError::internal)?);
        simulation.throw_away_jwk = Some(public_half(&signer)?);
    }
    Ok(simulation)
}

fn public_half(signer: &::oidc::OpensslSigner) -> Result<Value, ServiceError> {
    let jwk =
        Jwk::new(Some(signer.kid()), signer.key(), signer.algorithm()).map_err(ServiceError::internal)?;
    Ok(jwk.to_json())
}

/// The app with unsaved settings, checked as if they were to be saved.
fn with_draft(app: &App, draft: Option<OidcConnection>) -> Result<App, ServiceError> {
    let Some(draft) = draft else { return Ok(app.clone()) };
    let mut connection = Connection::Oidc(Box::new(draft));
    connection.checked_over(Some(&app.connection)).map_err(ServiceError::Invalid)?;
    Ok(App { connection: Arc::new(connection), ..app.clone() })
}

/// Scope and claims as a request would bring them.
fn read(asked: &Asked, client: &Client) -> Result<(Scope, Option<ClaimsRequest>), ServiceError> {
    let refused = |field: &str, error: ::oidc::ProtocolError| {
        let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
        ServiceError::field(field, words)
    };
    let mut granted = match &asked.scope {
        Some(text) => Scope::parse(text).map_err(|error| refused("scope", error))?,
        None => client.scopes.clone(),
    }
    .intersection(&client.scopes);
    if !client.may_use(::oidc::GrantType::RefreshToken) {
        granted = granted.without(scope::OFFLINE_ACCESS);
    }
    let claims = asked.claims.as_deref().map(ClaimsRequest::parse).transpose();
    Ok((granted, claims.map_err(|error| refused("claims", error))?))
}

fn id_token_claims(
    ctx: &AppContext,
    client: &Client,
    sub: &str,
    release: &ClaimRelease<'_>,
) -> IdTokenClaims {
    let now = ctx.now().timestamp();
    IdTokenClaims {
        iss: ctx.config.http.public_url.as_str().to_owned(),
        sub: sub.to_owned(),
        aud: client.client_id.clone(),
        exp: now + i64::from(client.lifetimes.id_token_seconds),
        iat: now,
        auth_time: Some(now),
        nonce: None,
        at_hash: None,
        acr: Some(ACR_PASSWORD.to_owned()),
        amr: Vec::new(),
        sid: Some(PREVIEW.to_owned()),
        azp: None,
        additional: release.for_id_token(),
    }
}

/// RFC 9068 §2.2 for a JWT, RFC 7662 §2.2 for random text: the same facts under the same names.
pub fn access_token(
    ctx: &AppContext,
    settings: &OidcConnection,
    client: &Client,
    sub: &str,
    scope: &Scope,
    asked: &Asked,
) -> Map<String, Value> {
    let now = ctx.now().timestamp();
    let issuer = ctx.config.http.public_url.as_str();
    let audience = match asked.resources.as_slice() {
        [] => Value::from(client.client_id.clone()),
        [one] => Value::from(one.clone()),
        several => Value::from(several),
    };
    let mut claims = Map::new();
    if settings.access_token_format == AccessTokenFormat::Opaque {
        claims.insert("active".into(), true.into());
    }
    for (name, value) in [
        ("iss", json!(issuer)),
        ("sub", json!(sub)),
        ("aud", audience),
        ("client_id", json!(client.client_id)),
        ("scope", json!(scope.to_string())),
        ("iat", json!(now)),
        ("exp", json!(now + i64::from(client.lifetimes.access_token_seconds))),
    ] {
        claims.insert(name.into(), value);
    }
    if settings.access_token_format == AccessTokenFormat::Jwt {
        claims.insert("jti".into(), PREVIEW.into());
    }
    claims
}

fn object(claims: &IdTokenClaims) -> Result<Map<String, Value>, ServiceError> {
    match serde_json::to_value(claims).map_err(ServiceError::internal)? {
        Value::Object(object) => Ok(object),
        _ => Err(ServiceError::Internal("ID token claims that are no object".into())),
    }
}
