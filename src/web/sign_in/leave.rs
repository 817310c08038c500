//! Leaving for the app after sign-in: a page, never a redirect, because `form-action` counts for the whole redirect chain of
//! the form that was posted before. Does not own the answer to the app.

use super::next::Next;
use crate::{
    context::AppContext,
    id::SignOnId,
    service::sign_on,
    web::{
        error::Failure,
        extract::{Fields, Visit},
        outcome,
        respond::{page, redirect},
        view::sign_in::Leave,
    },
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};

/// `GET /login/continue?flow=…`
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let next = Next::read(&fields);
    let pending = next.pending(&ctx, &visit).await?;
    let (Some(flow), Some(_), Some(_)) = (next.flow, &pending, visit.user()) else {
        return Ok(redirect(&next.on("/login")));
    };
    let tile = next.destination(&ctx, pending.as_ref()).await?;
    page(&Leave {
        page: visit.page(&ctx),
        label: tile.as_ref().map_or_else(|| "your apps".to_owned(), |tile| tile.label.clone()),
        tile,
        address: format!("/login/continue/{flow}"),
    })
}

/// `GET /login/continue/{flow}`: decides anew and answers the app, or asks once more.
pub async fn resume(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(flow): Path<String>,
) -> Result<Response, Failure> {
    let flow: SignOnId = flow.parse().map_err(|_| Failure::NotFound)?;
    let outcome = sign_on::resume(&ctx, &visit.visitor, flow).await?;
    outcome::respond(&ctx, &visit, outcome)
}
