//! `/saml2/{slug}`: HTTP-Redirect and HTTP-POST. The *raw* query and body go on, since signatures cover their octets.

use crate::{
    context::AppContext,
    service::sign_on::saml::{self, Incoming},
    web::{
        error::Failure,
        extract::{FetchSite, Fields, Visit},
        outcome,
        portal::launch,
        respond::page,
        view::{form::Hidden, protocol::FormPost},
    },
};
use axum::{
    body::{Body, to_bytes},
    extract::{Path, RawQuery, State},
    response::Response,
};

/// Largest body: a message at its limit in base64, with RelayState.
pub(super) const BODY_MAX: usize = 512 * 1024;
/// Says that our own page sent the form on.
pub(super) const RESENT: &str = "resent";

/// `GET /saml2/{slug}`: an AuthnRequest, or without one an IdP-initiated start.
pub async fn redirect(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    if !mentions_message(&query) {
        return launch::start(&ctx, &visit, &slug, None).await;
    }
    let outcome = saml::begin(&ctx, &visit.visitor, &slug, Incoming::Redirect(&query)).await?;
    outcome::respond(&ctx, &visit, outcome)
}

/// Whether a query carries a SAML message, well formed or not.
pub(super) fn mentions_message(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| matches!(&*name, "SAMLRequest" | "SAMLResponse" | "Signature" | "SigAlg"))
}

/// `POST /saml2/{slug}`: cross-site by design. Browsers send no `SameSite=Lax` cookies with it, so that a person who is signed in
/// would look like a stranger: our own page sends the same form once more.
pub async fn post(
    State(ctx): State<AppContext>,
    visit: Visit,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = to_bytes(body, BODY_MAX).await.map_err(|_| Failure::TooLarge)?;
    let body = String::from_utf8_lossy(&bytes);
    let query = query.unwrap_or_default();
    if visit.is_new_browser && visit.site == FetchSite::Other && may_resend(&query) {
        let segment: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
        return resend(&ctx, &visit, &format!("/saml2/{segment}"), &body);
    }
    let outcome =
        saml::begin(&ctx, &visit.visitor, &slug, Incoming::Post { query: &query, body: &body }).await?;
    outcome::respond(&ctx, &visit, outcome)
}

/// Whether a form that came to this query goes on without it: not when our own page sent it on already, nor when something of a
/// message stands there, which is refused as it came (S-15).
pub(super) fn may_resend(query: &str) -> bool {
    query != RESENT && ::saml::binding::post::check_query(query).is_ok()
}

/// The page that posts a message from another site once more, to a path of ours.
pub(super) fn resend(ctx: &AppContext, visit: &Visit, path: &str, body: &str) -> Result<Response, Failure> {
    let fields = Fields::parse(body)?;
    let kept = ["SAMLRequest", "SAMLResponse", "RelayState"];
    page(&FormPost {
        page: visit.page(ctx),
        label: visit.organization.name.clone(),
        action: format!("{path}?{RESENT}"),
        fields: kept
            .into_iter()
            .flat_map(|name| fields.all(name).into_iter().map(move |value| Hidden::new(name, value)))
            .collect(),
    })
}
