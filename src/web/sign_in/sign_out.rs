//! Signing out: asked first, then done by POST; GET alone ends nothing (O-23).

use crate::{
    context::AppContext,
    service::{oidc::logout::decide, sessions},
    web::{
        error::Failure,
        extract::{Fields, Visit, cookies::CookieName},
        respond::{page, put_cookie, redirect},
        view::sign_in::{Leave, SignOut, SignedOut},
        words,
    },
};
use axum::{extract::State, response::Response};
use oidc::end_session::EndSessionDecision;

/// `GET /logout`
pub async fn show(State(ctx): State<AppContext>, visit: Visit) -> Result<Response, Failure> {
    match visit.user() {
        Some(user) => {
            page(&SignOut { page: visit.page(&ctx), name: words::person(user).name, hidden: Vec::new() })
        }
        None => page(&SignedOut { page: visit.page(&ctx), still_open: Vec::new() }),
    }
}

/// `POST /logout`. When a client asked (`request` holds its words), the person goes back to its registered address by a page: a
/// form's redirect to another site would be blocked.
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let sub = visit.user().map(|user| user.id.to_string());
    let asked = match fields.get("request") {
        "" => None,
        raw => decide(&ctx, raw, sub.as_deref()).await?.ok(),
    };
    let address = match asked {
        Some(EndSessionDecision::LogOut { redirect } | EndSessionDecision::Confirm { redirect }) => redirect,
        None => None,
    };
    let response = match address {
        Some(address) => {
            page(&Leave { page: visit.page(&ctx), label: "the app".into(), tile: None, address })?
        }
        None => redirect("/logout"),
    };
    end(&ctx, &visit, response).await
}

/// Ends the visit's session and takes its cookie away from the browser.
pub async fn end(ctx: &AppContext, visit: &Visit, mut response: Response) -> Result<Response, Failure> {
    if let Some((session, user)) = &visit.visitor.session {
        sessions::end(ctx, &visit.visitor.origin, session, user).await?;
        put_cookie(ctx, &mut response, CookieName::Session, "", Some(0));
    }
    Ok(response)
}
