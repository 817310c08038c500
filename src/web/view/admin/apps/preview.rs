//! The preview of a sign-on beside an app's settings: one person, whether they get in, and what the app would receive.
//!
//! Does not decide and does not map; both come from the code of the real sign-on.

use super::super::super::{Link, Tone};

/// The panel. It searches with `preview`: a user name, an email, or a part of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// What was searched for; kept when the settings are saved.
    pub q: String,
    /// The people that the search could mean, when there are several: each with an email.
    pub people: Vec<(Link, String)>,
    /// Instead of an answer, such as "Nobody here is called that."
    pub note: Option<String>,
    /// The answer; `None` before anyone was chosen.
    pub answer: Option<Answer>,
}

impl Preview {
    /// Leaves out the links to the other tokens, where leaving the page would lose something.
    pub fn stay(&mut self) {
        if let Some(tokens) = self.answer.as_mut().and_then(|answer| answer.tokens.as_mut()) {
            tokens.tabs.clear();
        }
    }
}

/// The answer for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether they would arrive at the app.
    pub arrives: bool,
    /// The verdict, such as "Maya would get in".
    pub title: String,
    /// Why, as a sentence.
    pub text: String,
    /// The check of this person on the access page, step by step.
    pub why: Link,
    /// What deserves a look, such as "“role” is empty for Maya".
    pub warnings: Vec<String>,
    /// What of the settings decides it: how it went, and in words.
    pub checks: Vec<(Tone, String)>,
    /// What a SAML app would receive, part by part.
    pub parts: Vec<Part>,
    /// What an OIDC app would receive, one thing at a time.
    pub tokens: Option<Tokens>,
}

/// The tokens of an OIDC app, one of them open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Each with whether it is the one that is open; empty, where the others can't be reached.
    pub tabs: Vec<(Link, bool)>,
    /// The title of the open one.
    pub title: String,
    /// What there is to say about it.
    pub hint: String,
    /// Its claims, as JSON.
    pub json: String,
}

impl Answer {
    pub(super) fn tone(&self) -> Tone {
        if self.arrives { Tone::Ok } else { Tone::Bad }
    }
}

/// One part of what an app receives, such as the NameID or the claims of the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub title: String,
    /// A line under it; may be empty.
    pub hint: String,
    /// Name and values, in order.
    pub rows: Vec<Row>,
}

/// One attribute or claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name the app sees.
    pub name: String,
    /// Its values as the app sees them.
    pub values: Vec<String>,
    /// What there is to say instead of a value, such as "Made at the first sign-on".
    pub note: String,
}
