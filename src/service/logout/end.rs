//! Ending sessions inside a write, and who has a part in them. Does not tell anybody.

use super::clients;
use crate::{
    domain::{
        app::App,
        audit::AuditEvent,
        connection::{Connection, LogoutBinding},
        logout::{ClientSession, LogoutState, Progress, add_client, add_told},
    },
    id::{AppId, SessionId, UserId},
    store::{self, StoreError, Tx, app_sessions::AppSession},
};
use chrono::{DateTime, Utc};

/// A session that ended.
pub(super) struct Ended {
    /// Whose.
    pub(super) user_id: UserId,
    id: SessionId,
    told: Vec<AppSession>,
    clients: Vec<AppId>,
}

/// On which ways apps can be told of a sign-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    /// From server to server, and by the browser that is there.
    WithBrowser,
    /// From server to server, at once.
    WithoutBrowser,
    /// From server to server, by the queue.
    Queued,
}

/// Ends a session, what SAML apps were told of it, and its OIDC tokens (W-02). `None` when it is not there.
pub(super) async fn session(
    tx: &mut Tx,
    id: SessionId,
    because: &str,
    now: DateTime<Utc>,
) -> Result<Option<Ended>, StoreError> {
    // A sign-on that is being answered holds its session: afterwards its app session and tokens are seen.
    if !store::sessions::hold(tx, id).await? {
        return Ok(None);
    }
    let Some(session) = store::sessions::get(tx, id).await? else { return Ok(None) };
    let told = store::app_sessions::of_session(tx, id).await?;
    let clients = store::token_families::apps_of_session(tx, id).await?;
    store::sessions::delete(tx, id).await?;
    store::token_families::revoke_of_session(tx, id, because, now).await?;
    Ok(Some(Ended { user_id: session.user_id, id, told, clients }))
}

/// Gives every app of the ended sessions its part, but for the one that asked; answers the names of those that can't be told.
/// OIDC clients with a logout address behind the browser are queued in the same write: whatever becomes of this process,
/// they will be told.
pub(super) async fn join(
    tx: &mut Tx,
    state: &mut LogoutState,
    ended: &[Ended],
    asking: Option<AppId>,
    ways: Ways,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    for one in ended {
        for told in one.told.iter().filter(|told| Some(told.app_id) != asking) {
            add_told(&mut state.participants, told.app_id, told.name_id.clone(), told.session_index());
        }
        for client in &one.clients {
            let session = ClientSession { user_id: one.user_id, session_id: one.id };
            add_client(&mut state.participants, *client, session);
        }
    }
    let mut untold = Vec::new();
    for participant in &mut state.participants {
        let app = store::apps::get(tx, participant.app_id).await?;
        let is_client = participant.is_client();
        let is_named = participant.name_id.as_ref().is_none_or(|name_id| !name_id.value.is_empty());
        if !is_named || !app.as_ref().is_some_and(|app| is_reachable(app, is_client, ways)) {
            participant.progress = Progress::Untellable;
        }
        if participant.progress == Progress::Untellable {
            untold.extend(app.map(|app| app.label));
            continue;
        }
        if app.as_ref().and_then(clients::back_channel).is_some() {
            let after = if ways == Ways::Queued { now } else { now + clients::FIRST_TRY };
            for session in &participant.client_sessions {
                clients::enqueue(tx, participant.app_id, *session, after, now).await?;
            }
            if ways == Ways::Queued {
                participant.progress = Progress::Queued;
            }
        }
    }
    untold.sort();
    untold.dedup();
    Ok(untold)
}

/// Whether an app takes logout messages on a way that is open.
fn is_reachable(app: &App, is_client: bool, ways: Ways) -> bool {
    let has_browser = ways == Ways::WithBrowser;
    match &*app.connection {
        Connection::Saml(connection) if !is_client => connection
            .logout_services
            .iter()
            .any(|service| has_browser || service.binding == LogoutBinding::Soap),
        Connection::Oidc(_) if is_client => {
            clients::back_channel(app).is_some() || (has_browser && clients::front_channel(app).is_some())
        }
        _ => false,
    }
}

/// Says in the event of the sign-out which apps can't be told.
pub(super) fn name_untold(event: AuditEvent, untold: &[String]) -> AuditEvent {
    if untold.is_empty() { event } else { event.detail("not_told", untold.join(", ")) }
}
