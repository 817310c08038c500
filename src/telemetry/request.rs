//! One span and one line for each request. Does not own errors' references (`domain::reference`).

use crate::clock::Clock;
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use std::{fmt, time::Instant};
use tracing::Instrument;
use ulid::Ulid;

/// The header an answer carries its request's id in.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Routes that are asked all the time and tell nothing; logged at `debug`.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/assets/{hash}/{*path}"];

/// The name of one request in the log; made here, never taken from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Ulid);

impl RequestId {
    fn new() -> Self {
        let millis = u64::try_from(Clock::System.now().timestamp_millis()).unwrap_or_default();
        let random = rand::random();
        Self(Ulid::from_parts(millis, random))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Runs a request inside a span that names it: id, method, route. The route is the pattern that matched, so neither
/// query nor path parameters are logged.
pub async fn request_span(mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!("request", id = %id, method = %request.method(), route);
    let quiet = QUIET.contains(&route);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let millis = begun.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(status, millis, "answered");
        } else if quiet {
            tracing::debug!(status, millis, "answered");
        } else {
            tracing::info!(status, millis, "answered");
        }
    });
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
