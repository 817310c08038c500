//! Single logout (SAML Profiles §4.4), by HTTP-Redirect: the person signs out here, or the identity provider says that they did.
//! Owns the requests under way; the sessions are the app's.

pub(crate) mod message;
mod redirect;

use super::{App, BRAND, COOKIE, PENDING, gate::Refusal, pages, refuse, see_other};
use crate::{clock, http, page, random};
use anyhow::Context;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use message::{Outcome, Sides};
use redirect::{Kind, Received};
use samael::{
    metadata::{EntityDescriptor, HTTP_REDIRECT_BINDING},
    service_provider::ServiceProvider,
};
use std::sync::Arc;

/// The identity provider, for what samael reads from its metadata.
fn provider(idp: &EntityDescriptor) -> ServiceProvider {
    ServiceProvider { idp_metadata: idp.clone(), ..ServiceProvider::default() }
}

fn sides<'a>(app: &'a App, idp: &'a EntityDescriptor) -> Sides<'a> {
    Sides {
        entity_id: &app.entity_id,
        slo_url: &app.slo_url,
        idp: idp.entity_id.as_deref().unwrap_or_default(),
    }
}

/// `POST /logout`: ends the session here, then asks the identity provider to end its own and those of the other apps.
pub(super) async fn begin(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let person = http::cookie(&headers, COOKIE).and_then(|id| app.sessions.take(id, clock::now()));
    let mut response = match person {
        None => see_other("/"),
        Some(person) => match ask(&app, &person.known_as).await {
            Ok(address) => pages::signing_out(&app.idp_name, &address),
            Err(error) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the identity provider could not be asked to sign out"
                );
                pages::signed_out(&app.idp_name, Outcome::HereOnly)
            }
        },
    };
    if let Ok(cookie) = http::set_cookie(COOKIE, None, app.secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn ask(app: &App, known: &message::KnownAs) -> anyhow::Result<String> {
    let idp = app.trust.idp().await?;
    let destination = provider(&idp)
        .slo_binding_location(HTTP_REDIRECT_BINDING)
        .context("metadata has no HTTP-Redirect address for logout")?;
    let (id, now) = (format!("_{}", random::token()?), clock::now());
    let xml = message::request(&sides(app, &idp), &destination, known, &id, now);
    app.leaving.insert(id, (), now + PENDING, now);
    redirect::address(&destination, Kind::Request, &xml, None, &app.key)
}

/// `GET /saml/slo`: a request or a response of the identity provider.
pub(super) async fn receive(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    match accept(&app, query.as_deref().unwrap_or_default()).await {
        Ok(response) => response,
        Err(error) => match error.downcast_ref::<Refusal>() {
            Some(refusal) => {
                tracing::info!(%refusal, "a logout message was refused");
                page::refusal_titled(
                    &BRAND,
                    StatusCode::FORBIDDEN,
                    "You may still be signed in",
                    &refusal.to_string(),
                )
            }
            None => refuse(&app, &error),
        },
    }
}

async fn accept(app: &App, query: &str) -> anyhow::Result<Response> {
    let mut idp = app.trust.idp().await?;
    let mut received = verified(query, &idp);
    // Its key may have been rotated.
    if received.is_err()
        && let Some(newer) = app.trust.newer(&idp).await
    {
        received = verified(query, &newer);
        idp = newer;
    }
    let (received, now) = (received?, clock::now());
    let sides = sides(app, &idp);
    if received.kind == Kind::Response {
        let (request, outcome) = message::read_response(&received.xml, &sides, now)?;
        // Kept, so that the page can be loaded again: the answer ends nothing.
        app.leaving.get(&request, now).ok_or(Refusal::UnknownRequest)?;
        return Ok(pages::signed_out(&app.idp_name, outcome));
    }
    let request = message::read_request(&received.xml, &sides, now)?;
    if !app.seen.insert(format!("logout {}", request.id), (), request.until, now) {
        return Err(Refusal::Replayed.into());
    }
    let ended = app.sessions.take_where(now, |person| request.names(&person.known_as));
    tracing::info!(ended, "the identity provider ended sessions");
    let destination = provider(&idp)
        .slo_binding_location(HTTP_REDIRECT_BINDING)
        .context("metadata has no HTTP-Redirect address for logout")?;
    let xml = message::answer(&sides, &destination, &request.id, &format!("_{}", random::token()?), now);
    let address =
        redirect::address(&destination, Kind::Response, &xml, received.relay_state.as_deref(), &app.key)?;
    Ok(see_other(&address))
}

fn verified(query: &str, idp: &EntityDescriptor) -> Result<Received, Refusal> {
    let certificates = provider(idp).idp_signing_certs().ok().flatten().unwrap_or_default();
    redirect::read(query, &certificates)
}
