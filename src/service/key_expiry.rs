//! Certificates by their end: the list, and a warning at 60, 30, 7 and 1 days before. Does not own the distances
//! (`domain::key::expiry`) or changing a certificate (`keys`).

use super::{Caller, ServiceError};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::EventType,
        key::{
            SigningKey,
            expiry::{WARNINGS, due_warning},
            rollover::AppKeys,
        },
        permission::Permission,
    },
    store::{self, Conn, Written},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::collections::HashMap;

/// An app's certificate that is or will be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// Whose.
    pub app: App,
    /// The key it belongs to, in the state it is in now.
    pub key: SigningKey,
    /// When it ends.
    pub not_after: DateTime<Utc>,
}

/// Every certificate that is or will be used, the one that ends first at the top.
pub async fn list(ctx: &AppContext, caller: &Caller) -> Result<Vec<Ending>, ServiceError> {
    until(ctx, caller, DateTime::<Utc>::MAX_UTC).await
}

/// Those that end within the farthest warning, or have ended.
pub async fn soon(ctx: &AppContext, caller: &Caller) -> Result<Vec<Ending>, ServiceError> {
    let farthest = WARNINGS.iter().copied().max().unwrap_or_default();
    until(ctx, caller, ctx.now() + TimeDelta::days(farthest)).await
}

async fn until(ctx: &AppContext, caller: &Caller, end: DateTime<Utc>) -> Result<Vec<Ending>, ServiceError> {
    caller.require(Permission::Read)?;
    let mut conn = ctx.db.read().await?;
    let rows = store::signing_keys::ending(&mut conn, end).await?;
    let apps = apps_of(&mut conn, rows.iter().map(|(key, _)| key)).await?;
    let mut endings = Vec::new();
    // A switch whose time has come counts, stored or not: the old key of such an app is no longer used.
    let mut by_app: HashMap<_, Vec<SigningKey>> = HashMap::new();
    for (key, _) in rows {
        if let Some(app) = key.app_id {
            by_app.entry(app).or_default().push(key);
        }
    }
    for (id, keys) in by_app {
        let Some(app) = apps.get(&id) else { continue };
        let keys = AppKeys::at(keys, ctx.now());
        for key in keys.active().into_iter().chain(keys.next()) {
            if let Some(not_after) = key.not_after {
                endings.push(Ending { app: app.clone(), key: key.clone(), not_after });
            }
        }
    }
    endings.sort_by_key(|ending| (ending.not_after, ending.key.id));
    Ok(endings)
}

async fn apps_of(
    conn: &mut Conn,
    keys: impl Iterator<Item = &SigningKey>,
) -> Result<HashMap<crate::id::AppId, App>, ServiceError> {
    let mut found = HashMap::new();
    for id in keys.filter_map(|key| key.app_id).collect::<std::collections::BTreeSet<_>>() {
        if let Some(app) = store::apps::get(conn, id).await? {
            found.insert(id, app);
        }
    }
    Ok(found)
}

/// Gives the warnings that are due as audit events; how many. Each is given once, whichever nodes run this.
pub async fn warn(ctx: &AppContext) -> Result<usize, ServiceError> {
    let now = ctx.now();
    let farthest = WARNINGS.iter().copied().max().unwrap_or_default();
    let mut conn = ctx.db.read().await?;
    let rows = store::signing_keys::ending(&mut conn, now + TimeDelta::days(farthest)).await?;
    let apps = apps_of(&mut conn, rows.iter().map(|(key, _)| key)).await?;
    drop(conn);
    let mut given = 0;
    for (key, last) in rows {
        let (Some(end), Some(app)) = (key.not_after, key.app_id.and_then(|id| apps.get(&id))) else {
            continue;
        };
        let Some(days) = due_warning(end, last, now) else { continue };
        let event = Caller::system("expiry")
            .event(ctx, EventType::CertificateExpiry)
            .at(app)
            .on("signing_key", key.id, &app.label)
            .detail("days", days.to_string())
            .detail("state", key.state.as_str())
            .detail("not_after", end.to_rfc3339_opts(SecondsFormat::Secs, true));
        let first = ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let first = store::signing_keys::note_warning(tx, key.id, days).await?;
                    Ok::<_, ServiceError>(if first {
                        Written::new(true, event)
                    } else {
                        Written::unaudited(false)
                    })
                })
            })
            .await?;
        given += usize::from(first);
    }
    Ok(given)
}
