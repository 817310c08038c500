//! The console: routes and one module a noun. Handlers read a form, call one service and draw a view.
//! Does not own rules, SQL or layout; who may change what is decided by the services.

mod apps;
mod audit;
mod forms;
mod frame;
mod groups;
mod home;
mod keys;
mod opened;
mod paging;
mod saving;
mod users;

use crate::context::AppContext;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

/// Largest body of the forms that take a file, in bytes; `Upload` has the same limit.
const UPLOAD_MAX: usize = 1024 * 1024;

/// Every address of the console.
pub fn router() -> Router<AppContext> {
    let upload = || DefaultBodyLimit::max(UPLOAD_MAX);
    Router::new()
        .route("/admin", get(home::show))
        .route("/admin/apps", get(apps::list::show))
        .route("/admin/apps/new", get(apps::new::choose))
        .route("/admin/apps/new/{kind}", get(apps::new::show).post(apps::new::submit).layer(upload()))
        .route("/admin/apps/{slug}", get(apps::sso::first))
        .route("/admin/apps/{slug}/sso", get(apps::sso::show).post(apps::sso::submit))
        .route("/admin/apps/{slug}/sso/metadata", post(apps::metadata::submit).layer(upload()))
        .route("/admin/apps/{slug}/sso/source", post(apps::source::submit))
        .route("/admin/apps/{slug}/sso/parameters", post(apps::catalogue::refill))
        .route("/admin/apps/{slug}/sso/secret", post(apps::sso::rotate_secret))
        .route("/admin/apps/{slug}/recordings", get(apps::recordings::show).post(apps::recordings::configure))
        .route("/admin/apps/{slug}/recordings/try", post(apps::recordings::attempt))
        .route("/admin/apps/{slug}/recordings/{id}", get(apps::recordings::one).post(apps::recordings::again))
        .route("/admin/apps/{slug}/sets/{index}", get(apps::sets::show).post(apps::sets::submit))
        .route("/admin/apps/{slug}/secret", get(apps::secret::show).post(apps::secret::submit))
        .route("/admin/apps/{slug}/secret/withdraw", post(apps::secret::withdraw))
        .route("/admin/apps/{slug}/secret/file", post(apps::secret::file))
        .route("/admin/apps/{slug}/certificate", get(apps::certificate::show).post(apps::certificate::submit))
        .route(
            "/admin/apps/{slug}/certificate/upload",
            post(apps::certificate::upload::submit).layer(upload()),
        )
        .route(
            "/admin/apps/{slug}/certificate/replace",
            get(apps::certificate::replace::show).post(apps::certificate::replace::submit),
        )
        .route("/admin/apps/{slug}/access", get(apps::access::show).post(apps::access::submit))
        .route("/admin/apps/{slug}/access/remove", get(apps::unassign::show).post(apps::unassign::submit))
        .route("/admin/apps/{slug}/appearance", get(apps::appearance::show).post(apps::appearance::submit))
        .route("/admin/apps/{slug}/activity", get(apps::activity::show))
        .route("/admin/apps/{slug}/state", post(apps::state::submit))
        .route("/admin/apps/{slug}/remove", get(apps::remove::show).post(apps::remove::submit))
        .route("/admin/users", get(users::list::show))
        .route("/admin/users/new", get(users::form::new).post(users::form::create))
        .route("/admin/users/{id}", get(users::detail::show))
        .route("/admin/users/{id}/edit", get(users::form::edit).post(users::form::update))
        .route("/admin/users/{id}/state", post(users::detail::set_state))
        .route("/admin/users/{id}/sessions", post(users::detail::end_sessions))
        .route("/admin/users/{id}/consents", post(users::detail::revoke_consent))
        .route("/admin/users/{id}/grants", post(users::detail::end_grant))
        .route("/admin/users/{id}/password", post(users::detail::set_password))
        .route("/admin/groups", get(groups::list::show))
        .route("/admin/groups/new", get(groups::list::new).post(groups::list::create))
        .route("/admin/groups/{id}", get(groups::detail::show).post(groups::detail::update))
        .route("/admin/groups/{id}/members", post(groups::detail::members))
        .route("/admin/groups/{id}/remove", post(groups::detail::remove))
        .route("/admin/keys", get(keys::show))
        .route("/admin/keys/rotate", post(keys::rotate))
        .route("/admin/keys/retire", get(keys::ask_retire).post(keys::retire))
        .route("/admin/audit", get(audit::list::show))
        .route("/admin/audit/{id}", get(audit::list::detail))
}
