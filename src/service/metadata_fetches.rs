//! Who fetched an app's metadata, for the admin who waits until a new certificate has arrived. Does not own which fetches are
//! written (`domain::metadata_fetch`).

use super::{Caller, ServiceError, keys};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::Origin,
        metadata_fetch::{MetadataFetch, Note, note as decide},
        permission::Permission,
    },
    id::{AppId, KeyId},
    store::{self, Written},
};

/// An app and the newest key that its metadata shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    app: AppId,
    newest_key: KeyId,
}

/// What whoever fetches the metadata of `slug` now gets to see.
pub async fn newest_key(ctx: &AppContext, slug: &str) -> Result<Seen, ServiceError> {
    let found = store::apps::find_by_slug(&mut ctx.db.read().await?, slug).await?;
    let app = found.map(|(app, _)| app).filter(|app| app.connection.saml().is_some());
    let app = app.ok_or(ServiceError::NotFound("application"))?;
    let keys = keys::load(ctx, app.id).await?;
    let newest = keys.next().or(keys.active());
    let newest = newest.ok_or_else(|| ServiceError::Internal("the app has no signing key".into()))?;
    Ok(Seen { app: app.id, newest_key: newest.id })
}

/// Notes a fetch.
pub async fn note(ctx: &AppContext, seen: Seen, origin: &Origin) -> Result<(), ServiceError> {
    let known = store::metadata_fetches::of_app(&mut ctx.db.read().await?, seen.app).await?;
    let now = ctx.now();
    let fetch = MetadataFetch {
        client_ip: origin.client_ip.clone(),
        user_agent: origin.user_agent.clone(),
        newest_key: seen.newest_key,
        fetches: 1,
        first_at: now,
        last_at: now,
    };
    let gone = match decide(&known, &fetch) {
        Note::Leave => return Ok(()),
        Note::Write { instead_of } => instead_of.cloned(),
    };
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(gone) = gone {
                    store::metadata_fetches::delete(tx, seen.app, &gone.client_ip, &gone.user_agent).await?;
                }
                store::metadata_fetches::record(tx, seen.app, &fetch).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}

/// Who fetched an app's metadata, the last one first.
pub async fn list(ctx: &AppContext, caller: &Caller, app: &App) -> Result<Vec<MetadataFetch>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(store::metadata_fetches::of_app(&mut ctx.db.read().await?, app.id).await?)
}
