//! Single logout (SAML Profiles §4.4), by HTTP-Redirect or HTTP-POST: the person signs out here, or the identity provider says
//! that they did. Owns the requests under way; the sessions are the app's.

pub(crate) mod message;
pub(crate) mod post;
mod redirect;

use super::{App, BRAND, COOKIE, PENDING, gate::Refusal, pages, refuse, see_other};
use crate::{clock, http, page, random};
use anyhow::Context;
use axum::{
    Form,
    extract::{RawQuery, State, rejection::FormRejection},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use message::{Outcome, Sides};
use post::{Letter, LogoutForm};
use redirect::{Kind, Received};
use samael::{
    crypto::CertificateDer,
    metadata::{EntityDescriptor, HTTP_POST_BINDING, HTTP_REDIRECT_BINDING},
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
            Ok(Way::Address(address)) => pages::signing_out(&app.idp_name, &address),
            Ok(Way::Letter(letter)) => pages::posting(&app.idp_name, &letter),
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

/// How a message gets to the identity provider.
enum Way {
    Address(String),
    Letter(Letter),
}

async fn ask(app: &App, known: &message::KnownAs) -> anyhow::Result<Way> {
    let idp = app.trust.idp().await?;
    let id = format!("_{}", random::token()?);
    let write = |destination: &str, now| {
        app.leaving.insert(id.clone(), (), now + PENDING, now);
        message::request(&sides(app, &idp), destination, known, &id, now)
    };
    way(app, &idp, [HTTP_REDIRECT_BINDING, HTTP_POST_BINDING], Kind::Request, &id, None, write)
}

/// The first of the bindings that the identity provider takes logout messages by, with the message that `write` makes for it.
fn way(
    app: &App,
    idp: &EntityDescriptor,
    bindings: [&str; 2],
    kind: Kind,
    id: &str,
    relay_state: Option<String>,
    write: impl FnOnce(&str, DateTime<Utc>) -> String,
) -> anyhow::Result<Way> {
    let provider = provider(idp);
    let offered = bindings
        .iter()
        .find_map(|binding| Some((*binding, provider.slo_binding_location(binding)?)))
        .context("metadata has no address for logout")?;
    let (binding, destination) = offered;
    let xml = write(&destination, clock::now());
    if binding == HTTP_POST_BINDING {
        return post::letter(destination, kind, (id, &xml), relay_state, &app.key).map(Way::Letter);
    }
    redirect::address(&destination, kind, &xml, relay_state.as_deref(), &app.key).map(Way::Address)
}

/// `GET /saml/slo`: a request or a response of the identity provider.
pub(super) async fn receive(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let bindings = [HTTP_REDIRECT_BINDING, HTTP_POST_BINDING];
    answered(&app, accept(&app, bindings, |certificates| redirect::read(&query, certificates)).await)
}

/// `POST /saml/slo`: the same in a form.
pub(super) async fn receive_posted(
    State(app): State<Arc<App>>,
    form: Result<Form<LogoutForm>, FormRejection>,
) -> Response {
    let accepted = match form {
        Ok(Form(form)) => {
            let bindings = [HTTP_POST_BINDING, HTTP_REDIRECT_BINDING];
            accept(&app, bindings, |certificates| post::read(&form, certificates)).await
        }
        Err(_) => Err(Refusal::Encoding.into()),
    };
    answered(&app, accepted)
}

fn answered(app: &App, accepted: anyhow::Result<Response>) -> Response {
    accepted.unwrap_or_else(|error| match error.downcast_ref::<Refusal>() {
        Some(refusal) => {
            tracing::info!(%refusal, "a logout message was refused");
            page::refusal_titled(
                &BRAND,
                StatusCode::FORBIDDEN,
                "You may still be signed in",
                &refusal.to_string(),
            )
        }
        None => refuse(app, &error),
    })
}

/// Does what a message says, once `read` has verified it. The answer goes by the first of the bindings that is there.
async fn accept(
    app: &App,
    bindings: [&str; 2],
    read: impl Fn(&[CertificateDer]) -> Result<Received, Refusal>,
) -> anyhow::Result<Response> {
    let mut idp = app.trust.idp().await?;
    let verified =
        |idp: &EntityDescriptor| read(&provider(idp).idp_signing_certs().ok().flatten().unwrap_or_default());
    let mut received = verified(&idp);
    // Its key may have been rotated.
    if received.is_err()
        && let Some(newer) = app.trust.newer(&idp).await
    {
        received = verified(&newer);
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
    let id = format!("_{}", random::token()?);
    let write = |destination: &str, now| message::answer(&sides, destination, &request.id, &id, now);
    Ok(match way(app, &idp, bindings, Kind::Response, &id, received.relay_state, write)? {
        Way::Address(address) => see_other(&address),
        Way::Letter(letter) => pages::posting(&app.idp_name, &letter),
    })
}
