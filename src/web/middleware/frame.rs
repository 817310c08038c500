//! Around every request: its span and id, the name it came under, the headers of its answer. One layer, since each costs as much
//! as what it does. Does not own what any of the three is.

use super::{headers, host};
use crate::{context::AppContext, telemetry::RequestSpan};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

/// Runs a request.
pub async fn run(State(ctx): State<AppContext>, mut request: Request, next: Next) -> Response {
    let span = RequestSpan::begin(&mut request);
    let answer = async {
        match host::misdirected(&ctx, &request) {
            Some(answer) => answer,
            None => next.run(request).await,
        }
    };
    let mut response = answer.instrument(span.span().clone()).await;
    headers::add(&ctx, response.headers_mut());
    span.end(&mut response);
    response
}
