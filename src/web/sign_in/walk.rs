//! `/logout/{logout}`: the page that takes a browser from app to app while a sign-out is told, and its end. Works without
//! script. Does not own the order (`service::logout::walk`).

use crate::{
    context::AppContext,
    domain::{app::App, logout::HOP_LIFETIME},
    id::LogoutId,
    service::{
        ServiceError,
        logout::{
            Sending,
            walk::{self, Over, Step},
        },
    },
    web::{
        error::Failure,
        extract::{Fields, Visit},
        middleware::headers::CONTENT_SECURITY_POLICY,
        outcome::may_post_away,
        respond::{page, redirect},
        view::{
            form::Hidden,
            protocol::FormPost,
            sign_in::{Leave, LogoutFrames, LogoutHop, LogoutWait, SignedOut},
        },
        words,
    },
};
use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::Response,
};
use saml::binding::OutboundMessage;

/// How long iframes of clients may take before the browser goes on, in seconds.
const FRAMES_SECONDS: u32 = 3;

/// `GET /logout/{logout}`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Ok(id) = id.parse::<LogoutId>() else { return Err(Failure::NotFound) };
    match walk::next(&ctx, &visit.visitor, id).await? {
        None => Ok(redirect("/logout")),
        Some(Step::Frames(frames)) => framed(&visit, &ctx, frames),
        Some(Step::Send(sending)) => hop(&ctx, &visit, *sending),
        Some(Step::Wait(app)) => page(&LogoutWait {
            page: visit.page(&ctx),
            label: app.label,
            seconds: HOP_LIFETIME.num_seconds(),
        }),
        Some(Step::Over(over)) => end(&ctx, &visit, over),
    }
}

/// `POST /logout/{logout}`: goes on without the app that has the browser.
pub async fn skip(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(id): Path<String>,
    _: Fields,
) -> Result<Response, Failure> {
    let Ok(id) = id.parse::<LogoutId>() else { return Err(Failure::NotFound) };
    walk::skip(&ctx, &visit.visitor, id).await?;
    Ok(redirect(&path(id)))
}

/// The page of a sign-out.
pub fn path(id: LogoutId) -> String {
    format!("/logout/{id}")
}

/// A page, and not a redirect: it may come after a form of ours, whose `form-action` counts for redirects too.
fn hop(ctx: &AppContext, visit: &Visit, sending: Sending) -> Result<Response, Failure> {
    let drawn = LogoutHop {
        page: visit.page(ctx),
        label: sending.app.label,
        address: None,
        action: String::new(),
        fields: Vec::new(),
        seconds: HOP_LIFETIME.num_seconds(),
    };
    match sending.message {
        OutboundMessage::Redirect { url } => page(&LogoutHop { address: Some(url), ..drawn }),
        message => {
            let (action, fields) = form(message);
            let drawn = LogoutHop { action, fields, ..drawn };
            Ok(may_post_away(ctx, &drawn.action, page(&drawn)?))
        }
    }
}

/// OpenID Connect Front-Channel Logout 1.0 §3: every address in an iframe of its own. The page may frame exactly their origins,
/// nothing in a frame may take the browser away, and after a short time it goes on whatever they do.
fn framed(visit: &Visit, ctx: &AppContext, frames: Vec<String>) -> Result<Response, Failure> {
    let mut origins: Vec<String> = frames
        .iter()
        .filter_map(|frame| url::Url::parse(frame).ok())
        .map(|frame| frame.origin().ascii_serialization())
        .collect();
    origins.sort();
    origins.dedup();
    let policy = format!("{CONTENT_SECURITY_POLICY}; frame-src {}", origins.join(" "));
    let policy = HeaderValue::from_str(&policy).map_err(ServiceError::internal)?;
    let drawn = LogoutFrames { page: visit.page(ctx), frames, seconds: FRAMES_SECONDS };
    let mut response = page(&drawn)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The address and the fields of a message by HTTP-POST.
fn form(message: OutboundMessage) -> (String, Vec<Hidden>) {
    match message {
        OutboundMessage::Post { action, parameter, value, relay_state } => {
            let mut fields = vec![Hidden::new(parameter.name(), value)];
            fields.extend(relay_state.map(|state| Hidden::new("RelayState", state.as_str())));
            (action, fields)
        }
        OutboundMessage::Redirect { url } => (url, Vec::new()),
        OutboundMessage::Soap { .. } => (String::new(), Vec::new()),
    }
}

fn end(ctx: &AppContext, visit: &Visit, over: Over) -> Result<Response, Failure> {
    match over {
        Over::Here { signed_out, told, still_open } => page(&SignedOut {
            page: visit.page(ctx),
            signed_out: signed_out.iter().map(words::tile).collect(),
            told: told.iter().map(words::tile).collect(),
            still_open: still_open.iter().map(words::tile).collect(),
        }),
        Over::Answer(sending) => answer(ctx, visit, *sending),
        Over::Leave(address) => {
            page(&Leave { page: visit.page(ctx), label: "the app".into(), tile: None, address })
        }
    }
}

/// Takes the answer to the app that asked.
pub fn answer(ctx: &AppContext, visit: &Visit, sending: Sending) -> Result<Response, Failure> {
    let Sending { app, message } = sending;
    if let OutboundMessage::Redirect { url } = message {
        return page(&leaving(ctx, visit, &app, url));
    }
    let (action, fields) = form(message);
    let drawn = FormPost { page: visit.page(ctx), label: app.label, action, fields };
    Ok(may_post_away(ctx, &drawn.action, page(&drawn)?))
}

fn leaving(ctx: &AppContext, visit: &Visit, app: &App, address: String) -> Leave {
    Leave { page: visit.page(ctx), label: app.label.clone(), tile: Some(words::tile(app)), address }
}
