//! An app asks to sign a person out. Only a verified signature ends anything, and only sessions of that very app and person
//! (S-37). Does not tell the other apps (`back_channel`, `walk`).

use super::{
    Incoming, Outcome, Sending, back_channel, destinations, end, failed, new, respond, saml_app,
    saml_connection, skew, stopped, unknown, walk,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy, Origin},
        logout::{Ending, Logout, LogoutState},
    },
    service::{
        ServiceError, actor, decryption_keys,
        sign_on::{StopCause, Visitor, saml::idp_entity_id, service_provider, stop},
    },
    store::{self, Written},
};
use ::saml::{
    Decryption, SecondLevelStatusCode, ServiceProvider, Status, StatusCode,
    binding::OutboundMessage,
    logout::{
        LogoutRefusal, LogoutStatus, LogoutVerifyContext, UnverifiedLogoutRequest, VerifiedLogoutRequest,
    },
};
use chrono::TimeDelta;

/// Takes a LogoutRequest that came through the browser.
pub(super) async fn begin(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    slug: &str,
    incoming: Incoming<'_>,
) -> Result<Outcome, ServiceError> {
    let parsed = match incoming {
        Incoming::Redirect(query) => UnverifiedLogoutRequest::from_redirect(query),
        Incoming::Post { body, .. } => UnverifiedLogoutRequest::from_post_body(body),
    };
    let sp = service_provider::of(ctx, app, saml_connection(app)?).map_err(ServiceError::internal)?;
    let verified = match parsed {
        Ok(request) => verify(ctx, app, &sp, slug, &request).await?,
        Err(error) => Err(error.into()),
    };
    let request = match verified {
        Ok(request) => request,
        Err(refusal) => {
            let event = failed(ctx, &format!("saml_{}", refusal.error.check()), refusal.error.detail());
            let outcome = stopped(ctx, visitor, StopCause::NotSetUp, Some(app), event).await?;
            return match refusal.reply_to {
                Some(target) => {
                    let status = LogoutStatus::Failed(refusal.error.status().clone());
                    Ok(Outcome::Send(respond::to_target(ctx, app, &target, &status).await?))
                }
                None => Ok(outcome),
            };
        }
    };
    let Some(Named { mut logout, other_person }) =
        end_named(ctx, &visitor.origin, app, &request, Some(visitor)).await?
    else {
        let words = format!("{} sent a logout request that was used before.", app.label);
        let event = failed(ctx, "request_replayed", words).detail("request_id", request.id());
        return stopped(ctx, visitor, StopCause::TooOld, Some(app), event).await;
    };
    if other_person {
        let answer = respond::to_request(ctx, app, &request, &unknown_principal()).await?;
        return Ok(answer.map_or(Outcome::Here, Outcome::Send));
    }
    if logout.state.participants.is_empty() {
        let answer = respond::to_request(ctx, app, &request, &LogoutStatus::Success).await?;
        return Ok(answer.map_or(Outcome::Here, Outcome::Send));
    }
    back_channel::tell(ctx, &mut logout).await?;
    let id = logout.id;
    if logout.state.next_waiting().is_some() {
        return Ok(Outcome::Walk(id));
    }
    Ok(match walk::over(ctx, logout).await? {
        Some(walk::Over::Answer(answer)) => Outcome::Send(answer),
        _ => Outcome::Walk(id),
    })
}

/// The inner result is of the checks, the outer one ours.
async fn verify(
    ctx: &AppContext,
    app: &App,
    sp: &ServiceProvider,
    slug: &str,
    request: &UnverifiedLogoutRequest,
) -> Result<Result<VerifiedLogoutRequest, LogoutRefusal>, ServiceError> {
    let destinations = destinations(ctx, app, slug);
    let borrowed: Vec<&str> = destinations.iter().map(String::as_str).collect();
    let (now, skew) = (ctx.now(), skew(saml_connection(app)?));
    let context = LogoutVerifyContext { skew, ..LogoutVerifyContext::new(&borrowed, now) };
    if !request.has_encrypted_id() {
        return Ok(request.verify(sp, &context));
    }
    // The signature and everything else that costs little come first: our private keys serve nobody but the app.
    if let Err(refusal) = request.precheck(sp, &context) {
        return Ok(Err(refusal));
    }
    let keys = decryption_keys::open(ctx, app).await?;
    let allow_cbc = saml_connection(app)?.accept_cbc;
    let (request, sp) = (request.clone(), sp.clone());
    ctx.decryptions()
        .aside(move || {
            let borrowed: Vec<&str> = destinations.iter().map(String::as_str).collect();
            let decryption = Decryption { keys: &keys, allow_cbc };
            let context =
                LogoutVerifyContext { decryption, skew, ..LogoutVerifyContext::new(&borrowed, now) };
            request.verify(&sp, &context)
        })
        .await
}

