//! Owns the Assertion: what it says about a user and how it is written and signed.
//! Does not decide who the user is or what an SP may learn.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::attribute::Attribute;
use crate::checks::subject_matches;
use crate::encryption::EncryptTo;
use crate::id::xml_instant;
use crate::name_id::{NameId, NameIdFormat};
use crate::response::{IssueError, ResponseTarget, insert_signature};
use crate::signature::Signer;
use crate::uri;
use crate::xml::check_xml_text;
use crate::xml::writer::{SAML, XmlAttribute, XmlWriter};

/// Which parts are signed (IIP-SSO04). Most SPs want both (interop XS-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sign {
    /// The Assertion.
    pub assertion: bool,
    /// The Response around it.
    pub response: bool,
}

impl Default for Sign {
    fn default() -> Self {
        Self { assertion: true, response: true }
    }
}

/// What an assertion is to say. The SP's own audience, Recipient and InResponseTo are not here: they come
/// from the [`ResponseTarget`] and cannot be anything else.
#[derive(Debug, Clone)]
pub struct AssertionSpec<'a> {
    /// Our entity id towards this SP.
    pub idp_entity_id: &'a str,
    /// Who the user is for the SP. `None` for an SP that goes by attributes alone (IIP-IDP11); most SPs
    /// refuse an assertion without (interop XS-20).
    pub name_id: Option<&'a NameId>,
    /// What the SP learns about the user. Attributes without values are left out.
    pub attributes: &'a [Attribute],
    /// When the user proved who they are.
    pub authn_instant: DateTime<Utc>,
    /// How they did.
    pub authn_context_class_ref: &'a str,
    /// The session at this SP, for logout later.
    pub session_index: &'a str,
    /// When the SP should end its session. It must lie in the future.
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    /// Further audiences beside the SP itself, for SPs that know themselves by another name. Usually none.
    pub extra_audiences: &'a [String],
    /// Which parts are signed.
    pub sign: Sign,
    /// For whom the assertion is encrypted once it is signed, if it is (IIP-IDP09). Sign the assertion too,
    /// not only the Response: many SPs insist (interop XS-05).
    pub encrypt: Option<&'a EncryptTo>,
    /// How long the assertion can be used, from now.
    pub lifetime: TimeDelta,
    /// How far NotBefore lies in the past, for SPs whose clocks are slow (interop XS-33).
    pub not_before_skew: TimeDelta,
}

impl AssertionSpec<'_> {
    /// Five minutes to use an assertion.
    pub const DEFAULT_LIFETIME: TimeDelta = TimeDelta::minutes(5);
    /// Two minutes for slow clocks.
    pub const DEFAULT_NOT_BEFORE_SKEW: TimeDelta = TimeDelta::minutes(2);
}

/// Writes the assertion in canonical form, signed if the specification says so.
pub(crate) fn write(
    target: &ResponseTarget,
    spec: &AssertionSpec<'_>,
    id: &str,
    signer: &dyn Signer,
    now: DateTime<Utc>,
) -> Result<String, IssueError> {
    check(target, spec, now)?;
    let expiry =
        now.checked_add_signed(spec.lifetime).ok_or(IssueError::Specification("the lifetime is too long"))?;
    let start = now
        .checked_sub_signed(spec.not_before_skew)
        .ok_or(IssueError::Specification("the skew of NotBefore is too long"))?;
    let not_on_or_after = xml_instant(expiry);

    let mut writer = XmlWriter::with_capacity(8192);
    let issue_instant = xml_instant(now);
    writer.start(SAML, "Assertion", &mut [("ID", id), ("Version", "2.0"), ("IssueInstant", &issue_instant)]);
    writer.leaf(SAML, "Issuer", &mut [], spec.idp_entity_id);
    let after_issuer = writer.position();
    write_subject(&mut writer, target, spec, &not_on_or_after);
    let not_before = xml_instant(start);
    writer.start(SAML, "Conditions", &mut [("NotBefore", &not_before), ("NotOnOrAfter", &not_on_or_after)]);
    write_audiences(&mut writer, target, spec);
    writer.end();
    write_authn_statement(&mut writer, spec);
    write_attribute_statement(&mut writer, spec.attributes);
    let mut xml = writer.finish()?;
    if spec.sign.assertion {
        insert_signature(&mut xml, after_issuer, id, signer)?;
    }
    Ok(xml)
}

fn check(target: &ResponseTarget, spec: &AssertionSpec<'_>, now: DateTime<Utc>) -> Result<(), IssueError> {
    let matches = |asked| spec.name_id.is_some_and(|name_id| subject_matches(asked, name_id));
    if target.subject().is_some_and(|asked| !matches(asked)) {
        return Err(IssueError::SubjectMismatch);
    }
    let wrong = if spec.name_id.is_some_and(|name_id| name_id.value.is_empty()) {
        "the NameID is empty"
    } else if spec.name_id.is_some_and(is_too_long) {
        "the NameID is longer than 256 characters"
    } else if spec.extra_audiences.iter().any(|audience| audience.is_empty() || audience.trim() != audience) {
        // interop XS-31: SPs compare the text as it is.
        "an audience is empty or has white space around it"
    } else if spec.lifetime <= TimeDelta::zero() {
        "the lifetime is not positive"
    } else if spec.not_before_skew < TimeDelta::zero() {
        "NotBefore would lie in the future"
    } else if spec.authn_instant > now {
        "the user signs in only in the future"
    } else if spec.session_not_on_or_after.is_some_and(|end| end <= now) {
        // interop XS-41: SPs refuse an assertion whose session is over, or loop.
        "the session is over"
    } else if spec.attributes.iter().any(|attribute| attribute.name.is_empty()) {
        "an attribute has no name"
    } else {
        check_characters(spec)?;
        let mut names = HashSet::new();
        return match spec.attributes.iter().find(|attribute| !names.insert(&attribute.name)) {
            Some(twice) => Err(IssueError::DuplicateAttribute(twice.name.clone())),
            None => Ok(()),
        };
    };
    Err(IssueError::Specification(wrong))
}

