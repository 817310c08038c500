//! Issues a Response to somebody who is signed in and entitled. Does not own what it says about them (`release`).

use super::{
    idp_entity_id, posting,
    release::{self, Making},
    seen_key, signer,
};
use crate::{
    context::AppContext,
    domain::{
        attributes::{SignIn, Subject},
        audit::{AuditEvent, EventType, InitiatedBy},
        connection::{SamlConnection, StartLink},
        sign_on::SignOnRequest,
        user::User,
    },
    id::AppSessionId,
    service::{
        ServiceError, actor,
        recordings::Note,
        sign_on::{
            Answer, Claim, Flow, Outcome, Person, StopCause, Visitor, claim_for,
            name_id::{self, Known},
            not_granted, service_provider, stop,
        },
        sp_metadata,
    },
    store::{self, Written, app_sessions::AppSession},
};
use ::saml::{
    AssertionSpec, ResponseTarget, SecondLevelStatusCode, Sign, Status, StatusCode, VerifiedAuthnRequest,
    authn_context, binding,
};
use chrono::TimeDelta;

/// Issues a Response; one write claims the request, remembers the app session and says so.
pub(in crate::service::sign_on) async fn issue(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    person: &Person<'_>,
) -> Result<Outcome, ServiceError> {
    let Person { session, user, .. } = person;
    let app = &flow.app;
    let Some(connection) = app.connection.saml() else {
        return Err(ServiceError::Internal("a SAML app without SAML settings".into()));
    };
    let request = match &flow.request {
        SignOnRequest::Saml(request) => Some(&**request),
        _ => None,
    };
    let link = match &flow.request {
        SignOnRequest::Launch { link: Some(name) } => app.connection.start_link(name),
        _ => None,
    };
    // The settings may have changed while the person signed in.
    if request.is_some_and(|request| !still_agreed(connection, request)) {
        let event = stop::failed(
            ctx,
            "settings_changed",
            format!("{}’s settings changed during the sign-on.", app.label),
        );
        return stop::record_flow(ctx, visitor, StopCause::NotSetUp, flow, event).await;
    }
    if let Some(ended) = sp_metadata::ended(ctx, app).await? {
        let why = format!("{}’s metadata ended on {}.", app.label, ended.format("%-d %B %Y"));
        let event = stop::failed(ctx, "metadata_ended", why);
        return stop::record(ctx, visitor, StopCause::NotSetUp, Some(app), event).await;
    }
    let Some(target) = target(connection, request, link) else {
        let event = if connection.sp_entity_id.is_empty() {
            stop::failed(ctx, "no_entity_id", format!("{} has no entity ID yet.", app.label))
        } else {
            stop::failed(ctx, "no_acs", format!("{} has no reply address.", app.label))
        };
        return stop::record_flow(ctx, visitor, StopCause::NotSetUp, flow, event).await;
    };
    let format = request.map_or_else(
        || ::saml::NameIdFormat::from(connection.name_id_format.uri()),
        |request| request.name_id_format().clone(),
    );
    let format = match request {
        Some(request) => name_id::as_asked(ctx, app, user, request, format).await?,
        None => format,
    };
    let groups = release::groups(ctx, app.id, connection, user.id, &person.groups).await?;
    let class = context_class(request);
    let sign_in = SignIn { acr: class, amr: &session.amr };
    let subject = Subject { user, app, groups: &groups, sign_in };
    let omitted = connection.omit_name_id && !request.is_some_and(name_id::is_wanted);
    if let Some(request) = request.filter(|request| !omitted && refuses_to_make(connection, request))
        && name_id::known(ctx, connection, subject, &format).await? == Known::MadeAtFirstSignOn
    {
        return not_made(ctx, visitor, flow, (request, user)).await;
    }
    let name_id = if omitted { None } else { Some(name_id::of(ctx, connection, subject, format).await?) };
    let name_id = match name_id.transpose() {
        Ok(name_id) => name_id,
        Err(no_value) => {
            let event = stop::failed(ctx, no_value.code(), no_value.words());
            return stopped(ctx, visitor, StopCause::NoNameId, (flow, &target), event).await;
        }
    };
    if let Some(blocked) = super::blocked_algorithm(ctx, connection) {
        let event = stop::failed(ctx, "algorithm_blocked", blocked);
        return stopped(ctx, visitor, StopCause::NotSetUp, (flow, &target), event).await;
    }
    let encrypt = connection.encrypts().then(|| service_provider::encrypt_to(ctx, app, connection));
    let encrypt = match encrypt.transpose() {
        Ok(encrypt) => encrypt,
        Err(error) => {
            let event = stop::failed(
                ctx,
                "cannot_encrypt",
                format!("{} wants encrypted assertions: {error}.", app.label),
            );
            return stopped(ctx, visitor, StopCause::NotSetUp, (flow, &target), event).await;
        }
    };
    let rows =
        connection.attributes_of(request.and_then(VerifiedAuthnRequest::attribute_consuming_service_index));
    let released = release::attributes(ctx, connection, subject, (rows, Making::Store)).await?;
    let signer = signer(ctx, app, connection).await?;
    let now = ctx.now();
    let app_session = AppSession {
        id: AppSessionId::new(now, &mut ctx.rng()),
        session_id: session.id,
        app_id: app.id,
        // Without one, logout can't name anybody: then the app isn't told of it.
        name_id: name_id
            .clone()
            .unwrap_or_else(|| ::saml::NameId::new(::saml::NameIdFormat::Unspecified, "")),
        created_at: now,
        expires_at: session.expires_at,
    };
    let spec = AssertionSpec {
        idp_entity_id: &idp_entity_id(ctx, app, connection),
        name_id: name_id.as_ref(),
        extra_audiences: &connection.audiences,
        encrypt: encrypt.as_ref(),
        attributes: &released.attributes,
        // Nodes' clocks may differ by a little.
        authn_instant: session.authenticated_at.min(now),
        authn_context_class_ref: class,
        session_index: &app_session.session_index(),
        session_not_on_or_after: Some(session.expires_at).filter(|end| *end > now + TimeDelta::minutes(1)),
        sign: Sign { assertion: connection.signs_assertion(), response: connection.sign_response },
        lifetime: TimeDelta::seconds(i64::from(connection.assertion_seconds)),
        not_before_skew: TimeDelta::seconds(i64::from(connection.skew_seconds)),
    };
    let issued = ::saml::response::issue(&target, &spec, &*signer, now, &mut ctx.rng());
    let issued = match issued {
        Ok(issued) => issued,
        Err(::saml::IssueError::SubjectMismatch) => {
            let words = mismatch(&app.label, user, target.subject(), name_id.as_ref());
            let event = stop::failed(ctx, "subject_mismatch", words);
            let reference = stop::record_flow_for_app(ctx, visitor, flow, event).await?;
            let status = Status::new(StatusCode::Requester, Some(SecondLevelStatusCode::UnknownPrincipal));
            return super::error_response(ctx, app, &target, (status, &reference)).await;
        }
        Err(error) => {
            let event = not_made_event(ctx, &app.label, &error);
            return stopped(ctx, visitor, StopCause::NotSetUp, (flow, &target), event).await;
        }
    };
    let mut event = actor::event(ctx, EventType::SsoAuth)
        .by(InitiatedBy::user(user))
        .from_origin(&visitor.origin)
        .at(app)
        .detail("assertion_id", issued.assertion_id.as_str())
        .detail("name_id", name_id.as_ref().map_or("", |name_id| name_id.value.as_str()));
    for (name, why) in &released.problems {
        event = event.detail(&format!("left_out.{name}"), why.as_str());
    }
    for (name, why) in &released.withheld {
        event = event.detail(&format!("withheld.{name}"), why.as_str());
    }
    if request.is_some_and(|request| request.signature().is_some_and(|signature| signature.sha1)) {
        event = event.detail("warning", "the request was signed with SHA-1");
    }
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
    let posted = posting(app, &target, issued.xml.clone());
    ctx.recorder().note(|| Note::issued((app, &flow.request, flow.began_at), now, user.id, issued));
    Ok(Outcome::SamlPost(Box::new(posted)))
}