/// What a call by SOAP is answered.
pub enum SoapAnswer {
    /// An envelope with a LogoutResponse.
    Message(String),
    /// There is no such app.
    NotFound,
    /// The message was not accepted, and its sender is not known for sure.
    Refused,
}

/// Takes a LogoutRequest from an app's server. There is no browser: the other apps are told from here or not at all.
pub async fn by_soap(
    ctx: &AppContext,
    origin: &Origin,
    slug: &str,
    body: &[u8],
) -> Result<SoapAnswer, ServiceError> {
    let visitor =
        Visitor { browser: String::new(), origin: origin.clone(), session: None, known_device: false };
    let Some(app) = saml_app(ctx, slug).await? else {
        unknown(ctx, &visitor, slug).await?;
        return Ok(SoapAnswer::NotFound);
    };
    let sp = service_provider::of(ctx, &app, saml_connection(&app)?).map_err(ServiceError::internal)?;
    let verified = match UnverifiedLogoutRequest::from_soap(body) {
        Ok(request) => verify(ctx, &app, &sp, slug, &request).await?,
        Err(error) => Err(error.into()),
    };
    let request = match verified {
        Ok(request) => request,
        Err(refusal) => {
            let event = failed(ctx, &format!("saml_{}", refusal.error.check()), refusal.error.detail());
            stop::record(ctx, &visitor, StopCause::NotSetUp, Some(&app), event).await?;
            let Some(target) = refusal.reply_to else { return Ok(SoapAnswer::Refused) };
            let status = LogoutStatus::Failed(refusal.error.status().clone());
            return envelope(*respond::to_target(ctx, &app, &target, &status).await?);
        }
    };
    let named = end_named(ctx, origin, &app, &request, None).await?;
    let status = if let Some(Named { other_person: true, .. }) = named {
        unknown_principal()
    } else if let Some(Named { mut logout, .. }) = named {
        let events = back_channel::tell_all(ctx, &mut logout.state, false).await?;
        record(ctx, events).await?;
        respond::status(logout.state.is_complete())
    } else {
        let words = format!("{} sent a logout request that was used before.", app.label);
        let event = failed(ctx, "request_replayed", words).detail("request_id", request.id());
        stop::record(ctx, &visitor, StopCause::TooOld, Some(&app), event).await?;
        LogoutStatus::Failed(Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::RequestDenied)))
    };
    match respond::to_request(ctx, &app, &request, &status).await? {
        Some(answer) => envelope(*answer),
        None => Ok(SoapAnswer::Refused),
    }
}

fn envelope(sending: Sending) -> Result<SoapAnswer, ServiceError> {
    match sending.message {
        OutboundMessage::Soap { envelope, .. } => Ok(SoapAnswer::Message(envelope)),
        _ => Err(ServiceError::Internal("a SOAP request got another answer".into())),
    }
}

async fn record(ctx: &AppContext, events: Vec<crate::domain::audit::AuditEvent>) -> Result<(), ServiceError> {
    if events.is_empty() {
        return Ok(());
    }
    ctx.db
        .write(move |_| {
            Box::pin(async move {
                let mut written = Written::unaudited(());
                written.events = events;
                Ok::<_, ServiceError>(written)
            })
        })
        .await
}

/// What a request named.
struct Named {
    /// The sign-out that it began.
    logout: Logout,
    /// Whether it named a session that lives, by somebody else than its person; then nothing ended.
    other_person: bool,
}

/// SAML Core §3.7.3.2 and §3.2.2.2: the status says what happened. The session named goes on, since the NameID beside it is not the one
/// that this app was given (§3.7.3: the identifiers have to match).
fn unknown_principal() -> LogoutStatus {
    LogoutStatus::Failed(Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::UnknownPrincipal)))
}

/// Most sessions of one request that are looked up by their index alone.
const LOOKED_UP: usize = 8;

