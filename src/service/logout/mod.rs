//! Single logout: sessions end here first and at once, then the apps of these sessions are told. SAML and OIDC end together.
//! Does not own messages (`crates/saml`), calls (`outbound`) or pages.

mod answer;
mod back_channel;
pub mod clients;
mod end;
mod front_channel;
pub mod queued;
pub mod request;
mod respond;
pub mod walk;

use super::{
    ServiceError, actor,
    sign_on::{self, StopCause, Visitor, stop},
};
use crate::{
    context::AppContext,
    domain::{
        app::{App, SLUG_MAX},
        audit::{AuditEvent, EventType, InitiatedBy},
        connection::SamlConnection,
        logout::{Ending, LOGOUT_LIFETIME, Logout, LogoutState},
    },
    id::LogoutId,
    keyring::{constant_time_eq, secret_hash},
    store::{self, Written},
};
use ::saml::binding::{MessageParameter, OutboundMessage, post};
use chrono::TimeDelta;
use end::Ways;

/// A logout message for an app.
pub struct Sending {
    /// The app.
    pub app: App,
    /// The message, by a binding of the browser.
    pub message: OutboundMessage,
}

/// What the browser is made to do after a logout message.
pub enum Outcome {
    /// Go on at the page of the sign-out.
    Walk(LogoutId),
    /// Take the answer to the app that asked.
    Send(Box<Sending>),
    /// Show that the person is signed out.
    Here,
    /// Stop and hand over to people.
    Stop(sign_on::Outcome),
}

/// How a message came through the browser.
#[derive(Debug, Clone, Copy)]
pub enum Incoming<'a> {
    /// HTTP-Redirect: the raw query.
    Redirect(&'a str),
    /// HTTP-POST.
    Post {
        /// The raw query of the address: nothing of a message belongs there (S-15).
        query: &'a str,
        /// The raw body.
        body: &'a str,
    },
}

impl<'a> Incoming<'a> {
    fn raw(self) -> &'a str {
        match self {
            Self::Redirect(raw) | Self::Post { body: raw, .. } => raw,
        }
    }
}

/// A sign-out that began with the person.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// Its page says who was told.
    pub id: LogoutId,
    /// Whether apps wait to be told by the browser.
    pub walks: bool,
}

/// A LogoutRequest or a LogoutResponse arrived at the logout address of `slug` by the browser.
pub async fn receive(
    ctx: &AppContext,
    visitor: &Visitor,
    slug: &str,
    incoming: Incoming<'_>,
) -> Result<Outcome, ServiceError> {
    let Some(app) = saml_app(ctx, slug).await? else { return unknown(ctx, visitor, slug).await };
    let parameter = match incoming {
        Incoming::Redirect(_) => Ok(()),
        Incoming::Post { query, .. } => post::check_query(query),
    };
    match parameter.and_then(|()| MessageParameter::of(incoming.raw())) {
        Ok(MessageParameter::Request) => request::begin(ctx, visitor, &app, slug, incoming).await,
        Ok(MessageParameter::Response) => answer::take(ctx, visitor, &app, slug, incoming).await,
        Err(error) => {
            let event = failed(ctx, &format!("saml_{}", error.check()), error.detail());
            stopped(ctx, visitor, StopCause::NotSetUp, Some(&app), event).await
        }
    }
}

/// The person signs out: the session, its tokens and what apps were told of it end in one write (W-02); then the apps that
/// can be called are told. `None`: no app needs to hear of it.
pub async fn by_person(
    ctx: &AppContext,
    visitor: &Visitor,
    ending: Ending,
) -> Result<Option<Begun>, ServiceError> {
    let Some((session, user)) = &visitor.session else { return Ok(None) };
    let by = InitiatedBy::user(user);
    let event =
        actor::event(ctx, EventType::UserLogout).by(by.clone()).from_origin(&visitor.origin).on_user(user);
    let mut logout = new(ctx, Some(visitor), LogoutState::new(by, ending));
    let (id, now) = (session.id, ctx.now());
    let stored = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let ended = end::session(tx, id, "signed out", now).await?;
                let untold =
                    end::join(tx, &mut logout.state, ended.as_slice(), None, Ways::WithBrowser, now).await?;
                let event = end::name_untold(event, &untold);
                if logout.state.participants.is_empty() {
                    return Ok::<_, ServiceError>(Written::new(None, event));
                }
                store::logouts::insert(tx, &logout).await?;
                Ok(Written::new(Some(logout), event))
            })
        })
        .await?;
    let Some(mut logout) = stored else { return Ok(None) };
    back_channel::tell(ctx, &mut logout).await?;
    Ok(Some(Begun { id: logout.id, walks: logout.state.next_waiting().is_some() }))
}

