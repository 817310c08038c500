//! The SAML ends of a sign-on: an AuthnRequest comes in, a Response goes out. Does not own message formats (`crates/saml`).

use super::{
    Answer, Claim, Flow, Outcome, Person, Silent, StopCause, Visitor, claim, claim_for, name_id, not_granted,
    proceed, service_provider, stop,
};
use crate::{
    context::AppContext,
    domain::{
        app::{App, SLUG_MAX},
        attributes,
        audit::{EventType, InitiatedBy},
        connection::SamlConnection,
        sign_on::SignOnRequest,
        user::User,
    },
    id::AppSessionId,
    service::{ServiceError, actor, apps},
    store::{self, Written, app_sessions::AppSession},
};
use ::saml::{
    AssertionSpec, Attribute, AttributeNameFormat, Refusal, RequestErrorKind, ResponseTarget,
    SecondLevelStatusCode, Sign, Status, StatusCode, UnverifiedAuthnRequest, VerifiedAuthnRequest,
    VerifyContext, authn_context, binding,
};
use chrono::{DateTime, TimeDelta, Utc};

/// The authentication contexts that a password gives, weakest first (S-38: nothing stronger is ever claimed).
const AUTHN_CONTEXTS: &[&str] =
    &[authn_context::UNSPECIFIED, authn_context::PASSWORD, authn_context::PASSWORD_PROTECTED_TRANSPORT];
/// How long a request id is remembered: its lifetime and skew, both ways.
const REPLAY_WINDOW: TimeDelta = TimeDelta::minutes(30);

/// A form that the browser posts to the app.
pub struct Posting {
    /// A verified assertion consumer service.
    pub acs_url: String,
    /// Base64 of the Response.
    pub saml_response: String,
    /// To be echoed.
    pub relay_state: Option<String>,
    /// The app, for the page's words.
    pub app: App,
}

