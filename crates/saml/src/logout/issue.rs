//! Owns writing and signing our own logout messages.
//! Does not decide who is told and does not deliver.

use chrono::{DateTime, TimeDelta, Utc};
use rand_core::CryptoRng;

use super::status::LogoutStatus;
use super::target::{LogoutRequestTarget, LogoutResponseTarget};
use crate::binding::{Binding, MessageParameter, OutboundMessage, RelayState};
use crate::id::{new_id, xml_instant};
use crate::metadata::check_acs_url;
use crate::name_id::NameId;
use crate::response::{IssueError, insert_signature};
use crate::signature::Signer;
use crate::xml::writer::{SAML, SAMLP, XmlAttribute, XmlWriter};

/// SAML Core §3.7.3 and §3.7.3.2: why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogoutReason {
    /// The person signed out.
    User,
    /// An administrator ended the session: it was revoked, or the person was disabled.
    Admin,
    /// The session here reached its end.
    GlobalTimeout,
}

impl LogoutReason {
    /// The URN.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::User => "urn:oasis:names:tc:SAML:2.0:logout:user",
            Self::Admin => "urn:oasis:names:tc:SAML:2.0:logout:admin",
            Self::GlobalTimeout => "urn:oasis:names:tc:SAML:2.0:logout:global-timeout",
        }
    }
}

/// What a LogoutRequest is to say.
#[derive(Debug, Clone)]
pub struct LogoutRequestSpec<'a> {
    /// Our entity id towards this SP.
    pub idp_entity_id: &'a str,
    /// The principal, exactly as named in the assertion (SAML Core §3.7.3).
    pub name_id: &'a NameId,
    /// The sessions at this SP that end; empty for all of the principal.
    pub session_indexes: &'a [&'a str],
    /// How long the request can be obeyed, from now.
    pub lifetime: TimeDelta,
    /// Why, if it is to be told.
    pub reason: Option<LogoutReason>,
    /// What the SP is to echo through the browser. Never send what a stranger chose.
    pub relay_state: Option<&'a RelayState>,
}

impl LogoutRequestSpec<'_> {
    /// Five minutes to obey a request.
    pub const DEFAULT_LIFETIME: TimeDelta = TimeDelta::minutes(5);
}

/// A LogoutRequest ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedLogoutRequest {
    /// Its ID: the answer must name it.
    pub id: String,
    /// When it expires.
    pub not_on_or_after: DateTime<Utc>,
    /// The XML, in canonical form; without signature when it goes by redirect.
    pub xml: String,
    /// What to send.
    pub message: OutboundMessage,
}

/// A LogoutResponse ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedLogoutResponse {
    /// Its ID.
    pub id: String,
    /// The XML, in canonical form; without signature when it goes by redirect.
    pub xml: String,
    /// What to send.
    pub message: OutboundMessage,
}

/// Issues a signed LogoutRequest.
///
/// # Errors
/// [`IssueError`]; nothing was issued then.
pub fn issue_request(
    target: &LogoutRequestTarget,
    spec: &LogoutRequestSpec<'_>,
    signer: &dyn Signer,
    now: DateTime<Utc>,
    rng: &mut dyn CryptoRng,
) -> Result<IssuedLogoutRequest, IssueError> {
    if spec.name_id.value.is_empty() {
        return Err(IssueError::Specification("the NameID is empty"));
    }
    if spec.lifetime <= TimeDelta::zero() {
        return Err(IssueError::Specification("the lifetime is not positive"));
    }
    let not_on_or_after =
        now.checked_add_signed(spec.lifetime).ok_or(IssueError::Specification("the lifetime is too long"))?;
    check_location(Some(&target.location))?;
    let (id, issue_instant, end) = (new_id(rng), xml_instant(now), xml_instant(not_on_or_after));
    let mut attributes = vec![
        ("ID", id.as_str()),
        ("Version", "2.0"),
        ("IssueInstant", issue_instant.as_str()),
        ("Destination", target.location.as_str()),
        ("NotOnOrAfter", end.as_str()),
    ];
    attributes.extend(spec.reason.map(|reason| ("Reason", reason.uri())));
    let mut message = SignedMessage::start("LogoutRequest", &id, &mut attributes, spec.idp_entity_id);
    write_name_id(&mut message.writer, spec.name_id);
    for index in spec.session_indexes {
        message.writer.leaf(SAMLP, "SessionIndex", &mut [], index);
    }
    let xml = message.finish(target.binding, signer)?;
    let message = OutboundMessage::pack(
        target.binding,
        Some(&target.location),
        MessageParameter::Request,
        &xml,
        spec.relay_state,
        signer,
    )?;
    Ok(IssuedLogoutRequest { id, not_on_or_after, xml, message })
}

