//! `/saml2/{slug}/slo`: logout messages by HTTP-Redirect, HTTP-POST and SOAP. The *raw* query and body go on, since signatures
//! cover their octets. Does not own what they cause (`service::logout`).

use super::sso::{BODY_MAX, may_resend, mentions_message, resend};
use crate::{
    context::AppContext,
    domain::audit::Origin,
    service::{
        ServiceError,
        logout::{
            self, Incoming, Outcome,
            request::{self, SoapAnswer},
        },
    },
    web::{
        error::Failure,
        extract::{FetchSite, Visit, origin},
        outcome,
        respond::redirect,
        sign_in::walk,
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use saml::binding::{
    OutboundMessage,
    soap::{FaultCode, MEDIA_TYPE, fault},
};

/// `GET /saml2/{slug}/slo`. Apps that know only an address to send people to come without a message: they get our question.
pub async fn redirect_binding(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    if !mentions_message(&query) {
        return Ok(redirect("/logout"));
    }
    let outcome = logout::receive(&ctx, &visit.visitor, &slug, Incoming::Redirect(&query)).await?;
    match outcome {
        // Nothing but redirects so far: no policy of ours is in the way.
        Outcome::Send(sending) => match sending.message {
            OutboundMessage::Redirect { url } => outcome::leave(&url),
            _ => walk::answer(&ctx, &visit, *sending),
        },
        other => respond(&ctx, &visit, other),
    }
}

/// `POST /saml2/{slug}/slo`: a form through the browser, or an envelope from the app's server, by the media type. A form from
/// another site comes without our cookies: our own page sends it once more.
pub async fn post(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    if is_envelope(&headers) {
        return Ok(answer_soap(&ctx, &visit.visitor.origin, &slug, &bytes).await);
    }
    let body = String::from_utf8_lossy(&bytes);
    let query = query.unwrap_or_default();
    if visit.is_new_browser && visit.site == FetchSite::Other && may_resend(&query) {
        let segment: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
        return resend(&ctx, &visit, &format!("/saml2/{segment}/slo"), &body);
    }
    let outcome =
        logout::receive(&ctx, &visit.visitor, &slug, Incoming::Post { query: &query, body: &body }).await?;
    respond(&ctx, &visit, outcome)
}

fn respond(ctx: &AppContext, visit: &Visit, outcome: Outcome) -> Result<Response, Failure> {
    match outcome {
        Outcome::Walk(id) => Ok(redirect(&walk::path(id))),
        Outcome::Send(sending) => walk::answer(ctx, visit, *sending),
        Outcome::Here => Ok(redirect("/logout")),
        Outcome::Stop(stop) => outcome::respond(ctx, visit, stop),
    }
}

/// SOAP 1.1 §6: envelopes are `text/xml`.
fn is_envelope(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/xml"))
}

/// `POST /saml2/{slug}/slo/soap`
pub async fn soap(State(ctx): State<AppContext>, Path(slug): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let origin = origin::of(&parts.headers, &parts.extensions, &ctx.config);
    match to_bytes(body, BODY_MAX).await {
        Ok(bytes) => answer_soap(&ctx, &origin, &slug, &bytes).await,
        Err(_) => {
            envelope(StatusCode::PAYLOAD_TOO_LARGE, fault(FaultCode::Client, "The message is too large."))
        }
    }
}

/// SAML Bindings §3.2.3.3 and SOAP 1.1 §6.2: what can't be answered by a SAML message is answered by a fault, and a fault comes
/// with the status 500, whoever is to blame. Before a message is looked at, the status is HTTP's own.
async fn answer_soap(ctx: &AppContext, origin: &Origin, slug: &str, body: &[u8]) -> Response {
    match request::by_soap(ctx, origin, slug, body).await {
        Ok(SoapAnswer::Message(xml)) => envelope(StatusCode::OK, xml),
        Ok(SoapAnswer::NotFound) | Err(ServiceError::NotFound(_)) => {
            envelope(StatusCode::NOT_FOUND, fault(FaultCode::Client, "No SAML app has this address."))
        }
        Ok(SoapAnswer::Refused) => {
            let refused = fault(FaultCode::Client, "The message was not accepted.");
            envelope(StatusCode::INTERNAL_SERVER_ERROR, refused)
        }
        Err(ServiceError::Throttled(_)) => {
            envelope(StatusCode::TOO_MANY_REQUESTS, fault(FaultCode::Client, "Too many tries."))
        }
        Err(error) => {
            tracing::error!(?error, "a logout message by SOAP could not be answered");
            envelope(
                StatusCode::INTERNAL_SERVER_ERROR,
                fault(FaultCode::Server, "Something here stopped working."),
            )
        }
    }
}

fn envelope(status: StatusCode, xml: String) -> Response {
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], xml).into_response()
}
