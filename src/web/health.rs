//! Alive and ready, for load balancers. Says nothing about the inside.

use crate::context::AppContext;
use axum::{extract::State, http::StatusCode};

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and is migrated.
pub async fn ready(State(ctx): State<AppContext>) -> (StatusCode, &'static str) {
    match ctx.db.pending_migrations().await {
        Ok(pending) if pending.is_empty() => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "migrations are pending\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is not available\n")
        }
    }
}
