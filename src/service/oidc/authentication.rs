//! Proving that a caller is a client, and slowing down those who are none. Does not own the client (`client`).

use super::{
    client::{EndpointError, of_app},
    client_keys,
    once::{self, Once},
    secret_uses,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy, Origin},
        connection::{AssertionAlgorithm, OidcConnection},
        throttle::CLIENT,
    },
    keyring::secret_matches,
    service::{
        ServiceError, actor,
        authentication::throttle::{self, network},
        refusals,
    },
    store::{self, Written, client_secrets::ClientSecret},
};
use ::oidc::{
    Client, ProtocolError,
    jose::ClientAlgorithm,
    params::Params,
    token::{
        client_assertion::{AssertionError, ClientAssertion},
        client_auth::{self, PresentedClient},
    },
};

/// A caller that proved to be a client. What it used for that counts once, and is recorded in the write of what follows.
pub struct Proven {
    /// The client's application.
    pub app: App,
    /// The client.
    pub client: Client,
    /// Its assertion, if it authenticated with one.
    pub assertion: Option<Once>,
}

/// Authenticates the caller by exactly its registered method (O-12), and records its assertion, if it used one, in a write
/// of its own.
pub async fn authenticate(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    params: &Params,
) -> Result<(App, Client), EndpointError> {
    let Proven { app, client, assertion } = prove(ctx, origin, authorization, params).await?;
    let Some(assertion) = assertion else { return Ok((app, client)) };
    let (id, label) = (client.client_id.clone(), app.clone());
    let refusal = move |ctx: &AppContext, error: &ProtocolError| refused(ctx, origin, &id, error).at(&label);
    record(ctx, origin, vec![assertion], refusal).await?;
    Ok((app, client))
}

/// Records what counts once where nothing else is written; a replay is an event, within limits: who replays something proves
/// nothing by it.
pub async fn record(
    ctx: &AppContext,
    origin: &Origin,
    all: Vec<Once>,
    event: impl FnOnce(&AppContext, &ProtocolError) -> AuditEvent,
) -> Result<(), EndpointError> {
    if all.is_empty() {
        return Ok(());
    }
    let recorded = ctx
        .db
        .write(move |tx| {
            Box::pin(async move { Ok::<_, ServiceError>(Written::unaudited(once::record(tx, &all).await?)) })
        })
        .await?;
    if let Err(error) = recorded {
        refusals::record_of(ctx, origin, event(ctx, &error)).await?;
        return Err(error.into());
    }
    Ok(())
}

/// As [`authenticate`], but leaves the recording to the caller. Secrets are compared by hash in constant time (O-13). A
/// refusal is an event, and too many of them from one network slow down the next.
///
/// Who is right waits for nobody: counters are looked at, and written only for who is wrong. [`Guesses`] says why guesses that
/// come together don't get past the limit all the same.
///
/// [`Guesses`]: super::guesses::Guesses
pub async fn prove(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    params: &Params,
) -> Result<Proven, EndpointError> {
    let presented = client_auth::parse(authorization, params)?;
    let mut conn = ctx.db.read().await?;
    let app = store::apps::find_by_client_id(&mut conn, presented.client_id()).await?;
    // Ids that nobody has share one counter: with one for each, none would ever be full.
    let whose = app
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |_| crate::keyring::secret_hash(presented.client_id()));
    let counter = format!("client/{whose}/{}", network(&origin.client_ip));
    let waiting = store::throttles::get(&mut conn, &counter).await?;
    drop(conn);
    if waiting.is_some_and(|counter| ctx.now() < counter.blocked_until) {
        return Err(slowed_down().into());
    }
    let verified = verify(ctx, &presented, app).await;
    // O-13: between a comparison and its verdict here nothing is awaited, so that verdicts fall in the order of comparisons.
    let (guesses, now) = (ctx.client_guesses(), ctx.now());
    match verified {
        Ok(_) if guesses.is_full(&counter, now) => Err(slowed_down().into()),
        Ok((proven, secret)) => {
            if let Some(secret) = secret {
                secret_uses::note(ctx, &secret);
            }
            Ok(proven)
        }
        Err(EndpointError::Protocol(error)) => {
            let is_counted = guesses.count(&counter, &CLIENT, now);
            if !is_counted || throttle::count(ctx, &counter, CLIENT).await?.is_err() {
                return Err(slowed_down().into());
            }
            refusals::record_of(ctx, origin, refused(ctx, origin, presented.client_id(), &error)).await?;
            Err(error.into())
        }
        Err(other) => Err(other),
    }
}