/// XML 1.0 §2.2: some characters stand in no document, not even escaped. Expressions can make them; whoever mends the expression
/// needs to know which.
fn check_characters(spec: &AssertionSpec<'_>) -> Result<(), IssueError> {
    let forbidden = |what: &dyn Fn() -> String, text: &str| {
        check_xml_text(text)
            .map_err(|error| IssueError::ForbiddenIn { what: what(), character: error.character })
    };
    if let Some(name_id) = spec.name_id {
        forbidden(&|| "the NameID".to_owned(), &name_id.value)?;
    }
    for attribute in spec.attributes {
        for value in &attribute.values {
            forbidden(&|| format!("the attribute “{}”", attribute.name), value)?;
        }
    }
    Ok(())
}

/// SAML Core §8.3.7, §8.3.8: of a persistent or transient identifier. How long others may be is for the caller.
fn is_too_long(name_id: &NameId) -> bool {
    matches!(name_id.format, NameIdFormat::Persistent | NameIdFormat::Transient)
        && name_id.value.chars().nth(NameId::MAX).is_some()
}

/// SAML Core §2.5.1.4: one restriction, met by any of its audiences. SAML Profiles §4.1.4.2: the entity id
/// of the SP is among them; here it is the first (S-31).
fn write_audiences(writer: &mut XmlWriter, target: &ResponseTarget, spec: &AssertionSpec<'_>) {
    writer.start(SAML, "AudienceRestriction", &mut []);
    let mut written = HashSet::new();
    let further = spec.extra_audiences.iter().map(String::as_str);
    for audience in std::iter::once(target.sp_entity_id()).chain(further) {
        if written.insert(audience) {
            writer.leaf(SAML, "Audience", &mut [], audience);
        }
    }
    writer.end();
}

/// SAML Profiles §4.1.4.2: one bearer confirmation with Recipient, NotOnOrAfter, InResponseTo when a
/// request is answered, and no NotBefore.
fn write_subject(
    writer: &mut XmlWriter,
    target: &ResponseTarget,
    spec: &AssertionSpec<'_>,
    not_on_or_after: &str,
) {
    writer.start(SAML, "Subject", &mut []);
    if let Some(name_id) = spec.name_id {
        let mut attributes: Vec<XmlAttribute<'_>> = vec![("Format", name_id.format.uri())];
        attributes.extend(name_id.name_qualifier.as_deref().map(|value| ("NameQualifier", value)));
        attributes.extend(name_id.sp_name_qualifier.as_deref().map(|value| ("SPNameQualifier", value)));
        writer.leaf(SAML, "NameID", &mut attributes, &name_id.value);
    }
    writer.start(SAML, "SubjectConfirmation", &mut [("Method", uri::CM_BEARER)]);
    let mut attributes: Vec<XmlAttribute<'_>> =
        vec![("NotOnOrAfter", not_on_or_after), ("Recipient", target.acs_url())];
    attributes.extend(target.in_response_to().map(|id| ("InResponseTo", id)));
    writer.leaf(SAML, "SubjectConfirmationData", &mut attributes, "");
    writer.end();
    writer.end();
}

/// SAML Core §2.7.2: when and how the user proved who they are.
fn write_authn_statement(writer: &mut XmlWriter, spec: &AssertionSpec<'_>) {
    let authn_instant = xml_instant(spec.authn_instant);
    let session_end = spec.session_not_on_or_after.map(xml_instant);
    let mut attributes: Vec<XmlAttribute<'_>> =
        vec![("AuthnInstant", &authn_instant), ("SessionIndex", spec.session_index)];
    attributes.extend(session_end.as_deref().map(|value| ("SessionNotOnOrAfter", value)));
    writer.start(SAML, "AuthnStatement", &mut attributes);
    writer.start(SAML, "AuthnContext", &mut []);
    writer.leaf(SAML, "AuthnContextClassRef", &mut [], spec.authn_context_class_ref);
    writer.end();
    writer.end();
}

/// SAML Core §2.7.3: at least one attribute, or the statement is left out (interop XS-42); one value each
/// in its own element, without `xsi:type` (interop XS-43, XS-45).
fn write_attribute_statement(writer: &mut XmlWriter, attributes: &[Attribute]) {
    let mut released = attributes.iter().filter(|attribute| !attribute.values.is_empty()).peekable();
    if released.peek().is_none() {
        return;
    }
    writer.start(SAML, "AttributeStatement", &mut []);
    for attribute in released {
        let mut names: Vec<XmlAttribute<'_>> =
            vec![("Name", &attribute.name), ("NameFormat", attribute.name_format.uri())];
        names.extend(attribute.friendly_name.as_deref().map(|value| ("FriendlyName", value)));
        writer.start(SAML, "Attribute", &mut names);
        for value in &attribute.values {
            writer.leaf(SAML, "AttributeValue", &mut [], value);
        }
        writer.end();
    }
    writer.end();
}
