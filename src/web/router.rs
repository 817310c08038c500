//! The whole route table. Pages load a visit; endpoints for programs don't know cookies.

use super::{
    admin, api, assets,
    error::Failure,
    health,
    middleware::{frame, visit},
    oidc::{authorize, cors, device, discovery, logout, pushed, token},
    portal::{account, apps, errors, launch},
    saml::{metadata, slo, sso},
    sign_in::{account as which_account, consent, leave, login, password, setup, sign_out, walk},
};
use crate::context::AppContext;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};

/// Largest body where a handler sets no limit of its own.
const BODY_MAX: usize = 256 * 1024;

/// Every route.
pub fn router(ctx: AppContext) -> Router {
    Router::new()
        .merge(pages(&ctx))
        .merge(endpoints(&ctx))
        .nest("/api/v1", api::router())
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn_with_state(ctx.clone(), frame::run))
        .with_state(ctx)
}

/// What browsers show.
fn pages(ctx: &AppContext) -> Router<AppContext> {
    Router::new()
        .route("/", get(apps::show))
        .route("/favourites/{slug}", post(apps::favourite))
        .route("/account", get(account::show).post(account::submit))
        .route("/account/apps/{app}/revoke", post(account::revoke))
        .route("/account/grants/{id}/end", post(account::end_grant))
        .route("/launch/{slug}", get(launch::show).post(launch::confirmed))
        .route("/launch/{slug}/{name}", get(launch::show_link).post(launch::confirmed_link))
        .route("/error", get(errors::from_app))
        .route("/error/{reference}", get(errors::show))
        .route("/login", get(login::show).post(login::submit))
        .route("/login/password", get(password::show).post(password::submit))
        .route("/login/account", get(which_account::show).post(which_account::submit))
        .route("/login/consent", get(consent::show).post(consent::submit))
        .route("/login/continue", get(leave::show))
        .route("/login/continue/{flow}", get(leave::resume))
        .route("/logout", get(sign_out::show).post(sign_out::submit))
        .route("/logout/{logout}", get(walk::show).post(walk::skip))
        .route("/setup", get(setup::show).post(setup::submit))
        .route("/saml2/{slug}", get(sso::redirect).post(sso::post))
        .route("/saml2/{slug}/slo", get(slo::redirect_binding).post(slo::post))
        .route("/oauth2/authorize", get(authorize::get).post(authorize::post))
        .route("/device", get(device::show).post(device::submit))
        .route("/device/answer", post(device::answer))
        .route("/oauth2/logout", get(logout::get).post(logout::post))
        .merge(admin::router())
        .fallback(async || Failure::NotFound)
        .method_not_allowed_fallback(async || Failure::MethodNotAllowed)
        .layer(from_fn_with_state(ctx.clone(), visit::run))
}

/// What programs call.
fn endpoints(ctx: &AppContext) -> Router<AppContext> {
    let public = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::document))
        .route("/.well-known/oauth-authorization-server", get(discovery::document))
        .route("/oauth2/jwks", get(discovery::jwks))
        .layer(from_fn(cors::any_origin));
    let open = Router::new()
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/userinfo", get(token::userinfo).post(token::userinfo))
        .route("/oauth2/revoke", post(token::revoke))
        .route("/oauth2/par", post(pushed::submit))
        .layer(from_fn_with_state(ctx.clone(), cors::registered_origin));
    Router::new()
        .merge(public)
        .merge(open)
        .route("/oauth2/device_authorization", post(token::device_authorization))
        .route("/oauth2/introspect", post(token::introspect))
        .route("/saml2/{slug}/slo/soap", post(slo::soap))
        .route("/saml2/{slug}/metadata", get(metadata::metadata))
        .route("/saml2/{slug}/certificate.pem", get(metadata::certificate))
        .route("/assets/{hash}/{*path}", get(assets::serve))
        .route("/logo.svg", get(assets::logo))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
}
