//! The SAML ends of a sign-on: an AuthnRequest comes in, a Response goes out. Does not own message formats (`crates/saml`).

mod issue;
pub mod release;
pub mod subject_ids;

use super::{Flow, Outcome, Silent, StopCause, Visitor, claim, proceed, service_provider, stop};
use crate::{
    context::AppContext,
    domain::{
        app::{App, SLUG_MAX},
        audit::InitiatedBy,
        connection::{Denied, SamlConnection},
        reference,
        sign_on::{Answers, SignOnRequest},
    },
    id::AppId,
    service::{
        ServiceError, apps, decryption_keys, idp_entity_ids,
        recordings::{Note, Request},
    },
    store::{self, Written},
};
use ::saml::{
    Decryption, Refusal, RequestErrorKind, ResponseTarget, SecondLevelStatusCode, ServiceProvider, Status,
    StatusCode, UnverifiedAuthnRequest, VerifiedAuthnRequest, VerifyContext, authn_context,
};
use chrono::{DateTime, TimeDelta, Utc};
pub(super) use issue::issue;
use std::sync::Arc;

/// The authentication contexts that a password gives, weakest first (S-38: nothing stronger is ever claimed).
const AUTHN_CONTEXTS: &[&str] =
    &[authn_context::UNSPECIFIED, authn_context::PASSWORD, authn_context::PASSWORD_PROTECTED_TRANSPORT];
/// How long a request id is remembered: its lifetime and skew, both ways.
const REPLAY_WINDOW: TimeDelta = TimeDelta::minutes(30);

/// A form that the browser posts to the app.
pub struct Posting {
    /// A verified assertion consumer service.
    pub acs_url: String,
    /// The Response.
    pub xml: String,
    /// To be echoed.
    pub relay_state: Option<String>,
    /// The app's name, for the page's words.
    pub label: String,
}

/// What a request is remembered by.
#[derive(Clone)]
pub(super) struct SeenKey {
    pub(super) app: AppId,
    pub(super) request_id: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// A request id counts once for each app (SAML Core §1.3.4 makes it unique at its issuer; S-26). Two apps may have one entity ID,
/// and are two service providers all the same.
pub(super) fn seen_key(ctx: &AppContext, flow: &Flow) -> Option<SeenKey> {
    let SignOnRequest::Saml(request) = &flow.request else { return None };
    Some(SeenKey {
        app: flow.app.id,
        request_id: request.id().to_owned(),
        expires_at: ctx.now() + REPLAY_WINDOW,
    })
}

/// How a request came.
#[derive(Clone, Copy)]
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
        Incoming::Post { query, body } => ::saml::binding::post::check_query(query)
            .and_then(|()| UnverifiedAuthnRequest::from_post_body(body)),
    };
    let request = match parsed {
        Ok(request) => request,
        Err(error) => {
            let (binding, raw) = match incoming {
                Incoming::Redirect(query) => (::saml::Binding::HttpRedirect, query),
                Incoming::Post { body, .. } => (::saml::Binding::HttpPost, body),
            };
            return refused(ctx, visitor, &app, error.into(), || Request::unread(binding, raw)).await;
        }
    };
    if via_alias {
        note_alias(ctx, slug).await?;
    }
    let sp = match service_provider::of(ctx, &app, connection) {
        Ok(sp) => sp,
        Err(error) => {
            let event = stop::failed(ctx, "certificate_unreadable", error.to_string());
            return stop::record(ctx, visitor, StopCause::NotSetUp, Some(&app), event).await;
        }
    };
    let mut addresses = vec![ctx.url(&format!("/saml2/{}", app.slug))];
    if via_alias {
        addresses.push(ctx.url(&format!("/saml2/{slug}")));
    }
    let verified = if request.has_encrypted_subject() {
        verify_encrypted(ctx, visitor, (&app, connection, &sp), &request, addresses).await?
    } else {
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        request.verify(&sp, &verify_context(ctx, connection, &addresses))
    };
    match verified {
        Ok(verified) => {
            let began_at = ctx.now();
            ctx.recorder().note(|| Note::came(&app, began_at, &verified, request));
            let flow = Flow {
                stored: None,
                request: SignOnRequest::Saml(Box::new(verified)),
                app,
                answers: Answers::default(),
                began_at,
            };
            proceed(ctx, visitor, flow).await
        }
        Err(refusal) => refused(ctx, visitor, &app, refusal, || Request::read(request)).await,
    }
}

