//! What happened at an app: every sign-in and every change. Does not own the words (`admin::audit`).

use super::frame;
use crate::{
    context::AppContext,
    domain::app::App,
    service::{audit, overview::AuditFilter},
    web::{
        admin::{
            audit::rows,
            frame::console,
            opened::Opened,
            paging::{Query, address, pager},
        },
        error::Failure,
        respond::page,
        view::admin::{
            Nav,
            apps::{AppActivity, AppTab},
        },
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};

/// `GET /admin/apps/{slug}/activity`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: app }: Opened<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let filter = AuditFilter { app: Some(app.id), ..AuditFilter::default() };
    let found = audit::list(&ctx, &admin.caller, &filter, query.rows()).await?;
    let kept: &[(&str, &str)] = &[("app", &app.slug), ("when", "all")];
    page(&AppActivity {
        page: admin.visit.page(&ctx),
        console: console(&ctx, &admin, Nav::Apps).await?,
        frame: frame::of(&ctx, &admin, &app, AppTab::Activity).await?,
        events: rows::draw(&ctx, &admin, &found.items, kept, None).await?,
        all_href: address("/admin/audit", kept),
        pager: pager(
            &query,
            &format!("/admin/apps/{}/activity", app.slug),
            &[],
            found.items.len(),
            found.total,
        ),
    })
}
