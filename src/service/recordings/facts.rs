//! What a response says, as lines that two responses can be compared by. What is new each time (ids, instants, signatures) is
//! no line; instants count from the issue. Does not own making responses (`crates/saml`).

use ::saml::{
    uri::{DS, SAML},
    xml::reader::{Document, Element, Limits},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";

/// One thing that a response says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) part: &'static str,
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

impl Fact {
    pub(super) fn new(part: &'static str, name: &str, values: Vec<String>) -> Self {
        Self { part, name: name.to_owned(), values }
    }

    pub(super) fn one(part: &'static str, name: &str, value: Option<&str>) -> Option<Self> {
        value.map(|value| Self::new(part, name, vec![value.to_owned()]))
    }
}

/// How a line differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// The same in both.
    Same,
    /// Only afterwards.
    Added,
    /// Only before.
    Removed,
    /// Another value.
    Changed,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it belongs to: `response`, `encryption`, `assertion`, `name_id`, `confirmation`, `conditions`, `authentication`,
    /// `attribute`, `attribute_format` or `attribute_friendly_name`.
    pub part: &'static str,
    /// Its name there.
    pub name: String,
    /// As it was.
    pub before: Vec<String>,
    /// As it would be.
    pub after: Vec<String>,
    /// How they differ.
    pub difference: Difference,
}

/// When a response was issued, and what it said of the sign-in: what a replay repeats, since settings don't decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) issued_at: DateTime<Utc>,
    pub(super) authn_instant: DateTime<Utc>,
    pub(super) class_ref: String,
    pub(super) session_index: String,
    pub(super) session_end: Option<DateTime<Utc>>,
}

/// What a response says, and its moment. `assertion` is the one inside an encrypted response. `None`: these are no messages
/// of ours.
pub(super) fn of(response: &str, assertion: Option<&str>) -> Option<(Vec<Fact>, Moment)> {
    let document = Document::read(response.as_bytes(), &LIMITS).ok()?;
    let root = document.root();
    let mut facts = Vec::new();
    facts.extend(Fact::one("response", "Destination", root.attribute("Destination")));
    facts.extend(Fact::one("response", "InResponseTo", root.attribute("InResponseTo")));
    signature(&mut facts, "response", root);
    let encrypted =
        root.child(SAML, "EncryptedAssertion").and_then(|outer| outer.child(XENC, "EncryptedData"));
    if let Some(data) = encrypted {
        let key = data.child(DS, "KeyInfo").and_then(|info| info.child(XENC, "EncryptedKey"));
        facts.extend(encryption(algorithm(data), key.and_then(algorithm)));
    }
    let inner = assertion.map(|xml| Document::read(xml.as_bytes(), &LIMITS)).transpose().ok()?;
    let assertion = match &inner {
        Some(inner) => inner.root(),
        None => root.child(SAML, "Assertion")?,
    };
    let moment = statements(&mut facts, assertion)?;
    Some((facts, moment))
}

/// As for messages; what we write may be larger than what we take.
const LIMITS: Limits = Limits { bytes: 4 << 20, elements: 50_000, ..Limits::MESSAGE };

pub(super) fn encryption(content: Option<&str>, key: Option<&str>) -> impl Iterator<Item = Fact> {
    [Fact::one("encryption", "content", content), Fact::one("encryption", "key", key)].into_iter().flatten()
}

fn algorithm<'a>(element: Element<'a, '_>) -> Option<&'a str> {
    element.child(XENC, "EncryptionMethod")?.attribute("Algorithm")
}

fn signature(facts: &mut Vec<Fact>, part: &'static str, element: Element<'_, '_>) {
    let Some(info) = element.child(DS, "Signature").and_then(|signature| signature.child(DS, "SignedInfo"))
    else {
        facts.push(Fact::new(part, "signature", vec!["none".into()]));
        return;
    };
    let method = info.child(DS, "SignatureMethod").and_then(|method| method.attribute("Algorithm"));
    let reference = info.child(DS, "Reference").and_then(|reference| reference.child(DS, "DigestMethod"));
    facts.extend(Fact::one(part, "signature", method));
    facts.extend(Fact::one(part, "digest", reference.and_then(|digest| digest.attribute("Algorithm"))));
}

fn text(element: Element<'_, '_>) -> String {
    element.text().unwrap_or_default()
}

fn instant(element: Element<'_, '_>, name: &str) -> Option<DateTime<Utc>> {
    element.attribute(name)?.parse().ok()
}

