//! The token endpoint: something that was granted comes in, new tokens go out; a file a grant. Does not own their shape
//! (`crates/oidc`). Everything slow (signatures, decisions) happens before the write; the write only claims, stores and says so.

mod authorization_code;
mod client_credentials;
mod device_code;
mod hand_over;
mod mint;
mod outcome;
mod refresh_token;

use super::{
    authentication::{Proven, prove},
    call::Call,
    client::EndpointError,
    dpop,
    once::Once,
    standing::{self, Lapsed, Standing},
};
use crate::{
    context::AppContext,
    domain::{app::App, audit::Origin, connection::OidcConnection},
    service::ServiceError,
    store::token_families::Family,
};
use ::oidc::{
    Client, ClientAuthMethod, ErrorCode, ProtocolError, params::Params, token::request::TokenRequest,
};

/// Answers a token request.
pub async fn exchange(ctx: &AppContext, call: &Call<'_>) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(call.body)?;
    let Proven { app, client, assertion } = prove(ctx, call.origin, call.authorization, &params).await?;
    let mut case = Case { ctx, origin: call.origin, app: &app, client: &client, key: None, once: Vec::new() };
    case.once.extend(assertion);
    let request = match case.prepare(call, &params) {
        Ok(request) => request,
        // RFC 9449 §8: no failure, but the first step of a client that knows no nonce yet.
        Err(error) if error.code() == ErrorCode::UseDpopNonce && case.once.is_empty() => {
            return Err(error.into());
        }
        Err(error) => return case.refuse(error).await,
    };
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, resources } => {
            case.redeem(code, redirect_uri.as_deref(), code_verifier, &resources).await
        }
        TokenRequest::RefreshToken { refresh_token, scope, resources } => {
            case.refresh(refresh_token, scope.as_ref(), &resources).await
        }
        TokenRequest::ClientCredentials { scope, resources } => {
            case.client_credentials(scope.as_ref(), resources).await
        }
        TokenRequest::DeviceCode { device_code, resources } => case.device(device_code, &resources).await,
        _ => {
            case.refuse(ProtocolError::new(ErrorCode::UnsupportedGrantType, "this grant is not offered"))
                .await
        }
    }
}

/// One authenticated token request.
struct Case<'a> {
    ctx: &'a AppContext,
    origin: &'a Origin,
    app: &'a App,
    client: &'a Client,
    /// The thumbprint of the key that the caller proved to hold.
    key: Option<String>,
    /// What it used that counts once; recorded by every write of this request.
    once: Vec<Once>,
}

impl Case<'_> {
    /// Reads the request, its proof, and whether the client may use the grant.
    fn prepare(&mut self, call: &Call<'_>, params: &Params) -> Result<TokenRequest, ProtocolError> {
        let proof = dpop::verify(self.ctx, call, None, self.client.is_public())?;
        if let Some(proof) = &proof {
            self.once.push(Once::from(proof));
            self.key = Some(proof.thumbprint().to_owned());
        }
        let request = TokenRequest::from_params(params)?;
        // RFC 9449 §5.2: a client registered for bound tokens gets no others.
        if proof.is_none() && self.client.dpop_bound_access_tokens {
            return Err(unproven(&request));
        }
        request.check_grant(self.client)?;
        Ok(request)
    }

    fn settings(&self) -> Result<&OidcConnection, ServiceError> {
        self.app.connection.oidc().ok_or_else(|| ServiceError::Internal("not an OIDC app".into()))
    }

    /// Whether the client signed this request with a key that it registered.
    fn has_signed(&self) -> bool {
        self.client.client_auth == ClientAuthMethod::PrivateKeyJwt
    }

    /// The one gate of every grant of a person: family, account, access, registration and consent at this moment (O-42).
    async fn standing(&self, family: &Family) -> Result<Result<Standing, Lapsed>, EndpointError> {
        let mut conn = self.ctx.db.read().await?;
        Ok(standing::of(&mut conn, self.app, self.client, family).await?)
    }
}

/// What a client hears that must prove its key and did not try. O-10: a refresh token without its key is an invalid grant, whether
/// the client was registered for bound tokens or chose them; the FAPI 2 plan takes only words of RFC 6749 §5.2 there.
fn unproven(request: &TokenRequest) -> ProtocolError {
    match request {
        TokenRequest::RefreshToken { .. } => ProtocolError::invalid_grant("no DPoP proof"),
        _ => ProtocolError::new(ErrorCode::InvalidDpopProof, "the client must prove a key by DPoP"),
    }
}
