//! `/logout/{logout}`: the page that takes a browser from app to app while a sign-out is told, and its end. Works without
//! script. Does not own the order (`service::logout::walk`).

use crate::{
    context::AppContext,
    domain::{app::App, logout::HOP_LIFETIME},
    id::LogoutId,
    service::logout::{
        Sending,
        walk::{self, Over, Step},
    },
    web::{
        error::Failure,
        extract::{Fields, Visit},
        outcome::may_post_away,
        respond::{page, redirect},
        view::{
            form::Hidden,
            protocol::FormPost,
            sign_in::{Leave, LogoutHop, LogoutWait, SignedOut},
        },
        words,
    },
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use saml::binding::OutboundMessage;

/// `GET /logout/{logout}`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Ok(id) = id.parse::<LogoutId>() else { return Err(Failure::NotFound) };
    match walk::next(&ctx, &visit.visitor, id).await? {
        None => Ok(redirect("/logout")),
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
    };
    match sending.message {
        OutboundMessage::Redirect { url } => page(&LogoutHop { address: Some(url), ..drawn }),
        message => {
            let (action, fields) = form(message);
            Ok(may_post_away(ctx, page(&LogoutHop { action, fields, ..drawn })?))
        }
    }
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
        Over::Here { signed_out, still_open } => page(&SignedOut {
            page: visit.page(ctx),
            signed_out: signed_out.iter().map(words::tile).collect(),
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
    Ok(may_post_away(ctx, page(&drawn)?))
}

fn leaving(ctx: &AppContext, visit: &Visit, app: &App, address: String) -> Leave {
    Leave { page: visit.page(ctx), label: app.label.clone(), tile: Some(words::tile(app)), address }
}