/// Stops where the fault is ours or the directory's. An app that wants to hear of denials hears of this too (IIP-IDP05).
async fn stopped(
    ctx: &AppContext,
    visitor: &Visitor,
    cause: StopCause,
    (flow, target): (&Flow, &ResponseTarget),
    event: AuditEvent,
) -> Result<Outcome, ServiceError> {
    if !super::is_told_of_denials(flow) {
        return stop::record_flow(ctx, visitor, cause, flow, event).await;
    }
    let reference = stop::record_flow_for_app(ctx, visitor, flow, event).await?;
    let status = Status::new(StatusCode::Responder, Some(SecondLevelStatusCode::RequestDenied));
    super::error_response(ctx, &flow.app, target, (status, &reference)).await
}

/// Both sides of a subject that is not the person's, for an admin.
fn mismatch(
    label: &str,
    user: &User,
    asked: Option<&::saml::NameId>,
    issued: Option<&::saml::NameId>,
) -> String {
    let shown = |id: &::saml::NameId| {
        let value: String = id.value.chars().take(256).collect();
        let format = id.format.uri();
        format!("“{value}” ({})", format.rsplit(':').next().unwrap_or(format))
    };
    let asked = asked.map(shown).unwrap_or_default();
    match issued.map(shown) {
        Some(found) => format!("{label} asked for {asked}, and it knows {} as {found}.", user.display_name),
        None => format!("{label} asked for {asked}, and {} has no identifier there.", user.display_name),
    }
}

