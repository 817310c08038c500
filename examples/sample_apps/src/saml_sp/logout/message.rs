//! LogoutRequest and LogoutResponse (SAML Core §3.7): written for the identity provider, read from it. Owns what they say; their
//! signatures are verified in [`super::redirect`] before.

use crate::{
    page::escape,
    saml_sp::gate::{ASSERTION, PROTOCOL, Refusal, SUCCESS, child, strict},
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use roxmltree::Node;

const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";
/// How far the clocks of the two sides may differ, and how old a message may be.
const MAX_AGE: TimeDelta = TimeDelta::minutes(5);

/// How the identity provider named a person here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownAs {
    pub(crate) name_id: String,
    pub(crate) format: Option<String>,
    pub(crate) session_index: Option<String>,
}

/// The two sides of a message.
pub(crate) struct Sides<'a> {
    /// This app's entity ID.
    pub(crate) entity_id: &'a str,
    /// Where this app takes logout messages.
    pub(crate) slo_url: &'a str,
    /// The identity provider's entity ID.
    pub(crate) idp: &'a str,
}

/// Who is to be signed out here.
#[derive(Debug)]
pub(crate) struct LogoutRequest {
    pub(crate) id: String,
    name_id: String,
    session_indexes: Vec<String>,
    /// Until when it has to be remembered.
    pub(crate) until: DateTime<Utc>,
}

impl LogoutRequest {
    /// SAML Core §3.7.3.2: without a session index, every session of the person.
    pub(crate) fn names(&self, known: &KnownAs) -> bool {
        known.name_id == self.name_id
            && (self.session_indexes.is_empty()
                || known.session_index.as_ref().is_some_and(|index| self.session_indexes.contains(index)))
    }
}

/// What became of a sign-out that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every session ended.
    Everywhere,
    /// The identity provider's ended, some other app's may not have.
    Partly,
    /// The identity provider's may go on too.
    HereOnly,
}

/// A LogoutRequest for one person's session.
pub(crate) fn request(
    sides: &Sides<'_>,
    destination: &str,
    known: &KnownAs,
    id: &str,
    now: DateTime<Utc>,
) -> String {
    let format = known.format.as_deref().map(|format| format!(" Format=\"{}\"", escape(format)));
    let index = known
        .session_index
        .as_deref()
        .map(|index| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(index)));
    format!(
        "<samlp:LogoutRequest {}><saml:Issuer>{}</saml:Issuer><saml:NameID{}>{}</saml:NameID>{}</samlp:LogoutRequest>",
        head(id, destination, now),
        escape(sides.entity_id),
        format.unwrap_or_default(),
        escape(&known.name_id),
        index.unwrap_or_default(),
    )
}

/// The answer to a LogoutRequest: the session ended, or there was none.
pub(crate) fn answer(
    sides: &Sides<'_>,
    destination: &str,
    in_response_to: &str,
    id: &str,
    now: DateTime<Utc>,
) -> String {
    format!(
        "<samlp:LogoutResponse {} InResponseTo=\"{}\"><saml:Issuer>{}</saml:Issuer>\
         <samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\"/></samlp:Status></samlp:LogoutResponse>",
        head(id, destination, now),
        escape(in_response_to),
        escape(sides.entity_id),
    )
}

fn head(id: &str, destination: &str, now: DateTime<Utc>) -> String {
    format!(
        "xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{}\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{}\"",
        escape(id),
        now.to_rfc3339_opts(SecondsFormat::Secs, true),
        escape(destination),
    )
}

/// Reads a LogoutRequest of the identity provider.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) fn read_request(
    xml: &str,
    sides: &Sides<'_>,
    now: DateTime<Utc>,
) -> Result<LogoutRequest, Refusal> {
    strict(xml, |document| {
        let root = document.root_element();
        envelope(root, "LogoutRequest", sides, now)?;
        let ends = match root.attribute("NotOnOrAfter") {
            Some(text) => instant(text)?,
            None => now + MAX_AGE,
        };
        // SAML Core §3.7.1: after this instant the request means nothing.
        if now >= ends + MAX_AGE {
            return Err(Refusal::Invalid("the request has expired".into()));
        }
        let name_id = child(root, ASSERTION, "NameID").and_then(|node| node.text());
        let indexes = root.children().filter(|node| node.has_tag_name((PROTOCOL, "SessionIndex")));
        Ok(LogoutRequest {
            id: id_of(root)?,
            name_id: name_id.ok_or(Refusal::Shape("it names nobody"))?.trim().to_owned(),
            session_indexes: indexes
                .filter_map(|node| node.text())
                .map(|text| text.trim().to_owned())
                .collect(),
            until: ends + MAX_AGE,
        })
    })
}

/// Reads a LogoutResponse of the identity provider; answers which request it is about, and what became of it.
///
/// # Errors
/// The first rule that does not hold.
pub(crate) fn read_response(
    xml: &str,
    sides: &Sides<'_>,
    now: DateTime<Utc>,
) -> Result<(String, Outcome), Refusal> {
    strict(xml, |document| {
        let root = document.root_element();
        envelope(root, "LogoutResponse", sides, now)?;
        let request = root.attribute("InResponseTo").ok_or(Refusal::UnknownRequest)?;
        let code = child(root, PROTOCOL, "Status")
            .and_then(|status| child(status, PROTOCOL, "StatusCode"))
            .ok_or(Refusal::Shape("it has no status"))?;
        let second = child(code, PROTOCOL, "StatusCode").and_then(|code| code.attribute("Value"));
        // SAML Core §3.7.3.2: PartialLogout stands below Success or below Responder.
        let outcome = if second == Some(PARTIAL) {
            Outcome::Partly
        } else if code.attribute("Value") == Some(SUCCESS) {
            Outcome::Everywhere
        } else {
            Outcome::HereOnly
        };
        Ok((request.to_owned(), outcome))
    })
}

fn envelope(root: Node<'_, '_>, name: &str, sides: &Sides<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if !root.has_tag_name((PROTOCOL, name)) || root.attribute("Version") != Some("2.0") {
        return Err(Refusal::Shape("it is not the SAML 2.0 logout message that its parameter says"));
    }
    // SAML Bindings §3.4.5.2: a signed message names the address it was sent to, and the receiver compares.
    if root.attribute("Destination") != Some(sides.slo_url) {
        return Err(Refusal::Shape("its Destination is not this app"));
    }
    if child(root, ASSERTION, "Issuer").and_then(|issuer| issuer.text()) != Some(sides.idp) {
        return Err(Refusal::Shape("its Issuer is not the identity provider"));
    }
    let issued = instant(root.attribute("IssueInstant").unwrap_or_default())?;
    if (now - issued).abs() > MAX_AGE {
        return Err(Refusal::Invalid("the message is not of this moment".into()));
    }
    Ok(())
}

fn id_of(root: Node<'_, '_>) -> Result<String, Refusal> {
    let id = root.attribute("ID").filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or(Refusal::Shape("it has no ID"))
}

fn instant(text: &str) -> Result<DateTime<Utc>, Refusal> {
    let read = DateTime::parse_from_rfc3339(text);
    read.map(|at| at.to_utc()).map_err(|_| Refusal::Shape("an instant is none"))
}
