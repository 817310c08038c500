//! Telling apps from server to server, all at once, each within the time of one call (S-37). Does not own the client (`outbound`).

use super::{clients, destinations, saml_connection, save, skew, told};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::AuditEvent,
        connection::LogoutBinding,
        logout::{Logout, LogoutState, Participant, Progress},
    },
    outbound::http::Client,
    service::{
        ServiceError,
        sign_on::{
            saml::{idp_entity_id, signer},
            service_provider,
        },
    },
    store,
};
use ::saml::{
    Binding,
    binding::{OutboundMessage, soap},
    logout::{
        LogoutOutcome, LogoutReason, LogoutRequestSpec, LogoutRequestTarget, LogoutVerifyContext,
        UnverifiedLogoutResponse, issue_request,
    },
};
use futures_util::future::join_all;

/// What an app answered, or a stable code and words of why it did not confirm.
pub(super) type Told = Result<Progress, (String, String)>;

/// Tells the apps of a stored sign-out, and keeps how it went.
pub(super) async fn tell(ctx: &AppContext, logout: &mut Logout) -> Result<(), ServiceError> {
    let (before, has_browser) = (logout.state.clone(), logout.browser_hash.is_some());
    let events = tell_all(ctx, &mut logout.state, has_browser).await?;
    if logout.state == before {
        return Ok(());
    }
    if save(ctx, logout, events).await? {
        logout.version += 1;
        return Ok(());
    }
    // Its page was opened meanwhile: what is stored counts.
    if let Some(stored) = store::logouts::get(&mut ctx.db.read().await?, logout.id).await? {
        *logout = stored;
    }
    Ok(())
}

/// Tells every waiting app that can be told from server to server. One that did not confirm and can be told by the browser goes
/// on waiting for it.
pub(super) async fn tell_all(
    ctx: &AppContext,
    state: &mut LogoutState,
    has_browser: bool,
) -> Result<Vec<AuditEvent>, ServiceError> {
    let mut of_clients = state.clone();
    let (clients, saml) = futures_util::future::join(
        clients::tell_all(ctx, &mut of_clients, has_browser),
        tell_saml(ctx, state, has_browser),
    )
    .await;
    for (told, one) in of_clients.participants.into_iter().zip(&mut state.participants) {
        if one.is_client() {
            *one = told;
        }
    }
    let mut events = clients?;
    events.extend(saml?);
    Ok(events)
}

async fn tell_saml(
    ctx: &AppContext,
    state: &mut LogoutState,
    has_browser: bool,
) -> Result<Vec<AuditEvent>, ServiceError> {
    let waiting =
        |one: &Participant| one.progress == Progress::Waiting && !one.tried_back_channel && !one.is_client();
    let mut to_tell = Vec::new();
    for (index, one) in state.participants.iter().enumerate().filter(|(_, one)| waiting(one)) {
        let app = store::apps::get(&mut ctx.db.read().await?, one.app_id).await?;
        let soap = |app: &App| {
            let services = app.connection.saml().map(|saml| saml.logout_services.as_slice());
            services.unwrap_or_default().iter().any(|service| service.binding == LogoutBinding::Soap)
        };
        to_tell.extend(app.filter(soap).map(|app| (index, app)));
    }
    if to_tell.is_empty() {
        return Ok(Vec::new());
    }
    let client = Client::new(&ctx.config.outbound).map_err(ServiceError::internal)?;
    let calls = to_tell.iter().map(|(index, app)| {
        let (participant, reason) = (&state.participants[*index], state.reason());
        let client = &client;
        async move { ask(ctx, client, app, participant, reason).await }
    });
    let answers = join_all(calls).await;
    let mut events = Vec::new();
    for ((index, app), answer) in to_tell.iter().zip(answers) {
        let by = state.by.clone();
        let participant = &mut state.participants[*index];
        participant.tried_back_channel = true;
        match answer? {
            Ok(progress) => {
                participant.progress = progress;
                events.push(told(ctx, &by, app, Ok(())).detail("binding", "soap"));
            }
            Err((code, words)) => {
                let services = app.connection.saml().map(|saml| saml.logout_services.as_slice());
                let by_browser =
                    services.unwrap_or_default().iter().any(|one| one.binding != LogoutBinding::Soap);
                if !(has_browser && by_browser) {
                    participant.fail(&code);
                }
                events.push(told(ctx, &by, app, Err((&code, &words))).detail("binding", "soap"));
            }
        }
    }
    Ok(events)
}

/// SAML Profiles §4.4.3.3: one app is asked by SOAP, and answers in the same exchange.
async fn ask(
    ctx: &AppContext,
    client: &Client,
    app: &App,
    participant: &Participant,
    reason: LogoutReason,
) -> Result<Told, ServiceError> {
    let connection = saml_connection(app)?;
    let sp = match service_provider::of(ctx, app, connection) {
        Ok(sp) => sp,
        Err(error) => return Ok(Err(("certificate_unreadable".into(), error.to_string()))),
    };
    let (Some(target), Some(name_id)) =
        (LogoutRequestTarget::of(&sp, &Binding::BACK_CHANNEL), &participant.name_id)
    else {
        return Ok(Err(("no_logout_service".into(), "It has no address for logout by SOAP.".into())));
    };
    let signer = signer(ctx, app, connection).await?;
    let indexes: Vec<&str> = participant.session_indexes.iter().map(String::as_str).collect();
    let spec = LogoutRequestSpec {
        idp_entity_id: &idp_entity_id(ctx, app, connection),
        name_id,
        session_indexes: &indexes,
        lifetime: LogoutRequestSpec::DEFAULT_LIFETIME,
        reason: Some(reason),
        relay_state: None,
    };
    let issued = match issue_request(&target, &spec, &*signer, ctx.now(), &mut ctx.rng()) {
        Ok(issued) => issued,
        Err(error) => return Ok(Err(("logout_not_issued".into(), error.to_string()))),
    };
    let OutboundMessage::Soap { location: Some(location), envelope } = issued.message else {
        return Err(ServiceError::Internal("a SOAP target gave another message".into()));
    };
    let headers = [("soapaction", soap::ACTION)];
    let answer = match client.post(&location, &headers, soap::MEDIA_TYPE, envelope).await {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(("no_answer".into(), format!("{location}: {error}")))),
    };
    let destinations = destinations(ctx, app, &app.slug);
    let destinations: Vec<&str> = destinations.iter().map(String::as_str).collect();
    let context =
        LogoutVerifyContext { skew: skew(connection), ..LogoutVerifyContext::new(&destinations, ctx.now()) };
    let verified = UnverifiedLogoutResponse::from_soap(&answer.body)
        .and_then(|response| response.verify(&sp, &[&issued.id], &context));
    Ok(match verified {
        Ok(response) => judge(response.outcome(), response.status_message()),
        Err(error) => Err((
            format!("saml_{}", error.check()),
            format!("Its answer (HTTP status {}) can’t be used: {}", answer.status, error.detail()),
        )),
    })
}

/// SAML Core §3.7.3.1: what an app's answer means.
pub(super) fn judge(outcome: &LogoutOutcome, message: Option<&str>) -> Told {
    match outcome {
        LogoutOutcome::Success => Ok(Progress::Confirmed { partly: false }),
        LogoutOutcome::Partial => Ok(Progress::Confirmed { partly: true }),
        LogoutOutcome::Failed { top, second } => {
            let codes = [Some(top.as_str()), second.as_deref(), message];
            let words: Vec<&str> = codes.into_iter().flatten().collect();
            Err(("logout_refused".into(), format!("It answered: {}", words.join(" · "))))
        }
    }
}
