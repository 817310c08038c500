//! The second step: the password. Does not own verifying it (`service::authentication::password`).

use super::next::Next;
use crate::{
    context::AppContext,
    service::authentication::password::{Attempt, SignIn, sign_in},
    web::{
        error::Failure,
        extract::{
            Fields, Visit,
            cookies::CookieName,
            visit::{DEVICE_LIFETIME, device_value},
        },
        respond::{page, page_with, put_cookie, redirect},
        view::{
            errors::HandOver,
            form::{Errors, Hidden},
            sign_in::{Password, TooMany},
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// `GET /login/password`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let next = Next::read(&fields);
    let form = form(&ctx, &visit, &next, fields.get("username"), Errors::none()).await?;
    if form.username.is_empty() {
        return Ok(redirect(&next.on("/login")));
    }
    page(&form)
}

async fn form(
    ctx: &AppContext,
    visit: &Visit,
    next: &Next,
    typed: &str,
    errors: Errors,
) -> Result<Password, Failure> {
    let pending = next.pending(ctx, visit).await?;
    let kept = pending.as_ref().and_then(|pending| pending.username.clone());
    let username: String = kept.unwrap_or_else(|| typed.trim().chars().take(254).collect());
    let mut hidden = next.hidden();
    hidden.push(Hidden::new("username", username.clone()));
    Ok(Password {
        page: visit.page(ctx),
        errors,
        username,
        destination: next.destination(ctx, pending.as_ref()).await?,
        hidden,
    })
}

/// `POST /login/password`
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = Next::read(&fields);
    let kept = next.pending(&ctx, &visit).await?.and_then(|pending| pending.username);
    let login = kept.unwrap_or_else(|| fields.get("username").to_owned());
    let attempt = Attempt {
        known_device: visit.known_device,
        replaces: visit.visitor.session.clone(),
        password: fields.get("password").to_owned(),
        login: login.clone(),
    };
    match sign_in(&ctx, &visit.visitor.origin, attempt).await? {
        SignIn::Done { user, cookie, .. } => {
            let target = match (next.flow, next.path.as_str()) {
                (Some(_), _) => next.on("/login/continue"),
                (None, "") => "/".to_owned(),
                (None, path) => path.to_owned(),
            };
            let mut response = redirect(&target);
            put_cookie(&ctx, &mut response, CookieName::Session, &cookie, None);
            put_cookie(
                &ctx,
                &mut response,
                CookieName::Device,
                &device_value(&ctx, user.id),
                Some(DEVICE_LIFETIME.num_seconds()),
            );
            Ok(response)
        }
        SignIn::Refused => {
            let errors = Errors::on("password", "That email and password don’t match");
            let form = form(&ctx, &visit, &next, &login, errors).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &form)
        }
        SignIn::NotActive(_) => {
            let lede = "The password was right, but the account can’t be used. Ask IT for help.";
            let drawn = HandOver::plain(visit.page(&ctx), "Your account is switched off", lede);
            page_with(StatusCode::FORBIDDEN, &drawn)
        }
        SignIn::Throttled(until) => {
            let pending = next.pending(&ctx, &visit).await?;
            let drawn = TooMany {
                page: visit.page(&ctx),
                wait: words::wait(until, ctx.now()),
                destination: next.destination(&ctx, pending.as_ref()).await?,
            };
            page_with(StatusCode::TOO_MANY_REQUESTS, &drawn)
        }
    }
}
