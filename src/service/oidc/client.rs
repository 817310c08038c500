//! A client as the protocol sees it. Does not own its settings (`domain::connection`) or proving that a caller is one
//! (`authentication`).

pub use super::authentication::authenticate;
use crate::{
    domain::{
        app::App,
        connection::{ClientAuth, IdTokenAlgorithm},
    },
    service::ServiceError,
    store,
};
use ::oidc::{Client, ClientAuthMethod, Lifetimes, ProtocolError, RedirectUri, Scope, SigningAlgorithm};

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
    client.serves_resources.clone_from(&settings.serves_resources);
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
