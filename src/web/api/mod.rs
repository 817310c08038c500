//! The admin API: bearer tokens, JSON, RFC 9457 problems. No cookies are read and no other origin may call it.
//! Does not own what is done (`service`).

mod bearer;
mod keys;
mod organisation;
mod problem;
mod simulate;

use crate::{context::AppContext, service::organisation::SIZE_MAX};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use problem::Problem;

/// The routes below `/api/v1`.
pub fn router() -> Router<AppContext> {
    Router::new()
        .route("/organisation/apply", post(organisation::apply).layer(DefaultBodyLimit::max(SIZE_MAX)))
        .route("/organisation/export", get(organisation::export))
        .route("/apps/{slug}/simulate", post(simulate::simulate))
        .route("/apps/{slug}/judge", post(simulate::judge))
        .route("/keys", get(keys::list))
        .route("/keys/rotate", post(keys::rotate))
        .route("/keys/{kid}/retire", post(keys::retire))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
}
