//! The walk of a browser from app to app: one after another, each asked once, each for a limited time. Every return comes back
//! here and goes on from what is stored. Does not own the pages.

use super::{Sending, clients, find, front_channel, respond, save, told};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::AuditEvent,
        logout::{Ending, Logout, Participant, Progress},
    },
    id::LogoutId,
    service::{ServiceError, sign_on::Visitor},
    store::{self, Written},
};
use front_channel::Made;

/// How often a step is tried when another tab of the browser goes on at the same time.
const TRIES: usize = 8;

/// What the page of a sign-out does next.
pub enum Step {
    /// Load these addresses of OIDC clients in iframes, all at once, and come back.
    Frames(Vec<String>),
    /// Take a request to an app.
    Send(Box<Sending>),
    /// Wait for an app that was asked: it did not send the browser back.
    Wait(Box<App>),
    /// Every app was asked.
    Over(Over),
}

/// The end of a sign-out.
pub enum Over {
    /// On our page: who confirmed, and who may still have the person signed in.
    Here {
        /// Confirmed.
        signed_out: Vec<App>,
        /// Told in a way that gives no answer.
        told: Vec<App>,
        /// Not confirmed, not asked, or not to be asked.
        still_open: Vec<App>,
    },
    /// Take the answer to the app that asked.
    Answer(Box<Sending>),
    /// At a registered address of the OIDC client that asked.
    Leave(String),
}

/// Goes on with a sign-out of this browser; `None` when there is none.
pub async fn next(ctx: &AppContext, visitor: &Visitor, id: LogoutId) -> Result<Option<Step>, ServiceError> {
    for _ in 0..TRIES {
        let Some(mut logout) = find(ctx, visitor, id).await? else { return Ok(None) };
        let mut events = Vec::new();
        for index in logout.state.give_up(ctx.now()) {
            let app_id = logout.state.participants[index].app_id;
            if let Some(app) = store::apps::get(&mut ctx.db.read().await?, app_id).await? {
                let why = ("no_answer", "It did not send the browser back in time.");
                events.push(told(ctx, &logout.state.by, &app, Err(why)));
            }
        }
        // Clients first: they take the browser nowhere, and no app can keep it before they are told.
        let frames = frames(ctx, &mut logout, &mut events).await?;
        if !frames.is_empty() {
            if save(ctx, &logout, events).await? {
                return Ok(Some(Step::Frames(frames)));
            }
            continue;
        }
        let mut sending = None;
        while let (None, None, Some(index)) = (&sending, logout.state.asked(), logout.state.next_waiting()) {
            let made = front_channel::request(ctx, &logout.state, index).await?;
            let participant = &mut logout.state.participants[index];
            match made {
                Made::Request(message, progress) => {
                    participant.progress = progress;
                    sending = Some(message);
                }
                Made::Gone => participant.fail("app_gone"),
                Made::Not(app, code, words) => {
                    participant.fail(code);
                    events.push(told(ctx, &logout.state.by, &app, Err((code, &words))));
                }
            }
        }
        // Saved before it is sent: nobody is asked twice, whatever the browser does.
        if (sending.is_some() || !events.is_empty()) && !save(ctx, &logout, events).await? {
            continue;
        }
        if let Some(message) = sending {
            return Ok(Some(Step::Send(message)));
        }
        if let Some(index) = logout.state.asked() {
            let app_id = logout.state.participants[index].app_id;
            let app = store::apps::get(&mut ctx.db.read().await?, app_id).await?;
            if let Some(app) = app {
                return Ok(Some(Step::Wait(Box::new(app))));
            }
            skip(ctx, visitor, id).await?;
            continue;
        }
        return Ok(over(ctx, logout).await?.map(Step::Over));
    }
    Err(ServiceError::Busy)
}

