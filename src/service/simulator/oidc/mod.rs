//! What an OIDC app would be told about a person, from its saved settings or from unsaved ones. Does not own what is released
//! (`crates/oidc` by scope and claim, `service::oidc::claims` by value).

mod address;
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
        oidc::{
            claims, client,
            contents::{Authentication, Contents},
            subject,
        },
    },
};
use ::oidc::{
    Client, OpensslSigner, Scope, SignError, Signer,
    access_token::{self, AccessTokenClaims},
    claims::{ClaimRelease, request::ClaimsRequest},
    id_token, introspection,
    jwks::Jwk,
    scope,
    token_value::{AccessToken, PresentedToken},
    userinfo,
};
pub use judge::{OidcJudgement, ParameterVerdict, judge};
use serde::Serialize;
use serde_json::{Map, Value};
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
    /// The access token that `at_hash` is of; nothing takes it. None when a check failed before.
    pub throw_away_access_token: Option<String>,
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
    let contents = contents(ctx, &registered, &sub, &scope, &asked.resources);
    let signed_in =
        Authentication { auth_time: contents.now, acr: Some(ACR_PASSWORD), amr: &asked.amr, sid: PREVIEW };
    let is_denied = |checks: &[Check]| checks.iter().any(|check| check.verdict == Verdict::Failed);
    let mut signed = Signed::default();
    if !is_denied(&checks) {
        let algorithm = registered.id_token_alg;
        let signer = tokio::task::spawn_blocking(move || keyring::throw_away_oidc_signer(algorithm))
            .await
            .map_err(ServiceError::internal)?
            .map_err(ServiceError::internal)?;
        let claims = contents.access_token_of(PREVIEW.to_owned(), &signed_in, &groups);
        match access_text(ctx, settings, &claims, &signer) {
            Ok(access) => signed = Signed::of(&contents, &signed_in, &release, access, &signer)?,
            Err(SignError::TooLong(_)) => {
                let words = "The access token would be too long. Bind fewer groups, or ask for less.";
                checks.push(Check::new("access_token", Verdict::Failed, words));
            }
            Err(error) => return Err(ServiceError::internal(error)),
        }
    }
    Ok(OidcSimulation {
        preview: true,
        allowed: !is_denied(&checks),
        routes,
        checks,
        scope: scope.to_string(),
        id_token: object(&contents.id_token(&signed_in, None, signed.at_hash, &release))?,
        id_token_jwt: signed.id_token,
        throw_away_jwk: signed.jwk,
        access_token: access_token(ctx, settings, &contents, &signed_in, (&app, user, &groups))?,
        throw_away_access_token: signed.access_token,
        userinfo: userinfo::response(&sub, &release),
    })
}

/// Of the saved settings, what decides a sign-on of `user`, check by check, as far as no request is needed for it.
///
/// # Errors
/// The caller may not read, or the app is no OIDC app.
pub async fn settings_checks(
    ctx: &AppContext,
    caller: &Caller,
    app: &App,
    user: &User,
) -> Result<Vec<Check>, ServiceError> {
    caller.require(Permission::Read)?;
    let Some(settings) = app.connection.oidc() else { return Err(ServiceError::NotFound("OIDC app")) };
    settings::checks(ctx, app, settings, &client::of_app(app)?, user, &Asked::default()).await
}

/// What a throw-away key signed; nothing for somebody who doesn't get in.
#[derive(Default)]
struct Signed {
    access_token: Option<String>,
    at_hash: Option<String>,
    id_token: Option<String>,
    jwk: Option<Value>,
}

impl Signed {
    fn of(
        contents: &Contents<'_>,
        signed_in: &Authentication<'_>,
        release: &ClaimRelease<'_>,
        access: String,
        signer: &OpensslSigner,
    ) -> Result<Self, ServiceError> {
        let at_hash = id_token::at_hash(&access, signer.algorithm()).map_err(ServiceError::internal)?;
        let claims = contents.id_token(signed_in, None, Some(at_hash.clone()), release);
        let id_token = id_token::issue(&claims, signer).map_err(ServiceError::internal)?;
        Ok(Self {
            access_token: Some(access),
            at_hash: Some(at_hash),
            id_token: Some(id_token),
            jwk: Some(public_half(signer)?),
        })
    }
}

fn public_half(signer: &OpensslSigner) -> Result<Value, ServiceError> {
    let jwk =
        Jwk::new(Some(signer.kid()), signer.key(), signer.algorithm()).map_err(ServiceError::internal)?;
    Ok(jwk.to_json())
}

/// What the tokens of a sign-on at this moment say. The key of a client that binds its tokens isn't known before it proves it.
pub(in crate::service) fn contents<'a>(
    ctx: &'a AppContext,
    client: &'a Client,
    sub: &'a str,
    scope: &'a Scope,
    resources: &'a [String],
) -> Contents<'a> {
    Contents {
        issuer: ctx.config.http.public_url.as_str(),
        client,
        sub,
        scope,
        resources,
        key: client.dpop_bound_access_tokens.then_some(PREVIEW),
        now: ctx.now(),
    }
}

/// An access token that nothing takes: signed with a throw-away key, or random text that is stored nowhere.
fn access_text(
    ctx: &AppContext,
    settings: &OidcConnection,
    claims: &AccessTokenClaims,
    signer: &OpensslSigner,
) -> Result<String, SignError> {
    match settings.access_token_format {
        AccessTokenFormat::Jwt => access_token::issue(claims, signer),
        AccessTokenFormat::Opaque => Ok(AccessToken::generate(&mut ctx.rng()).expose().to_owned()),
    }
}

/// What an access token stands for: the claims of a signed one, or what introspection would tell the client of random text.
pub(in crate::service) fn access_token(
    ctx: &AppContext,
    settings: &OidcConnection,
    contents: &Contents<'_>,
    signed_in: &Authentication<'_>,
    (app, user, groups): (&App, &User, &[String]),
) -> Result<Map<String, Value>, ServiceError> {
    if settings.access_token_format == AccessTokenFormat::Jwt {
        return object(&contents.access_token_of(PREVIEW.to_owned(), signed_in, groups));
    }
    let presented = PresentedToken::parse(AccessToken::generate(&mut ctx.rng()).expose())
        .ok_or_else(|| ServiceError::Internal("a token of ours that can’t be read".into()))?;
    let stored = contents.introspected(app, user);
    object(&introspection::decide(&stored, &presented, contents.client, contents.issuer, contents.now))
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

/// Claims as a JSON object.
pub(in crate::service) fn object(claims: &impl Serialize) -> Result<Map<String, Value>, ServiceError> {
    match serde_json::to_value(claims).map_err(ServiceError::internal)? {
        Value::Object(object) => Ok(object),
        _ => Err(ServiceError::Internal("claims that are no object".into())),
    }
}
