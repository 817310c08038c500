//! An app answers a LogoutRequest of ours, through the browser. Does not own what happens next (`walk`).

use super::{
    Incoming, Outcome, back_channel, destinations, failed, saml_connection, save, skew, stopped, told,
};
use crate::{
    context::AppContext,
    domain::app::App,
    keyring::secret_hash,
    service::{
        ServiceError,
        sign_on::{StopCause, Visitor, service_provider},
    },
    store,
};
use ::saml::logout::{LogoutVerifyContext, UnverifiedLogoutResponse};

/// How often a step is tried when another tab of the browser goes on at the same time.
const TRIES: usize = 8;

/// Takes a LogoutResponse. It belongs to a sign-out of this very browser, in which this very app was asked by the request it
/// answers; each request is answered once. Whatever it says, the walk goes on.
pub(super) async fn take(
    ctx: &AppContext,
    visitor: &Visitor,
    app: &App,
    slug: &str,
    incoming: Incoming<'_>,
) -> Result<Outcome, ServiceError> {
    let parsed = match incoming {
        Incoming::Redirect(query) => UnverifiedLogoutResponse::from_redirect(query),
        Incoming::Post { body, .. } => UnverifiedLogoutResponse::from_post_body(body),
    };
    let response = match parsed {
        Ok(response) => response,
        Err(error) => {
            let event = failed(ctx, &format!("saml_{}", error.check()), error.detail());
            return stopped(ctx, visitor, StopCause::NotSetUp, Some(app), event).await;
        }
    };
    let connection = saml_connection(app)?;
    let sp = service_provider::of(ctx, app, connection).map_err(ServiceError::internal)?;
    let destinations = destinations(ctx, app, slug);
    let destinations: Vec<&str> = destinations.iter().map(String::as_str).collect();
    let answered = response.in_response_to().unwrap_or_default();
    let browser = secret_hash(&visitor.browser);
    for _ in 0..TRIES {
        let own = store::logouts::of_browser(&mut ctx.db.read().await?, &browser, ctx.now()).await?;
        let latest = own.first().map(|logout| logout.id);
        let found = own.into_iter().find_map(|logout| {
            let index = logout.state.asked_by(app.id, answered)?;
            Some((logout, index))
        });
        let Some((mut logout, index)) = found else {
            // It comes late: the person went on without it.
            if let Some(latest) = latest {
                return Ok(Outcome::Walk(latest));
            }
            let words = format!("{} answered a logout request that this browser doesn’t know.", app.label);
            let event = failed(ctx, "saml_in_response_to", words);
            return stopped(ctx, visitor, StopCause::TooOld, Some(app), event).await;
        };
        let context = LogoutVerifyContext {
            skew: skew(connection),
            ..LogoutVerifyContext::new(&destinations, ctx.now())
        };
        let result = match response.verify(&sp, &[answered], &context) {
            Ok(verified) => back_channel::judge(verified.outcome(), verified.status_message()),
            Err(error) => Err((format!("saml_{}", error.check()), error.detail().to_owned())),
        };
        let event = match &result {
            Ok(_) => told(ctx, &logout.state.by, app, Ok(())),
            Err((code, words)) => told(ctx, &logout.state.by, app, Err((code, words))),
        };
        let participant = &mut logout.state.participants[index];
        match result {
            Ok(progress) => participant.progress = progress,
            Err((code, _)) => participant.fail(&code),
        }
        if save(ctx, &logout, vec![event.from_origin(&visitor.origin)]).await? {
            return Ok(Outcome::Walk(logout.id));
        }
    }
    Err(ServiceError::Busy)
}