/// OpenID Connect Front-Channel Logout 1.0 §3: the iframes of the clients that wait. An iframe gives no answer: afterwards they
/// count as told, not as signed out.
async fn frames(
    ctx: &AppContext,
    logout: &mut Logout,
    events: &mut Vec<AuditEvent>,
) -> Result<Vec<String>, ServiceError> {
    let mut addresses = Vec::new();
    for index in logout.state.waiting_clients() {
        let participant = &mut logout.state.participants[index];
        let Some(app) = store::apps::get(&mut ctx.db.read().await?, participant.app_id).await? else {
            participant.fail("app_gone");
            continue;
        };
        let own = clients::frames(ctx, &app, &participant.client_sessions).await?;
        if own.is_empty() {
            // Its settings changed since the sign-out began.
            participant.fail("no_logout_service");
            let why = ("no_logout_service", "It has no address for logout through the browser.");
            events.push(told(ctx, &logout.state.by, &app, Err(why)));
            continue;
        }
        participant.progress = Progress::Told;
        events.push(
            told(ctx, &logout.state.by, &app, Ok(()))
                .detail("binding", "front_channel")
                .detail("warning", "loaded in an iframe, which gives no answer"),
        );
        addresses.extend(own);
    }
    Ok(addresses)
}

/// The person goes on without the app that has not answered.
pub async fn skip(ctx: &AppContext, visitor: &Visitor, id: LogoutId) -> Result<(), ServiceError> {
    for _ in 0..TRIES {
        let Some(mut logout) = find(ctx, visitor, id).await? else { return Ok(()) };
        let Some(index) = logout.state.asked() else { return Ok(()) };
        let participant = &mut logout.state.participants[index];
        participant.fail("skipped");
        let app = store::apps::get(&mut ctx.db.read().await?, participant.app_id).await?;
        let why = ("skipped", "The person went on before it answered.");
        let events = app.map(|app| told(ctx, &logout.state.by, &app, Err(why)));
        if save(ctx, &logout, events.into_iter().collect()).await? {
            return Ok(());
        }
    }
    Err(ServiceError::Busy)
}

/// Ends a sign-out in which nobody is left to ask. An app is answered once; `None` afterwards. The list on our page can be
/// loaded again.
pub(super) async fn over(ctx: &AppContext, logout: Logout) -> Result<Option<Over>, ServiceError> {
    match &logout.state.ending {
        Ending::Here => Ok(Some(listed(ctx, &logout).await?)),
        Ending::Leave { address } => {
            let address = address.clone();
            Ok(consume(ctx, logout.id).await?.then_some(Over::Leave(address)))
        }
        Ending::Answer { app_id, request } => {
            let app = store::apps::get(&mut ctx.db.read().await?, *app_id).await?;
            let app = app.filter(|app| app.connection.saml().is_some());
            let status = respond::status(logout.state.is_complete());
            let answer = match &app {
                Some(app) => respond::to_request(ctx, app, request, &status).await?,
                None => None,
            };
            match answer {
                Some(answer) => Ok(consume(ctx, logout.id).await?.then_some(Over::Answer(answer))),
                None => Ok(Some(listed(ctx, &logout).await?)),
            }
        }
    }
}

async fn consume(ctx: &AppContext, id: LogoutId) -> Result<bool, ServiceError> {
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                Ok::<_, ServiceError>(Written::unaudited(store::logouts::delete(tx, id).await?))
            })
        })
        .await
}

/// Each app once; one that was told under two names is open unless both ended.
async fn listed(ctx: &AppContext, logout: &Logout) -> Result<Over, ServiceError> {
    let (mut signed_out, mut told, mut still_open) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids: Vec<_> = logout.state.participants.iter().map(|one| one.app_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut conn = ctx.db.read().await?;
    for id in ids {
        let Some(app) = store::apps::get(&mut conn, id).await? else { continue };
        let parts = || logout.state.participants.iter().filter(|one| one.app_id == id);
        if parts().all(Participant::is_signed_out) {
            signed_out.push(app);
        } else if parts().all(|one| one.is_signed_out() || one.progress == Progress::Told) {
            told.push(app);
        } else {
            still_open.push(app);
        }
    }
    for list in [&mut signed_out, &mut told, &mut still_open] {
        list.sort_by(|a, b| a.label.cmp(&b.label));
    }
    Ok(Over::Here { signed_out, told, still_open })
}
