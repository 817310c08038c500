//! What all pages of one app show above their content. Does not own the pages.

use super::{
    certificate,
    stage::{Stage, protocol_word},
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::TileStart,
        permission::{Permission, allows},
    },
    service::{assignments, keys, overview},
    web::{
        admin::paging::count,
        error::Failure,
        extract::Admin,
        view::{
            Pill,
            admin::apps::{AppFrame, AppTab},
            list::counted,
        },
        words,
    },
};
use chrono::{DateTime, Utc};

/// Groups and people that have an app.
pub async fn reach(ctx: &AppContext, admin: &Admin, app: &App) -> Result<(i64, i64), Failure> {
    Ok(overview::access_counts(ctx, &admin.caller).await?.get(&app.id).copied().unwrap_or_default())
}

/// Where an app stands.
pub async fn stage(ctx: &AppContext, admin: &Admin, app: &App, people: i64) -> Result<Stage, Failure> {
    let was_live = !app.active && overview::was_live(ctx, &admin.caller, app).await?;
    Ok(Stage::of(app, people, was_live))
}

/// The frame of an app's page.
pub async fn of(ctx: &AppContext, admin: &Admin, app: &App, tab: AppTab) -> Result<AppFrame, Failure> {
    let (groups, people) = reach(ctx, admin, app).await?;
    let last = overview::last_sign_on(ctx, &admin.caller, app.id).await?;
    let stage = stage(ctx, admin, app, people).await?;
    let may_try = assignments::check(ctx, &admin.caller, app, &admin.user).await?.is_allowed();
    Ok(AppFrame {
        slug: app.slug.clone(),
        tile: words::tile(app),
        state: state(stage, certificate_end(ctx, admin, app).await?, ctx.now()),
        live: app.active,
        meta: meta(app, (groups, people), last, ctx.now()),
        has_certificate: app.connection.saml().is_some(),
        has_recordings: app.connection.saml().is_some() && allows(admin.user.role, Permission::Manage),
        tab,
        try_href: (may_try && leads_somewhere(app)).then(|| format!("/launch/{}", app.slug)),
    })
}

/// Whether there is anything to open. The check list beside the settings says what is missing.
fn leads_somewhere(app: &App) -> bool {
    !matches!(app.connection.tile_start(), TileStart::AtTheApp | TileStart::Nobody)
}

/// The pill of an app: where it stands, or that its certificate ends soon while people use it.
pub fn state(stage: Stage, certificate_ends: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Pill {
    let ending = certificate_ends.filter(|_| stage == Stage::Live);
    ending.and_then(|end| certificate::words::of_app(end, now)).unwrap_or_else(|| stage.pill())
}

/// When the certificate in use ends.
async fn certificate_end(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
) -> Result<Option<DateTime<Utc>>, Failure> {
    if app.connection.saml().is_none() {
        return Ok(None);
    }
    Ok(keys::of_app(ctx, &admin.caller, app).await?.active().and_then(|key| key.not_after))
}

fn meta(app: &App, (groups, people): (i64, i64), last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let reach = match (groups, people) {
        (0, 0) => "nobody has access".to_owned(),
        (0, _) => counted(count(people), "person", "people"),
        _ => format!(
            "{}, {}",
            counted(count(groups), "group", "groups"),
            counted(count(people), "person", "people")
        ),
    };
    let last = match last {
        Some(then) => format!("last sign-in {}", words::ago(then, now)),
        None if app.active => "no sign-ins yet".to_owned(),
        None => "not live yet".to_owned(),
    };
    format!("{} · {reach} · {last}", protocol_word(&app.connection))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::admin::apps::stage::tests::app;

    #[test]
    fn the_line_under_the_name_counts() {
        let app = app();
        let now = app.created_at;
        assert_eq!(meta(&app, (0, 0), None, now), "SAML 2.0 · nobody has access · not live yet");
        assert_eq!(
            meta(&app, (1, 86), Some(now), now),
            "SAML 2.0 · 1 group, 86 people · last sign-in just now"
        );
    }
}
