//! `/error/{ref}`: the hand-over page of a stopped sign-on, shown again from its event; `/error`: for people whose sign-on
//! failed at an app.

use crate::{
    context::AppContext,
    domain::permission::{Permission, allows},
    service::{Actor, Caller, ServiceError, audit, handed_over},
    web::{
        error::Failure,
        extract::Visit,
        outcome,
        respond::{page_with, redirect},
        view::errors::HandOver,
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// What to say by the code that an app put into the address (REFEDS, SAML v2.0 Error Handling URL): title, and what to do.
const FROM_APP: &[(&str, &str, &str)] = &[
    (
        "IDENTIFICATION_FAILURE",
        "The app doesn’t know who you are",
        "It lacks a detail about you. IT can look at what is sent to it.",
    ),
    (
        "AUTHENTICATION_FAILURE",
        "The app wants you to sign in in another way",
        "Sign out here, sign in again, and open the app once more. If it stays, ask IT.",
    ),
    (
        "AUTHORIZATION_FAILURE",
        "The app doesn’t let you in",
        "You’re signed in, but the app says that you may not use it. Ask IT for access.",
    ),
];

/// `GET /error/{ref}`: only for the browser's own person, or while nobody is known to be concerned; administrators are led to
/// the event.
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Failure> {
    let stop = match handed_over::find(&ctx, &visit.visitor, &reference).await {
        Ok(stop) => stop,
        Err(ServiceError::NotFound(_)) => return event_of(&ctx, &visit, &reference).await,
        Err(error) => return Err(error.into()),
    };
    let (status, drawn) = outcome::hand_over(&ctx, &visit, &stop);
    page_with(status, &drawn)
}

/// The event itself, for whoever may read it: administrators open the reference that somebody gave them. Nobody else learns whether
/// there is one.
async fn event_of(ctx: &AppContext, visit: &Visit, reference: &str) -> Result<Response, Failure> {
    let user = visit.user().filter(|user| allows(user.role, Permission::Read)).ok_or(Failure::NotFound)?;
    let caller = Caller { actor: Actor::User(Box::new(user.clone())), origin: visit.visitor.origin.clone() };
    let event = audit::find(ctx, &caller, reference).await?;
    Ok(redirect(&format!("/admin/audit/{}", event.id)))
}

/// `GET /error`: where our metadata sends people whose sign-on failed at an app. Nothing of the address is shown but what we
/// say ourselves.
pub async fn from_app(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let code =
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "code").map(|(_, code)| code);
    let known = FROM_APP.iter().find(|(word, ..)| code.as_deref() == Some(word));
    let (_, title, lede) = known.copied().unwrap_or((
        "",
        "The app couldn’t sign you in",
        "Open it again from your apps. If it stays, tell IT which app it was and when.",
    ));
    let contact = outcome::contact(&visit, "Sign-in", "");
    page_with(StatusCode::OK, &HandOver { contact, ..HandOver::plain(visit.page(&ctx), title, lede) })
}
