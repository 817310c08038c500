//! Whom an ID token hint names. Does not own what follows from it.

use crate::{context::AppContext, service::ServiceError};
use ::oidc::id_token::hint::{HintError, HintExpiry, IdTokenHint, verify_hint};
use chrono::{DateTime, Utc};

/// A hint at sign-on (OpenID Connect Core §3.1.2.1). One that isn't ours, is another client's, or was past its end when the
/// request came, names nobody (O-22).
///
/// `asked_at` is when the request came: whom it is about doesn't change while somebody signs in.
pub async fn at_sign_on(
    ctx: &AppContext,
    text: &str,
    client_id: &str,
    asked_at: DateTime<Utc>,
) -> Result<Result<IdTokenHint, HintError>, ServiceError> {
    let keys = super::keys::set(ctx).await?;
    let issuer = ctx.config.http.public_url.as_str();
    Ok(verify_hint(text, issuer, Some(client_id), &keys, HintExpiry::EnforcedAt(asked_at)))
}

/// A hint at logout. RP-Initiated Logout 1.0 §2: one that is past its end is taken there, for the session may outlive it.
pub async fn at_logout(ctx: &AppContext, text: &str) -> Result<Option<IdTokenHint>, ServiceError> {
    let keys = super::keys::set(ctx).await?;
    Ok(verify_hint(text, ctx.config.http.public_url.as_str(), None, &keys, HintExpiry::Tolerated).ok())
}
