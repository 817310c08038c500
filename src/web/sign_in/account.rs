//! Whether to go on with the account that is signed in (`prompt=select_account`). Does not own what follows from the answer.

use super::next::Next;
use crate::{
    context::AppContext,
    service::sign_on::answers,
    web::{
        error::Failure,
        extract::{Fields, Visit},
        respond::{page, redirect},
        view::sign_in::ChooseAccount,
        words,
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};

/// `GET /login/account?flow=…`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let next = Next::read(&Fields::parse(query.as_deref().unwrap_or_default())?);
    let Some(question) = next.question(&ctx, &visit).await? else { return Ok(redirect(&next.on("/login"))) };
    page(&ChooseAccount {
        page: visit.page(&ctx),
        destination: Some(words::tile(&question.app)),
        person: words::person(&question.user),
        email: question.user.email,
        hidden: next.hidden(),
        another: next.on("/login"),
    })
}

/// `POST /login/account`
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = Next::read(&fields);
    let Some(flow) = next.flow else { return Ok(redirect("/login")) };
    answers::choose_account(&ctx, &visit.visitor, flow).await?;
    Ok(redirect(&next.on("/login/continue")))
}
