//! `/oauth2/logout`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout 1.0).

use super::resend;
use crate::{
    context::AppContext,
    service::oidc::logout::decide,
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
    let session = visit.visitor.session.as_ref().map(|(session, _)| session);
    match decide(ctx, raw, session).await? {
        Err(_) => {
            let lede =
                "The app asked to sign you out in a way that can’t be read. Sign out from your apps instead.";
            page_with(StatusCode::BAD_REQUEST, &HandOver::plain(visit.page(ctx), "That didn’t work", lede))
        }
        Ok(EndSessionDecision::LogOut { redirect }) => {
            sign_out::end(ctx, visit, redirect, |address| outcome::leave(&address)).await
        }
        Ok(EndSessionDecision::Confirm { .. }) => match visit.user() {
            Some(user) => page(&SignOut {
                page: visit.page(ctx),
                name: words::person(user).name,
                hidden: vec![Hidden::new("request", raw)],
            }),
            None => Ok(redirect("/logout")),
        },
    }
}
