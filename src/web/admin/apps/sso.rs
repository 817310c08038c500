//! The sign-on tab of an app: SAML, OIDC or a link. Does not own the forms' fields (`saml_form`, `oidc_form`).

use super::{frame, oidc_form, preview, saml_form};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        connection::{BookmarkConnection, Connection},
        text::FieldErrors,
    },
    service::{ServiceError, apps, client_secrets},
    web::{
        admin::{
            forms,
            frame::console,
            opened::{Changing, Opened},
            paging::{Query, address},
            saving::{self, Compared, Unsaved},
        },
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
    extract::{RawQuery, State},
    response::Response,
};

/// `GET /admin/apps/{slug}`
pub async fn first(Opened { it: app, .. }: Opened<App>) -> Result<Response, Failure> {
    Ok(redirect(&format!("/admin/apps/{}/sso", app.slug)))
}

/// `GET /admin/apps/{slug}/sso`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: app }: Opened<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = Query::read(query.as_deref())?;
    let mut previewed = query.text("preview");
    if previewed.is_empty()
        && let Some(own) = admin.visit.user()
    {
        // JC-15: somebody is shown at once.
        previewed.clone_from(&own.username);
    }
    stored(&ctx, &admin, &app, None, (&previewed, &query.text("show"))).await
}

