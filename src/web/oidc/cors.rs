//! Which addresses scripts of other sites may call: those that take no cookie (O-32). Authorize, sign-in, portal and console
//! answer no origin.

use crate::{context::AppContext, service::oidc::origins};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What is public anyway: any origin, never with credentials.
pub async fn any_origin(request: Request, next: Next) -> Response {
    let mut response =
        if request.method() == Method::OPTIONS { preflight("GET, OPTIONS") } else { next.run(request).await };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // RFC 9449 §8: scripts must see the nonce, and why a token was refused.
    let exposed = HeaderValue::from_static("dpop-nonce, www-authenticate");
    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}

/// What gives tokens and claims: the origins that apps are registered with, never with credentials. Others are answered
/// too, but their browser shows the answer to no script.
pub async fn registered_origin(State(ctx): State<AppContext>, request: Request, next: Next) -> Response {
    let origin = single(request.headers());
    let allowed = match &origin {
        Some(origin) => is_registered(&ctx, origin).await,
        None => false,
    };
    let mut response = if request.method() == Method::OPTIONS {
        if allowed { preflight("GET, POST, OPTIONS") } else { StatusCode::NO_CONTENT.into_response() }
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // The answer differs by origin, so no cache may give one origin’s to another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| allowed).and_then(|origin| HeaderValue::from_str(&origin).ok()) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("dpop-nonce, www-authenticate"),
        );
    }
    response
}

/// The one `Origin` of a request.
fn single(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(header::ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::to_owned),
        _ => None,
    }
}

async fn is_registered(ctx: &AppContext, origin: &str) -> bool {
    origins::is_registered(ctx, origin).await.unwrap_or_else(|error| {
        tracing::error!(?error, "an origin could not be looked up");
        false
    })
}

fn preflight(methods: &'static str) -> Response {
    let allow = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ];
    (StatusCode::NO_CONTENT, allow).into_response()
}
