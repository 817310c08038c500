//! `/oauth2/par`: authorization requests pushed by clients (RFC 9126).

use super::token::{Call, no_store, refused};
use crate::{
    context::AppContext,
    service::oidc::pushed::{Push, push},
};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// `POST /oauth2/par`
pub async fn submit(State(ctx): State<AppContext>, request: Request) -> Response {
    let answered = async {
        let call = Call::read(&ctx, request).await?;
        let pushed =
            Push { authorization: call.authorization.as_deref(), body: &call.body, proof_thumbprint: None };
        push(&ctx, &call.origin, pushed).await
    };
    match answered.await {
        // RFC 9126 §2.2: 201, not to be cached.
        Ok(body) => no_store((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => refused(error),
    }
}
