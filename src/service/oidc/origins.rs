//! Which web origins' scripts may call the endpoints. Does not own the headers (`web::oidc::cors`).

use crate::{context::AppContext, domain::connection::is_origin, service::ServiceError, store};

/// Longest origin that is looked up, in bytes; browsers send no longer ones.
const ORIGIN_MAX: usize = 300;

/// Whether an app that is live is registered with this origin, letter for letter. `null` never is.
///
/// The endpoints take no cookie, so an origin can do no more than any program could; the list keeps tokens of one's own
/// apps from being fetched by pages that nobody meant. A preflight names no client, so the list of all apps counts.
pub async fn is_registered(ctx: &AppContext, origin: &str) -> Result<bool, ServiceError> {
    // What can't be registered isn't looked for: half an address would name every app there is.
    if origin.len() > ORIGIN_MAX || !is_origin(origin) {
        return Ok(false);
    }
    let apps = store::apps::naming(&mut ctx.db.read().await?, origin).await?;
    Ok(apps.iter().any(|app| {
        let settings = app.connection.oidc().filter(|_| app.active);
        settings.is_some_and(|settings| settings.cors_origins.iter().any(|own| own == origin))
    }))
}
