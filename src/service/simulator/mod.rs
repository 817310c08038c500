//! What would happen: to a person who opens an app, and to a request that an app sends. Nothing is stored, claimed or sent, and
//! what is signed is signed with a key that nobody trusts. Does not own the decisions, which are those of a real sign-on.

pub mod oidc;
mod pasted;
mod request;
mod saml;

use super::ServiceError;
use crate::domain::{
    access::Route,
    attributes::{SignIn, Subject},
    connection::{ValueMapping, ValueSource},
    expressions,
};
use serde::Serialize;

pub use request::{Judgement, judge};
pub(in crate::service) use request::{judge_kept, lines_of};
pub(in crate::service) use saml::{Occasion, on_occasion, with_draft};
pub use saml::{simulate, simulate_signed_in};

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

/// The methods of a sign-in that is made up: a password, when nobody says otherwise.
///
/// # Errors
/// `amr`: too many, or no names of methods (RFC 8176 §2).
pub fn methods(amr: Option<Vec<String>>) -> Result<Vec<String>, ServiceError> {
    let amr = amr.unwrap_or_else(|| SignIn::by_password().amr.to_vec());
    let named =
        |method: &String| (1..=32).contains(&method.len()) && method.bytes().all(|b| b.is_ascii_graphic());
    if amr.len() > 8 || !amr.iter().all(named) {
        return Err(ServiceError::field("amr", "Name at most eight methods, such as pwd and otp"));
    }
    Ok(amr)
}

/// The rows whose expression finds nothing for this person, each as a warning: a custom attribute may be misspelt, which can't be
/// seen when it is saved. `told` are the names that have a value.
fn nothing_found(
    name: &'static str,
    rows: &[ValueMapping],
    told: &[&str],
    subject: Subject<'_>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for row in rows.iter().filter(|row| !row.off && !told.contains(&row.name.as_str())) {
        let ValueSource::Expression(text) = &row.value else { continue };
        // One that fails says so itself.
        if expressions::claim(text, subject).is_err() {
            continue;
        }
        let missing = expressions::missing(text, subject.user);
        let why = if missing.is_empty() {
            String::new()
        } else {
            format!(" They have no custom attribute {}.", missing.join(", "))
        };
        let (row, person) = (&row.name, &subject.user.display_name);
        let words = format!("“{row}” isn’t sent: its expression finds nothing for {person}.{why}");
        checks.push(Check::new(name, Verdict::Warning, words));
    }
    checks
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
