//! The endpoint for pushed authorization requests (RFC 9126). Does not own the request's checks (`crates/oidc`) or its answer
//! (`sign_on::oidc`).

use super::{
    client::{EndpointError, authenticate},
    once::{self, Once},
};
use crate::{
    context::AppContext,
    domain::{
        app::App,
        audit::{EventType, InitiatedBy, Origin},
        throttle::PUSHED_BY_NETWORK,
    },
    service::{
        ServiceError, actor,
        authentication::throttle::{self, network},
        refusals,
    },
    store::{self, Written, pushed_requests::PushedRequest},
};
use ::oidc::{
    Client, ErrorCode, ProtocolError,
    authorization::{
        pushed::{self, LIFETIME_SECONDS},
        request::{ProviderPolicy, UnverifiedAuthorizationRequest},
    },
    params::Params,
    token_value::RequestUri,
};
use chrono::TimeDelta;

/// Most references of one app that are kept at a time.
const KEPT_PER_APP: i64 = 10_000;

/// What came with a push.
pub struct Push<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form.
    pub body: &'a str,
    /// The thumbprint of the key of a verified `DPoP` header: the code is bound to it.
    pub proof_thumbprint: Option<&'a str>,
    /// What it used that counts once.
    pub once: Vec<Once>,
}

/// Takes a request from an authenticated client and answers its reference.
///
/// # Errors
/// As the authorization endpoint would say it (RFC 9126 §2.3), but to the client itself.
pub async fn push(
    ctx: &AppContext,
    origin: &Origin,
    push: Push<'_>,
) -> Result<serde_json::Value, EndpointError> {
    let params = Params::parse(push.body)?;
    let (app, client) = authenticate(ctx, origin, push.authorization, &params).await?;
    if client.is_public() {
        // Nothing proves who a public client is, so its pushes are counted by where they come from.
        let name = format!("pushed/{}", network(&origin.client_ip));
        let counted = throttle::count(ctx, &name, PUSHED_BY_NETWORK).await?;
        if counted.is_err() {
            return Err(full().into());
        }
    }
    let text = match pushed::request_text(&params, &client, push.proof_thumbprint) {
        Ok(text) => text,
        Err(error) => return refuse(ctx, origin, (&app, &client), error).await,
    };
    let reference = RequestUri::generate(&mut ctx.rng());
    // RFC 9126 §2.1: validated as at the authorization endpoint, where it is again, for settings may change meanwhile.
    let verified = UnverifiedAuthorizationRequest::pushed(&text, reference.hash())?
        .verify(&client, &ProviderPolicy::default());
    if let Err(refusal) = verified {
        return refuse(ctx, origin, (&app, &client), refusal.error().clone()).await;
    }
    let now = ctx.now();
    let row = PushedRequest {
        hash: reference.hash(),
        app_id: app.id,
        request: text,
        created_at: now,
        expires_at: now + TimeDelta::seconds(i64::from(LIFETIME_SECONDS)),
        consumed_at: None,
    };
    let once = push.once;
    let kept = ctx
        .db
        .write(move |tx| {
            Box::pin(async move {
                if let Err(replayed) = once::record(tx, &once).await? {
                    return Ok::<_, ServiceError>(Written::unaudited(Err(replayed)));
                }
                let full = store::pushed_requests::count_of_app(tx, row.app_id).await? >= KEPT_PER_APP;
                // Those past their end make room, without waiting for the next round of housekeeping.
                if full && store::pushed_requests::purge(tx, Some(row.app_id), now).await? == 0 {
                    return Ok(Written::unaudited(Ok(false)));
                }
                store::pushed_requests::insert(tx, &row).await?;
                Ok(Written::unaudited(Ok(true)))
            })
        })
        .await?;
    match kept {
        Ok(true) => Ok(pushed::response(&reference)),
        Ok(false) => Err(full().into()),
        Err(replayed) => refuse(ctx, origin, (&app, &client), replayed).await,
    }
}

fn full() -> ProtocolError {
    ProtocolError::new(ErrorCode::TemporarilyUnavailable, "too many requests were pushed and not used")
}

async fn refuse(
    ctx: &AppContext,
    origin: &Origin,
    (app, client): (&App, &Client),
    error: ProtocolError,
) -> Result<serde_json::Value, EndpointError> {
    let words = match error.detail() {
        Some(detail) => format!("A pushed request was refused: {}: {detail}", error.description()),
        None => format!("A pushed request was refused: {}", error.description()),
    };
    let event = actor::event(ctx, EventType::RequestRefused)
        .by(InitiatedBy {
            kind: "client".into(),
            username: Some(app.label.clone()),
            ..InitiatedBy::default()
        })
        .from_origin(origin)
        .at(app)
        .failed(error.code().as_str(), words);
    if client.is_public() {
        // It has proven nothing: anybody could fill the audit trail in its name.
        refusals::record_of(ctx, origin, event).await?;
        return Err(error.into());
    }
    ctx.db.write(move |_| Box::pin(async move { Ok::<_, ServiceError>(Written::new((), event)) })).await?;
    Err(error.into())
}
