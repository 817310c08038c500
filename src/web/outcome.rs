//! What the browser is made to do after a step of a sign-on. Does not own which step comes next (`service::sign_on`).

use super::{
    error::Failure,
    extract::Visit,
    middleware::headers::CONTENT_SECURITY_POLICY,
    respond::{page, page_with, redirect},
    view::{
        errors::{Contact, HandOver},
        form::Hidden,
        protocol::{Base64, FormPost, SamlPost},
    },
    words,
};
use crate::{
    context::AppContext,
    domain::access::Denial,
    service::{
        ServiceError,
        sign_on::{Outcome, Stop, StopCause},
    },
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use oidc::authorization::response::AuthorizationResponse;

/// Draws an outcome.
pub fn respond(ctx: &AppContext, visit: &Visit, outcome: Outcome) -> Result<Response, Failure> {
    match outcome {
        Outcome::SignIn(flow) => Ok(redirect(&format!("/login?flow={flow}"))),
        Outcome::ChooseAccount(flow) => Ok(redirect(&format!("/login/account?flow={flow}"))),
        Outcome::AskConsent(flow) => Ok(redirect(&format!("/login/consent?flow={flow}"))),
        Outcome::SamlPost(posting) => {
            let drawn = SamlPost {
                page: visit.page(ctx),
                label: posting.label,
                action: posting.acs_url,
                saml_response: Base64::of(&posting.xml),
                relay_state: posting.relay_state,
            };
            Ok(may_post_away(ctx, &drawn.action, page(&drawn)?))
        }
        Outcome::Oidc(AuthorizationResponse::Redirect { location }) => leave(&location),
        Outcome::Oidc(AuthorizationResponse::FormPost { action, fields }) => {
            let label = url::Url::parse(&action).ok().and_then(|url| url.host_str().map(str::to_owned));
            let drawn = FormPost {
                page: visit.page(ctx),
                label: label.unwrap_or_default(),
                action,
                fields: fields.into_iter().map(|(name, value)| Hidden::new(name, value)).collect(),
            };
            Ok(may_post_away(ctx, &drawn.action, page(&drawn)?))
        }
        Outcome::Leave(address) => leave(&address),
        Outcome::Stop(stop) => stopped(ctx, visit, &stop),
    }
}

/// A verified address of the app, by 303 (O-30).
pub fn leave(address: &str) -> Result<Response, Failure> {
    let location =
        HeaderValue::from_str(address).map_err(|error| Failure::Service(ServiceError::internal(error)))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// `form-action` counts for every redirect after the form, and an app's reply address usually redirects to another origin: so
/// this page alone may post to any https address (ADR 0016). It may post to plain http where its very form goes there (an app on
/// somebody's own machine), or where we are plain http ourselves (on loopback, as the apps then are).
pub fn may_post_away(ctx: &AppContext, action: &str, mut response: Response) -> Response {
    let plain = !ctx.config.http.public_url.is_https()
        || url::Url::parse(action).is_ok_and(|action| action.scheme() == "http");
    let schemes = if plain { "form-action http: https:" } else { "form-action https:" };
    let policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", schemes);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // SAML Bindings §3.5.5.1: both, for the oldest caches too.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The hand-over page: never a redirect to an address that didn't pass its check.
fn stopped(ctx: &AppContext, visit: &Visit, stop: &Stop) -> Result<Response, Failure> {
    let (status, drawn) = hand_over(ctx, visit, stop);
    page_with(status, &drawn)
}

/// What the person reads (ux §4); no word of the protocol, nothing about accounts for somebody who isn't signed in.
pub fn hand_over(ctx: &AppContext, visit: &Visit, stop: &Stop) -> (StatusCode, HandOver) {
    let organisation = &visit.organization.name;
    let app = stop.app.as_ref().map_or("This app", |app| app.label.as_str());
    let fine = if stop.user.is_some() { "You’re signed in and your account is fine. " } else { "" };
    let (status, title, lede) = match stop.cause {
        StopCause::NotConnected => (
            StatusCode::NOT_FOUND,
            format!("This app isn’t connected to {organisation}"),
            "Tell IT the app and this reference.".to_owned(),
        ),
        StopCause::NotSetUp => (
            StatusCode::BAD_REQUEST,
            format!("{app} isn’t set up correctly"),
            format!("{fine}Nothing was sent to {app}. IT can fix this with the reference."),
        ),
        StopCause::TooOld => {
            (StatusCode::BAD_REQUEST, "That link is too old".to_owned(), format!("{fine}Open {app} again."))
        }
        StopCause::FlowGone => (
            StatusCode::BAD_REQUEST,
            "You were away a while".to_owned(),
            "Open the app again, from your apps or from its own page, and sign in. \
             If this happens at once, allow cookies for this site."
                .to_owned(),
        ),
        StopCause::Denied(Denial::NotAssigned) => (
            StatusCode::FORBIDDEN,
            format!("You don’t have {app} yet"),
            format!("{fine}If you need it for your work, ask IT for it and give the reference."),
        ),
        StopCause::Denied(Denial::AppPaused) => (
            StatusCode::FORBIDDEN,
            format!("{app} is paused"),
            format!("{fine}IT has switched it off for now."),
        ),
        StopCause::Denied(Denial::UserSuspended | Denial::UserStaged) => {
            (StatusCode::FORBIDDEN, "Your account is switched off".to_owned(), "Ask IT for help.".to_owned())
        }
        StopCause::NoNameId => (
            StatusCode::BAD_REQUEST,
            format!("{app} needs something that your account lacks"),
            format!(
                "{fine}{app} knows people by a detail that is missing from yours. IT can add it with the reference."
            ),
        ),
        StopCause::NoStart => (
            StatusCode::NOT_FOUND,
            format!("{app} can’t be opened from here"),
            format!("{fine}Open {app} at its own address and choose to sign in with {organisation}."),
        ),
    };
    let retry = matches!(stop.cause, StopCause::TooOld | StopCause::FlowGone)
        .then(|| stop.app.as_ref().map(|app| format!("/launch/{}", app.slug)))
        .flatten();
    let drawn = HandOver {
        person: stop.user.as_ref().map(words::person),
        app: stop.app.as_ref().map(words::tile),
        reference: Some(stop.reference.clone()),
        contact: contact(visit, app, &stop.reference),
        retry,
        ..HandOver::plain(visit.page(ctx), title, lede)
    };
    (status, drawn)
}

/// The support address from settings; the mail carries the app and the reference only.
pub fn contact(visit: &Visit, app: &str, reference: &str) -> Option<Contact> {
    let address = visit.organization.support_email.as_str();
    if address.is_empty() {
        return None;
    }
    let subject: String =
        form_urlencoded::byte_serialize(format!("{app} {reference}").trim().as_bytes()).collect();
    Some(Contact {
        person: super::view::Person::new("IT support"),
        role: format!("Looks after sign-in at {}", visit.organization.name),
        href: format!("mailto:{address}?subject={}", subject.replace('+', "%20")),
        action: "Email IT".into(),
    })
}