fn statements(facts: &mut Vec<Fact>, assertion: Element<'_, '_>) -> Option<Moment> {
    let issued_at = instant(assertion, "IssueInstant")?;
    let after_issue = |instant: DateTime<Utc>| format!("{} s", (instant - issued_at).num_seconds());
    if let Some(issuer) = assertion.child(SAML, "Issuer") {
        facts.push(Fact::new("assertion", "Issuer", vec![text(issuer)]));
    }
    signature(facts, "assertion", assertion);
    let subject = assertion.child(SAML, "Subject")?;
    if let Some(name_id) = subject.child(SAML, "NameID") {
        facts.push(Fact::new("name_id", "value", vec![text(name_id)]));
        for name in ["Format", "NameQualifier", "SPNameQualifier"] {
            facts.extend(Fact::one("name_id", name, name_id.attribute(name)));
        }
    }
    let data = subject
        .child(SAML, "SubjectConfirmation")
        .and_then(|confirmation| confirmation.child(SAML, "SubjectConfirmationData"));
    if let Some(data) = data {
        facts.extend(Fact::one("confirmation", "Recipient", data.attribute("Recipient")));
        facts.extend(Fact::one("confirmation", "InResponseTo", data.attribute("InResponseTo")));
        let end = instant(data, "NotOnOrAfter").map(after_issue);
        facts.extend(Fact::one("confirmation", "NotOnOrAfter", end.as_deref()));
    }
    if let Some(conditions) = assertion.child(SAML, "Conditions") {
        for name in ["NotBefore", "NotOnOrAfter"] {
            let when = instant(conditions, name).map(after_issue);
            facts.extend(Fact::one("conditions", name, when.as_deref()));
        }
        if let Some(restriction) = conditions.child(SAML, "AudienceRestriction") {
            let audiences = restriction.children().map(text).collect();
            facts.push(Fact::new("conditions", "Audience", audiences));
        }
    }
    let authentication = assertion.child(SAML, "AuthnStatement")?;
    let class_ref = authentication
        .child(SAML, "AuthnContext")
        .and_then(|context| context.child(SAML, "AuthnContextClassRef"))
        .map(text)?;
    facts.push(Fact::new("authentication", "AuthnContextClassRef", vec![class_ref.clone()]));
    let session_end = instant(authentication, "SessionNotOnOrAfter");
    let shown = session_end.map(after_issue);
    facts.extend(Fact::one("authentication", "SessionNotOnOrAfter", shown.as_deref()));
    if let Some(statement) = assertion.child(SAML, "AttributeStatement") {
        statement.children().for_each(|attribute| self::attribute(facts, attribute));
    }
    Some(Moment {
        issued_at,
        authn_instant: instant(authentication, "AuthnInstant")?,
        class_ref,
        session_index: authentication.attribute("SessionIndex").unwrap_or_default().to_owned(),
        session_end,
    })
}

fn attribute(facts: &mut Vec<Fact>, attribute: Element<'_, '_>) {
    let name = attribute.attribute("Name").unwrap_or_default();
    facts.push(Fact::new("attribute", name, attribute.children().map(text).collect()));
    facts.extend(Fact::one("attribute_format", name, attribute.attribute("NameFormat")));
    facts.extend(Fact::one("attribute_friendly_name", name, attribute.attribute("FriendlyName")));
}

/// Line by line, in the order of before; what is new comes last.
pub(super) fn compare(before: &[Fact], after: &[Fact]) -> Vec<Line> {
    let same = |one: &Fact, other: &Fact| one.part == other.part && one.name == other.name;
    let mut lines: Vec<Line> = before
        .iter()
        .map(|fact| {
            let found = after.iter().find(|other| same(fact, other));
            let difference = match found {
                None => Difference::Removed,
                Some(other) if other.values == fact.values => Difference::Same,
                Some(_) => Difference::Changed,
            };
            Line {
                part: fact.part,
                name: fact.name.clone(),
                before: fact.values.clone(),
                after: found.map(|other| other.values.clone()).unwrap_or_default(),
                difference,
            }
        })
        .collect();
    lines.extend(after.iter().filter(|fact| !before.iter().any(|other| same(fact, other))).map(|fact| {
        Line {
            part: fact.part,
            name: fact.name.clone(),
            before: Vec::new(),
            after: fact.values.clone(),
            difference: Difference::Added,
        }
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_what_stayed_came_went_and_changed() {
        let fact = |name: &str, value: &str| Fact::new("attribute", name, vec![value.to_owned()]);
        let before = [fact("same", "1"), fact("gone", "2"), fact("other", "3")];
        let after = [fact("new", "4"), fact("other", "5"), fact("same", "1")];
        let lines = compare(&before, &after);
        let told: Vec<(&str, Difference)> =
            lines.iter().map(|line| (line.name.as_str(), line.difference)).collect();
        assert_eq!(
            told,
            [
                ("same", Difference::Same),
                ("gone", Difference::Removed),
                ("other", Difference::Changed),
                ("new", Difference::Added),
            ]
        );
        assert_eq!((&lines[2].before, &lines[2].after), (&vec!["3".to_owned()], &vec!["5".to_owned()]));
    }

    #[test]
    fn what_is_no_response_of_ours_says_nothing() {
        for junk in ["", "<a/>", "<Response/>", "no XML"] {
            assert!(of(junk, None).is_none(), "{junk}");
        }
    }
}
