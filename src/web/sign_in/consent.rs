//! Whether an app may know and do what it asks for. Does not own when that is asked (`service::sign_on`) or the words for a
//! scope (`web::released`).

use super::next::Next;
use crate::{
    context::AppContext,
    service::sign_on::answers,
    web::{
        error::Failure,
        extract::{Fields, Visit},
        released,
        respond::{page, redirect},
        view::{form::Hidden, sign_in::Consent},
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};

/// `GET /login/consent?flow=…`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let next = Next::read(&Fields::parse(query.as_deref().unwrap_or_default())?);
    let Some(question) = next.question(&ctx, &visit).await? else { return Ok(redirect(&next.on("/login"))) };
    let mut hidden = next.hidden();
    hidden.push(Hidden::new("asked", answers::fingerprint(&question.asked)));
    page(&Consent {
        page: visit.page(&ctx),
        tile: words::tile(&question.app),
        rows: released::rows(&question.asked),
        person: words::person(&question.user),
        email: question.user.email,
        hidden,
        another: next.on("/login"),
    })
}

/// `POST /login/consent` with `answer`: `allow` or `cancel`. Anything else asks again.
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = Next::read(&fields);
    let Some(flow) = next.flow else { return Ok(redirect("/login")) };
    match fields.get("answer") {
        "allow" => answers::allow(&ctx, &visit.visitor, flow, fields.get("asked")).await?,
        "cancel" => answers::refuse(&ctx, &visit.visitor, flow).await?,
        _ => return Ok(redirect(&next.on("/login/consent"))),
    }
    Ok(redirect(&next.on("/login/continue")))
}
