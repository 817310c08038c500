//! A client as the protocol sees it, and proving that a caller is one. Does not own its settings (`domain::connection`).

use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy, Origin},
        connection::{ClientAuth, IdTokenAlgorithm},
        throttle::CLIENT,
    },
    keyring::secret_matches,
    service::{
        ServiceError, actor,
        authentication::throttle::{self, network},
    },
    store::{self, Written},
};
use ::oidc::{
    Client, ClientAuthMethod, Lifetimes, ProtocolError, RedirectUri, Scope, SigningAlgorithm,
    params::Params,
    token::client_auth::{self, PresentedClient},
};

/// Why an endpoint refuses: the client's fault, told to the client, or ours.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Told to the client.
    #[error("{0:?}")]
    Protocol(ProtocolError),
    /// Ours.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<ProtocolError> for EndpointError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<store::StoreError> for EndpointError {
    fn from(error: store::StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// The client of an OIDC app.
pub fn of_app(app: &App) -> Result<Client, ServiceError> {
    let settings =
        app.connection.oidc().ok_or_else(|| ServiceError::Internal("an OIDC app without settings".into()))?;
    let public = settings.client_auth == ClientAuth::None;
    let register = |uris: &[String]| {
        uris.iter().filter_map(|uri| RedirectUri::register(uri, public).ok()).collect::<Vec<_>>()
    };
    let mut client = Client::new(settings.client_id.clone(), register(&settings.redirect_uris));
    client.post_logout_redirect_uris = register(&settings.post_logout_redirect_uris);
    client.grant_types.clone_from(&settings.grant_types);
    client.response_modes.clone_from(&settings.response_modes);
    client.client_auth = match settings.client_auth {
        ClientAuth::ClientSecretBasic => ClientAuthMethod::ClientSecretBasic,
        ClientAuth::ClientSecretPost => ClientAuthMethod::ClientSecretPost,
        ClientAuth::PrivateKeyJwt => ClientAuthMethod::PrivateKeyJwt,
        ClientAuth::None => ClientAuthMethod::None,
    };
    client.require_pkce = settings.require_pkce;
    client.require_pushed_requests = settings.require_par;
    client.dpop_bound_access_tokens = settings.dpop_bound_access_tokens;
    client.resources.clone_from(&settings.resources);
    client.scopes = Scope::parse(&settings.scopes.join(" ")).map_err(ServiceError::internal)?;
    client.id_token_alg = match settings.id_token_algorithm {
        IdTokenAlgorithm::RS256 => SigningAlgorithm::Rs256,
        IdTokenAlgorithm::ES256 => SigningAlgorithm::Es256,
        IdTokenAlgorithm::EdDSA => SigningAlgorithm::EdDsa,
    };
    client.native = settings.native || public;
    client.trusted = settings.first_party;
    client.lifetimes = Lifetimes {
        id_token_seconds: settings.id_token_seconds,
        access_token_seconds: settings.access_token_seconds,
        refresh_idle_seconds: settings.refresh_idle_seconds,
        refresh_absolute_seconds: settings.refresh_absolute_seconds,
        ..Lifetimes::default()
    };
    Ok(client)
}

/// Authenticates the caller by exactly its registered method (O-12), its secret by hash in constant time (O-13).
/// A refusal is an event, and too many of them from one network slow down the next.
pub async fn authenticate(
    ctx: &AppContext,
    origin: &Origin,
    authorization: Option<&str>,
    params: &Params,
) -> Result<(App, Client), EndpointError> {
    let presented = client_auth::parse(authorization, params)?;
    let counter = format!(
        "client/{}/{}",
        crate::keyring::secret_hash(presented.client_id()),
        network(&origin.client_ip)
    );
    let waiting = store::throttles::get(&mut ctx.db.read().await?, &counter).await?;
    if waiting.is_some_and(|counter| ctx.now() < counter.blocked_until) {
        return Err(slowed_down().into());
    }
    match verify(ctx, &presented).await {
        Err(EndpointError::Protocol(error)) => {
            if throttle::count(ctx, &counter, CLIENT).await?.is_err() {
                return Err(slowed_down().into());
            }
            let words = error.detail().unwrap_or_else(|| error.description()).to_owned();
            let event = actor::event(ctx, EventType::OauthTokenRefuse)
                .by(InitiatedBy::anonymous())
                .from_origin(origin)
                .failed(error.code().as_str(), words)
                .detail("client_id", presented.client_id());
            ctx.db
                .write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) }))
                .await?;
            Err(error.into())
        }
        other => other,
    }
}

/// Says the same as a wrong secret; nothing is kept, so that a flood doesn't fill the audit trail.
fn slowed_down() -> ProtocolError {
    ProtocolError::invalid_client("too many wrong secrets; slowed down")
}

async fn verify(ctx: &AppContext, presented: &PresentedClient) -> Result<(App, Client), EndpointError> {
    let mut conn = ctx.db.read().await?;
    let app = store::apps::find_by_client_id(&mut conn, presented.client_id())
        .await?
        .ok_or_else(|| ProtocolError::invalid_client("no client has this id"))?;
    let client = of_app(&app)?;
    client_auth::authorize_method(presented, &client)?;
    if let Some(secret) = presented.secret() {
        let valid = store::client_secrets::valid_of_app(&mut conn, app.id, ctx.now()).await?;
        let hash_of_presented = secret.expose();
        // Every stored secret is compared, so that time doesn't tell which one matched.
        let matched =
            valid.iter().fold(false, |found, row| secret_matches(hash_of_presented, &row.hash) | found);
        if !matched {
            return Err(ProtocolError::invalid_client("wrong secret").into());
        }
    }
    drop(conn);
    if !app.active {
        return Err(ProtocolError::invalid_client("the app is paused").into());
    }
    Ok((app, client))
}
