//! `/oauth2/logout`: a client asks to sign the person out (OpenID Connect RP-Initiated Logout 1.0).

use crate::{
    context::AppContext,
    service::oidc::logout::decide,
    web::{
        error::Failure,
        extract::{FetchSite, Visit},
        outcome,
        respond::{page, page_with, redirect},
        sign_in::sign_out,
        view::{errors::HandOver, form::Hidden, sign_in::SignOut},
        words,
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use oidc::end_session::EndSessionDecision;

/// Largest body, as the parser's own limit.
const BODY_MAX: usize = 32 * 1024;

/// `GET /oauth2/logout`
pub async fn get(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    answer(&ctx, &visit, query.as_deref().unwrap_or_default()).await
}

/// `POST /oauth2/logout`
pub async fn post(State(ctx): State<AppContext>, visit: Visit, body: Body) -> Result<Response, Failure> {
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let body = String::from_utf8_lossy(&bytes);
    // From another site it comes without our cookies; sent on as a GET, it comes with them.
    if visit.is_new_browser
        && visit.site == FetchSite::Other
        && body.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
    {
        return Ok(redirect(&format!("/oauth2/logout?{body}")));
    }
    answer(&ctx, &visit, &body).await
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
