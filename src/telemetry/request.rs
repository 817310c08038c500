//! One span and one line for each request. Does not own errors' references (`domain::reference`).

use crate::clock::Clock;
use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    response::Response,
};
use std::{fmt, time::Instant};
use tracing::Span;
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

/// A request under way, in the log.
pub struct RequestSpan {
    id: RequestId,
    method: Method,
    route: Option<MatchedPath>,
    span: Span,
    begun: Instant,
}

impl RequestSpan {
    /// Names a request, for everything that is logged while it runs: by its id, method and route. The route is the pattern that
    /// matched, so neither query nor path parameters are logged.
    pub fn begin(request: &mut Request) -> Self {
        let id = RequestId::new();
        request.extensions_mut().insert(id);
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = request.method().clone();
        let span = tracing::info_span!("request", %id, %method, route = name_of(route.as_ref()));
        Self { id, method, route, span, begun: Instant::now() }
    }

    /// What the request is to run in.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Logs how it was answered, in one line that says everything itself, and tells the client the id.
    pub fn end(self, response: &mut Response) {
        let status = response.status().as_u16();
        let millis = self.begun.elapsed().as_secs_f64() * 1000.0;
        let (id, method, route) = (self.id, &self.method, name_of(self.route.as_ref()));
        if status >= 500 {
            tracing::warn!(parent: None, %id, %method, route, status, millis, "answered");
        } else if QUIET.contains(&route) {
            tracing::debug!(parent: None, %id, %method, route, status, millis, "answered");
        } else {
            tracing::info!(parent: None, %id, %method, route, status, millis, "answered");
        }
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            response.headers_mut().insert(HEADER, value);
        }
    }
}

fn name_of(route: Option<&MatchedPath>) -> &str {
    route.map_or("none", MatchedPath::as_str)
}
