//! A LogoutRequest for one app, to be taken there by the browser. Does not own the order (`walk`).

use super::{Sending, saml_connection};
use crate::{
    context::AppContext,
    domain::logout::{LogoutState, Progress},
    service::{
        ServiceError,
        sign_on::{
            saml::{idp_entity_id, signer},
            service_provider,
        },
    },
    store,
};
use ::saml::{
    Binding,
    logout::{LogoutRequestSpec, LogoutRequestTarget, issue_request},
};

/// What came of making a request.
pub(super) enum Made {
    /// It can be sent; the participant is then this far.
    Request(Box<Sending>, Progress),
    /// The app is gone.
    Gone,
    /// It can't be told; a code and words.
    Not(Box<crate::domain::app::App>, &'static str, String),
}

/// SAML Profiles §4.4.3.4: makes the request for a participant, signed by the app's key.
pub(super) async fn request(
    ctx: &AppContext,
    state: &LogoutState,
    index: usize,
) -> Result<Made, ServiceError> {
    let participant = &state.participants[index];
    let Some(app) = store::apps::get(&mut ctx.db.read().await?, participant.app_id).await? else {
        return Ok(Made::Gone);
    };
    // Its settings may have changed since the sign-on: then it can't be told.
    let no_service = |app| {
        let words = "It has no address for logout through the browser.".to_owned();
        Ok(Made::Not(Box::new(app), "no_logout_service", words))
    };
    let (Some(connection), Some(name_id)) = (app.connection.saml(), &participant.name_id) else {
        return no_service(app);
    };
    let Some(target) =
        LogoutRequestTarget::of(&service_provider::without_certificates(connection), &Binding::FRONT_CHANNEL)
    else {
        return no_service(app);
    };
    let connection = saml_connection(&app)?;
    let signer = signer(ctx, &app, connection).await?;
    let indexes: Vec<&str> = participant.session_indexes.iter().map(String::as_str).collect();
    let spec = LogoutRequestSpec {
        idp_entity_id: &idp_entity_id(ctx, &app, connection),
        name_id,
        session_indexes: &indexes,
        lifetime: LogoutRequestSpec::DEFAULT_LIFETIME,
        reason: Some(state.reason()),
        relay_state: None,
    };
    let now = ctx.now();
    Ok(match issue_request(&target, &spec, &*signer, now, &mut ctx.rng()) {
        Ok(issued) => {
            let progress = Progress::Asked { request_id: issued.id, at: now };
            Made::Request(Box::new(Sending { app, message: issued.message }), progress)
        }
        Err(error) => Made::Not(Box::new(app), "logout_not_issued", error.to_string()),
    })
}
