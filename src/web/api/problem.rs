//! Refusals of the API as `application/problem+json` (RFC 9457). An internal error is logged once, here; the caller sees
//! its reference only. Does not own who may do what.

use crate::{
    context::AppContext,
    domain::{
        reference,
        text::{FieldError, FieldErrors},
    },
    service::ServiceError,
    store::StoreError,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// One refusal. `type` is `about:blank`: the status says what kind it is.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip)]
    challenge: Option<&'static str>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let detail = detail.into();
        Self { title, status: status.as_u16(), detail, errors: Vec::new(), reference: None, challenge: None }
    }

    /// RFC 6750 §3.1: without credentials, a challenge without an error code.
    pub(super) fn no_token() -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "Send an API token: Authorization: Bearer …");
        Self { challenge: Some("Bearer"), ..problem }
    }

    /// RFC 6750 §3.1.
    pub(super) fn wrong_token() -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "This API token is unknown or has expired");
        Self { challenge: Some("Bearer error=\"invalid_token\""), ..problem }
    }

    /// Nothing here.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address")
    }

    /// Another method.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "This address does not take this method")
    }

    /// The request itself.
    pub(super) fn bad_request(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, detail)
    }

    /// A document with refused fields.
    pub(super) fn invalid(errors: FieldErrors) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, errors.to_string());
        Self { errors: errors.0, ..problem }
    }

    /// A use case's refusal.
    pub(super) fn of(ctx: &AppContext, error: ServiceError) -> Self {
        match error {
            ServiceError::Forbidden => {
                Self::new(StatusCode::FORBIDDEN, "The role of this token does not reach")
            }
            ServiceError::NotFound(what) => {
                Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}"))
            }
            ServiceError::Invalid(errors) => Self::invalid(errors),
            ServiceError::Stale | ServiceError::Store(StoreError::Conflict(_)) => {
                Self::new(StatusCode::CONFLICT, "Someone else changed this meanwhile; send it again")
            }
            ServiceError::Throttled(_) => Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many tries"),
            internal => {
                let reference = reference::new(&mut ctx.rng());
                tracing::error!(%reference, error = %internal, "an API request failed");
                let unavailable = matches!(internal, ServiceError::Store(StoreError::Unavailable(_)));
                let status = if unavailable {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR
                };
                Self { reference: Some(reference), ..Self::new(status, "Something here stopped working") }
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
