//! The userinfo endpoint (OpenID Connect Core §5.3). Reads only; a proof of possession alone is recorded, so that it counts
//! once on every node.

use super::{
    authentication,
    call::Call,
    claims, client,
    client::EndpointError,
    dpop,
    once::Once,
    presented::{self, Found},
    standing, subject,
};
use crate::{
    context::AppContext,
    domain::audit::{AuditEvent, EventType, InitiatedBy},
    service::{ServiceError, actor, issuer_keys, refusals},
    store::{self, access_tokens::AccessToken},
};
use ::oidc::{
    ErrorCode, ProtocolError, Scope,
    claims::ClaimRelease,
    dpop::VerifiedProof,
    scope::OPENID,
    userinfo::{self, PresentedAccess},
};

/// An answer.
pub enum Userinfo {
    /// The claims, as JSON.
    Claims(serde_json::Value),
    /// The claims as a signed JWT, which the client registered for.
    Signed(String),
}

/// A refusal, and the scheme of the challenge it belongs to.
pub struct Refused {
    /// Why.
    pub error: EndpointError,
    /// Whether a token was presented by the scheme of bound tokens.
    pub is_dpop: bool,
}

impl From<ProtocolError> for Refused {
    fn from(error: ProtocolError) -> Self {
        Self { error: error.into(), is_dpop: false }
    }
}

impl From<ServiceError> for Refused {
    fn from(error: ServiceError) -> Self {
        Self { error: error.into(), is_dpop: false }
    }
}

/// Answers with the claims of the person the access token stands for. A token that isn't good is an event, within limits.
pub async fn answer(ctx: &AppContext, call: &Call<'_>) -> Result<Userinfo, Refused> {
    // RFC 6750 §2.2: not in the body of a GET, which means nothing.
    let body = (call.method != "GET" && !call.body.is_empty()).then_some(call.body);
    let presented = match userinfo::access_token(call.authorization, call.query, body) {
        Ok(presented) => presented,
        Err(error) => {
            let sent = call.authorization.is_some() || body.is_some();
            if sent && error.code() == ErrorCode::InvalidToken {
                record(ctx, call, &error).await?;
            }
            return Err(error.into());
        }
    };
    match claims_of(ctx, call, &presented).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            if let EndpointError::Protocol(error) = &error
                && matches!(error.code(), ErrorCode::InvalidToken | ErrorCode::InvalidDpopProof)
            {
                record(ctx, call, error).await?;
            }
            Err(Refused { error, is_dpop: presented.is_dpop() })
        }
    }
}

async fn record(ctx: &AppContext, call: &Call<'_>, error: &ProtocolError) -> Result<(), ServiceError> {
    refusals::record(ctx, call.origin, refusal(ctx, error)).await
}

fn refusal(ctx: &AppContext, error: &ProtocolError) -> AuditEvent {
    let words = match (error.detail(), error.code()) {
        (Some(detail), _) => detail.to_owned(),
        (None, ErrorCode::InvalidToken) => "An access token that nobody has was presented.".to_owned(),
        (None, _) => error.description().to_owned(),
    };
    actor::event(ctx, EventType::OauthTokenRefuse).failed(error.cause(), words).detail("at", "userinfo")
}

fn invalid() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidToken, "the access token is not valid")
}

async fn claims_of(
    ctx: &AppContext,
    call: &Call<'_>,
    presented: &PresentedAccess,
) -> Result<Userinfo, EndpointError> {
    let mut conn = ctx.db.read().await?;
    let row = match presented::find(&mut conn, presented.token()).await?.ok_or_else(invalid)? {
        Found::Access(row) => row,
        // O-35: a client on its own behalf is nobody; it has no userinfo.
        found => {
            let why =
                format!("A token of client “{}” itself was presented; it is no person’s.", found.client_id());
            return Err(invalid().with_detail(why).into());
        }
    };
    let of_client = |why: &str| {
        invalid().with_detail(format!("An access token of client “{}” {why}.", row.token.client_id))
    };
    if !row.is_valid(ctx.now()) {
        return Err(of_client("has expired or was withdrawn").into());
    }
    let issuer = ctx.config.http.public_url.as_str();
    // O-36: a token for somebody else's server is not one for us: that server must not read people's claims with it.
    if !row.token.audience.is_empty() && !row.token.audience.iter().any(|audience| audience == issuer) {
        return Err(of_client("is for another resource server").into());
    }
    let granted = Scope::parse(&row.token.scope)?;
    if !granted.contains(OPENID) {
        return Err(ProtocolError::new(ErrorCode::InsufficientScope, "the scope openid is missing").into());
    }
    let app = store::apps::get(&mut conn, row.app_id).await?.ok_or_else(invalid)?;
    let family = store::token_families::get(&mut conn, row.token.family_id).await?.ok_or_else(invalid)?;
    let registered = client::of_app(&app)?;
    let standing = standing::of(&mut conn, &app, &registered, &family).await?;
    drop(conn);
    check_key(ctx, call, presented, &row).await?;
    let standing = standing.map_err(|lapsed| lapsed.as_token())?;
    let scope = granted.intersection(&standing.details.scope);
    let user = &standing.user;
    let source = claims::source(user, &standing.groups);
    let custom = standing.custom_claims(&app);
    let release = ClaimRelease {
        source: &source,
        scope: &scope,
        allowed: &registered.scopes,
        requested: standing.details.claims.as_ref(),
        custom: &custom,
    };
    let claims = userinfo::response(&subject::of(ctx, &app, user.id).await?, &release);
    let algorithm = app.connection.oidc().and_then(|oidc| oidc.userinfo_signed_response_alg);
    let Some(algorithm) = algorithm else { return Ok(Userinfo::Claims(serde_json::Value::Object(claims))) };
    let key = issuer_keys::active(ctx, algorithm).await?;
    let signer = ctx.keyring.oidc_signer(&key).map_err(ServiceError::internal)?;
    let signed = userinfo::signed(claims, issuer, &registered.client_id, ctx.now(), &*signer);
    Ok(Userinfo::Signed(signed.map_err(ServiceError::internal)?))
}

/// RFC 9449 §7.1: a bound token opens nothing without a proof by its key, and each proof counts once.
async fn check_key(
    ctx: &AppContext,
    call: &Call<'_>,
    presented: &PresentedAccess,
    row: &AccessToken,
) -> Result<(), EndpointError> {
    let proof =
        if presented.is_dpop() { dpop::verify(ctx, call, Some(presented.text()), false)? } else { None };
    if presented.is_dpop() && proof.is_none() {
        let missing = "the DPoP proof is missing";
        return Err(ProtocolError::new(ErrorCode::InvalidDpopProof, missing).into());
    }
    presented
        .check_binding(row.token.key_thumbprint.as_deref(), proof.as_ref().map(VerifiedProof::thumbprint))?;
    let once = proof.iter().map(Once::from).collect();
    let event = |ctx: &AppContext, error: &ProtocolError| {
        refusal(ctx, error).by(InitiatedBy::anonymous()).from_origin(call.origin)
    };
    authentication::record(ctx, call.origin, once, event).await
}