/// Verifies a request whose subject is encrypted for us. Everything that costs little comes first; then, for a request that nobody
/// signed, the limit of its network; and only then our private key, on another thread. The inner result is of the checks.
async fn verify_encrypted(
    ctx: &AppContext,
    visitor: &Visitor,
    (app, connection, sp): (&App, &SamlConnection, &ServiceProvider),
    request: &UnverifiedAuthnRequest,
    addresses: Vec<String>,
) -> Result<Result<VerifiedAuthnRequest, Refusal>, ServiceError> {
    let borrowed: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let context = verify_context(ctx, connection, &borrowed);
    if let Err(refusal) = request.precheck(sp, &context) {
        return Ok(Err(refusal));
    }
    let keys = decryption_keys::open(ctx, app).await?;
    if keys.is_empty() {
        return Ok(request.verify(sp, &context));
    }
    if !request.is_signed() {
        decryption_keys::admit(ctx, &visitor.origin, app).await?;
    }
    let (now, skew, allow_cbc) = (context.now, context.skew, connection.accept_cbc);
    let (request, sp) = (request.clone(), sp.clone());
    ctx.decryptions()
        .aside(move || {
            let borrowed: Vec<&str> = addresses.iter().map(String::as_str).collect();
            let decryption = Decryption { keys: &keys, allow_cbc };
            let context =
                VerifyContext { skew, decryption, ..VerifyContext::new(&borrowed, now, AUTHN_CONTEXTS) };
            request.verify(&sp, &context)
        })
        .await
}

/// What a request is verified against: the app's addresses here, the time, and how far its clock may be off (IIP-G01).
pub fn verify_context<'a>(
    ctx: &AppContext,
    connection: &SamlConnection,
    addresses: &'a [&'a str],
) -> VerifyContext<'a> {
    let skew = TimeDelta::seconds(i64::from(connection.skew_seconds));
    VerifyContext { skew, ..VerifyContext::new(addresses, ctx.now(), AUTHN_CONTEXTS) }
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
    request: impl FnOnce() -> Request,
) -> Result<Outcome, ServiceError> {
    let code = format!("saml_{}", refusal.error.check());
    let event = stop::failed(ctx, &code, refusal.error.detail());
    let cause = match refusal.error.kind() {
        RequestErrorKind::IssueInstant => StopCause::TooOld,
        RequestErrorKind::Issuer => StopCause::NotConnected,
        _ => StopCause::NotSetUp,
    };
    let user = visitor.session.as_ref().map(|(_, user)| user.id);
    let note = || {
        ctx.recorder().note(|| Note::refused_request(app, ctx.now(), user, Some(request()), &refusal.error));
    };
    let Some(target) = &refusal.reply_to else {
        let stopped = stop::record(ctx, visitor, cause, Some(app), event).await?;
        note();
        return Ok(stopped);
    };
    let reference = stop::record_for_app(ctx, visitor, app, event).await?;
    note();
    error_response(ctx, app, target, (refusal.error.status(), &reference)).await
}

/// SAML Core §3.2.2.3: the status, with a message for whoever runs the app: the reference that our administrator finds the event
/// by, and nothing of why.
async fn error_response(
    ctx: &AppContext,
    app: &App,
    target: &ResponseTarget,
    (status, reference): (Status, &str),
) -> Result<Outcome, ServiceError> {
    // Libraries that show a message leave the code out, so that it stands here too.
    let code = status.second.and_then(|code| code.uri().rsplit(':').next()).unwrap_or("refused");
    let message = Some(format!("{code}: the sign-on was refused. Reference {reference}"));
    let status = Status { message, ..status };
    let Some(connection) = app.connection.saml() else {
        return Err(ServiceError::Internal("a SAML app without SAML settings".into()));
    };
    let signer = signer(ctx, app, connection).await?;
    let entity_id = idp_entity_id(ctx, app, connection);
    let xml =
        ::saml::response::refuse(target, &entity_id, &status, Some(&*signer), ctx.now(), &mut ctx.rng())
            .map_err(ServiceError::internal)?;
    Ok(Outcome::SamlPost(Box::new(posting(app, target, xml))))
}

