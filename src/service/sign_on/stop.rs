//! Stopping a sign-on: the event an admin opens, and what the person's page needs. Does not own the page's words.

use super::{Flow, Outcome, Visitor};
use crate::{
    context::AppContext,
    domain::{
        access::Denial,
        app::App,
        audit::{AuditEvent, EventType, InitiatedBy},
        reference,
        sign_on::SignOnRequest,
        throttle::{FULL_NETWORK, STRANGER_STOPS},
        user::User,
    },
    service::{ServiceError, actor, authentication::throttle, recordings::Note, refusals},
    store::Written,
};

/// What the person is told, in kind; the page has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// No app here has this address or issuer.
    NotConnected,
    /// The app and we don't agree on something; nothing was sent.
    NotSetUp,
    /// The request is too old or was used.
    TooOld,
    /// The browser's flow is gone.
    FlowGone,
    /// The person may not open the app.
    Denied(Denial),
    /// The person lacks the value that identifies them.
    NoNameId,
    /// The app can't be started from here.
    NoStart,
}

/// A stopped sign-on.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Kind of cause.
    pub cause: StopCause,
    /// Joins page and event.
    pub reference: String,
    /// The app, when it is known for sure.
    pub app: Option<App>,
    /// Who is signed in.
    pub user: Option<User>,
}

/// The detail of an event that says who was given its reference, if it wasn't the person.
pub const TOLD: &str = "told";
/// Its value: the app, by the status of an answer.
pub const TOLD_APP: &str = "app";

/// Stores the event under a new reference, which the person is shown.
pub async fn record(
    ctx: &AppContext,
    visitor: &Visitor,
    cause: StopCause,
    app: Option<&App>,
    event: AuditEvent,
) -> Result<Outcome, ServiceError> {
    Ok(Outcome::Stop(Box::new(stored(ctx, visitor, cause, app, event).await?)))
}

/// The same for a stop that the app is told of, and no page shows; the reference, for the status.
pub(super) async fn record_for_app(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    event: AuditEvent,
) -> Result<String, ServiceError> {
    let event = event.detail(TOLD, TOLD_APP);
    Ok(stored(ctx, visitor, StopCause::NotSetUp, Some(app), event).await?.reference)
}

async fn stored(
    ctx: &AppContext,
    visitor: &Visitor,
    cause: StopCause,
    app: Option<&App>,
    event: AuditEvent,
) -> Result<Stop, ServiceError> {
    // Strangers can't fill the audit trail: over the limit they wait, and nothing is kept.
    if visitor.session.is_none() {
        let name = format!("stopped/{}", throttle::network(&visitor.origin.client_ip));
        throttle::count(ctx, &name, STRANGER_STOPS).await?.map_err(ServiceError::Throttled)?;
    }
    let reference = reference::new(&mut ctx.rng());
    let user = visitor.session.as_ref().map(|(_, user)| user);
    let who = user.map_or_else(InitiatedBy::anonymous, InitiatedBy::user);
    let mut event = event.by(who).from_origin(&visitor.origin).with_reference(&reference);
    if let Some(app) = app {
        event = event.at(app);
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await?;
    Ok(Stop { cause, reference, app: app.cloned(), user: user.cloned() })
}

/// The same for a sign-on under way, which is noted for the flight recorder too: afterwards, so that strangers who have to wait
/// leave nothing there either.
pub(super) async fn record_flow(
    ctx: &AppContext,
    visitor: &Visitor,
    cause: StopCause,
    flow: &Flow,
    event: AuditEvent,
) -> Result<Outcome, ServiceError> {
    let noted = event.clone();
    let outcome = record(ctx, visitor, cause, Some(&flow.app), event).await?;
    note(ctx, visitor, flow, &noted);
    Ok(outcome)
}

/// The same for a stop that the app is told of; the reference.
pub(super) async fn record_flow_for_app(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    event: AuditEvent,
) -> Result<String, ServiceError> {
    let noted = event.clone();
    let reference = record_for_app(ctx, visitor, &flow.app, event).await?;
    note(ctx, visitor, flow, &noted);
    Ok(reference)
}

/// Something of ours broke during a sign-on, at an address: the event under the reference that the page shows. Strangers can't
/// fill the audit trail with it.
pub async fn broken(
    ctx: &AppContext,
    visitor: &Visitor,
    address: &str,
    reference: &str,
) -> Result<(), ServiceError> {
    if visitor.session.is_none() {
        let name = format!("stopped/{}", throttle::network(&visitor.origin.client_ip));
        if throttle::count(ctx, &name, STRANGER_STOPS).await?.is_err() {
            return Ok(());
        }
    }
    let words =
        "Something here stopped working; the log of the server has the cause under the same reference.";
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let event = failed(ctx, "internal", words)
        .by(who)
        .from_origin(&visitor.origin)
        .with_reference(reference)
        .detail("address", address);
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await
}

/// Notes a refusal of a SAML app's sign-on.
pub(super) fn note(ctx: &AppContext, visitor: &Visitor, flow: &Flow, event: &AuditEvent) {
    if flow.app.connection.saml().is_none() {
        return;
    }
    let user = visitor.session.as_ref().map(|(_, user)| user.id);
    let (code, words) =
        (event.error_code.as_deref().unwrap_or_default(), event.error_message.as_deref().unwrap_or_default());
    ctx.recorder()
        .note(|| Note::refused((&flow.app, &flow.request, flow.began_at), ctx.now(), user, code, words));
}

/// A failed `sso_auth` of an app.
pub fn failed(ctx: &AppContext, code: &str, message: impl Into<String>) -> AuditEvent {
    actor::event(ctx, EventType::SsoAuth).failed(code, message)
}

/// The flow ended, was used, or belongs to another browser.
pub async fn flow_gone(ctx: &AppContext, visitor: &Visitor) -> Result<Outcome, ServiceError> {
    let event =
        failed(ctx, "flow_gone", "The sign-on under way ended, was used, or began in another browser.");
    record(ctx, visitor, StopCause::FlowGone, None, event).await
}

/// The same request came twice.
pub(super) async fn replayed(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
) -> Result<Outcome, ServiceError> {
    let mut event =
        failed(ctx, "request_replayed", format!("{} sent a request that was used before.", flow.app.label));
    if let SignOnRequest::Saml(request) = &flow.request {
        event = event.detail("request_id", request.id());
    }
    record_flow(ctx, visitor, StopCause::TooOld, flow, event).await
}

/// Too many sign-ons of strangers from this network are under way: this one isn't kept, which is said once a window.
pub(super) async fn full(ctx: &AppContext, visitor: &Visitor, flow: &Flow) -> Result<Outcome, ServiceError> {
    let network = throttle::network(&visitor.origin.client_ip);
    let message =
        format!("Too many sign-ons from {network} were begun and not finished; further ones have to wait.");
    let event = failed(ctx, "too_many_sign_ons", message)
        .by(InitiatedBy::anonymous())
        .from_origin(&visitor.origin)
        .at(&flow.app);
    refusals::record_within(ctx, &format!("full/{network}"), FULL_NETWORK, event).await?;
    Err(ServiceError::Throttled(ctx.now() + FULL_NETWORK.wait))
}

/// The person may not open the app.
pub(super) async fn denied(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    user: &User,
    denial: Denial,
) -> Result<Outcome, ServiceError> {
    let mut event =
        failed(ctx, denial.code(), denial.sentence(&user.display_name, &flow.app.label)).on_user(user);
    event.idp_initiated = Some(matches!(flow.request, SignOnRequest::Launch { .. }));
    record_flow(ctx, visitor, StopCause::Denied(denial), flow, event).await
}
