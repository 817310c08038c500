//! Why a page could not be shown. Carried as a mark on the response; `middleware::visit` draws the page, logs an
//! internal error once, and answers with a reference only. Does not own the words (`view::errors`).

use crate::service::ServiceError;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Why.
#[derive(Debug)]
pub enum Failure {
    /// Nothing is here, or it isn't theirs to see.
    NotFound,
    /// Their role doesn't reach.
    Forbidden,
    /// They must sign in first.
    SignInFirst,
    /// A form without its token.
    StaleForm,
    /// Too much was sent.
    TooLarge,
    /// The address doesn't take this method.
    MethodNotAllowed,
    /// A use case said no.
    Service(ServiceError),
}

/// The mark on a response.
#[derive(Clone)]
pub struct Marked(pub Arc<Failure>);

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound(_) => Self::NotFound,
            ServiceError::Forbidden => Self::Forbidden,
            other => Self::Service(other),
        }
    }
}

impl Failure {
    /// The status of its page.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::SignInFirst => StatusCode::SEE_OTHER,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Service(ServiceError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Service(ServiceError::Stale) => StatusCode::CONFLICT,
            Self::Service(ServiceError::Throttled(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Service(
                ServiceError::Busy | ServiceError::Store(crate::store::StoreError::Unavailable(_)),
            ) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Service(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Marked(Arc::new(self)));
        response
    }
}
