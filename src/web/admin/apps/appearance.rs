//! How an app looks in the portal, and its name in addresses. Does not own what a slug may be (`domain::app`).

use super::{frame, new::look, slug};
use crate::{
    context::AppContext,
    domain::app::{App, AppDraft},
    service::{ServiceError, apps},
    web::{
        admin::{
            frame::console,
            opened::{Changing, Opened},
            saving::{self, Compared},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    look::{AppAppearance, Look},
                },
            },
            form::Errors,
        },
    },
};
use axum::{extract::State, response::Response};

/// `GET /admin/apps/{slug}/appearance`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: app }: Opened<App>,
) -> Result<Response, Failure> {
    let look = look_of(&app);
    page(&draw(&ctx, &admin, &app, look, Errors::none()).await?)
}

fn look_of(app: &App) -> Look {
    Look {
        label: app.label.clone(),
        slug: app.slug.clone(),
        description: app.description.clone(),
        category: app.category.clone(),
        glyph: app.glyph.clone(),
        colour: app.colour.clone(),
        show_in_portal: app.show_in_portal,
    }
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    look: Look,
    errors: Errors,
) -> Result<AppAppearance, Failure> {
    Ok(AppAppearance {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::Appearance).await?,
        errors,
        look,
    })
}

/// `POST /admin/apps/{slug}/appearance`
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let mut look = look(&fields);
    // A form without them keeps the tile as it is.
    for (typed, stored) in [(&mut look.glyph, &app.glyph), (&mut look.colour, &app.colour)] {
        if typed.is_empty() {
            typed.clone_from(stored);
        }
    }
    let work = async {
        if !is_free(&ctx, &admin, &app, &look.slug).await? {
            let free = slug::free(&ctx, &admin, &look.slug).await?;
            return Err(ServiceError::field("slug", format!("Another app has this address. {free} is free")));
        }
        let draft = AppDraft {
            slug: look.slug.clone(),
            label: look.label.clone(),
            description: look.description.clone(),
            category: look.category.clone(),
            glyph: look.glyph.clone(),
            colour: look.colour.clone(),
            show_in_portal: look.show_in_portal,
            ..AppDraft::of(&app)
        };
        apps::update(&ctx, &admin.caller, app.clone(), app.version, draft).await
    };
    match saving::save(&fields, &app, work).await? {
        Ok(saved) => Ok(done(&ctx, &format!("/admin/apps/{}/appearance", saved.slug), "Saved.")),
        Err(unsaved) => {
            let status = unsaved.status();
            let app = unsaved.current(&ctx, &admin, app).await?;
            let compared = compared(&look_of(&app), &look);
            let errors = unsaved.errors(&ctx, &admin, &app, &fields, &[], compared).await?;
            page_with(status, &draw(&ctx, &admin, &app, look, errors).await?)
        }
    }
}

/// The fields beside each other, for a form that was overtaken.
fn compared(stored: &Look, typed: &Look) -> Vec<Compared> {
    let pair = Compared::new;
    vec![
        pair("Name", &["label"], &stored.label, &typed.label),
        pair("Description", &["description"], &stored.description, &typed.description),
        pair("Category", &["category"], &stored.category, &typed.category),
        pair("Glyph", &["glyph"], &stored.glyph, &typed.glyph),
        pair("Colour", &["colour"], &stored.colour, &typed.colour),
        Compared::ticked(
            "Show a tile in the portal",
            &["show_in_portal"],
            stored.show_in_portal,
            typed.show_in_portal,
        ),
        pair("Address name", &["slug"], &stored.slug, &typed.slug),
    ]
}

/// Whether the app may take this name: it is its own, one it once had, or nobody's.
async fn is_free(ctx: &AppContext, admin: &Admin, app: &App, wanted: &str) -> Result<bool, ServiceError> {
    if wanted == app.slug || !slug::is_taken(ctx, admin, wanted).await? {
        return Ok(true);
    }
    match apps::find(ctx, &admin.caller, wanted).await {
        Ok(other) => Ok(other.id == app.id),
        Err(ServiceError::NotFound(_)) => Ok(false),
        Err(other) => Err(other),
    }
}
