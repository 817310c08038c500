//! `/oauth2/logout`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout 1.0).

use super::resend;
use crate::{
    context::AppContext,
    domain::app::App,
    service::oidc::logout::ask,
    web::{
        error::Failure,
        extract::Visit,
        outcome,
        respond::{page, page_with, redirect},
        sign_in::sign_out,
        view::{errors::HandOver, form::Hidden, sign_in::SignOut},
        words,
    },
};
use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use oidc::{discovery::END_SESSION_PATH, end_session::EndSessionDecision};

/// `GET /oauth2/logout`
pub async fn get(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    answer(&ctx, &visit, query.as_deref().unwrap_or_default()).await
}

/// `POST /oauth2/logout`
pub async fn post(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    match resend::posted(&ctx, &visit, (END_SESSION_PATH, query.as_deref()), &headers, body).await? {
        Ok(form) => answer(&ctx, &visit, &form).await,
        Err(way_round) => Ok(way_round),
    }
}

async fn answer(ctx: &AppContext, visit: &Visit, raw: &str) -> Result<Response, Failure> {
    let asked = ask(ctx, &visit.visitor, raw).await?;
    let Ok(decided) = asked.decided else {
        let lede =
            "The app asked to sign you out in a way that can’t be read. Sign out from your apps instead.";
        return stopped(ctx, visit, None, asked.reference, ("That didn’t work", lede));
    };
    match (decided.decision, visit.user()) {
        (EndSessionDecision::LogOut { redirect }, _) => {
            sign_out::end(ctx, visit, redirect, |address| outcome::leave(&address)).await
        }
        (EndSessionDecision::Confirm { .. }, Some(user)) => page(&SignOut {
            page: visit.page(ctx),
            name: words::person(user).name,
            hidden: vec![Hidden::new("request", raw)],
            reference: asked.reference,
        }),
        (EndSessionDecision::Confirm { .. }, None) if asked.reference.is_some() => {
            let lede = "Nobody is signed in here. The app asked in a way that isn’t set up, so it doesn’t get you back.";
            stopped(ctx, visit, decided.app.as_ref(), asked.reference, ("You’re signed out", lede))
        }
        (EndSessionDecision::Confirm { .. }, None) => Ok(redirect("/logout")),
    }
}

/// The hand-over page of a request that was wrong, with the reference of its event.
fn stopped(
    ctx: &AppContext,
    visit: &Visit,
    app: Option<&App>,
    reference: Option<String>,
    (title, lede): (&str, &str),
) -> Result<Response, Failure> {
    let contact = reference
        .as_deref()
        .and_then(|reference| outcome::contact(visit, app.map_or("", |app| app.label.as_str()), reference));
    let drawn = HandOver {
        person: visit.user().map(words::person),
        app: app.map(words::tile),
        contact,
        reference,
        ..HandOver::plain(visit.page(ctx), title, lede)
    };
    page_with(StatusCode::BAD_REQUEST, &drawn)
}
