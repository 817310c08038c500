//! Under which name a client knows a session: the `sid` of its ID tokens, logout tokens and frames. Does not own sessions.

use super::subject;
use crate::{context::AppContext, domain::app::App, id::SessionId, service::ServiceError, store};
use std::sync::OnceLock;

/// Set by the migration that divided the names, where there were sessions.
const SHARED_UNTIL: &str = "sids_shared_until";

/// When the last session began that every client knows under the same name; it never changes while the server runs.
#[derive(Default)]
pub struct SharedSids(OnceLock<Option<i64>>);

/// The name of a session at an app. OpenID Connect Back-Channel Logout 1.0 §2.1: it is unique within the issuer; and another
/// one for each client, or clients that know a person under names of their own (OpenID Connect Core §8) would find each other by it.
/// It never changes while the session lasts.
pub async fn of(ctx: &AppContext, app: &App, session: SessionId) -> Result<String, ServiceError> {
    if shared_until(ctx).await?.is_some_and(|last| session.made_at_millis() <= last) {
        return Ok(session.to_string());
    }
    // The name of a person begins with a digit: no two texts are one.
    subject::derived(ctx, &format!("sid:{}:{session}", app.id)).await
}

async fn shared_until(ctx: &AppContext) -> Result<Option<i64>, ServiceError> {
    if let Some(known) = ctx.shared_sids().0.get() {
        return Ok(*known);
    }
    let stored = store::settings::get(&mut ctx.db.read().await?, SHARED_UNTIL).await?;
    let last = stored.map(|text| text.parse()).transpose().map_err(ServiceError::internal)?;
    Ok(*ctx.shared_sids().0.get_or_init(|| last))
}