/// The app's active key with the algorithm agreed on; a key of another kind signs in its own way.
pub async fn signer(
    ctx: &AppContext,
    app: &App,
    connection: &SamlConnection,
) -> Result<Arc<::saml::OpensslSigner>, ServiceError> {
    let key = apps::active_key(ctx, app.id).await?;
    let signer = ctx.keyring.saml_signer(&key).map_err(ServiceError::internal)?;
    let agreed = connection.signature_algorithm.protocol();
    let own = ::saml::Signer::algorithm(&*signer);
    // What is blocked signs nothing: error responses and logout messages are then signed as the key does by itself.
    let agreed = if ctx.config.saml.blocks(agreed.uri()) { own } else { agreed };
    let signer = if agreed == own { signer } else { signer.with_algorithm(agreed).map_or(signer, Arc::new) };
    let used = ::saml::Signer::algorithm(&*signer).uri();
    if ctx.config.saml.blocks(used) {
        return Err(ServiceError::Internal(format!(
            "saml.blocked_algorithms holds {used}, and nothing else is left"
        )));
    }
    Ok(signer)
}

/// IIP-ALG08: an algorithm of the app's settings that this server doesn't use, in words.
pub fn blocked_algorithm(ctx: &AppContext, connection: &SamlConnection) -> Option<String> {
    let mut used = vec![connection.signature_algorithm.protocol().uri()];
    if connection.encrypts() {
        used.push(connection.content_encryption.protocol().uri());
        used.push(connection.key_transport.protocol().uri());
    }
    let blocked = used.into_iter().find(|uri| ctx.config.saml.blocks(uri))?;
    Some(format!("The app’s settings ask for {blocked}, which this server blocks (saml.blocked_algorithms)."))
}

fn posting(app: &App, target: &ResponseTarget, xml: String) -> Posting {
    Posting {
        acs_url: target.acs_url().to_owned(),
        xml,
        relay_state: target.relay_state().map(|state| state.as_str().to_owned()),
        label: app.label.clone(),
    }
}

/// Our entity id for this app.
pub fn idp_entity_id(ctx: &AppContext, app: &App, connection: &SamlConnection) -> String {
    match connection.idp_entity_id.as_str() {
        "" => idp_entity_ids::address(ctx.config.http.public_url.as_str(), &app.slug),
        stored => stored.to_owned(),
    }
}

/// Whether the app asked, and is set to hear by a status why it gets nobody.
pub(super) fn is_told_of_denials(flow: &Flow) -> bool {
    matches!(flow.request, SignOnRequest::Saml(_))
        && flow.app.connection.saml().is_some_and(|connection| connection.denied == Denied::Status)
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
        // Consent and essential contexts are OIDC’s: here the one page that may be needed is signing in.
        Silent::InteractionNeeded(_) | Silent::Refused | Silent::Unmet => (
            "no_passive",
            if visitor.session.is_some() {
                // SAML Core §3.4.1: ForceAuthn asks for a fresh sign-in, whoever is signed in.
                format!(
                    "{} asked that no page be shown, and for a sign-in anew, which needs one.",
                    flow.app.label
                )
            } else {
                format!("{} asked that no page be shown, and nobody was signed in.", flow.app.label)
            },
            SecondLevelStatusCode::NoPassive,
        ),
        Silent::Denied(denial) => {
            let who = visitor.session.as_ref().map_or("Somebody", |(_, user)| user.display_name.as_str());
            (denial.code(), denial.sentence(who, &flow.app.label), SecondLevelStatusCode::RequestDenied)
        }
    };
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let reference = reference::new(&mut ctx.rng());
    let event = stop::failed(ctx, code, message)
        .by(who)
        .from_origin(&visitor.origin)
        .at(&flow.app)
        .with_reference(&reference)
        .detail(stop::TOLD, stop::TOLD_APP);
    let noted = event.clone();
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
    stop::note(ctx, visitor, flow, &noted);
    let status = Status::new(StatusCode::Responder, Some(second));
    error_response(ctx, &flow.app, &ResponseTarget::from(request), (status, &reference)).await
}
