//! The client secrets of an app: two work side by side while a new one is brought in. Does not own making them (`service::client_secrets`).

use super::{frame, sso};
use crate::{
    context::AppContext,
    domain::app::App,
    service::{ServiceError, client_secrets},
    web::{
        admin::{
            forms::warned,
            frame::console,
            opened::{Changing, Opened},
        },
        error::Failure,
        extract::{Admin, Fields},
        respond::{done, page, page_with},
        view::{
            admin::{
                Nav,
                apps::{
                    AppTab,
                    secret::{AppSecret, SecretRow},
                },
            },
            form::Errors,
        },
        words,
    },
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;

/// After how many hours the secret in use ends unless another time is chosen.
pub const USUAL: &str = "24";

/// `GET /admin/apps/{slug}/secret`
pub async fn show(
    State(ctx): State<AppContext>,
    Opened { admin, it: app }: Opened<App>,
) -> Result<Response, Failure> {
    page(&draw(&ctx, &admin, &app, USUAL.to_owned(), Errors::none()).await?)
}

async fn draw(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    retire_hours: String,
    errors: Errors,
) -> Result<AppSecret, Failure> {
    if app.connection.oidc().is_none_or(|oidc| !oidc.client_auth.has_secret()) {
        return Err(Failure::NotFound);
    }
    let now = ctx.now();
    let secrets = client_secrets::of_app(ctx, &admin.caller, app).await?;
    let secrets = secrets.into_iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end));
    let secrets = secrets.map(|secret| {
        let made = words::ago(secret.created_at, now);
        let used = secret
            .last_used_at
            .map_or_else(|| "Never used.".to_owned(), |then| format!("Last used {}.", words::ago(then, now)));
        let line = match secret.expires_at {
            Some(end) => format!("Made {made}. {used} Ends {} UTC.", end.format("%-d %B, %H:%M")),
            None => format!("Made {made}. {used}"),
        };
        SecretRow { id: secret.id.to_string(), hint: secret.hint, line }
    });
    Ok(AppSecret {
        page: admin.visit.page(ctx),
        console: console(ctx, admin, Nav::Apps).await?,
        frame: frame::of(ctx, admin, app, AppTab::SignOn).await?,
        errors,
        secrets: secrets.collect(),
        retire_hours,
    })
}

/// `POST /admin/apps/{slug}/secret`: a new one, shown on the answer and never again.
pub async fn submit(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    make(&ctx, &admin, &app, fields.get("retire_hours"), fields.has("end_older")).await
}

/// A new secret; where it is refused, this page says why and asks.
pub async fn make(
    ctx: &AppContext,
    admin: &Admin,
    app: &App,
    chosen: &str,
    end_older: bool,
) -> Result<Response, Failure> {
    let overlap = chosen.parse().ok().and_then(TimeDelta::try_hours);
    let made = match overlap {
        Some(overlap) => client_secrets::rotate(ctx, &admin.caller, app, overlap, end_older).await,
        None => Err(ServiceError::field("retire_hours", "Choose when the secret in use ends")),
    };
    match made {
        Ok((_, secret)) => sso::stored(ctx, admin, app, Some(secret), ("", "")).await,
        Err(ServiceError::Invalid(refused)) => {
            let mut errors = Errors::none();
            for error in refused.0 {
                errors.add(error.field, error.message);
            }
            let drawn = draw(ctx, admin, app, chosen.chars().take(16).collect(), errors).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &drawn)
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /admin/apps/{slug}/secret/withdraw`: one ends now.
pub async fn withdraw(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let id = fields.get("id").parse().map_err(|_| Failure::NotFound)?;
    client_secrets::withdraw(&ctx, &admin.caller, &app, id).await?;
    let line = format!("The secret is withdrawn. {} can’t use it any more.", app.label);
    Ok(done(&ctx, &format!("/admin/apps/{}/secret", app.slug), &line))
}

/// `POST /admin/apps/{slug}/secret/file`: the secret that the page before shows, as a file, without script too. It comes in the
/// form and is kept nowhere; what is no secret of this app is not given back.
pub async fn file(
    State(ctx): State<AppContext>,
    Changing { admin, it: app }: Changing<App>,
    fields: Fields,
) -> Result<Response, Failure> {
    let secret = fields.get("secret");
    let client = app.connection.oidc().ok_or(Failure::NotFound)?;
    if !client_secrets::is_of(&ctx, &admin.caller, &app, secret).await? {
        let line = "This secret doesn’t work any more. Make a new one.";
        return Ok(warned(&ctx, &format!("/admin/apps/{}/secret", app.slug), line));
    }
    let issuer = ctx.config.http.public_url.as_str();
    let text = format!("issuer: {issuer}\nclient_id: {}\nclient_secret: {secret}\n", client.client_id);
    let name = format!("attachment; filename=\"{}-client-secret.txt\"", app.slug);
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, name.as_str()),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