/// What a request is remembered by.
#[derive(Clone)]
pub(super) struct SeenKey {
    pub(super) issuer: String,
    pub(super) request_id: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// A request id counts once per issuer (SAML Core §1.3.4 makes it unique; S-26).
pub(super) fn seen_key(ctx: &AppContext, flow: &Flow) -> Option<SeenKey> {
    let SignOnRequest::Saml(request) = &flow.request else { return None };
    Some(SeenKey {
        issuer: request.issuer().to_owned(),
        request_id: request.id().to_owned(),
        expires_at: ctx.now() + REPLAY_WINDOW,
    })
}

/// How a request came.
pub enum Incoming<'a> {
    /// HTTP-Redirect: the raw query.
    Redirect(&'a str),
    /// HTTP-POST: the raw body.
    Post(&'a str),
}

/// An AuthnRequest arrived at the sign-in address of `slug`.
pub async fn begin(
    ctx: &AppContext,
    visitor: &Visitor,
    slug: &str,
    incoming: Incoming<'_>,
) -> Result<Outcome, ServiceError> {
    if slug.len() > SLUG_MAX {
        return Err(ServiceError::NotFound("application"));
    }
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    let Some((app, via_alias)) = found.filter(|(app, _)| app.connection.saml().is_some()) else {
        let event =
            stop::failed(ctx, "unknown_app", format!("A SAML request came to “{slug}”; no SAML app has it."));
        return stop::record(ctx, visitor, StopCause::NotConnected, None, event).await;
    };
    let Some(connection) = app.connection.saml() else {
        return Err(ServiceError::Internal("a SAML app without SAML settings".into()));
    };
    let parsed = match incoming {
        Incoming::Redirect(query) => UnverifiedAuthnRequest::from_redirect(query),
        Incoming::Post(body) => UnverifiedAuthnRequest::from_post_body(body),
    };
    let request = match parsed {
        Ok(request) => request,
        Err(error) => return refused(ctx, visitor, &app, error.into()).await,
    };
    if via_alias {
        note_alias(ctx, slug).await?;
    }
    let sp = match service_provider::with_certificates(connection) {
        Ok(sp) => sp,
        Err(error) => {
            let event = stop::failed(ctx, "certificate_unreadable", error.to_string());
            return stop::record(ctx, visitor, StopCause::NotSetUp, Some(&app), event).await;
        }
    };
    let addresses = [ctx.url(&format!("/saml2/{}", app.slug)), ctx.url(&format!("/saml2/{slug}"))];
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    match request.verify(&sp, &VerifyContext::new(&addresses, ctx.now(), AUTHN_CONTEXTS)) {
        Ok(verified) => {
            let flow = Flow {
                stored: None,
                request: SignOnRequest::Saml(Box::new(verified)),
                app,
                began_at: ctx.now(),
            };
            proceed(ctx, visitor, flow).await
        }
        Err(refusal) => refused(ctx, visitor, &app, refusal).await,
    }
}

async fn note_alias(ctx: &AppContext, slug: &str) -> Result<(), ServiceError> {
    let (slug, now) = (slug.to_owned(), ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::apps::touch_alias(tx, &slug, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// A refused request: a SAML status to a verified address, else the hand-over page. Both under one reference in the event.
async fn refused(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    refusal: Refusal,
) -> Result<Outcome, ServiceError> {
    let code = format!("saml_{}", refusal.error.check());
    let event = stop::failed(ctx, &code, refusal.error.detail());
    let cause = match refusal.error.kind() {
        RequestErrorKind::IssueInstant => StopCause::TooOld,
        RequestErrorKind::Issuer => StopCause::NotConnected,
        _ => StopCause::NotSetUp,
    };
    let stopped = stop::record(ctx, visitor, cause, Some(app), event).await?;
    match refusal.reply_to {
        Some(target) => error_response(ctx, app, &target, &refusal.error.status()).await,
        None => Ok(stopped),
    }
}

async fn error_response(
    ctx: &AppContext,
    app: &App,
    target: &ResponseTarget,
    status: &Status,
) -> Result<Outcome, ServiceError> {
    let Some(connection) = app.connection.saml() else {
        return Err(ServiceError::Internal("a SAML app without SAML settings".into()));
    };
    let key = apps::active_key(ctx, app.id).await?;
    let signer = ctx.keyring.saml_signer(&key).map_err(ServiceError::internal)?;
    let entity_id = idp_entity_id(ctx, app, connection);
    let xml = ::saml::response::refuse(target, &entity_id, status, Some(&*signer), ctx.now(), &mut ctx.rng())
        .map_err(ServiceError::internal)?;
    Ok(Outcome::SamlPost(Box::new(posting(app, target, &xml))))
}

fn posting(app: &App, target: &ResponseTarget, xml: &str) -> Posting {
    Posting {
        acs_url: target.acs_url().to_owned(),
        saml_response: binding::post::encode(xml),
        relay_state: target.relay_state().map(|state| state.as_str().to_owned()),
        app: app.clone(),
    }
}

/// Our entity id for this app.
pub fn idp_entity_id(ctx: &AppContext, app: &App, connection: &SamlConnection) -> String {
    match connection.idp_entity_id.as_str() {
        "" => ctx.url(&format!("/saml2/{}/metadata", app.slug)),
        stored => stored.to_owned(),
    }
}

/// Issues a Response; one write claims the request, remembers the app session and says so.
pub(super) async fn issue(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    person: &Person<'_>,
) -> Result<Outcome, ServiceError> {
    let Person { session, user, groups } = person;
    let app = &flow.app;
    let Some(connection) = app.connection.saml() else {
        return Err(ServiceError::Internal("a SAML app without SAML settings".into()));
    };
    let request = match &flow.request {
        SignOnRequest::Saml(request) => Some(&**request),
        _ => None,
    };
    // The settings may have changed while the person signed in.
    if request.is_some_and(|request| !still_agreed(connection, request)) {
        let event = stop::failed(
            ctx,
            "settings_changed",
            format!("{}’s settings changed during the sign-on.", app.label),
        );
        return stop::record(ctx, visitor, StopCause::NotSetUp, Some(app), event).await;
    }
    let Some(target) = target(connection, request) else {
        let event = stop::failed(ctx, "no_acs", format!("{} has no reply address.", app.label));
        return stop::record(ctx, visitor, StopCause::NotSetUp, Some(app), event).await;
    };
    let format = request.map_or_else(
        || ::saml::NameIdFormat::from(connection.name_id_format.uri()),
        |request| request.name_id_format().clone(),
    );
    let Some(name_id) = name_id::of(ctx, app, connection, user, format, groups).await? else {
        let event = stop::failed(
            ctx,
            "name_id_empty",
            format!(
                "“{}” identifies people at {}, and {} has none.",
                connection.name_id_source, app.label, user.display_name
            ),
        );
        return stop::record(ctx, visitor, StopCause::NoNameId, Some(app), event).await;
    };
    let key = apps::active_key(ctx, app.id).await?;
    let signer = ctx.keyring.saml_signer(&key).map_err(ServiceError::internal)?;
    let now = ctx.now();
    let app_session = AppSession {
        id: AppSessionId::new(now, &mut ctx.rng()),
        session_id: session.id,
        app_id: app.id,
        name_id: name_id.value.clone(),
        created_at: now,
        expires_at: session.expires_at,
    };
    let spec = AssertionSpec {
        idp_entity_id: &idp_entity_id(ctx, app, connection),
        name_id: &name_id,
        attributes: &released(connection, user, groups),
        // Nodes' clocks may differ by a little.
        authn_instant: session.authenticated_at.min(now),
        authn_context_class_ref: context_class(request),
        session_index: &format!("_{}", app_session.id),
        session_not_on_or_after: Some(session.expires_at).filter(|end| *end > now + TimeDelta::minutes(1)),
        sign: Sign { assertion: connection.sign_assertion, response: connection.sign_response },
        lifetime: AssertionSpec::DEFAULT_LIFETIME,
        not_before_skew: AssertionSpec::DEFAULT_NOT_BEFORE_SKEW,
    };
    let issued = ::saml::response::issue(&target, &spec, &*signer, now, &mut ctx.rng());
    let issued = match issued {
        Ok(issued) => issued,
        Err(::saml::IssueError::SubjectMismatch) => {
            let event = stop::failed(
                ctx,
                "subject_mismatch",
                "The app asked for another person than the one signed in.",
            );
            stop::record(ctx, visitor, StopCause::NotSetUp, Some(app), event).await?;
            let status = Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::UnknownPrincipal));
            return error_response(ctx, app, &target, &status).await;
        }
        Err(error) => return Err(ServiceError::internal(error)),
    };
    let mut event = actor::event(ctx, EventType::SsoAuth)
        .by(InitiatedBy::user(user))
        .from_origin(&visitor.origin)
        .at(app)
        .detail("assertion_id", issued.assertion_id.as_str())
        .detail("name_id", name_id.value.as_str());
    event.idp_initiated = Some(request.is_none());
    event.auth_method = Some(session.amr.join(" "));
    let (answer, seen) = (Answer::of(flow, person), seen_key(ctx, flow));
    let claimed = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let claim = claim_for(tx, answer, seen.as_ref()).await?;
                if claim != Claim::Granted {
                    return Ok::<_, ServiceError>(Written::unaudited(claim));
                }
                store::app_sessions::insert(tx, &app_session).await?;
                store::favourites::record_use(tx, answer.user, answer.app, now).await?;
                Ok(Written::new(claim, event))
            })
        })
        .await?;
    if claimed != Claim::Granted {
        return not_granted(ctx, visitor, flow, claimed).await;
    }
    Ok(Outcome::SamlPost(Box::new(posting(app, &target, &issued.xml))))
}

