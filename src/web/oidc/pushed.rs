//! `/oauth2/par`: authorization requests pushed by clients (RFC 9126).

use super::token::{Parts, no_store, refused, with_nonce};
use crate::{
    context::AppContext,
    service::oidc::{
        dpop,
        once::Once,
        pushed::{Push, push},
    },
};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// `POST /oauth2/par`
pub async fn submit(State(ctx): State<AppContext>, request: Request) -> Response {
    let parts = match Parts::read(&ctx, request).await {
        Ok(parts) => parts,
        Err(error) => return refused(error.into()),
    };
    let answered = async {
        let call = parts.call();
        // RFC 9449 §10.1: a proof that comes along binds the code to its key.
        let proof = dpop::verify(&ctx, &call, None, false)?;
        let pushed = Push {
            authorization: call.authorization,
            body: call.body,
            proof_thumbprint: proof.as_ref().map(oidc::dpop::VerifiedProof::thumbprint),
            once: proof.iter().map(Once::from).collect(),
        };
        push(&ctx, call.origin, pushed).await
    };
    let response = match answered.await {
        // RFC 9126 §2.2: 201, not to be cached.
        Ok(body) => no_store((StatusCode::CREATED, Json(body)).into_response()),
        Err(error) => refused(error),
    };
    with_nonce(&ctx, &parts, response)
}
