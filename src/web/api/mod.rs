//! The admin API: bearer tokens, JSON, RFC 9457 problems. No cookies are read and no other origin may call it.
//! Does not own what is done (`service`).

mod app_keys;
mod bearer;
mod client_secrets;
mod decryption_keys;
mod keys;
mod metadata;
mod organisation;
mod problem;
mod recordings;
mod simulate;

use crate::{context::AppContext, service::organisation::SIZE_MAX};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post},
};
use problem::Problem;

/// The routes below `/api/v1`.
pub fn router() -> Router<AppContext> {
    Router::new()
        .route("/organisation/apply", post(organisation::apply).layer(DefaultBodyLimit::max(SIZE_MAX)))
        .route("/organisation/export", get(organisation::export))
        .route("/apps/{slug}/metadata", get(metadata::show).post(metadata::act))
        .route("/apps/{slug}/simulate", post(simulate::simulate))
        .route("/apps/{slug}/judge", post(simulate::judge))
        .route("/keys", get(keys::list))
        .route("/keys/rotate", post(keys::rotate))
        .route("/keys/{kid}/retire", post(keys::retire))
        .route(
            "/apps/{slug}/keys",
            get(app_keys::list).post(app_keys::make).layer(DefaultBodyLimit::max(app_keys::BODY_MAX)),
        )
        .route("/apps/{slug}/keys/{id}/activate", post(app_keys::activate))
        .route("/apps/{slug}/keys/{id}/schedule", post(app_keys::schedule))
        .route("/apps/{slug}/keys/{id}/roll-back", post(app_keys::roll_back))
        .route("/apps/{slug}/keys/{id}/retire", post(app_keys::retire))
        .route("/apps/{slug}/decryption-keys", get(decryption_keys::list).post(decryption_keys::make))
        .route("/apps/{slug}/decryption-keys/{id}", delete(decryption_keys::remove))
        .route("/apps/{slug}/client-secrets", get(client_secrets::list).post(client_secrets::make))
        .route("/apps/{slug}/client-secrets/{id}", delete(client_secrets::remove))
        .route("/apps/{slug}/client-secrets/{id}/expire", post(client_secrets::expire))
        .route("/apps/{slug}/recordings", get(recordings::list))
        .route("/apps/{slug}/recordings/{id}", get(recordings::read))
        .route("/apps/{slug}/recordings/{id}/replay", post(recordings::replay))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
}
