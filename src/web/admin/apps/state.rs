//! Going live and pausing. Does not own what a paused app refuses (`domain::access`).

use super::frame;
use crate::{
    context::AppContext,
    domain::app::{App, AppDraft},
    service::apps,
    web::{
        admin::{forms::warned, opened::Changing, paging::count},
        error::Failure,
        extract::Fields,
        respond::done,
        view::list::counted,
    },
};
use axum::{extract::State, response::Response};

/// `POST /admin/apps/{slug}/state`: `state` is `live` or `paused`.
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let back = format!("/admin/apps/{}/sso", app.slug);
    let live = match fields.get("state") {
        "live" => true,
        "paused" => false,
        _ => return Ok(warned(&ctx, &back, "Nothing was changed: choose Go live or Pause.")),
    };
    if live && !app.connection.is_complete() {
        let line = format!("{} isn’t live: fill in what it gave you first, under step 2.", app.label);
        return Ok(warned(&ctx, &back, &line));
    }
    let draft = AppDraft { active: live, ..AppDraft::of(&app) };
    let app = apps::update(&ctx, &admin.caller, app.clone(), app.version, draft).await?;
    if !live {
        let line = format!("{} is paused. Nobody gets in until you make it live again.", app.label);
        return Ok(done(&ctx, &back, &line));
    }
    match frame::reach(&ctx, &admin, &app).await? {
        (_, 0) => {
            let line = format!("{} is live, but nobody has access yet. Choose groups.", app.label);
            Ok(warned(&ctx, &format!("/admin/apps/{}/access", app.slug), &line))
        }
        (_, people) => {
            let people = counted(count(people), "person has", "people have");
            Ok(done(&ctx, &back, &format!("{} is live. {people} it now.", app.label)))
        }
    }
}