/// A sign-out that begins now, bound to the visitor's browser if there is one.
fn new(ctx: &AppContext, visitor: Option<&Visitor>, state: LogoutState) -> Logout {
    let now = ctx.now();
    Logout {
        id: LogoutId::new(now, &mut ctx.rng()),
        browser_hash: visitor.map(|visitor| secret_hash(&visitor.browser)),
        state,
        version: 1,
        created_at: now,
        expires_at: now + LOGOUT_LIFETIME,
    }
}

/// A sign-out of this browser that is not over.
async fn find(ctx: &AppContext, visitor: &Visitor, id: LogoutId) -> Result<Option<Logout>, ServiceError> {
    let found = store::logouts::get(&mut ctx.db.read().await?, id).await?;
    let own = secret_hash(&visitor.browser);
    Ok(found.filter(|logout| {
        let bound = logout.browser_hash.as_deref().unwrap_or_default();
        constant_time_eq(bound.as_bytes(), own.as_bytes()) && ctx.now() < logout.expires_at
    }))
}

/// Keeps a step; `false` when somebody else made one meanwhile: then the step counts for nothing.
async fn save(ctx: &AppContext, logout: &Logout, events: Vec<AuditEvent>) -> Result<bool, ServiceError> {
    let logout = logout.clone();
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let saved = store::logouts::update(tx, &logout).await?;
                let mut written = Written::unaudited(saved);
                if saved {
                    written.events = events;
                }
                Ok::<_, ServiceError>(written)
            })
        })
        .await
}

async fn saml_app(ctx: &AppContext, slug: &str) -> Result<Option<App>, ServiceError> {
    if slug.len() > SLUG_MAX {
        return Err(ServiceError::NotFound("application"));
    }
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    Ok(found.map(|(app, _)| app).filter(|app| app.connection.saml().is_some()))
}

fn saml_connection(app: &App) -> Result<&SamlConnection, ServiceError> {
    app.connection.saml().ok_or_else(|| ServiceError::Internal("a SAML app without SAML settings".into()))
}

/// How far an app's clock may be off, in its logout messages as in its others (IIP-G01).
fn skew(connection: &SamlConnection) -> TimeDelta {
    TimeDelta::seconds(i64::from(connection.skew_seconds))
}

/// The addresses at which an app reaches us with logout messages: by its name now, and by the one it used.
fn destinations(ctx: &AppContext, app: &App, slug: &str) -> Vec<String> {
    let mut slugs = vec![app.slug.as_str()];
    if slug != app.slug {
        slugs.push(slug);
    }
    slugs.iter().flat_map(|slug| [address(ctx, slug), soap_address(ctx, slug)]).collect()
}

/// Where an app's logout messages come through the browser.
pub fn address(ctx: &AppContext, slug: &str) -> String {
    ctx.url(&format!("/saml2/{slug}/slo"))
}

/// Where an app's server sends logout messages.
pub fn soap_address(ctx: &AppContext, slug: &str) -> String {
    ctx.url(&format!("/saml2/{slug}/slo/soap"))
}

/// A failed `sso_logout` of nobody yet.
fn failed(ctx: &AppContext, code: &str, message: impl Into<String>) -> AuditEvent {
    actor::event(ctx, EventType::SsoLogout).failed(code, message)
}

/// What became of telling an app: confirmed, or a code and words of why not.
fn told(ctx: &AppContext, by: &InitiatedBy, app: &App, result: Result<(), (&str, &str)>) -> AuditEvent {
    let event = actor::event(ctx, EventType::SsoLogout).by(by.clone()).at(app);
    match result {
        Ok(()) => event,
        Err((code, words)) => event.failed(code, words),
    }
}

async fn stopped(
    ctx: &AppContext,
    visitor: &Visitor,
    cause: StopCause,
    app: Option<&App>,
    event: AuditEvent,
) -> Result<Outcome, ServiceError> {
    Ok(Outcome::Stop(stop::record(ctx, visitor, cause, app, event).await?))
}

async fn unknown(ctx: &AppContext, visitor: &Visitor, slug: &str) -> Result<Outcome, ServiceError> {
    let event = failed(ctx, "unknown_app", format!("A logout message came to “{slug}”; no SAML app has it."));
    stopped(ctx, visitor, StopCause::NotConnected, None, event).await
}