/// Issues a signed LogoutResponse.
///
/// # Errors
/// [`IssueError`]; nothing was issued then.
pub fn issue_response(
    target: &LogoutResponseTarget,
    idp_entity_id: &str,
    status: &LogoutStatus,
    signer: &dyn Signer,
    now: DateTime<Utc>,
    rng: &mut dyn CryptoRng,
) -> Result<IssuedLogoutResponse, IssueError> {
    if status.is_contradictory() {
        return Err(IssueError::Specification("a failure cannot have the status Success"));
    }
    check_location(target.location.as_deref())?;
    let (id, issue_instant) = (new_id(rng), xml_instant(now));
    let mut attributes = vec![
        ("ID", id.as_str()),
        ("Version", "2.0"),
        ("IssueInstant", issue_instant.as_str()),
        ("InResponseTo", target.in_response_to.as_str()),
    ];
    attributes.extend(target.location.as_deref().map(|location| ("Destination", location)));
    let mut message = SignedMessage::start("LogoutResponse", &id, &mut attributes, idp_entity_id);
    status.write(&mut message.writer);
    let xml = message.finish(target.binding, signer)?;
    let message = OutboundMessage::pack(
        target.binding,
        target.location.as_deref(),
        MessageParameter::Response,
        &xml,
        target.relay_state.as_ref(),
        signer,
    )?;
    Ok(IssuedLogoutResponse { id, xml, message })
}

/// S-22: registration checks addresses; one that slipped by is not sent to.
fn check_location(location: Option<&str>) -> Result<(), IssueError> {
    location.map_or(Ok(()), check_acs_url).map_err(|_| {
        IssueError::Specification("the registered address for logout messages is not one we send to")
    })
}

/// A message being written, and the place where its signature belongs.
struct SignedMessage<'a> {
    writer: XmlWriter,
    id: &'a str,
    after_issuer: usize,
}

impl<'a> SignedMessage<'a> {
    /// SAML Core §3.2.1 and §3.2.2: the root with its Issuer.
    fn start(
        name: &'static str,
        id: &'a str,
        attributes: &mut [XmlAttribute<'_>],
        idp_entity_id: &str,
    ) -> Self {
        let mut writer = XmlWriter::with_capacity(4096);
        writer.start(SAMLP, name, attributes);
        writer.leaf(SAML, "Issuer", &mut [], idp_entity_id);
        let after_issuer = writer.position();
        Self { writer, id, after_issuer }
    }

    /// SAML Bindings §3.4.4.1: by redirect the signature is in the query, and only there.
    fn finish(self, binding: Binding, signer: &dyn Signer) -> Result<String, IssueError> {
        let mut xml = self.writer.finish()?;
        if binding != Binding::HttpRedirect {
            insert_signature(&mut xml, self.after_issuer, self.id, signer)?;
        }
        Ok(xml)
    }
}

/// SAML Core §2.2.3: the identifier as it was issued, qualifiers included.
fn write_name_id(writer: &mut XmlWriter, name_id: &NameId) {
    let mut attributes: Vec<XmlAttribute<'_>> = vec![("Format", name_id.format.uri())];
    attributes.extend(name_id.name_qualifier.as_deref().map(|value| ("NameQualifier", value)));
    attributes.extend(name_id.sp_name_qualifier.as_deref().map(|value| ("SPNameQualifier", value)));
    writer.leaf(SAML, "NameID", &mut attributes, &name_id.value);
}
