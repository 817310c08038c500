//! `/error/{ref}`: the hand-over page of a stopped sign-on, shown again from its event.

use crate::{
    context::AppContext,
    service::handed_over,
    web::{error::Failure, extract::Visit, outcome, respond::page_with},
};
use axum::{
    extract::{Path, State},
    response::Response,
};

/// `GET /error/{ref}`: only for the browser's own person, or while nobody is known to be concerned.
pub async fn show(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(reference): Path<String>,
) -> Result<Response, Failure> {
    let stop = handed_over::find(&ctx, &visit.visitor, &reference).await?;
    let (status, drawn) = outcome::hand_over(&ctx, &visit, &stop);
    page_with(status, &drawn)
}