/// The tab with what is stored, and a preview for whom `previewed` names, with the token `open`. A secret that was just made is
/// shown this one time, with no link beside it that would only turn over the preview. The answer is never kept
/// (`Cache-Control: no-store`), and nothing of it stands in an address, a cookie or an event.
pub async fn stored(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    secret: Option<String>,
    (previewed, open): (&str, &str),
) -> Result<Response, Failure> {
    match &*app.connection {
        Connection::Saml(saml) => {
            let fields = saml_form::fields_of(saml);
            let mut drawn =
                saml_form::draw(ctx, admin, app, fields, Errors::none(), saml_form::Beside::default())
                    .await?;
            drawn.preview = preview::panel(ctx, admin, app, previewed, open).await?;
            page(&drawn)
        }
        Connection::Oidc(oidc) => {
            let secret = match secret {
                Some(secret) => Secret::Shown(secret),
                None => oidc_form::secret_line(ctx, admin, app).await?,
            };
            let fields = oidc_form::fields_of(oidc);
            let mut drawn = oidc_form::draw(ctx, admin, app, fields, Errors::none(), secret).await?;
            drawn.preview = preview::panel(ctx, admin, app, previewed, open).await?;
            if matches!(drawn.secret, Secret::Shown(_)) {
                drawn.preview.stay();
            }
            page(&drawn)
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
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let previewed = previewed(&fields);
    let work = async {
        let connection = wanted(&app, &fields)?;
        save(&ctx, &admin, &app, connection).await
    };
    match saving::save(&fields, &app, work).await? {
        Ok(saved) => match settle_secrets(&ctx, &admin, &saved).await? {
            Some(secret) => stored(&ctx, &admin, &saved, Some(secret), (&previewed, "")).await,
            None => Ok(done(
                &ctx,
                &address(&format!("/admin/apps/{}/sso", saved.slug), &[("preview", &previewed)]),
                saved_line(&app, &saved),
            )),
        },
        Err(unsaved) => again(&ctx, &admin, app, &fields, unsaved).await,
    }
}

/// What is said after saving: also what another entity ID took with it, and what it left.
fn saved_line(before: &App, saved: &App) -> &'static str {
    let (Some(old), Some(new)) = (before.connection.saml(), saved.connection.saml()) else { return SAVED };
    if old.sp_entity_id.is_empty() || old.sp_entity_id == new.sp_entity_id {
        return SAVED;
    }
    let forgot = !old.entity_attributes.is_empty() && new.entity_attributes.is_empty();
    let kept =
        !new.encryption_certificates.is_empty() && new.encryption_certificates == old.encryption_certificates;
    match (forgot, kept) {
        (false, false) => SAVED,
        (true, false) => {
            "Saved. Its entity attributes were said of the other entity ID and are gone: upload the metadata of this one."
        }
        (false, true) => {
            "Saved. Assertions are still encrypted to the keys of the other entity ID: upload the metadata of this one."
        }
        (true, true) => {
            "Saved. Its entity attributes were said of the other entity ID and are gone, and its encryption keys stay: upload the \
             metadata of this one."
        }
    }
}

const SAVED: &str = "Saved. It counts from the next sign-in.";

/// Who was previewed beside the form.
fn previewed(fields: &Fields) -> String {
    forms::typed(fields.get("preview").trim())
}

/// The connection that the fields of the form stand for.
pub fn wanted(app: &App, fields: &Fields) -> Result<Connection, FieldErrors> {
    Ok(match &*app.connection {
        Connection::Saml(saml) => {
            Connection::Saml(Box::new(saml_form::to_connection(&saml_form::typed(fields, saml), saml)?))
        }
        Connection::Oidc(oidc) => {
            Connection::Oidc(Box::new(oidc_form::to_connection(&oidc_form::typed(fields), oidc)?))
        }
        Connection::Bookmark(_) => {
            Connection::Bookmark(BookmarkConnection { url: fields.get("url").to_owned() })
        }
    })
}

/// Saves another connection of an app as it was loaded; everything else stays.
pub async fn save(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    connection: Connection,
) -> Result<App, ServiceError> {
    let draft = AppDraft { connection, ..AppDraft::of(app) };
    apps::update(ctx, &admin.caller, app.clone(), app.version, draft).await
}

/// After a change of how the client proves itself: one that keeps no secret loses its secrets, one that needs a secret
/// and has none gets it, to be shown now.
async fn settle_secrets(ctx: &AppContext, admin: &Admin, app: &App) -> Result<Option<String>, Failure> {
    let Some(oidc) = app.connection.oidc() else { return Ok(None) };
    let secrets = client_secrets::of_app(ctx, &admin.caller, app).await?;
    if !oidc.client_auth.has_secret() {
        for secret in secrets {
            client_secrets::withdraw(ctx, &admin.caller, app, secret.id).await?;
        }
        return Ok(None);
    }
    let now = ctx.now();
    if secrets.iter().any(|secret| secret.expires_at.is_none_or(|end| now < end)) {
        return Ok(None);
    }
    let overlap = client_secrets::OVERLAP;
    Ok(Some(client_secrets::rotate(ctx, &admin.caller, app, overlap, true).await?.1))
}

/// The same form with what was typed, and why it was not saved.
pub async fn again(
    ctx: &AppContext,
    admin: &Admin,
    app: App,
    fields: &Fields,
    unsaved: Unsaved,
) -> Result<Response, Failure> {
    let status = unsaved.status();
    let app = unsaved.current(ctx, admin, app).await?;
    match &*app.connection {
        Connection::Saml(saml) => {
            let typed = saml_form::typed(fields, saml);
            let compared = saml_form::compared(&saml_form::fields_of(saml), &typed);
            let errors = unsaved.errors(ctx, admin, &app, fields, saml_form::RENAMES, compared).await?;
            let mut drawn =
                saml_form::draw(ctx, admin, &app, typed, errors, saml_form::Beside::default()).await?;
            drawn.preview = preview::panel(ctx, admin, &app, &previewed(fields), "").await?;
            page_with(status, &drawn)
        }
        Connection::Oidc(oidc) => {
            let typed = oidc_form::typed(fields);
            let compared = oidc_form::compared(&oidc_form::fields_of(oidc), &typed);
            let errors = unsaved.errors(ctx, admin, &app, fields, oidc_form::RENAMES, compared).await?;
            let secret = oidc_form::secret_line(ctx, admin, &app).await?;
            let mut drawn = oidc_form::draw(ctx, admin, &app, typed, errors, secret).await?;
            drawn.preview = preview::panel(ctx, admin, &app, &previewed(fields), "").await?;
            page_with(status, &drawn)
        }
        Connection::Bookmark(link) => {
            let typed = fields.get("url").to_owned();
            let compared = vec![Compared::new("Address", &["url"], &link.url, &typed)];
            let errors = unsaved.errors(ctx, admin, &app, fields, &[], compared).await?;
            page_with(status, &bookmark(ctx, admin, &app, typed, errors).await?)
        }
    }
}

/// `POST /admin/apps/{slug}/sso/secret`: a new client secret, shown on the answer and never again.
pub async fn rotate_secret(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    _: Fields,
) -> Result<Response, Failure> {
    super::secret::make(&ctx, &admin, &app, super::secret::USUAL, false).await
}