/// Whether a request that was verified before fits the settings of now.
fn still_agreed(connection: &SamlConnection, request: &VerifiedAuthnRequest) -> bool {
    connection.sp_entity_id == request.issuer()
        && connection.acs_urls.iter().any(|acs| acs.url == request.acs_url())
        && (request.is_signed() || !connection.requires_signed_requests())
}

/// The verified request's target, or the registered default for a tile (S-24: RelayState then comes from settings alone).
fn target(connection: &SamlConnection, request: Option<&VerifiedAuthnRequest>) -> Option<ResponseTarget> {
    if let Some(request) = request {
        return Some(ResponseTarget::from(request));
    }
    let relay_state = match connection.default_relay_state.as_str() {
        "" => None,
        text => binding::RelayState::new(text).ok(),
    };
    ResponseTarget::unsolicited(&service_provider::without_certificates(connection), relay_state)
}

/// The strongest class that a password earns, or the one asked for among those it earns.
fn context_class(request: Option<&VerifiedAuthnRequest>) -> &'static str {
    let asked = request.and_then(VerifiedAuthnRequest::requested_authn_context);
    AUTHN_CONTEXTS
        .iter()
        .rev()
        .find(|class| asked.is_none_or(|asked| asked.is_met_by(class, AUTHN_CONTEXTS)))
        .unwrap_or(&authn_context::PASSWORD_PROTECTED_TRANSPORT)
}

