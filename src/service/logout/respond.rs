//! The LogoutResponse for the app that asked. Does not decide what became of the sign-out.

use super::{Sending, saml_connection};
use crate::{
    context::AppContext,
    domain::app::App,
    service::{
        ServiceError,
        sign_on::{
            saml::{idp_entity_id, signer},
            service_provider,
        },
    },
};
use ::saml::logout::{LogoutResponseTarget, LogoutStatus, VerifiedLogoutRequest, issue_response};

/// SAML Core §3.7.3.2: the status when every session here has ended: partial unless everybody else confirmed.
pub(super) fn status(is_complete: bool) -> LogoutStatus {
    if is_complete { LogoutStatus::Success } else { LogoutStatus::Partial }
}

/// The answer to a verified request, at the address registered now; `None` when the app wants none or has no such address.
pub(super) async fn to_request(
    ctx: &AppContext,
    app: &App,
    request: &VerifiedLogoutRequest,
    status: &LogoutStatus,
) -> Result<Option<Box<Sending>>, ServiceError> {
    match request.response_target(&service_provider::without_certificates(saml_connection(app)?)) {
        Some(target) => to_target(ctx, app, &target, status).await.map(Some),
        None => Ok(None),
    }
}

/// The answer to a verified address.
pub(super) async fn to_target(
    ctx: &AppContext,
    app: &App,
    target: &LogoutResponseTarget,
    status: &LogoutStatus,
) -> Result<Box<Sending>, ServiceError> {
    let connection = saml_connection(app)?;
    let signer = signer(ctx, app, connection).await?;
    let entity_id = idp_entity_id(ctx, app, connection);
    let issued = issue_response(target, &entity_id, status, &*signer, ctx.now(), &mut ctx.rng())
        .map_err(ServiceError::internal)?;
    Ok(Box::new(Sending { app: app.clone(), message: issued.message }))
}
