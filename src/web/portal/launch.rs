//! Starting an app from its tile. A link on another site must not start one by itself (S-29): it is asked about first.

use crate::{
    context::AppContext,
    domain::app::App,
    service::sign_on::launch,
    web::{
        error::Failure,
        extract::{FetchSite, Fields, Visit},
        outcome,
        respond::page,
        view::portal::LaunchConfirm,
        words,
    },
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// `GET /launch/{slug}`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    start(&ctx, &visit, &slug, None).await
}

/// `GET /launch/{slug}/{name}`: a place in the app, by its name among the app's start links. Whatever else the address says is
/// passed over (S-24).
pub async fn show_link(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path((slug, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    start(&ctx, &visit, &slug, Some(&name)).await
}

/// Starts the app when our own page or the person asked, else asks them.
pub async fn start(
    ctx: &AppContext,
    visit: &Visit,
    slug: &str,
    link: Option<&str>,
) -> Result<Response, Failure> {
    if visit.site == FetchSite::Other && visit.user().is_some() {
        let app = launch::app_of(ctx, slug, link).await?.ok_or(Failure::NotFound)?;
        return page(&LaunchConfirm {
            page: visit.page(ctx),
            tile: words::tile(&app),
            place: place(&app, link),
            path: path(&app, link),
        });
    }
    outcome::respond(ctx, visit, launch::begin(ctx, &visit.visitor, slug, link).await?)
}

/// Where the app, or a place in it, is launched.
fn path(app: &App, link: Option<&str>) -> String {
    match link {
        Some(name) => format!("/launch/{}/{name}", app.slug),
        None => format!("/launch/{}", app.slug),
    }
}

/// The caption of a start link; empty without one.
fn place(app: &App, link: Option<&str>) -> String {
    link.and_then(|name| app.connection.start_link(name)).map(|link| link.label.clone()).unwrap_or_default()
}

/// `POST /launch/{slug}`: the person said yes. Answers with a page that leaves (a form's redirect to the app would be blocked).
pub async fn confirmed(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    leave(&ctx, &visit, &slug, None).await
}

/// `POST /launch/{slug}/{name}`: the same of a place in the app.
pub async fn confirmed_link(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path((slug, name)): Path<(String, String)>,
    _: Fields,
) -> Result<Response, Failure> {
    leave(&ctx, &visit, &slug, Some(&name)).await
}

async fn leave(ctx: &AppContext, visit: &Visit, slug: &str, link: Option<&str>) -> Result<Response, Failure> {
    let app = launch::app_of(ctx, slug, link).await?.ok_or(Failure::NotFound)?;
    page(&crate::web::view::sign_in::Leave {
        page: visit.page(ctx),
        label: app.label.clone(),
        tile: Some(words::tile(&app)),
        address: path(&app, link),
    })
}
