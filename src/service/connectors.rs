//! The catalogue for the console and the organisation file: what is offered, and an app whose parameters change. Does not
//! own connector files and how they are filled (`catalog`), or adding an app (`apps`).

use super::{Caller, ServiceError, apps};
use crate::{
    context::AppContext,
    domain::{
        app::{App, AppDraft},
        permission::Permission,
        text::FieldErrors,
    },
};

pub use crate::catalog::{Connector, Filled, GiveKind, Need, Parameter, Parameters, Protocol};

/// The connectors that answer a search, by name; all of them for an empty one.
pub fn search(caller: &Caller, query: &str) -> Result<Vec<&'static Connector>, ServiceError> {
    caller.require(Permission::Read)?;
    Ok(crate::catalog::all().iter().filter(|connector| connector.matches(query)).collect())
}

/// The connector of this slug.
pub fn find(caller: &Caller, slug: &str) -> Result<&'static Connector, ServiceError> {
    caller.require(Permission::Read)?;
    crate::catalog::find(slug).ok_or(ServiceError::NotFound("connector"))
}

/// The connector an app was made from, if this build has it and it is for the app's protocol.
pub fn of(app: &App) -> Option<&'static Connector> {
    let connector = crate::catalog::find(&app.connector)?;
    match connector.protocol {
        Protocol::Saml => app.connection.saml().map(|_| connector),
        Protocol::Oidc => app.connection.oidc().map(|_| connector),
    }
}

/// Other parameters for an app of the catalogue: what they make follows, what an admin wrote instead stays. `version` is
/// the one the form was filled from.
///
/// # Errors
/// [`ServiceError::NotFound`] for an app made by hand; [`ServiceError::Invalid`] with `parameters.<key>`.
pub async fn set_parameters(
    ctx: &AppContext,
    caller: &Caller,
    app: App,
    version: i64,
    given: &Parameters,
) -> Result<App, ServiceError> {
    caller.require(Permission::Manage)?;
    let connector = of(&app).ok_or(ServiceError::NotFound("connector"))?;
    let filled = refill(connector, &app.parameters, Some(&app.connection), given)?;
    let draft =
        AppDraft { parameters: filled.parameters, connection: filled.connection, ..AppDraft::of(&app) };
    apps::update(ctx, caller, app, version, draft).await
}

/// A connector filled for an app that may be there already.
///
/// # Errors
/// As [`Connector::fill`].
pub(super) fn refill(
    connector: &Connector,
    before: &Parameters,
    current: Option<&crate::domain::connection::Connection>,
    given: &Parameters,
) -> Result<Filled, FieldErrors> {
    match current {
        Some(current) => connector.refill(current, before, given),
        None => connector.fill(given),
    }
}
