//! Starting an app from its tile. A link on another site must not start one by itself (S-29): it is asked about first.

use crate::{
    context::AppContext,
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
    start(&ctx, &visit, &slug).await
}

/// Starts the app when our own page or the person asked, else asks them.
pub async fn start(ctx: &AppContext, visit: &Visit, slug: &str) -> Result<Response, Failure> {
    if visit.site == FetchSite::Other && visit.user().is_some() {
        let app = launch::app_of(ctx, slug).await?.ok_or(Failure::NotFound)?;
        return page(&LaunchConfirm { page: visit.page(ctx), tile: words::tile(&app), slug: app.slug });
    }
    outcome::respond(ctx, visit, launch::begin(ctx, &visit.visitor, slug).await?)
}

/// `POST /launch/{slug}`: the person said yes. Answers with a page that leaves (a form's redirect to the app would be blocked).
pub async fn confirmed(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let app = launch::app_of(&ctx, &slug).await?.ok_or(Failure::NotFound)?;
    page(&crate::web::view::sign_in::Leave {
        page: visit.page(&ctx),
        label: app.label.clone(),
        tile: Some(words::tile(&app)),
        address: format!("/launch/{}", app.slug),
    })
}
