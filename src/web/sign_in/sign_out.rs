//! Signing out: asked first, then done by POST; GET alone ends nothing (O-23).

use super::walk;
use crate::{
    context::AppContext,
    domain::logout::Ending,
    service::{logout, oidc::logout::decide},
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
        Some(user) => page(&SignOut {
            page: visit.page(&ctx),
            name: words::person(user).name,
            hidden: Vec::new(),
            reference: None,
        }),
        None => page(&SignedOut {
            page: visit.page(&ctx),
            signed_out: Vec::new(),
            told: Vec::new(),
            still_open: Vec::new(),
        }),
    }
}

/// `POST /logout`. When a client asked (`request` holds its words), the person goes back to its registered address by a page: a
/// form's redirect to another site would be blocked.
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let session = visit.visitor.session.as_ref().map(|(session, _)| session);
    let asked = match fields.get("request") {
        "" => None,
        raw => decide(&ctx, raw, session).await?.ok(),
    };
    let address = match asked {
        Some(asked) => match asked.decision {
            EndSessionDecision::LogOut { redirect } | EndSessionDecision::Confirm { redirect } => redirect,
        },
        None => None,
    };
    let back = |address: String| {
        page(&Leave { page: visit.page(&ctx), label: "the app".into(), tile: None, address })
    };
    end(&ctx, &visit, address, back).await
}

/// Ends the visit's session, and takes its cookie away from the browser. The browser then goes from app to app, if any is to be
/// told that way; else to the address of the client that asked, by `back`; else to the page that says who was told.
pub async fn end(
    ctx: &AppContext,
    visit: &Visit,
    address: Option<String>,
    back: impl FnOnce(String) -> Result<Response, Failure>,
) -> Result<Response, Failure> {
    let ending = match &address {
        Some(address) => Ending::Leave { address: address.clone() },
        None => Ending::Here,
    };
    let begun = logout::by_person(ctx, &visit.visitor, ending).await?;
    let mut response = match (begun, address) {
        (Some(begun), None) => redirect(&walk::path(begun.id)),
        (Some(begun), Some(_)) if begun.walks => redirect(&walk::path(begun.id)),
        (_, Some(address)) => back(address)?,
        (None, None) => redirect("/logout"),
    };
    if visit.visitor.session.is_some() {
        put_cookie(ctx, &mut response, CookieName::Session, "", Some(0));
    }
    Ok(response)
}
