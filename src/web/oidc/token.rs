//! Token, userinfo, introspection and revocation: called by programs, answered in JSON, never cached.

use crate::{
    context::AppContext,
    service::oidc::{client::EndpointError, introspection, revocation, token, userinfo},
    web::extract::origin,
};
use axum::{
    Json,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use oidc::{ErrorCode, ProtocolError, token::response::ErrorResponse, userinfo::error_response};

/// Largest body, as the parser's own limit.
const BODY_MAX: usize = 32 * 1024;

/// A request's parts that these endpoints look at.
pub(super) struct Call {
    pub(super) authorization: Option<String>,
    pub(super) body: String,
    query: Option<String>,
    pub(super) origin: crate::domain::audit::Origin,
}

impl Call {
    pub(super) async fn read(ctx: &AppContext, request: Request) -> Result<Self, ProtocolError> {
        let (parts, body) = request.into_parts();
        let origin = origin::of(&parts.headers, &parts.extensions, &ctx.config);
        let bytes = to_bytes(body, BODY_MAX)
            .await
            .map_err(|_| ProtocolError::new(ErrorCode::InvalidRequest, "the body is too large"))?;
        let body = String::from_utf8(bytes.to_vec())
            .map_err(|_| ProtocolError::new(ErrorCode::InvalidRequest, "the body is not a form"))?;
        // RFC 6749 §4.1.3: parameters are sent as a form.
        if !body.is_empty() && !is_form(&parts.headers) {
            return Err(ProtocolError::new(ErrorCode::InvalidRequest, "the body is not a form"));
        }
        Ok(Self {
            authorization: one_header(&parts.headers)?,
            query: parts.uri.query().map(str::to_owned),
            body,
            origin,
        })
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"))
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
    let answered = async {
        let call = Call::read(&ctx, request).await?;
        token::exchange(&ctx, &call.origin, call.authorization.as_deref(), &call.body).await
    };
    match answered.await {
        Ok(body) => no_store(Json(body).into_response()),
        Err(error) => refused(error),
    }
}

/// `GET` and `POST /oauth2/userinfo`
pub async fn userinfo(State(ctx): State<AppContext>, request: Request) -> Response {
    let call = match Call::read(&ctx, request).await {
        Ok(call) => call,
        Err(error) => return drawn(&error_response(&error, true)),
    };
    let sent = call.authorization.is_some() || !call.body.is_empty();
    let body = (!call.body.is_empty()).then_some(call.body.as_str());
    match userinfo::answer(&ctx, &call.origin, call.authorization.as_deref(), call.query.as_deref(), body)
        .await
    {
        Ok(claims) => no_store(Json(claims).into_response()),
        Err(EndpointError::Protocol(error)) => drawn(&error_response(&error, sent)),
        Err(EndpointError::Service(error)) => refused(EndpointError::Service(error)),
    }
}

/// `POST /oauth2/introspect`
pub async fn introspect(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let call = Call::read(&ctx, request).await?;
        introspection::answer(&ctx, &call.origin, call.authorization.as_deref(), &call.body).await
    };
    match answered.await {
        Ok(body) => no_store(Json(body).into_response()),
        Err(error) => refused(error),
    }
}

/// `POST /oauth2/revoke`
pub async fn revoke(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let call = Call::read(&ctx, request).await?;
        revocation::revoke(&ctx, &call.origin, call.authorization.as_deref(), &call.body).await
    };
    match answered.await {
        Ok(()) => no_store(StatusCode::OK.into_response()),
        Err(error) => refused(error),
    }
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
