//! `/device`: a signed-in person types the code of a device, compares, and says yes or no (RFC 8628 §3.3). An address with
//! the code in it only fills the form in.

use crate::{
    context::AppContext,
    domain::{consent::Released, user::User},
    service::oidc::device::{self, Answered, Said, Typed, Waiting},
    web::{
        error::Failure,
        extract::{Fields, SignedIn, Visit},
        respond::{page, page_with},
        view::{
            device::{DeviceCode, DeviceConfirm, DeviceDone},
            form::{Errors, Hidden},
        },
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use oidc::{device::UserCode, scope};

/// `GET /device`
pub async fn show(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let user_code = UserCode::parse(fields.get("user_code")).map(|code| code.shown()).unwrap_or_default();
    page(&DeviceCode { page: signed_in.visit.page(&ctx), errors: Errors::none(), user_code })
}

/// `POST /device`: the code; answers with the question.
pub async fn submit(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    fields: Fields,
) -> Result<Response, Failure> {
    let SignedIn { visit, user, .. } = signed_in;
    let typed = fields.get("user_code");
    let (status, message) = match device::look_up(&ctx, &visit.visitor, &user, typed).await? {
        Typed::Waiting(waiting) => return confirm(&ctx, &visit, &user, typed, *waiting),
        Typed::Unknown => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "No device waits with this code. Codes last ten minutes: look at the device again.".to_owned(),
        ),
        Typed::TooMany(until) => {
            let wait = words::wait(until, ctx.now());
            (StatusCode::TOO_MANY_REQUESTS, format!("Too many codes. Try again in {wait}."))
        }
    };
    let user_code: String = typed.chars().take(32).collect();
    page_with(
        status,
        &DeviceCode { page: visit.page(&ctx), errors: Errors::on("user_code", message), user_code },
    )
}

fn confirm(
    ctx: &AppContext,
    visit: &Visit,
    user: &User,
    typed: &str,
    waiting: Waiting,
) -> Result<Response, Failure> {
    let shown = UserCode::parse(typed).map(|code| code.shown()).unwrap_or_default();
    page(&DeviceConfirm {
        page: visit.page(ctx),
        tile: words::tile(&waiting.app),
        user_code: shown.clone(),
        name: words::person(user).name,
        since: words::ago(waiting.since, ctx.now()),
        knows: knows(&waiting.released),
        hidden: vec![Hidden::new("user_code", shown), Hidden::new("asked", waiting.fingerprint())],
        client_ip: waiting.client_ip,
    })
}

/// What the device is told and where it may go with it, in words: the usual first.
fn knows(released: &Released) -> String {
    let usual = scope::ALL.into_iter().filter(|name| released.scopes.contains(*name));
    let others = released.scopes.iter().map(String::as_str).filter(|name| !scope::ALL.contains(name));
    let told = usual
        .chain(others)
        .chain(released.claims.iter().map(String::as_str))
        .map(|token| match token {
            scope::OPENID => "who you are",
            scope::PROFILE => "your name",
            scope::EMAIL => "your email",
            scope::ADDRESS => "your address",
            scope::PHONE => "your phone number",
            scope::GROUPS => "your groups",
            scope::OFFLINE_ACCESS => "all that also while you’re away",
            other => other,
        })
        .map(str::to_owned);
    let reached = released.resources.iter().map(|resource| format!("what you have at {resource}"));
    told.chain(reached).collect::<Vec<_>>().join(", ")
}

/// `POST /device/answer`
pub async fn answer(
    State(ctx): State<AppContext>,
    signed_in: SignedIn,
    fields: Fields,
) -> Result<Response, Failure> {
    let SignedIn { visit, session, user } = signed_in;
    let said = Said {
        code: fields.get("user_code"),
        yes: fields.get("answer") == "yes",
        shown: fields.get("asked"),
    };
    let answered = device::answer(&ctx, &visit.visitor, &session, &user, said).await?;
    let (status, heading, lede) = match answered {
        Answered::Approved(app) => (
            StatusCode::OK,
            "Connected".to_owned(),
            format!("{} goes on by itself on the device.", app.label),
        ),
        Answered::Denied(app) => {
            (StatusCode::OK, "Not connected".to_owned(), format!("The device gets nothing of {}.", app.label))
        }
        Answered::NoAccess(app, words) => (
            StatusCode::FORBIDDEN,
            format!("You can’t open {}", app.label),
            format!("{words} The device gets nothing."),
        ),
        Answered::Changed => (
            StatusCode::CONFLICT,
            "Look again".to_owned(),
            "What the app would know has changed meanwhile. Type the code once more.".to_owned(),
        ),
        Answered::Gone => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Too late".to_owned(),
            "No device waits with this code any more. Start again on the device.".to_owned(),
        ),
        Answered::TooMany(until) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many codes".to_owned(),
            format!("Try again in {}.", words::wait(until, ctx.now())),
        ),
    };
    page_with(status, &DeviceDone { page: visit.page(&ctx), heading, lede })
}
