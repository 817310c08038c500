//! Owns the named checks of logout messages, each with the rule it obeys.
//! Does not parse and does not remember: replay of a request is for the caller.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{LogoutError, LogoutErrorKind};
use super::parse::{Header, LogoutRequest, LogoutSubject, Message};
use super::received::{Received, Signed};
use crate::binding::Binding;
use crate::encryption::Decryption;
use crate::error::{RequestError, RequestErrorKind as Kind, SecondLevelStatusCode};
use crate::name_id::{NameId, NameIdFormat};
use crate::parse::clip;
use crate::service_provider::ServiceProvider;
use crate::signature::{OwnVerifier, SignatureError, SignatureVerifier, Trust, VerifiedSignature};
use crate::uri::SAMLP;
use crate::xml::is_ncname;
use crate::xml::reader::{Document, Limits};

type Check = Result<(), LogoutError>;

/// What a logout message is measured against, apart from the SP itself.
#[derive(Debug, Clone, Copy)]
pub struct LogoutVerifyContext<'a> {
    /// The addresses at which this SP may reach us with logout messages: the values accepted as
    /// Destination.
    pub destinations: &'a [&'a str],
    /// The time.
    pub now: DateTime<Utc>,
    /// How far clocks may differ, in both directions.
    pub skew: TimeDelta,
    /// How long after it was issued a message is taken, skew aside.
    pub max_age: TimeDelta,
    /// With what encrypted identifiers are read.
    pub decryption: Decryption<'a>,
}

