//! Owns reading an AuthnRequest out of a tree, by its schema.
//! Does not judge what it says: that is for `checks`.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::authn_context::{Comparison, RequestedAuthnContext};
use crate::encryption::EncryptedId;
use crate::error::{RequestError, RequestErrorKind};
use crate::name_id::{NameId, NameIdFormat, NameIdPolicy};
use crate::uri::{SAML, SAMLP};
use crate::xml::reader::{Document, Element};

/// An AuthnRequest as sent (SAML Core §3.4.1). What Extensions, Conditions and Scoping say is passed over.
#[derive(Debug, Clone)]
pub(crate) struct AuthnRequest {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) issue_instant: DateTime<Utc>,
    pub(crate) destination: Option<String>,
    pub(crate) issuer: String,
    pub(crate) issuer_format: Option<String>,
    pub(crate) subject: RequestedSubject,
    pub(crate) name_id_policy: Option<NameIdPolicy>,
    pub(crate) requested_authn_context: AskedContext,
    pub(crate) force_authn: bool,
    pub(crate) is_passive: bool,
    pub(crate) acs_url: Option<String>,
    pub(crate) acs_index: Option<String>,
    pub(crate) attribute_consuming_service_index: Option<u16>,
    pub(crate) protocol_binding: Option<String>,
}

/// The Subject of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestedSubject {
    Absent,
    NameId(NameId),
    /// Only its recipient can read it.
    Encrypted(EncryptedId),
    /// Confirmed or otherwise beyond us; says what.
    Unsupported(&'static str),
}

/// The RequestedAuthnContext of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AskedContext {
    Absent,
    Classes(RequestedAuthnContext),
    /// Declarations instead of classes.
    Declarations,
}

/// The longest string we take for a name or address: longer ones are no mistake but a trick.
const MAX_VALUE: usize = 2048;

pub(crate) fn malformed(detail: impl Into<String>) -> RequestError {
    RequestError::new(RequestErrorKind::Message, detail)
}

impl AuthnRequest {
    pub(crate) fn parse(document: &Document<'_>) -> Result<Self, RequestError> {
        let root = document.root();
        if !root.is(SAMLP, "AuthnRequest") {
            return Err(malformed(format!("the message is a '{}', not an AuthnRequest", clip(root.name()))));
        }
        check_order(root)?;
        let issuer = root.child(SAML, "Issuer").ok_or_else(|| malformed("Issuer is missing"))?;
        Ok(Self {
            id: required(root, "ID")?,
            version: required(root, "Version")?,
            issue_instant: parse_instant(&required(root, "IssueInstant")?)?,
            destination: optional(root, "Destination")?,
            issuer: text(issuer)?,
            issuer_format: any_uri(issuer, "Format")?,
            subject: root.child(SAML, "Subject").map_or(Ok(RequestedSubject::Absent), parse_subject)?,
            name_id_policy: root.child(SAMLP, "NameIDPolicy").map(parse_name_id_policy).transpose()?,
            requested_authn_context: root
                .child(SAMLP, "RequestedAuthnContext")
                .map_or(Ok(AskedContext::Absent), parse_requested_authn_context)?,
            force_authn: boolean(root, "ForceAuthn")?.unwrap_or(false),
            is_passive: boolean(root, "IsPassive")?.unwrap_or(false),
            acs_url: optional(root, "AssertionConsumerServiceURL")?,
            acs_index: optional(root, "AssertionConsumerServiceIndex")?,
            attribute_consuming_service_index: unsigned_short(root, "AttributeConsumingServiceIndex")?,
            protocol_binding: any_uri(root, "ProtocolBinding")?,
        })
    }
}

