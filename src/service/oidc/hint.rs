//! Whom an ID token hint names. Does not own what follows from it.

use crate::{context::AppContext, service::ServiceError};
use ::oidc::id_token::hint::{HintExpiry, IdTokenHint, verify_hint};

/// The person an `id_token_hint` at sign-on names; a hint that isn't ours, or is another client's, names nobody (O-22). One that
/// is past its end still names whom the client means: ID tokens live for minutes, sign-ins for hours, and a hint only ever
/// narrows whom the answer may be about.
pub async fn sub_of(ctx: &AppContext, text: &str, client_id: &str) -> Result<Option<String>, ServiceError> {
    let keys = super::keys::set(ctx).await?;
    let issuer = ctx.config.http.public_url.as_str();
    let hint = verify_hint(text, issuer, Some(client_id), &keys, HintExpiry::Tolerated);
    Ok(hint.ok().map(|hint| hint.sub().to_owned()))
}

/// A hint at logout; expiry is tolerated there.
pub async fn at_logout(ctx: &AppContext, text: &str) -> Result<Option<IdTokenHint>, ServiceError> {
    let keys = super::keys::set(ctx).await?;
    Ok(verify_hint(text, ctx.config.http.public_url.as_str(), None, &keys, HintExpiry::Tolerated).ok())
}