impl<'a> LogoutVerifyContext<'a> {
    /// Five minutes for both skew and age (IIP-G01, S-26); an SP whose clock is known to be further off has a skew of its own.
    #[must_use]
    pub const fn new(destinations: &'a [&'a str], now: DateTime<Utc>) -> Self {
        let five_minutes = TimeDelta::minutes(5);
        Self { destinations, now, skew: five_minutes, max_age: five_minutes, decryption: Decryption::NONE }
    }

    /// Until when a message issued at `issued` could be taken again, if nobody remembered it.
    pub(super) fn acceptable_until(&self, issued: DateTime<Utc>) -> DateTime<Utc> {
        issued
            .checked_add_signed(self.max_age)
            .and_then(|instant| instant.checked_add_signed(self.skew))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

fn refused(kind: Kind, detail: impl Into<String>) -> LogoutError {
    RequestError::new(kind, detail).into()
}

/// SAML Profiles §4.4.3.1 and §4.4.4.1: a logout message must be authenticated and protected; we accept a
/// signature only, on every binding (S-37, SDP-IDP21). Returns the message as the signature covers it, and how it was signed.
pub(super) fn check_signature<M: Message>(
    received: &Received<M>,
    sp: &ServiceProvider,
) -> Result<(M, VerifiedSignature), LogoutError> {
    let trust = Trust {
        certificates: &sp.signing_certificates,
        allow_sha1: sp.allow_sha1,
        blocked: &sp.blocked_algorithms,
    };
    let mismatch = |error: SignatureError| {
        let kind = match error {
            SignatureError::Algorithm(_) => Kind::SignatureAlgorithm,
            _ => Kind::Signature,
        };
        refused(kind, error.to_string())
    };
    match &received.signature {
        Signed::No => Err(refused(Kind::Signature, "the message is not signed, and logout messages must be")),
        Signed::Detached(signature) => {
            let verified = OwnVerifier.verify_detached(signature, trust).map_err(mismatch)?;
            Ok((received.claimed.clone(), verified))
        }
        Signed::Enveloped => {
            let root = (SAMLP, M::NAME);
            let covered = OwnVerifier.verify_enveloped(&received.xml, root, trust).map_err(mismatch)?;
            let document = Document::read(covered.xml.as_bytes(), &Limits::MESSAGE)
                .map_err(|error| refused(Kind::Xml, error.to_string()))?;
            Ok((M::parse(&document)?, covered.signature))
        }
    }
}

/// SAML Core §1.3.4 and §3.2.1: the ID is of type `xs:ID`, an NCName.
pub(super) fn check_id(header: &Header) -> Check {
    if is_ncname(&header.id) && header.id.len() <= 256 {
        return Ok(());
    }
    Err(refused(Kind::Id, format!("ID '{}' is not an NCName of at most 256 bytes", clip(&header.id))))
}

/// SAML Profiles §4.4.4.1 and §4.4.4.2: the Issuer is the entity id of the sender; its Format is absent or
/// `entity`.
pub(super) fn check_issuer(header: &Header, sp: &ServiceProvider) -> Check {
    if let Some(format) = header.issuer_format.as_deref().filter(|format| *format != NameIdFormat::ENTITY) {
        return Err(refused(Kind::Issuer, format!("the Issuer has the Format '{}'", clip(format))));
    }
    if sp.entity_id.is_empty() {
        let detail = format!("the Issuer is '{}', and no entity id is registered", clip(&header.issuer));
        return Err(refused(Kind::Issuer, detail));
    }
    if header.issuer == sp.entity_id {
        return Ok(());
    }
    let detail = format!("the Issuer is '{}', registered is '{}'", clip(&header.issuer), sp.entity_id);
    Err(refused(Kind::Issuer, detail))
}

/// SAML Core §3.2.1 and §3.2.2: a Destination that is not where the message arrived means it must be
/// discarded. SAML Bindings §3.4.5.2 and §3.5.5.2: a signed message must have one (S-27); SAML Bindings
/// §3.2 does not ask for it, since nobody in between carries the message.
pub(super) fn check_destination(
    header: &Header,
    binding: Binding,
    context: &LogoutVerifyContext<'_>,
) -> Check {
    match header.destination.as_deref() {
        Some(destination) if context.destinations.contains(&destination) => Ok(()),
        Some(destination) => {
            let ours = context.destinations.join(", ");
            let detail = format!("the Destination is '{}', ours is {ours}", clip(destination));
            Err(refused(Kind::Destination, detail))
        }
        None if binding == Binding::Soap => Ok(()),
        None => Err(refused(Kind::Destination, "the message is signed and has no Destination")),
    }
}

/// SAML Core §3.2.1 and §4.1.3.1: the version is 2.0.
pub(super) fn check_version(header: &Header) -> Check {
    if header.version == "2.0" {
        return Ok(());
    }
    let error = RequestError::new(Kind::Version, format!("the Version is '{}'", clip(&header.version)));
    let major = header.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    Err(LogoutError::from(match major {
        Some(0..=1) => error.with_second(SecondLevelStatusCode::RequestVersionTooLow),
        Some(_) => error.with_second(SecondLevelStatusCode::RequestVersionTooHigh),
        None => error,
    }))
}

/// IIP-G01, S-26: a message is taken for `max_age` from its IssueInstant, give or take the skew.
pub(super) fn check_issue_instant(header: &Header, context: &LogoutVerifyContext<'_>) -> Check {
    let age = context.now.signed_duration_since(header.issue_instant);
    if age >= -context.skew && age <= context.max_age + context.skew {
        return Ok(());
    }
    let detail = format!(
        "issued at {}, it is now {}; taken are messages up to {} s old and clocks up to {} s apart",
        header.issue_instant.format("%FT%TZ"),
        context.now.format("%FT%TZ"),
        context.max_age.num_seconds(),
        context.skew.num_seconds()
    );
    Err(refused(Kind::IssueInstant, detail))
}

/// SAML Core §3.7.1: a request may be discarded from NotOnOrAfter on; give or take the skew.
pub(super) fn check_not_on_or_after(request: &LogoutRequest, context: &LogoutVerifyContext<'_>) -> Check {
    match request.not_on_or_after {
        Some(end) if context.now.signed_duration_since(end) >= context.skew => {
            let detail = format!(
                "the request ended at {}, it is now {}",
                end.format("%FT%TZ"),
                context.now.format("%FT%TZ")
            );
            Err(LogoutError::new(LogoutErrorKind::NotOnOrAfter, detail))
        }
        _ => Ok(()),
    }
}

/// SAML Bindings §3.4.3 and §3.5.3: at most 80 bytes, where the SP is held to it.
pub(super) fn check_relay_state<M>(received: &Received<M>, sp: &ServiceProvider) -> Check {
    match &received.relay_state {
        Some(relay_state) if sp.strict_relay_state && !relay_state.is_within_specification() => {
            let length = relay_state.as_str().len();
            Err(refused(Kind::RelayState, format!("RelayState has {length} bytes, at most 80 are agreed")))
        }
        _ => Ok(()),
    }
}

/// SAML Core §3.7.1: the principal is named by a NameID, in clear or encrypted; other identifiers are beyond us.
pub(super) fn check_subject(request: &LogoutRequest) -> Check {
    match &request.subject {
        LogoutSubject::Unsupported(what) => Err(unsupported(what)),
        LogoutSubject::NameId(_) | LogoutSubject::Encrypted(_) => Ok(()),
    }
}

fn unsupported(what: &str) -> LogoutError {
    refused(Kind::Subject, format!("the request names its principal by {what}"))
}

/// SAML Core §3.7.1: the principal: the NameID that we issued, or that one encrypted for us (IIP-IDP19). The signature over the
/// message verified before.
pub(super) fn subject(
    request: &LogoutRequest,
    sp: &ServiceProvider,
    context: &LogoutVerifyContext<'_>,
) -> Result<NameId, LogoutError> {
    match &request.subject {
        LogoutSubject::NameId(name_id) => Ok(name_id.clone()),
        LogoutSubject::Encrypted(encrypted) => {
            Ok(context.decryption.decrypt(encrypted, &sp.blocked_algorithms, true)?)
        }
        LogoutSubject::Unsupported(what) => Err(unsupported(what)),
    }
}

/// SAML Core §3.2.2: InResponseTo is the ID of the request that is answered. In Single Logout there is
/// always one, and it is one we sent.
pub(super) fn check_in_response_to(
    in_response_to: Option<&str>,
    sent: &[&str],
) -> Result<String, LogoutError> {
    match in_response_to {
        Some(id) if sent.contains(&id) => Ok(id.to_owned()),
        Some(id) => {
            let detail = format!("the response answers '{}', which was not asked of this SP", clip(id));
            Err(LogoutError::new(LogoutErrorKind::InResponseTo, detail))
        }
        None => Err(LogoutError::new(LogoutErrorKind::InResponseTo, "the response answers no request")),
    }
}
