//! RP-initiated logout: what a client may ask for, and the event of one that asked wrongly. Does not own ending the session
//! (`service::logout`).

use super::{client, hint, sid, subject};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy},
        reference,
        session::Session,
    },
    service::{ServiceError, actor, refusals, sign_on::Visitor},
    store::{self, Written},
};
use ::oidc::{
    ProtocolError,
    end_session::{self, CurrentSession, EndSessionDecision, EndSessionProblem, EndSessionRequest},
    id_token::hint::IdTokenHint,
};

/// What a logout request comes to.
pub struct Decided {
    /// What to do.
    pub decision: EndSessionDecision,
    /// What is wrong with it.
    problem: Option<EndSessionProblem>,
    /// The client, as far as the request says who it is.
    pub app: Option<App>,
    /// Where it wanted to go.
    wanted: Option<String>,
}

/// Decides what a logout request comes to; the session itself is ended by the caller.
pub async fn decide(
    ctx: &AppContext,
    raw: &str,
    session: Option<&Session>,
) -> Result<Result<Decided, ProtocolError>, ServiceError> {
    let request = match EndSessionRequest::parse(raw) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    let hint = match request.id_token_hint() {
        Some(text) => hint::at_logout(ctx, text).await?,
        None => None,
    };
    let client_id = hint.as_ref().map(IdTokenHint::client_id).or(request.client_id());
    let app = match client_id {
        Some(client_id) => store::apps::find_by_client_id(&mut ctx.db.read().await?, client_id).await?,
        None => None,
    };
    let registered = app.as_ref().map(client::of_app).transpose()?;
    // The hint names person and session as this client knows them.
    let names = match (&app, session) {
        (_, None) => None,
        (Some(app), Some(session)) => {
            Some((subject::of(ctx, app, session.user_id).await?, sid::of(ctx, app, session.id).await?))
        }
        (None, Some(session)) => Some((session.user_id.to_string(), session.id.to_string())),
    };
    let current = names.as_ref().map(|(sub, sid)| CurrentSession { sub, sid });
    Ok(Ok(Decided {
        decision: end_session::decide(&request, hint.as_ref(), registered.as_ref(), current),
        problem: end_session::problem(&request, hint.as_ref(), registered.as_ref()),
        app,
        wanted: request.post_logout_redirect_uri().map(str::to_owned),
    }))
}

/// A logout request that came, and the reference of its event if something was wrong with it.
pub struct Asked {
    /// What it comes to, or why it can't be read.
    pub decided: Result<Decided, ProtocolError>,
    /// Names the event; none where nothing was wrong, or where strangers caused too many of them.
    pub reference: Option<String>,
}

/// As [`decide`], when the request comes: one that is wrong is an event, within the limits of strangers.
pub async fn ask(ctx: &AppContext, visitor: &Visitor, raw: &str) -> Result<Asked, ServiceError> {
    let session = visitor.session.as_ref().map(|(session, _)| session);
    let decided = decide(ctx, raw, session).await?;
    let (code, words, app) = match &decided {
        Err(error) => {
            let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
            let words = format!("A logout request could not be read: {}{detail}.", error.description());
            ("logout_unreadable", words, None)
        }
        Ok(Decided { problem: None, .. }) => return Ok(Asked { decided, reference: None }),
        Ok(Decided { problem: Some(problem), app, wanted, .. }) => {
            let (code, words) = in_words(*problem, wanted.as_deref());
            (code, words, app.as_ref())
        }
    };
    let reference = reference::new(&mut ctx.rng());
    let who =
        visitor.session.as_ref().map_or_else(InitiatedBy::anonymous, |(_, user)| InitiatedBy::user(user));
    let event = actor::event(ctx, EventType::SsoLogout)
        .failed(code, words)
        .by(who)
        .from_origin(&visitor.origin)
        .with_reference(&reference);
    let event = match app {
        Some(app) => event.at(app),
        None => event,
    };
    let event = match visitor.session {
        Some(_) => Some(event),
        None => refusals::within_limit(ctx, &visitor.origin, event).await?,
    };
    let Some(event) = event else { return Ok(Asked { decided, reference: None }) };
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await?;
    Ok(Asked { decided, reference: Some(reference) })
}

/// A stable code, and what happened.
fn in_words(problem: EndSessionProblem, wanted: Option<&str>) -> (&'static str, String) {
    match problem {
        EndSessionProblem::Hint => {
            ("logout_hint", "The id_token_hint of a logout request is no ID token of this issuer.".to_owned())
        }
        EndSessionProblem::UnknownClient => {
            ("logout_client", "A logout request came from a client that no app has.".to_owned())
        }
        EndSessionProblem::OtherClient => {
            let words = "A logout request named another client_id than that of its id_token_hint.";
            ("logout_client", words.to_owned())
        }
        EndSessionProblem::NoClient => {
            let words =
                "A logout request named a post_logout_redirect_uri, but neither id_token_hint nor client_id.";
            ("logout_client", words.to_owned())
        }
        EndSessionProblem::RedirectUri => {
            let wanted: String =
                wanted.unwrap_or_default().chars().filter(|c| !c.is_control()).take(256).collect();
            let words =
                format!("The post_logout_redirect_uri “{wanted}” is not among the app’s sign-out addresses.");
            ("logout_redirect_uri", words)
        }
    }
}
