//! Ending sessions inside a write, and who has a part in them. Does not tell anybody.

use crate::{
    domain::{
        app::App,
        audit::AuditEvent,
        logout::{LogoutState, PARTICIPANTS_MAX, Participant, Progress, add_told},
    },
    id::{AppId, SessionId, UserId},
    store::{self, StoreError, Tx, app_sessions::AppSession},
};
use chrono::{DateTime, Utc};

/// A session that ended.
pub(super) struct Ended {
    /// Whose.
    pub(super) user_id: UserId,
    told: Vec<AppSession>,
    clients: Vec<AppId>,
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
    let clients = store::token_families::apps_of_session(tx, id, now).await?;
    store::sessions::delete(tx, id).await?;
    store::token_families::revoke_of_session(tx, id, because, now).await?;
    Ok(Some(Ended { user_id: session.user_id, told, clients }))
}

/// Gives every app of the ended sessions its part, but for the one that asked; answers the names of those that can't be told.
pub(super) async fn join(
    tx: &mut Tx,
    state: &mut LogoutState,
    ended: &[Ended],
    asking: Option<AppId>,
    has_browser: bool,
) -> Result<Vec<String>, StoreError> {
    for one in ended {
        for told in one.told.iter().filter(|told| Some(told.app_id) != asking) {
            add_told(&mut state.participants, told.app_id, told.name_id.clone(), told.session_index());
        }
    }
    for client in ended.iter().flat_map(|one| &one.clients) {
        let known = state.participants.iter().any(|one| one.app_id == *client);
        if !known && state.participants.len() < 2 * PARTICIPANTS_MAX {
            state.participants.push(Participant::oidc(*client));
        }
    }
    let mut untold = Vec::new();
    for participant in &mut state.participants {
        let app = store::apps::get(tx, participant.app_id).await?;
        let is_named = participant.name_id.as_ref().is_none_or(|name_id| !name_id.value.is_empty());
        if !is_named || !app.as_ref().is_some_and(|app| is_reachable(app, has_browser)) {
            participant.progress = Progress::Untellable;
        }
        if participant.progress == Progress::Untellable {
            untold.extend(app.map(|app| app.label));
        }
    }
    untold.sort();
    untold.dedup();
    Ok(untold)
}

/// Whether an app takes logout messages on a way that is open.
fn is_reachable(app: &App, has_browser: bool) -> bool {
    app.connection.saml().is_some_and(|connection| {
        connection.logout_services.iter().any(|service| has_browser || service.binding == "soap")
    })
}

/// Says in the event of the sign-out which apps can't be told.
pub(super) fn name_untold(event: AuditEvent, untold: &[String]) -> AuditEvent {
    if untold.is_empty() { event } else { event.detail("not_told", untold.join(", ")) }
}
