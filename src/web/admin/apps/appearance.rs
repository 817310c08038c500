//! How an app looks in the portal, and its name in addresses. Does not own what a slug may be (`domain::app`).

use super::{frame, new::look, slug};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        permission::Permission,
        text::FieldErrors,
    },
    service::{ServiceError, apps},
    web::{
        admin::{forms, frame::console},
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
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

/// `GET /admin/apps/{slug}/appearance`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    let look = Look {
        label: app.label.clone(),
        slug: app.slug.clone(),
        description: app.description.clone(),
        category: app.category.clone(),
        glyph: app.glyph.clone(),
        colour: app.colour.clone(),
        show_in_portal: app.show_in_portal,
    };
    page(&draw(&ctx, &admin, &app, look, Errors::none()).await?)
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
    admin: Admin,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    let version = fields.version(app.version)?;
    let look = look(&fields);
    let saved = if is_free(&ctx, &admin, &app, &look.slug).await? {
        let draft = AppDraft {
            slug: look.slug.clone(),
            label: look.label.clone(),
            description: look.description.clone(),
            category: look.category.clone(),
            // A form without them keeps the tile as it is.
            glyph: if look.glyph.is_empty() { app.glyph.clone() } else { look.glyph.clone() },
            colour: if look.colour.is_empty() { app.colour.clone() } else { look.colour.clone() },
            show_in_portal: look.show_in_portal,
            ..AppDraft::of(&app)
        };
        apps::update(&ctx, &admin.caller, app.clone(), version, draft).await
    } else {
        let free = slug::free(&ctx, &admin, &look.slug).await?;
        Err(ServiceError::Invalid(FieldErrors::one(
            "slug",
            format!("Another app has this address. {free} is free"),
        )))
    };
    match saved {
        Ok(saved) => Ok(done(&ctx, &format!("/admin/apps/{}/appearance", saved.slug), "Saved.")),
        Err(ServiceError::Invalid(refused)) => {
            let errors = forms::errors(refused, &[]);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &draw(&ctx, &admin, &app, look, errors).await?)
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether the app may take this name: it is its own, one it once had, or nobody's.
async fn is_free(ctx: &AppContext, admin: &Admin, app: &App, wanted: &str) -> Result<bool, Failure> {
    if wanted == app.slug || !slug::is_taken(ctx, admin, wanted).await? {
        return Ok(true);
    }
    match apps::find(ctx, &admin.caller, wanted).await {
        Ok(other) => Ok(other.id == app.id),
        Err(ServiceError::NotFound(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