/// The event of an answer that couldn't be made: what has a cause in the settings is told by it.
fn not_made_event(ctx: &AppContext, label: &str, error: &::saml::IssueError) -> AuditEvent {
    use ::saml::IssueError as E;
    let code = match error {
        E::ForbiddenIn { .. } => "value_not_sendable",
        E::DuplicateAttribute(_) => "attribute_twice",
        E::Encrypt(_) => "cannot_encrypt",
        E::Unsigned | E::SubjectMismatch | E::Specification(_) | E::Forbidden(_) | E::Sign(_) => {
            tracing::error!(%error, app = label, "a response could not be made");
            "response_not_made"
        }
    };
    stop::failed(ctx, code, format!("The answer to {label} couldn’t be made: {error}."))
}

/// SAML Core §3.4.1.1: whether a lasting pseudonym that isn't there yet may not be made for this request. A policy without
/// `AllowCreate="true"` says so; apps that leave it out without meaning it are why only some are held to it.
fn refuses_to_make(connection: &SamlConnection, request: &VerifiedAuthnRequest) -> bool {
    connection.strict_allow_create && !request.allows_new_name_id()
}

/// SAML Core §3.2.2.2: the policy can't be obeyed, for there is no identifier and none may be made.
async fn not_made(
    ctx: &AppContext,
    visitor: &Visitor,
    flow: &Flow,
    (request, user): (&VerifiedAuthnRequest, &User),
) -> Result<Outcome, ServiceError> {
    let why = format!(
        "{} never signed in to {} before, and the request doesn’t allow making an identifier for them.",
        user.display_name, flow.app.label
    );
    let event = stop::failed(ctx, "name_id_not_allowed", why);
    let reference = stop::record_flow_for_app(ctx, visitor, flow, event).await?;
    let status = Status::new(StatusCode::Responder, Some(SecondLevelStatusCode::InvalidNameIdPolicy));
    super::error_response(ctx, &flow.app, &ResponseTarget::from(request), (status, &reference)).await
}

/// Whether a request that was verified before fits the settings of now.
fn still_agreed(connection: &SamlConnection, request: &VerifiedAuthnRequest) -> bool {
    connection.sp_entity_id == request.issuer()
        && connection.acs_urls.iter().any(|acs| acs.url == request.acs_url())
        && (request.is_signed() || !connection.requires_signed_requests())
}

/// The verified request's target, or the registered default for a tile (S-24: RelayState then comes from settings alone: that of the
/// start link that was chosen, or the app's own).
fn target(
    connection: &SamlConnection,
    request: Option<&VerifiedAuthnRequest>,
    link: Option<&StartLink>,
) -> Option<ResponseTarget> {
    if let Some(request) = request {
        return Some(ResponseTarget::from(request));
    }
    let relay_state = match link.map_or(connection.default_relay_state.as_str(), |link| link.target.as_str())
    {
        "" => None,
        text => binding::RelayState::new(text).ok(),
    };
    ResponseTarget::unsolicited(&service_provider::without_certificates(connection), relay_state)
}

/// The strongest class that a password earns, or the one asked for among those it earns.
fn context_class(request: Option<&VerifiedAuthnRequest>) -> &'static str {
    let asked = request.and_then(VerifiedAuthnRequest::requested_authn_context);
    super::AUTHN_CONTEXTS
        .iter()
        .rev()
        .find(|class| asked.is_none_or(|asked| asked.is_met_by(class, super::AUTHN_CONTEXTS)))
        .unwrap_or(&authn_context::PASSWORD_PROTECTED_TRANSPORT)
}
