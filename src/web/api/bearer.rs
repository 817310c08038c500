//! Who calls the API: the token of the `Authorization` header (RFC 6750 §2.1), nothing else. Does not own tokens.

use super::problem::Problem;
use crate::{
    context::AppContext,
    service::{Caller, organisation::api_tokens},
    web::extract::origin,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

/// The caller behind a valid token.
pub(super) struct Bearer(pub(super) Caller);

impl FromRequestParts<AppContext> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &AppContext) -> Result<Self, Problem> {
        let presented = token(&parts.headers).ok_or_else(Problem::no_token)?;
        let origin = origin::of(&parts.headers, &parts.extensions, &ctx.config);
        let found = api_tokens::authenticate(ctx, &origin, presented).await;
        let actor = found.map_err(|error| Problem::of(ctx, error))?.ok_or_else(Problem::wrong_token)?;
        Ok(Self(Caller { actor, origin }))
    }
}

/// The one token that is presented; two headers are none.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}
