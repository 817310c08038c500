//! Requests that a page of another site posts. Browsers keep `SameSite=Lax` cookies from such a form, so that a person who is
//! signed in would look like a stranger: it is sent once more from here. Does not own what is asked.

use crate::{
    context::AppContext,
    web::{
        error::Failure,
        extract::{
            FetchSite, Visit,
            media_type::{self, FORM},
        },
        outcome,
        respond::{page, redirect},
        view::{form::Hidden, protocol::FormPost},
    },
};
use axum::{
    body::{Body, to_bytes},
    http::HeaderMap,
    response::Response,
};
use oidc::params::Params;

/// Largest body, as the parser's own limit.
const BODY_MAX: usize = 32 * 1024;
/// The query of what our own page posted; it isn't sent again a second time.
const RESENT: &str = "resent";

/// The parameters of a posted request, or the way round for one that came without the cookies. Of another media type there are
/// none: Core §3.1.2.1 and RP-Initiated Logout 1.0 §2 have a form.
pub(super) async fn posted(
    ctx: &AppContext,
    visit: &Visit,
    address: (&str, Option<&str>),
    headers: &HeaderMap,
    body: Body,
) -> Result<Result<String, Response>, Failure> {
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let body = if media_type::is(headers, FORM) { String::from_utf8_lossy(&bytes) } else { "".into() };
    Ok(match once_more(ctx, visit, address, &body)? {
        Some(way_round) => Err(way_round),
        None => Ok(body.into_owned()),
    })
}

/// The way round for a request that came without the cookies; `None` for one that is answered as it came.
///
/// A redirect needs no script and no click. O-31: but what it carries stands in an address, in histories and in logs, so that a form
/// with an ID token is posted again, by a page of ours.
fn once_more(
    ctx: &AppContext,
    visit: &Visit,
    (path, query): (&str, Option<&str>),
    body: &str,
) -> Result<Option<Response>, Failure> {
    if !visit.is_new_browser || visit.site != FetchSite::Other || query == Some(RESENT) {
        return Ok(None);
    }
    // What can't be read is refused where everything is.
    let Ok(params) = Params::parse(body) else { return Ok(None) };
    if !params.contains("id_token_hint") {
        let is_clean = body.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        return Ok(is_clean.then(|| redirect(&format!("{path}?{body}"))));
    }
    let drawn = FormPost {
        page: visit.page(ctx),
        label: visit.organization.name.clone(),
        action: format!("{path}?{RESENT}"),
        fields: params.pairs().map(|(name, value)| Hidden::new(name, value)).collect(),
    };
    // The answer to the form may be a redirect to the app, which may be on somebody's own machine.
    let away = params.pairs().find(|(name, value)| {
        name.ends_with("redirect_uri") && value.to_ascii_lowercase().starts_with("http:")
    });
    let action = away.map_or(drawn.action.as_str(), |(_, value)| value);
    Ok(Some(outcome::may_post_away(ctx, action, page(&drawn)?)))
}
