//! One pass through sign-on: what was asked, and what comes next. The same for SAML, OIDC and tiles.
//! Does not own parsing or issuing: the protocols differ only at the two ends.

use super::{
    access::{Access, Denial},
    session::Session,
};
use crate::id::{AppId, SignOnId, UserId};
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
    Launch {
        /// The name of one of the app's start links; without it, the tile itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<String>,
    },
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
    /// What the person answered to our questions in it.
    pub answers: Answers,
    /// When it began: a fresh sign-in is one after this.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// What a person answered in a sign-on, each answer bound to who gave it: somebody else who signs in is asked anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// Who chose to go on with their account.
    pub account: Option<UserId>,
    /// What was said about whether the app may know what it asks for.
    pub consent: Option<Said>,
}

/// What a person said to what they were shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub user: UserId,
    /// Whether they allow it.
    pub yes: bool,
    /// The fingerprint of what was shown.
    pub shown: String,
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
    /// `prompt=select_account`: the person chooses who they are here.
    pub choose_account: bool,
}

impl SignOnRequest {
    /// What this request demands.
    pub fn demand(&self) -> Demand {
        match self {
            Self::Saml(request) => {
                Demand { fresh: request.force_authn(), passive: request.is_passive(), ..Demand::default() }
            }
            Self::Oidc(request) => Demand {
                fresh: request.prompt().login(),
                passive: request.prompt().none(),
                max_age: request.max_age().map(|seconds| TimeDelta::seconds(i64::from(seconds))),
                choose_account: request.prompt().select_account(),
            },
            Self::Launch { .. } => Demand::default(),
        }
    }
}

/// Which page would be needed where none may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// Signing in.
    SignIn,
    /// Asking whether the app may know what it asks for.
    Consent,
}

/// The next step of a sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask who it is.
    Authenticate,
    /// Ask whether they go on with this account.
    ChooseAccount,
    /// Ask whether the app may know what it asks for.
    AskConsent,
    /// A page would be needed, but none may be shown.
    InteractionNeeded(Interaction),
    /// Stop, and say why.
    Deny(Denial),
    /// The person said no: tell the application.
    Refused,
    /// Answer the application.
    Issue,
}

/// Whether the app must ask before it learns about this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentNeed {
    /// Our own app, another protocol, or allowed before.
    Settled,
    /// Not allowed yet, or to be asked again (`prompt=consent`).
    Ask,
}

/// All that the next step depends on.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// What the request demands.
    pub demand: Demand,
    /// When the sign-on began.
    pub began_at: DateTime<Utc>,
    /// The session of the person who is meant, if they have one.
    pub session: Option<&'a Session>,
    /// Whether that person may open the app, asked at this moment, so that a change during sign-in counts (S-42).
    pub access: Option<&'a Access>,
    /// What was answered on our pages.
    pub answers: &'a Answers,
    /// Whether consent is wanting.
    pub consent: ConsentNeed,
    /// The fingerprint of what would be asked now.
    pub asked: &'a str,
}

/// Decides the next step anew from what is stored; called on every return.
pub fn next_step(standing: &Standing<'_>, now: DateTime<Utc>) -> Step {
    let Standing { demand, began_at, answers, .. } = *standing;
    let (Some(session), Some(access)) = (standing.session, standing.access) else {
        return ask_to_sign_in(demand);
    };
    let is_new = session.authenticated_at >= began_at;
    let recent_enough = (!demand.fresh || is_new)
        && demand.max_age.is_none_or(|max_age| is_new || now - session.authenticated_at <= max_age);
    if !recent_enough {
        return ask_to_sign_in(demand);
    }
    // Who signed in for this request has chosen by that.
    if demand.choose_account && !is_new && answers.account != Some(session.user_id) {
        return Step::ChooseAccount;
    }
    if let Access::Denied(denial) = access {
        return Step::Deny(*denial);
    }
    // O-39: an answer is about what was shown. The app's settings may have changed since.
    let said = answers.consent.as_ref();
    let said =
        said.filter(|said| said.user == session.user_id && said.shown == standing.asked).map(|said| said.yes);
    match (standing.consent, said) {
        (ConsentNeed::Settled, _) | (ConsentNeed::Ask, Some(true)) => Step::Issue,
        (ConsentNeed::Ask, Some(false)) => Step::Refused,
        (ConsentNeed::Ask, None) if demand.passive => Step::InteractionNeeded(Interaction::Consent),
        (ConsentNeed::Ask, None) => Step::AskConsent,
    }
}

fn ask_to_sign_in(demand: Demand) -> Step {
    if demand.passive { Step::InteractionNeeded(Interaction::SignIn) } else { Step::Authenticate }
}

#[cfg(test)]
mod tests;
