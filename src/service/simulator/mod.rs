//! What would happen: to a person who opens an app, and to a request that an app sends. Nothing is stored, claimed or sent, and
//! what is signed is signed with a key that nobody trusts. Does not own the decisions, which are those of a real sign-on.

pub mod oidc;
mod pasted;
mod request;
mod saml;

use crate::domain::access::Route;
use serde::Serialize;

pub use request::{Judgement, judge};
pub(in crate::service) use request::{judge_kept, lines_of};
pub use saml::simulate;
pub(in crate::service) use saml::{Occasion, on_occasion, with_draft};

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its stable name.
    pub name: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// For an admin, in words: what was found, and what to do when it failed.
    pub words: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It doesn't, and sign-on stops here.
    Failed,
    /// It deserves a look; sign-on goes on.
    Warning,
    /// Not reached.
    Skipped,
}

impl Check {
    pub(in crate::service) fn new(name: &'static str, verdict: Verdict, words: impl Into<String>) -> Self {
        Self { name, verdict, words: words.into() }
    }
}

/// One attribute as the app would see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SentAttribute {
    /// Its name.
    pub name: String,
    /// Its `NameFormat`.
    pub name_format: String,
    /// Its values.
    pub values: Vec<String>,
}

/// What would happen to a person who opens a SAML app.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// Always `true`: this is no sign-on.
    pub preview: bool,
    /// Whether they get in.
    pub allowed: bool,
    /// Through which groups, or by hand.
    pub routes: Vec<Route>,
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// What identifies the person; empty when it would be made at the first sign-on, or can't be.
    pub name_id: String,
    /// The URI of its format.
    pub name_id_format: String,
    /// What is said about the person.
    pub attributes: Vec<SentAttribute>,
    /// Where the response would be posted.
    pub acs_url: String,
    /// The response, signed with a throw-away key; none when a check failed before. Shown before encryption.
    pub response_xml: Option<String>,
    /// The certificate of the throw-away key, base64 DER, so that the shape can be tried against a test system.
    pub throw_away_certificate: Option<String>,
}