/// SAML Core §3.2.1 and §3.4.1: the schema gives a sequence in which each child occurs at most once.
fn check_order(root: Element<'_, '_>) -> Result<(), RequestError> {
    const SEQUENCE: [(&str, &str); 8] = [
        (SAML, "Issuer"),
        (crate::uri::DS, "Signature"),
        (SAMLP, "Extensions"),
        (SAML, "Subject"),
        (SAMLP, "NameIDPolicy"),
        (SAML, "Conditions"),
        (SAMLP, "RequestedAuthnContext"),
        (SAMLP, "Scoping"),
    ];
    let mut next = 0;
    for child in root.children() {
        let place = SEQUENCE[next..].iter().position(|(namespace, name)| child.is(namespace, name));
        match place {
            Some(place) => next += place + 1,
            None => return Err(malformed(format!("'{}' is not expected there", clip(child.name())))),
        }
    }
    Ok(())
}

fn parse_subject(subject: Element<'_, '_>) -> Result<RequestedSubject, RequestError> {
    let mut children = subject.children();
    let (first, second) = (children.next(), children.next());
    Ok(match (first, second) {
        (Some(name_id), None) if name_id.is(SAML, "NameID") => {
            RequestedSubject::NameId(parse_name_id(name_id)?)
        }
        (Some(other), None) if other.is(SAML, "EncryptedID") => EncryptedId::parse(other).map_or(
            RequestedSubject::Unsupported("an EncryptedID that is not one for us, as the schema has it"),
            RequestedSubject::Encrypted,
        ),
        // SAML Profiles §4.1.4.1: the Subject of a request must not hold any SubjectConfirmation.
        _ => RequestedSubject::Unsupported("a subject that is more than a NameID"),
    })
}

/// SAML Core §2.2.3: the value and its qualifiers.
pub(crate) fn parse_name_id(name_id: Element<'_, '_>) -> Result<NameId, RequestError> {
    Ok(NameId {
        format: any_uri(name_id, "Format")?.map_or(NameIdFormat::Unspecified, NameIdFormat::from),
        value: text(name_id)?,
        name_qualifier: optional(name_id, "NameQualifier")?,
        sp_name_qualifier: optional(name_id, "SPNameQualifier")?,
    })
}

fn parse_name_id_policy(policy: Element<'_, '_>) -> Result<NameIdPolicy, RequestError> {
    Ok(NameIdPolicy {
        format: any_uri(policy, "Format")?.filter(|format| !format.is_empty()).map(NameIdFormat::from),
        sp_name_qualifier: optional(policy, "SPNameQualifier")?,
        allow_create: boolean(policy, "AllowCreate")?.unwrap_or(false),
    })
}

/// SAML Core §3.3.2.2.1: one or more class references, or one or more declaration references.
fn parse_requested_authn_context(requested: Element<'_, '_>) -> Result<AskedContext, RequestError> {
    let comparison = match requested.attribute("Comparison") {
        None => Comparison::default(),
        Some(value) => Comparison::parse(value)
            .ok_or_else(|| malformed(format!("Comparison '{}' does not exist", clip(value))))?,
    };
    let mut class_refs = Vec::new();
    for child in requested.children() {
        if child.is(SAML, "AuthnContextDeclRef") && class_refs.is_empty() {
            return Ok(AskedContext::Declarations);
        }
        if !child.is(SAML, "AuthnContextClassRef") || class_refs.len() >= 64 {
            return Err(malformed(
                "RequestedAuthnContext holds something else than up to 64 class references",
            ));
        }
        class_refs.push(collapsed(&text(child)?));
    }
    if class_refs.is_empty() {
        return Err(malformed("RequestedAuthnContext is empty"));
    }
    Ok(AskedContext::Classes(RequestedAuthnContext { comparison, class_refs }))
}

pub(crate) fn text(element: Element<'_, '_>) -> Result<String, RequestError> {
    let text = element.text().map_err(|error| malformed(error.to_string()))?;
    within(element.name(), text)
}

pub(crate) fn required(element: Element<'_, '_>, name: &str) -> Result<String, RequestError> {
    optional(element, name)?.ok_or_else(|| malformed(format!("{name} is missing")))
}

pub(crate) fn optional(element: Element<'_, '_>, name: &str) -> Result<Option<String>, RequestError> {
    element.attribute(name).map(|value| within(name, value.to_owned())).transpose()
}

