//! The sign-on tab of an app: SAML, OIDC or a link. Does not own the forms' fields (`saml_form`, `oidc_form`).

use super::{frame, oidc_form, saml_form};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        connection::{BookmarkConnection, ClientAuth, Connection},
        permission::Permission,
        text::FieldErrors,
    },
    service::{ServiceError, apps},
    web::{
        admin::{forms, frame::console},
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with, redirect},
        view::{
            admin::{
                Nav,
                apps::{AppTab, bookmark::BookmarkSso, oidc::Secret},
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

/// `GET /admin/apps/{slug}`
pub async fn first(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    Ok(redirect(&format!("/admin/apps/{}/sso", app.slug)))
}

/// `GET /admin/apps/{slug}/sso`
pub async fn show(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    stored(&ctx, &admin, &app, None).await
}

/// The tab with what is stored; with a secret that was just made, this is the one time it is shown. The answer is never
/// kept (`Cache-Control: no-store`), and nothing of it stands in an address, a cookie or an event.
pub async fn stored(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    secret: Option<String>,
) -> Result<Response, Failure> {
    match &app.connection {
        Connection::Saml(saml) => {
            let fields = saml_form::fields_of(saml);
            page(
                &saml_form::draw(ctx, admin, app, fields, Errors::none(), saml_form::Beside::default())
                    .await?,
            )
        }
        Connection::Oidc(oidc) => {
            let secret = match secret {
                Some(secret) => Secret::Shown(secret),
                None => oidc_form::secret_line(ctx, admin, app).await?,
            };
            let fields = oidc_form::fields_of(oidc);
            page(&oidc_form::draw(ctx, admin, app, fields, Errors::none(), secret).await?)
        }
        Connection::Bookmark(link) => {
            page(&bookmark(ctx, admin, app, link.url.clone(), Errors::none()).await?)
        }
    }
}

async fn bookmark(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    url: String,
    errors: Errors,
) -> Result<BookmarkSso, Failure> {
    Ok(BookmarkSso {
        page: admin.visit.page(ctx).editing(app.version),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        url,
    })
}

/// `POST /admin/apps/{slug}/sso`
pub async fn submit(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    admin.caller.require(Permission::Manage)?;
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    let version = fields.version(app.version)?;
    let wanted = wanted(&app, &fields);
    let saved = match wanted {
        Ok(connection) => save(&ctx, &admin, &app, version, connection).await,
        Err(refused) => Err(ServiceError::Invalid(refused)),
    };
    match saved {
        Ok(saved) => match settle_secrets(&ctx, &admin, &saved).await? {
            Some(secret) => stored(&ctx, &admin, &saved, Some(secret)).await,
            None => Ok(done(
                &ctx,
                &format!("/admin/apps/{}/sso", saved.slug),
                "Saved. It counts from the next sign-in.",
            )),
        },
        Err(ServiceError::Invalid(refused)) => refused_page(&ctx, &admin, &app, &fields, refused).await,
        Err(other) => Err(other.into()),
    }
}

fn wanted(app: &App, fields: &Fields) -> Result<Connection, FieldErrors> {
    Ok(match &app.connection {
        Connection::Saml(saml) => {
            Connection::Saml(Box::new(saml_form::to_connection(&saml_form::typed(fields), saml)?))
        }
        Connection::Oidc(oidc) => {
            Connection::Oidc(Box::new(oidc_form::to_connection(&oidc_form::typed(fields), oidc)?))
        }
        Connection::Bookmark(_) => {
            Connection::Bookmark(BookmarkConnection { url: fields.get("url").to_owned() })
        }
    })
}

/// Saves another connection of an app; everything else stays. `version` is the one the form was filled from.
pub async fn save(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    version: i64,
    connection: Connection,
) -> Result<App, ServiceError> {
    let draft = AppDraft { connection, ..AppDraft::of(app) };
    apps::update(ctx, &admin.caller, app.clone(), version, draft).await
}

/// After a change of how the client proves itself: one that keeps no secret loses its secrets, one that needs a secret
/// and has none gets it, to be shown now.
async fn settle_secrets(ctx: &AppContext, admin: &Admin, app: &App) -> Result<Option<String>, Failure> {
    let Some(oidc) = app.connection.oidc() else { return Ok(None) };
    let secrets = apps::secrets(ctx, &admin.caller, app).await?;
    if oidc.client_auth == ClientAuth::None {
        for secret in secrets {
            apps::withdraw_secret(ctx, &admin.caller, app, secret.id).await?;
        }
        return Ok(None);
    }
    let now = ctx.now();
    if secrets.iter().any(|secret| secret.expires_at.is_none_or(|end| now < end)) {
        return Ok(None);
    }
    Ok(Some(apps::rotate_secret(ctx, &admin.caller, app).await?))
}

/// The same form with what was typed.
async fn refused_page(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    fields: &Fields,
    refused: FieldErrors,
) -> Result<Response, Failure> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match &app.connection {
        Connection::Saml(_) => {
            let errors = forms::errors(refused, saml_form::RENAMES);
            let typed = saml_form::typed(fields);
            page_with(
                status,
                &saml_form::draw(ctx, admin, app, typed, errors, saml_form::Beside::default()).await?,
            )
        }
        Connection::Oidc(_) => {
            let errors = forms::errors(refused, oidc_form::RENAMES);
            let secret = oidc_form::secret_line(ctx, admin, app).await?;
            page_with(
                status,
                &oidc_form::draw(ctx, admin, app, oidc_form::typed(fields), errors, secret).await?,
            )
        }
        Connection::Bookmark(_) => {
            let errors = forms::errors(refused, &[]);
            page_with(status, &bookmark(ctx, admin, app, fields.get("url").to_owned(), errors).await?)
        }
    }
}

/// `POST /admin/apps/{slug}/sso/secret`: a new client secret, shown on the answer and never again.
pub async fn rotate_secret(
    State(ctx): State<AppContext>,
    admin: Admin,
    Path(slug): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let app = apps::find(&ctx, &admin.caller, &slug).await?;
    let secret = apps::rotate_secret(&ctx, &admin.caller, &app).await?;
    stored(&ctx, &admin, &app, Some(secret)).await
}
