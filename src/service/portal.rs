//! A person's tiles. Does not own starting an app (`sign_on`).

use super::ServiceError;
use crate::{
    context::AppContext,
    domain::{app::App, connection::TileStart, text::canonical, user::User},
    id::AppId,
    store::{self, Written},
};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// What the portal shows.
pub struct Tiles {
    /// Every app the person may open, by label; services, which nobody opens, are none.
    pub apps: Vec<App>,
    /// Their favourites.
    pub favourites: HashSet<AppId>,
    /// When they last opened each.
    pub last_used: HashMap<AppId, DateTime<Utc>>,
}

/// A person's tiles.
pub async fn tiles(ctx: &AppContext, user: &User) -> Result<Tiles, ServiceError> {
    let mut conn = ctx.db.read().await?;
    let mut apps = store::access::tiles(&mut conn, user.id).await?;
    // Nothing to open, and nothing to do about it for the person.
    apps.retain(|app| app.connection.tile_start() != TileStart::Nobody);
    Ok(Tiles {
        apps,
        favourites: store::favourites::of_user(&mut conn, user.id).await?.into_iter().collect(),
        last_used: store::favourites::last_used(&mut conn, user.id).await?,
    })
}

/// Whether a tile matches what someone typed: name, description, category, or a place in it.
pub fn matches(app: &App, q: &str) -> bool {
    let links: Vec<&str> = app.connection.start_links().iter().map(|link| link.label.as_str()).collect();
    let text = canonical(&format!("{} {} {} {}", app.label, app.description, app.category, links.join(" ")));
    canonical(q).split_whitespace().all(|word| text.contains(word))
}

/// Makes an app of theirs a favourite, or takes it back. Taste is no security event.
pub async fn set_favourite(ctx: &AppContext, user: &User, slug: &str, on: bool) -> Result<(), ServiceError> {
    let tiles = store::access::tiles(&mut ctx.db.read().await?, user.id).await?;
    let app = tiles.into_iter().find(|app| app.slug == slug).ok_or(ServiceError::NotFound("app"))?;
    let (user_id, now) = (user.id, ctx.now());
    ctx.db
        .write(move |tx| {
            Box::pin(async move {
                store::favourites::set(tx, user_id, app.id, on, now).await?;
                Ok::<_, ServiceError>(Written::unaudited(()))
            })
        })
        .await
}
