//! Switches whose time has come. Does not own setting the time (`keys::schedule`) or what counts meanwhile (`domain::key::rollover`).

use super::{algorithm, save};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{AuditEvent, EventType},
        key::rollover::AppKeys,
    },
    service::{Caller, ServiceError},
    store::{self, Written},
};

/// Stores the switches whose time has come; how many. Any node may run it at any time: who comes second finds nothing to do, and
/// messages are signed by the time that was set, not by when this ran.
pub async fn settle_due(ctx: &AppContext) -> Result<usize, ServiceError> {
    let due = store::signing_keys::apps_due(&mut ctx.db.read().await?, ctx.now()).await?;
    let mut settled = 0;
    for id in due {
        let Some(app) = store::apps::get(&mut ctx.db.read().await?, id).await? else { continue };
        let (now, event) = (ctx.now(), event(ctx, &app));
        let followed = Caller::system("schedule").event(ctx, EventType::ApplicationUpdate);
        let public_url = ctx.config.http.public_url.as_str().to_owned();
        let done = ctx
            .db
            .write(move |tx| {
                Box::pin(async move {
                    if !store::signing_keys::hold(tx, id).await? {
                        return Ok(Written::unaudited(false));
                    }
                    let stored = store::signing_keys::of_app(tx, id).await?;
                    let signed = algorithm::signing(&stored);
                    let keys = AppKeys::at(stored, now);
                    let Some(event) = told(&keys, event) else { return Ok(Written::unaudited(false)) };
                    save(tx, &keys).await?;
                    let followed =
                        algorithm::follow(tx, (id, &public_url), (signed, keys.active()), followed, now)
                            .await?;
                    Ok::<_, ServiceError>(followed.into_iter().fold(Written::new(true, event), Written::and))
                })
            })
            .await?;
        settled += usize::from(done);
    }
    Ok(settled)
}

/// What tells of a switch by schedule.
pub(super) fn event(ctx: &AppContext, app: &App) -> AuditEvent {
    Caller::system("schedule").event(ctx, EventType::SigningKeySwitch).at(app)
}

/// The event of a switch that was due, if one was.
pub(super) fn told(keys: &AppKeys, event: AuditEvent) -> Option<AuditEvent> {
    let key = keys.due()?;
    let label = event.application.as_ref().map(|app| app.display_label.clone()).unwrap_or_default();
    Some(event.on("signing_key", key.id, &label).detail("source", "schedule"))
}