/// An attribute of type `xs:anyURI`.
pub(crate) fn any_uri(element: Element<'_, '_>, name: &str) -> Result<Option<String>, RequestError> {
    Ok(optional(element, name)?.map(|value| collapsed(&value)))
}

/// XML Schema Part 2 §3.2.17 and §4.3.6: white space around an `xs:anyURI` is none of it, and a run of it inside is one blank.
/// Strings, such as the Issuer, keep theirs; so do the addresses that decide where a message belongs and goes, which are compared byte
/// for byte (S-19, S-27).
pub(crate) fn collapsed(value: &str) -> String {
    let mut words = value.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |collapsed, word| collapsed + " " + word)
}

fn within(name: &str, value: String) -> Result<String, RequestError> {
    if value.len() > MAX_VALUE {
        return Err(malformed(format!("{name} has {} bytes, at most {MAX_VALUE} are taken", value.len())));
    }
    Ok(value)
}

fn boolean(element: Element<'_, '_>, name: &str) -> Result<Option<bool>, RequestError> {
    element
        .attribute(name)
        .map(|value| {
            parse_boolean(value).ok_or_else(|| malformed(format!("{name} '{}' is no boolean", clip(value))))
        })
        .transpose()
}

/// XML Schema §3.3.23: an unsigned short is a number up to 65535; a plus sign and zeros may stand before it.
fn unsigned_short(element: Element<'_, '_>, name: &str) -> Result<Option<u16>, RequestError> {
    element
        .attribute(name)
        .map(|value| {
            let number = value.trim().parse::<u16>();
            number.map_err(|_| malformed(format!("{name} '{}' is no number up to 65535", clip(value))))
        })
        .transpose()
}

/// XML Schema §3.2.2: a boolean is `true`, `false`, `1` or `0`.
pub(crate) fn parse_boolean(value: &str) -> Option<bool> {
    match value.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// SAML Core §1.3.3: instants are `xs:dateTime` in UTC. The zone is `Z` or left out; another offset is
/// understood all the same.
pub(crate) fn parse_date_time(value: &str) -> Option<DateTime<Utc>> {
    let value = value.trim();
    if value.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(value) {
        return Some(instant.to_utc());
    }
    NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|local| local.and_utc())
}

pub(crate) fn parse_instant(value: &str) -> Result<DateTime<Utc>, RequestError> {
    parse_date_time(value).ok_or_else(|| malformed(format!("IssueInstant '{}' is no instant", clip(value))))
}

/// The beginning of a value from outside, for a private detail.
pub(crate) fn clip(value: &str) -> String {
    const SHOWN: usize = 256;
    if value.chars().nth(SHOWN).is_none() {
        return value.to_owned();
    }
    value.chars().take(SHOWN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_uri_is_none_of_it() {
        for (written, meant) in [
            ("\n    urn:x\n  ", "urn:x"),
            ("urn:x", "urn:x"),
            (" \t\r\n ", ""),
            ("", ""),
            ("a \n b", "a b"),
            ("\u{a0}a", "\u{a0}a"),
        ] {
            assert_eq!(collapsed(written), meant, "{written:?}");
        }
    }

    #[test]
    fn instants_are_utc_with_or_without_the_letter() {
        let expected = "2026-03-04T05:06:07Z".parse::<DateTime<Utc>>().ok();
        for good in [
            "2026-03-04T05:06:07Z",
            "2026-03-04T05:06:07",
            "2026-03-04T06:06:07+01:00",
            " 2026-03-04T05:06:07.000Z",
        ] {
            assert_eq!(parse_date_time(good), expected, "{good}");
        }
        for bad in
            ["", "2026-03-04", "2026-03-04 05:06:07Z", "2026-13-04T05:06:07Z", "now", "2026-03-04T05:06:07é"]
        {
            assert_eq!(parse_date_time(bad), None, "{bad}");
        }
    }
}
