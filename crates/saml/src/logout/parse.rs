//! Owns reading LogoutRequest and LogoutResponse out of a tree, by their schema.
//! Does not judge what they say: that is for `checks`.

use chrono::{DateTime, Utc};

use super::status::{LogoutOutcome, parse_status};
use crate::encryption::EncryptedId;
use crate::error::RequestError;
use crate::name_id::NameId;
use crate::parse::{
    any_uri, clip, malformed, optional, parse_date_time, parse_instant, parse_name_id, required, text,
};
use crate::uri::{DS, SAML, SAMLP};
use crate::xml::reader::{Document, Element};

/// The namespace of the Asynchronous Single Logout extension.
const ASLO: &str = "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo";
/// The most sessions one request may name.
pub(super) const MAX_SESSION_INDEXES: usize = 256;

/// SAML Core §3.2.1 and §3.2.2: what requests and responses have in common.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) issue_instant: DateTime<Utc>,
    pub(super) destination: Option<String>,
    pub(super) issuer: String,
    pub(super) issuer_format: Option<String>,
}

/// A message of Single Logout.
pub(super) trait Message: Clone + Sized {
    /// The local name of its root.
    const NAME: &'static str;
    /// Reads the message from its root, whose name is right.
    fn parse_root(root: Element<'_, '_>) -> Result<Self, RequestError>;

    fn parse(document: &Document<'_>) -> Result<Self, RequestError> {
        let root = document.root();
        if root.is(SAMLP, Self::NAME) {
            return Self::parse_root(root);
        }
        Err(malformed(format!("the message is a '{}', not a {}", clip(root.name()), Self::NAME)))
    }
}

/// SAML Core §3.7.1: a LogoutRequest as sent.
#[derive(Debug, Clone)]
pub(super) struct LogoutRequest {
    pub(super) header: Header,
    pub(super) not_on_or_after: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
    pub(super) asynchronous: bool,
    pub(super) subject: LogoutSubject,
    pub(super) session_indexes: Vec<String>,
}

/// Whose sessions are to end.
#[derive(Debug, Clone)]
pub(super) enum LogoutSubject {
    NameId(NameId),
    /// Only its recipient can read it.
    Encrypted(EncryptedId),
    /// Beyond us; says what.
    Unsupported(&'static str),
}

/// SAML Core §3.7.2: a LogoutResponse as sent.
#[derive(Debug, Clone)]
pub(super) struct LogoutResponse {
    pub(super) header: Header,
    pub(super) in_response_to: Option<String>,
    pub(super) outcome: LogoutOutcome,
    pub(super) status_message: Option<String>,
}

impl Message for LogoutRequest {
    const NAME: &'static str = "LogoutRequest";

    fn parse_root(root: Element<'_, '_>) -> Result<Self, RequestError> {
        let (extensions, rest) = after_extensions(root)?;
        let mut rest = rest.into_iter();
        let subject = rest.next().ok_or_else(|| malformed("the request names no principal"))?;
        Ok(Self {
            header: parse_header(root)?,
            not_on_or_after: optional(root, "NotOnOrAfter")?.map(|value| expiry(&value)).transpose()?,
            reason: optional(root, "Reason")?,
            asynchronous: extensions
                .is_some_and(|extensions| extensions.child(ASLO, "Asynchronous").is_some()),
            subject: parse_subject(subject)?,
            session_indexes: parse_session_indexes(rest)?,
        })
    }
}

impl Message for LogoutResponse {
    const NAME: &'static str = "LogoutResponse";

    fn parse_root(root: Element<'_, '_>) -> Result<Self, RequestError> {
        let (_, rest) = after_extensions(root)?;
        let [status] = *rest else {
            return Err(malformed("the response does not hold exactly one Status"));
        };
        let (outcome, status_message) = parse_status(status)?;
        Ok(Self {
            header: parse_header(root)?,
            in_response_to: optional(root, "InResponseTo")?,
            outcome,
            status_message,
        })
    }
}

/// SAML Profiles §4.4.4.1 and §4.4.4.2: the Issuer must be present.
fn parse_header(root: Element<'_, '_>) -> Result<Header, RequestError> {
    let issuer = root.child(SAML, "Issuer").ok_or_else(|| malformed("Issuer is missing"))?;
    Ok(Header {
        id: required(root, "ID")?,
        version: required(root, "Version")?,
        issue_instant: parse_instant(&required(root, "IssueInstant")?)?,
        destination: optional(root, "Destination")?,
        issuer: text(issuer)?,
        issuer_format: any_uri(issuer, "Format")?,
    })
}

/// SAML Core §3.2.1 and §3.2.2: Issuer, Signature and Extensions come first, in this order, each at most
/// once. Returns the Extensions, and what follows.
fn after_extensions<'a, 'i>(
    root: Element<'a, 'i>,
) -> Result<(Option<Element<'a, 'i>>, Vec<Element<'a, 'i>>), RequestError> {
    let mut children = root.children().peekable();
    children.next_if(|child| child.is(SAML, "Issuer"));
    children.next_if(|child| child.is(DS, "Signature"));
    let extensions = children.next_if(|child| child.is(SAMLP, "Extensions"));
    let rest: Vec<_> = children.take(MAX_SESSION_INDEXES + 2).collect();
    for misplaced in &rest {
        if misplaced.is(SAML, "Issuer") || misplaced.is(DS, "Signature") || misplaced.is(SAMLP, "Extensions")
        {
            return Err(malformed(format!("'{}' is not expected there", misplaced.name())));
        }
    }
    Ok((extensions, rest))
}

fn parse_subject(subject: Element<'_, '_>) -> Result<LogoutSubject, RequestError> {
    if subject.is(SAML, "EncryptedID") {
        return Ok(EncryptedId::parse(subject).map_or(
            LogoutSubject::Unsupported("an EncryptedID that is not one for us, as the schema has it"),
            LogoutSubject::Encrypted,
        ));
    }
    if subject.is(SAML, "BaseID") {
        return Ok(LogoutSubject::Unsupported("a BaseID, and we know no such identifiers"));
    }
    if !subject.is(SAML, "NameID") {
        return Err(malformed(format!("'{}' is not expected there", clip(subject.name()))));
    }
    let name_id = parse_name_id(subject)?;
    if name_id.value.is_empty() {
        return Err(malformed("NameID is empty"));
    }
    Ok(LogoutSubject::NameId(name_id))
}

fn parse_session_indexes<'a, 'i: 'a>(
    elements: impl Iterator<Item = Element<'a, 'i>>,
) -> Result<Vec<String>, RequestError> {
    let mut indexes = Vec::new();
    for element in elements {
        if !element.is(SAMLP, "SessionIndex") {
            return Err(malformed(format!("'{}' is not expected there", clip(element.name()))));
        }
        if indexes.len() >= MAX_SESSION_INDEXES {
            return Err(malformed(format!("more than {MAX_SESSION_INDEXES} sessions are named")));
        }
        indexes.push(text(element)?);
    }
    Ok(indexes)
}

fn expiry(value: &str) -> Result<DateTime<Utc>, RequestError> {
    parse_date_time(value).ok_or_else(|| malformed(format!("NotOnOrAfter '{}' is no instant", clip(value))))
}
