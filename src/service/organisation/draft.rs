//! Settings that nobody saved yet, written as a block of the organisation file. Does not own the block's rules (`plan`).

use super::{
    document::{AppEntry, OidcEntry, SamlEntry},
    plan,
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        connection::{Connection, OidcConnection, SamlConnection},
        text::FieldErrors,
    },
    service::settings,
};

/// What an app has saved, with what a block says instead: what the block leaves out stays as it is saved.
///
/// # Errors
/// The fields that can't be read, under the names of the file.
pub fn saml_draft(ctx: &AppContext, app: &App, block: SamlEntry) -> Result<SamlConnection, FieldErrors> {
    match connection(ctx, app, AppEntry { saml: Some(block), ..AppEntry::default() })? {
        Connection::Saml(saml) => Ok(*saml),
        Connection::Oidc(_) | Connection::Bookmark(_) => Err(another_protocol()),
    }
}

/// The same of an OIDC app.
///
/// # Errors
/// The fields that can't be read, under the names of the file.
pub fn oidc_draft(ctx: &AppContext, app: &App, block: OidcEntry) -> Result<OidcConnection, FieldErrors> {
    match connection(ctx, app, AppEntry { oidc: Some(block), ..AppEntry::default() })? {
        Connection::Oidc(oidc) => Ok(*oidc),
        Connection::Saml(_) | Connection::Bookmark(_) => Err(another_protocol()),
    }
}

fn another_protocol() -> FieldErrors {
    FieldErrors::one("draft", "The app uses another protocol")
}

fn connection(ctx: &AppContext, app: &App, entry: AppEntry) -> Result<Connection, FieldErrors> {
    let organization = settings::organization_name(ctx);
    let entry = AppEntry { slug: app.slug.clone(), label: Some(app.label.clone()), ..entry };
    let setting = plan::Setting {
        prune: false,
        public_url: ctx.config.http.public_url.as_str(),
        saml: &ctx.config.saml,
        now: ctx.now(),
    };
    plan::connection_over(&entry, app, &organization, setting)
}