fn refused(ctx: &AppContext, origin: &Origin, client_id: &str, error: &ProtocolError) -> AuditEvent {
    let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
    actor::event(ctx, EventType::OauthTokenRefuse)
        .by(InitiatedBy::anonymous())
        .from_origin(origin)
        .failed(error.code().as_str(), words)
        .detail("client_id", client_id)
}

/// Says the same as a wrong secret; nothing is kept, so that a flood doesn't fill the audit trail.
fn slowed_down() -> ProtocolError {
    ProtocolError::invalid_client("too many wrong secrets; slowed down")
}

/// What the caller proved, and the secret it used, if it has one.
async fn verify(
    ctx: &AppContext,
    presented: &PresentedClient,
    app: Option<App>,
) -> Result<(Proven, Option<ClientSecret>), EndpointError> {
    let app = app.ok_or_else(|| ProtocolError::invalid_client("no client has this id"))?;
    let client = of_app(&app)?;
    client_auth::authorize_method(presented, &client)?;
    let mut used = None;
    if let Some(secret) = presented.secret() {
        let mut conn = ctx.db.read().await?;
        let valid = store::client_secrets::valid_of_app(&mut conn, app.id, ctx.now()).await?;
        drop(conn);
        // Every stored secret is compared, so that time doesn't tell which one matched.
        for row in valid {
            if secret_matches(secret.expose(), &row.hash) {
                used = Some(row);
            }
        }
        if used.is_none() {
            return Err(ProtocolError::invalid_client("wrong secret").into());
        }
    }
    if !app.active {
        return Err(ProtocolError::invalid_client("the app is paused").into());
    }
    let assertion = match presented.assertion() {
        Some(assertion) => Some(verify_assertion(ctx, &app, &client, assertion).await?),
        None => None,
    };
    Ok((Proven { app, client, assertion }, used))
}

/// RFC 7523 §3: a signature by one of the client's keys. One that is unknown may be new: then its address is asked once more.
async fn verify_assertion(
    ctx: &AppContext,
    app: &App,
    client: &Client,
    assertion: &ClientAssertion,
) -> Result<Once, EndpointError> {
    let settings =
        app.connection.oidc().ok_or_else(|| ServiceError::Internal("an OIDC app without settings".into()))?;
    let allowed = allowed_algorithms(settings);
    for renew in [false, true] {
        let keys = client_keys::of(ctx, settings, renew).await??;
        let issuer = ctx.config.http.public_url.as_str();
        match assertion.verify(&client.client_id, &allowed, &keys, issuer, ctx.now()) {
            Ok(verified) => return Ok(Once::from(&verified)),
            Err(AssertionError::Refused(error)) => return Err(error.into()),
            Err(AssertionError::UnknownKey) => {}
        }
    }
    Err(ProtocolError::invalid_client("no key of the client has the assertion’s kid and algorithm").into())
}

/// The one that is registered; otherwise all. FAPI 2.0 §5.4.1 leaves RS256 out, so it is left out for a client that must push its
/// requests and whose tokens are bound: those two settings are the profile.
fn allowed_algorithms(settings: &OidcConnection) -> Vec<ClientAlgorithm> {
    match settings.token_endpoint_auth_signing_alg {
        Some(registered) => vec![algorithm(registered)],
        None if settings.require_par && settings.dpop_bound_access_tokens => ClientAlgorithm::FAPI.to_vec(),
        None => ClientAlgorithm::ALL.to_vec(),
    }
}

fn algorithm(registered: AssertionAlgorithm) -> ClientAlgorithm {
    match registered {
        AssertionAlgorithm::RS256 => ClientAlgorithm::Rs256,
        AssertionAlgorithm::PS256 => ClientAlgorithm::Ps256,
        AssertionAlgorithm::ES256 => ClientAlgorithm::Es256,
        AssertionAlgorithm::EdDSA => ClientAlgorithm::EdDsa,
    }
}