/// The attributes that this app gets: one element a name, several values inside (XS-43).
pub fn released(connection: &SamlConnection, user: &User, groups: &[String]) -> Vec<Attribute> {
    let mut released: Vec<Attribute> = attributes::map(&connection.attributes, user, groups)
        .into_iter()
        .map(|(mapping, values)| Attribute {
            name_format: match mapping.name_format.as_str() {
                "" => AttributeNameFormat::for_name(&mapping.name),
                given => AttributeNameFormat::from(given),
            },
            friendly_name: Some(mapping.friendly_name).filter(|name| !name.is_empty()),
            name: mapping.name,
            values,
        })
        .collect();
    if !connection.groups_attribute.is_empty() && !groups.is_empty() {
        released.push(Attribute {
            name_format: AttributeNameFormat::for_name(&connection.groups_attribute),
            name: connection.groups_attribute.clone(),
            friendly_name: None,
            values: groups.to_vec(),
        });
    }
    released
}

/// SAML Core §3.2.2.2: a passive request that needs a page gets `NoPassive`; one that is denied, `RequestDenied`.
pub(super) async fn refuse(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    request: &VerifiedAuthnRequest,
    why: Silent,
) -> Result<Outcome, ServiceError> {
    let (code, message, second) = match why {
        Silent::InteractionNeeded => (
            "no_passive",
            format!("{} asked that no page be shown, and nobody was signed in.", flow.app.label),
            SecondLevelStatusCode::NoPassive,
        ),
        Silent::Denied(denial) => {
            let who = visitor.session.as_ref().map_or("Somebody", |(_, user)| user.display_name.as_str());
            (denial.code(), denial.sentence(who, &flow.app.label), SecondLevelStatusCode::RequestDenied)
        }
    };
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let event = stop::failed(ctx, code, message).by(who).from_origin(&visitor.origin).at(&flow.app);
    let seen = seen_key(ctx, flow);
    let stored = flow.stored;
    let answered = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                let answered = claim(tx, stored, seen.as_ref()).await?;
                Ok::<_, ServiceError>(Written::new(answered, event))
            })
        })
        .await?;
    if !answered {
        return stop::replayed(ctx, visitor, flow).await;
    }
    let status = Status::new(StatusCode::Responder, Some(second));
    error_response(ctx, &flow.app, &ResponseTarget::from(request), &status).await
}
