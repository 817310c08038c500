//! Settings that nobody saved yet, written as a block of the organisation file. Does not own the block's rules (`plan`).

use super::{
    document::{AppEntry, SamlEntry},
    plan,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{Connection, SamlConnection},
        text::FieldErrors,
    },
    service::settings,
};

/// The settings that a block asks for, beside what an app has.
///
/// # Errors
/// The fields that can't be read, under the names of the file.
pub fn saml_draft(ctx: &AppContext, app: &App, block: SamlEntry) -> Result<SamlConnection, FieldErrors> {
    let organization = settings::organization_name(ctx);
    let entry = AppEntry {
        slug: app.slug.clone(),
        label: Some(app.label.clone()),
        saml: Some(block),
        ..AppEntry::default()
    };
    let setting =
        plan::Setting { prune: false, public_url: ctx.config.http.public_url.as_str(), now: ctx.now() };
    match plan::connection_of(&entry, Some(app), &organization, setting)? {
        Connection::Saml(saml) => Ok(*saml),
        Connection::Oidc(_) | Connection::Bookmark(_) => {
            Err(FieldErrors::one("draft", "The app uses another protocol"))
        }
    }
}
