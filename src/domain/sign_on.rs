//! One pass through sign-on: what was asked, and what comes next. The same for SAML, OIDC and tiles.
//! Does not own parsing or issuing: the protocols differ only at the two ends.

use super::{
    access::{Access, Denial},
    session::Session,
};
use crate::id::{AppId, SignOnId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long a person may take from the request to the answer.
pub const SIGN_ON_LIFETIME: TimeDelta = TimeDelta::minutes(30);

/// Most sign-ons under way of strangers from one network: each is a row, and costs them one request.
pub const STRANGERS_PER_NETWORK: i64 = 200;

/// What the application asked for. Only verified requests are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignOnRequest {
    /// A verified AuthnRequest.
    Saml(Box<saml::VerifiedAuthnRequest>),
    /// A verified authorization request.
    Oidc(Box<oidc::authorization::request::VerifiedAuthorizationRequest>),
    /// A tile of the portal, or the sign-in address without a request.
    Launch,
}

/// A sign-on under way, bound to one browser.
#[derive(Debug, Clone)]
pub struct PendingSignOn {
    /// Stands in addresses; worthless without the browser's cookie.
    pub id: SignOnId,
    /// SHA-256 of the cookie of the browser that began it (S-30, O-21).
    pub browser_hash: String,
    /// The destination; `None` when someone just signs in.
    pub app_id: Option<AppId>,
    /// What was asked; `None` when someone just signs in.
    pub request: Option<SignOnRequest>,
    /// The network of a stranger, to be counted by; `None` for somebody who is or was signed in in this browser.
    pub network: Option<String>,
    /// The name typed at the first step.
    pub username: Option<String>,
    /// When it began: a fresh sign-in is one after this.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What a request demands of the person's sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// `ForceAuthn`, `prompt=login`: a sign-in after the request began.
    pub fresh: bool,
    /// `IsPassive`, `prompt=none`: no page may be shown.
    pub passive: bool,
    /// `max_age`: a sign-in no older than this.
    pub max_age: Option<TimeDelta>,
}

impl SignOnRequest {
    /// What this request demands.
    pub fn demand(&self) -> Demand {
        match self {
            Self::Saml(request) => {
                Demand { fresh: request.force_authn(), passive: request.is_passive(), max_age: None }
            }
            Self::Oidc(request) => Demand {
                fresh: request.prompt().login() || request.prompt().select_account(),
                passive: request.prompt().none(),
                max_age: request.max_age().map(|seconds| TimeDelta::seconds(i64::from(seconds))),
            },
            Self::Launch => Demand::default(),
        }
    }
}

/// The next step of a sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask who it is.
    Authenticate,
    /// A page would be needed, but none may be shown.
    InteractionNeeded,
    /// Stop, and say why.
    Deny(Denial),
    /// Answer the application.
    Issue,
}

/// Decides the next step anew from what is stored; called on every return. `access` is asked about the session's person
/// at this moment, so that a change during sign-in counts (S-42).
pub fn next_step(
    demand: Demand,
    began_at: DateTime<Utc>,
    session: Option<&Session>,
    access: Option<&Access>,
    now: DateTime<Utc>,
) -> Step {
    let recent_enough = session.is_some_and(|session| {
        (!demand.fresh || session.authenticated_at >= began_at)
            && demand.max_age.is_none_or(|max_age| {
                session.authenticated_at >= began_at || now - session.authenticated_at <= max_age
            })
    });
    match (recent_enough, access) {
        (true, Some(Access::Allowed(_))) => Step::Issue,
        (true, Some(Access::Denied(denial))) => Step::Deny(*denial),
        _ if demand.passive => Step::InteractionNeeded,
        _ => Step::Authenticate,
    }
}