/// Whether a request that names no session by its person does name one otherwise: by an index that this app was given, or by the
/// value alone of an identifier that it was given with another Format or qualifier.
async fn names_another_s(
    ctx: &AppContext,
    app: &App,
    entity_id: &str,
    request: &VerifiedLogoutRequest,
) -> Result<bool, ServiceError> {
    let mut conn = ctx.db.read().await?;
    let mut told = store::app_sessions::of_name_id(&mut conn, app.id, &request.name_id().value).await?;
    told.retain(|one| one.expires_at > ctx.now());
    let (named, others): (Vec<_>, Vec<_>) =
        told.iter().partition(|one| request.names(&one.name_id, entity_id));
    if named.iter().any(|one| request.ends_session(&one.session_index())) {
        return Ok(false);
    }
    if others.iter().any(|one| request.ends_session(&one.session_index())) {
        return Ok(true);
    }
    for index in request.session_indexes().iter().take(LOOKED_UP) {
        if store::app_sessions::is_index(&mut conn, app.id, index, ctx.now()).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends the sessions that a verified request names, once for each request (S-26), and keeps the sign-out when a browser is to
/// tell others. `None`: the request was used before. No session found is no failure, and looks like one that ended; one that goes on is
/// told as such.
async fn end_named(
    ctx: &AppContext,
    origin: &Origin,
    app: &App,
    request: &VerifiedLogoutRequest,
    visitor: Option<&Visitor>,
) -> Result<Option<Named>, ServiceError> {
    let client = InitiatedBy {
        kind: "client".into(),
        id: Some(app.id.to_string()),
        username: Some(app.label.clone()),
        email: None,
    };
    let ending = Ending::Answer { app_id: app.id, request: Box::new(request.clone()) };
    let mut logout = new(ctx, visitor, LogoutState::new(client, ending));
    let entity_id = idp_entity_id(ctx, app, saml_connection(app)?);
    let other_person = names_another_s(ctx, app, &entity_id, request).await?;
    let (context, origin, app, request, now) =
        (ctx.clone(), origin.clone(), app.clone(), request.clone(), ctx.now());
    let has_browser = visitor.is_some();
    let ways = if has_browser { end::Ways::WithBrowser } else { end::Ways::WithoutBrowser };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                let seen = request.replay_key();
                // No NCName holds a colon, so that this is no AuthnRequest's id.
                let key = format!("logout:{}", seen.id);
                let until = seen.remember_until + TimeDelta::seconds(1);
                if !store::saml_requests::record(tx, app.id, &key, until).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(None));
                }
                let told = store::app_sessions::of_name_id(tx, app.id, &request.name_id().value).await?;
                let mut sessions: Vec<_> = told
                    .iter()
                    .filter(|one| request.names(&one.name_id, &entity_id))
                    .filter(|one| request.ends_session(&one.session_index()))
                    .map(|one| one.session_id)
                    .collect();
                sessions.sort_unstable();
                sessions.dedup();
                let (mut ended, mut events) = (Vec::new(), Vec::new());
                for id in sessions {
                    let Some(one) = end::session(tx, id, "signed out at an app", now).await? else {
                        continue;
                    };
                    if let Some(user) = store::users::get(tx, one.user_id).await? {
                        logout.state.by = InitiatedBy::user(&user);
                        let event = actor::event(&context, EventType::UserLogout)
                            .by(InitiatedBy::user(&user))
                            .from_origin(&origin)
                            .on_user(&user)
                            .at(&app);
                        events.push(event);
                    }
                    ended.push(one);
                }
                let untold = end::join(tx, &mut logout.state, &ended, Some(app.id), ways, now).await?;
                let mut asked = actor::event(&context, EventType::SsoLogout)
                    .by(logout.state.by.clone())
                    .from_origin(&origin)
                    .at(&app)
                    .detail("asked_by", app.label.as_str())
                    .detail("request_id", request.id())
                    .detail("name_id", request.name_id().value.as_str())
                    .detail("sessions_ended", ended.len().to_string());
                if request.signature().sha1 {
                    asked = asked.detail("warning", "the request was signed with SHA-1");
                }
                let other_person = other_person && ended.is_empty();
                if other_person {
                    let words = format!(
                        "{} asked to end a session of another person than it named: the NameID, its Format or qualifiers aren’t \
                         those it was given. The session goes on.",
                        app.label
                    );
                    asked = asked.failed("unknown_principal", words);
                }
                events.push(end::name_untold(asked, &untold));
                if has_browser && !logout.state.participants.is_empty() {
                    store::logouts::insert(tx, &logout).await?;
                }
                let mut written = Written::unaudited(Some(Named { logout, other_person }));
                written.events = events;
                Ok(written)
            })
        })
        .await
}
