//! Token, userinfo, introspection and revocation: called by programs, answered in JSON, never cached.

use crate::{
    context::AppContext,
    service::oidc::{
        call::Call,
        client::EndpointError,
        device, dpop as service_dpop, introspection, revocation, token,
        userinfo::{self, Refused, Userinfo},
    },
    web::extract::{
        media_type::{self, FORM},
        origin,
    },
};
use axum::{
    Json,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use oidc::{ErrorCode, ProtocolError, dpop, token::response::ErrorResponse, userinfo::error_response};

/// Largest body, as the parser's own limit.
const BODY_MAX: usize = 32 * 1024;

/// A request's parts that these endpoints look at.
pub(super) struct Parts {
    method: Method,
    path: String,
    authorization: Option<String>,
    proofs: Vec<String>,
    body: String,
    query: Option<String>,
    pub(super) origin: crate::domain::audit::Origin,
}

impl Parts {
    pub(super) async fn read(ctx: &AppContext, request: Request) -> Result<Self, ProtocolError> {
        let (parts, body) = request.into_parts();
        let origin = origin::of(&parts.headers, &parts.extensions, &ctx.config);
        let bytes = to_bytes(body, BODY_MAX)
            .await
            .map_err(|_| ProtocolError::new(ErrorCode::InvalidRequest, "the body is too large"))?;
        let body = String::from_utf8(bytes.to_vec())
            .map_err(|_| ProtocolError::new(ErrorCode::InvalidRequest, "the body is not a form"))?;
        // RFC 6749 §4.1.3: parameters are sent as a form.
        if !body.is_empty() && !media_type::is(&parts.headers, FORM) {
            return Err(ProtocolError::new(ErrorCode::InvalidRequest, "the body is not a form"));
        }
        Ok(Self {
            authorization: one_header(&parts.headers)?,
            proofs: proofs(&parts.headers),
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            body,
            origin,
        })
    }

    pub(super) fn call(&self) -> Call<'_> {
        Call {
            origin: &self.origin,
            method: self.method.as_str(),
            path: &self.path,
            authorization: self.authorization.as_deref(),
            proofs: &self.proofs,
            query: self.query.as_deref(),
            body: &self.body,
        }
    }
}

/// The values of the `DPoP` header; one that is no text is kept as one that is no proof.
fn proofs(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(dpop::HEADER).iter();
    values.map(|value| value.to_str().unwrap_or_default().to_owned()).collect()
}

fn one_header(headers: &HeaderMap) -> Result<Option<String>, ProtocolError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let bad = || ProtocolError::new(ErrorCode::InvalidRequest, "the Authorization header can't be read");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => Ok(Some(value.to_str().map_err(|_| bad())?.to_owned())),
        _ => Err(bad()),
    }
}

/// `POST /oauth2/token`
pub async fn token(State(ctx): State<AppContext>, request: Request) -> Response {
    let parts = match Parts::read(&ctx, request).await {
        Ok(parts) => parts,
        Err(error) => return refused(error.into()),
    };
    let response = match token::exchange(&ctx, &parts.call()).await {
        Ok(body) => no_store(Json(body).into_response()),
        Err(error) => refused(error),
    };
    with_nonce(&ctx, &parts, response)
}

/// `GET` and `POST /oauth2/userinfo`
pub async fn userinfo(State(ctx): State<AppContext>, request: Request) -> Response {
    let parts = match Parts::read(&ctx, request).await {
        Ok(parts) => parts,
        Err(error) => return drawn(&error_response(&error, true, false)),
    };
    let sent = parts.authorization.is_some() || !parts.body.is_empty();
    let response = match userinfo::answer(&ctx, &parts.call()).await {
        Ok(Userinfo::Claims(claims)) => no_store(Json(claims).into_response()),
        // OpenID Connect Core §5.3.2: a signed answer says so.
        Ok(Userinfo::Signed(token)) => {
            no_store(([(header::CONTENT_TYPE, "application/jwt")], token).into_response())
        }
        Err(Refused { error: EndpointError::Protocol(error), is_dpop }) => {
            drawn(&error_response(&error, sent, is_dpop))
        }
        Err(Refused { error, .. }) => refused(error),
    };
    with_nonce(&ctx, &parts, response)
}

/// `POST /oauth2/introspect`
pub async fn introspect(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let parts = Parts::read(&ctx, request).await?;
        introspection::answer(&ctx, &parts.call()).await
    };
    match answered.await {
        Ok(body) => no_store(Json(body).into_response()),
        Err(error) => refused(error),
    }
}

/// `POST /oauth2/device_authorization`
pub async fn device_authorization(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let parts = Parts::read(&ctx, request).await?;
        device::begin(&ctx, &parts.call()).await
    };
    match answered.await {
        Ok(body) => no_store(Json(body).into_response()),
        Err(error) => refused(error),
    }
}

/// `POST /oauth2/revoke`
pub async fn revoke(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let parts = Parts::read(&ctx, request).await?;
        revocation::revoke(&ctx, &parts.call()).await
    };
    match answered.await {
        Ok(()) => no_store(StatusCode::OK.into_response()),
        Err(error) => refused(error),
    }
}

/// RFC 9449 §8.2: an answer to a proof brings the nonce for the next one.
pub(super) fn with_nonce(ctx: &AppContext, parts: &Parts, mut response: Response) -> Response {
    if !parts.proofs.is_empty()
        && let Ok(nonce) = HeaderValue::from_str(&service_dpop::current_nonce(ctx))
    {
        response.headers_mut().insert(dpop::NONCE_HEADER, nonce);
    }
    response
}

pub(super) fn refused(error: EndpointError) -> Response {
    match error {
        EndpointError::Protocol(error) => drawn(&ErrorResponse::new(&error)),
        EndpointError::Service(error) => {
            tracing::error!(?error, "an endpoint failed");
            let error = ProtocolError::new(ErrorCode::ServerError, "something here stopped working");
            drawn(&ErrorResponse::new(&error))
        }
    }
}

fn drawn(error: &ErrorResponse) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = (status, Json(&error.body)).into_response();
    if let Some(challenge) =
        error.www_authenticate.as_deref().and_then(|text| HeaderValue::from_str(text).ok())
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    no_store(response)
}

/// RFC 6749 §5.1: `Cache-Control: no-store` and `Pragma: no-cache`.
pub(super) fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
