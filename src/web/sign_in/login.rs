//! The first step: who is it? The answer is the same for known and unknown names (W-09).

use super::next::Next;
use crate::{
    context::AppContext,
    service::{setup, sign_on},
    web::{
        error::Failure,
        extract::{Fields, Visit},
        respond::{page, page_with, redirect},
        view::{form::Errors, sign_in::Name},
    },
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

/// `GET /login`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let next = Next::read(&fields);
    if next.flow.is_none() && visit.user().is_some() {
        return Ok(redirect(if next.path.is_empty() { "/" } else { &next.path }));
    }
    if setup::is_open(&ctx).await? {
        return Ok(redirect("/setup"));
    }
    let pending = next.pending(&ctx, &visit).await?;
    let gone = next.flow.is_some() && pending.is_none();
    let next = if gone { Next { flow: None, ..next } } else { next };
    let typed = pending.as_ref().and_then(|pending| pending.username.clone());
    let hinted = pending.as_ref().and_then(login_hint);
    page(&Name {
        page: visit.page(&ctx),
        errors: Errors::none(),
        username: typed.or(hinted).unwrap_or_default(),
        destination: next.destination(&ctx, pending.as_ref()).await?,
        hidden: next.hidden(),
        notice: gone.then(|| "You were away a while. Sign in, then open the app again.".to_owned()),
    })
}

/// `login_hint` fills in the name; the person may change it.
fn login_hint(pending: &crate::domain::sign_on::PendingSignOn) -> Option<String> {
    match &pending.request {
        Some(crate::domain::sign_on::SignOnRequest::Oidc(request)) => {
            request.login_hint().map(|hint| hint.chars().filter(|c| !c.is_control()).take(254).collect())
        }
        _ => None,
    }
}

/// `POST /login`
pub async fn submit(
    State(ctx): State<AppContext>,
    visit: Visit,
    fields: Fields,
) -> Result<Response, Failure> {
    let next = Next::read(&fields);
    let username = fields.get("username").trim();
    if username.is_empty() || username.chars().count() > 254 {
        let pending = next.pending(&ctx, &visit).await?;
        return page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &Name {
                page: visit.page(&ctx),
                errors: Errors::on("username", "Enter your work email or user name"),
                username: String::new(),
                destination: next.destination(&ctx, pending.as_ref()).await?,
                hidden: next.hidden(),
                notice: None,
            },
        );
    }
    if let Some(flow) = next.flow
        && !sign_on::remember_username(&ctx, &visit.visitor, flow, username).await?
    {
        return Ok(redirect(&next.on("/login")));
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for hidden in next.hidden() {
        query.append_pair(&hidden.name, &hidden.value);
    }
    if next.flow.is_none() {
        query.append_pair("username", username);
    }
    Ok(redirect(&format!("/login/password?{}", query.finish())))
}
