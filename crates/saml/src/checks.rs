//! Owns the named checks an AuthnRequest passes, in order, each with the rule it obeys.
//! Does not parse and does not remember: replay of an ID is for the caller.
//!
//! The order matters twice. Logic reads only what the signature covers, so the signature comes first.
//! And only when signature, issuer, destination and assertion consumer service hold may the SP be told
//! what else is wrong; before that there is nobody to tell but the person in front of the browser.

use crate::authn_request::{ReceivedSignature, UnverifiedAuthnRequest, VerifiedAuthnRequest, VerifyContext};
use crate::encryption::Decryption;
use crate::error::{Refusal, RequestError, RequestErrorKind as Kind, SecondLevelStatusCode};
use crate::name_id::{NameId, NameIdFormat};
use crate::parse::{AskedContext, AuthnRequest, RequestedSubject, clip};
use crate::response::ResponseTarget;
use crate::service_provider::{AssertionConsumerService, ServiceProvider};
use crate::signature::{OwnVerifier, SignatureError, SignatureVerifier, Trust, VerifiedSignature};
use crate::uri;
use crate::xml::is_ncname;
use crate::xml::reader::{Document, Limits};

type Check = Result<(), RequestError>;

/// Runs all checks.
pub(crate) fn verify(
    unverified: &UnverifiedAuthnRequest,
    sp: &ServiceProvider,
    context: &VerifyContext<'_>,
) -> Result<VerifiedAuthnRequest, Refusal> {
    run(unverified, sp, context, Some(context.decryption))
}

/// Runs every check but that of an encrypted subject, which costs most and is cheap to ask for.
pub(crate) fn precheck(
    unverified: &UnverifiedAuthnRequest,
    sp: &ServiceProvider,
    context: &VerifyContext<'_>,
) -> Result<(), Refusal> {
    // What comes out lacks its subject: nobody gets it.
    run(unverified, sp, context, None).map(drop)
}

/// The checks in order; without `decryption`, an encrypted subject is passed over.
fn run(
    unverified: &UnverifiedAuthnRequest,
    sp: &ServiceProvider,
    context: &VerifyContext<'_>,
    decryption: Option<Decryption<'_>>,
) -> Result<VerifiedAuthnRequest, Refusal> {
    let signed = unverified.is_signed();
    let (request, signature) = check_signature(unverified, sp)?;
    check_id(&request)?;
    check_issuer(&request, sp)?;
    check_destination(&request, signed, context)?;
    let acs = check_assertion_consumer_service(&request, sp)?;

    let (name_id_format, asked) = requested_choices(&request, sp);
    let mut verified = VerifiedAuthnRequest {
        acs_url: acs.url.clone(),
        relay_state: unverified.relay_state.clone(),
        binding: unverified.binding(),
        signed,
        signature,
        name_id_format,
        requested_authn_context: asked,
        subject: match &request.subject {
            RequestedSubject::NameId(name_id) => Some(name_id.clone()),
            // What is encrypted is read in its turn, below.
            RequestedSubject::Absent | RequestedSubject::Encrypted(_) | RequestedSubject::Unsupported(_) => {
                None
            }
        },
        id: request.id.clone(),
        issuer: request.issuer.clone(),
        issue_instant: request.issue_instant,
        force_authn: request.force_authn,
        is_passive: request.is_passive,
        name_id_policy: request.name_id_policy.clone(),
        attribute_consuming_service_index: request.attribute_consuming_service_index,
    };
    let told = check_version(&request)
        .and_then(|()| check_issue_instant(&request, context))
        .and_then(|()| check_protocol_binding(&request))
        .and_then(|()| check_relay_state(unverified, sp))
        .and_then(|()| check_name_id_policy(&request, sp))
        .and_then(|()| check_subject(&request))
        .and_then(|()| check_requested_authn_context(&request, context))
        .and_then(|()| match decryption {
            Some(decryption) => decrypted_subject(&request, sp, signed, decryption),
            None => Ok(None),
        })
        .map(|decrypted| verified.subject = decrypted.or(verified.subject.take()));
    follow_subject(&mut verified, sp);
    match told {
        Ok(()) => Ok(verified),
        Err(error) => {
            Err(Refusal { reply_to: Some(Box::new(ResponseTarget::for_refusal(&verified, &error))), error })
        }
    }
}

/// SAML Profiles §4.1.4.1: a signed request must verify; whether one must be signed is agreed in
/// metadata (SDP-IDP04, SDP-IDP05). Returns the request as the signature covers it, and how it was signed.
fn check_signature(
    unverified: &UnverifiedAuthnRequest,
    sp: &ServiceProvider,
) -> Result<(AuthnRequest, Option<VerifiedSignature>), RequestError> {
    let trust = Trust {
        certificates: &sp.signing_certificates,
        allow_sha1: sp.allow_sha1,
        blocked: &sp.blocked_algorithms,
    };
    let refused = |error: SignatureError| {
        let kind = if matches!(error, SignatureError::Algorithm(_)) {
            Kind::SignatureAlgorithm
        } else {
            Kind::Signature
        };
        RequestError::new(kind, error.to_string())
    };
    match &unverified.signature {
        ReceivedSignature::Detached(Some(signature)) => {
            let verified = OwnVerifier.verify_detached(signature, trust).map_err(refused)?;
            Ok((unverified.claimed.clone(), Some(verified)))
        }
        ReceivedSignature::Enveloped(true) => {
            let root = (uri::SAMLP, "AuthnRequest");
            let covered = OwnVerifier.verify_enveloped(&unverified.xml, root, trust).map_err(refused)?;
            let document = Document::read(covered.xml.as_bytes(), &Limits::MESSAGE)
                .map_err(|error| RequestError::new(Kind::Xml, error.to_string()))?;
            Ok((AuthnRequest::parse(&document)?, Some(covered.signature)))
        }
        ReceivedSignature::Detached(None) | ReceivedSignature::Enveloped(false)
            if sp.require_signed_requests =>
        {
            Err(RequestError::new(Kind::Signature, "the request is not signed, and this SP must sign"))
        }
        ReceivedSignature::Detached(None) | ReceivedSignature::Enveloped(false) => {
            Ok((unverified.claimed.clone(), None))
        }
    }
}

/// SAML Core §1.3.4 and §3.2.1: the ID is of type `xs:ID`, an NCName. IIP-G02: 256 characters are taken.
fn check_id(request: &AuthnRequest) -> Check {
    if is_ncname(&request.id) && request.id.chars().nth(256).is_none() {
        return Ok(());
    }
    Err(RequestError::new(
        Kind::Id,
        format!("ID '{}' is not an NCName of at most 256 characters", clip(&request.id)),
    ))
}

/// SAML Profiles §4.1.4.1: the Issuer is the entity id of the SP; its Format is absent or `entity`. An SP whose entity id is not
/// known yet sends no request that is its own, least of all one with an empty Issuer.
fn check_issuer(request: &AuthnRequest, sp: &ServiceProvider) -> Check {
    if request.issuer_format.as_deref().is_some_and(|format| format != NameIdFormat::ENTITY) {
        let format = request.issuer_format.as_deref().unwrap_or_default();
        return Err(RequestError::new(Kind::Issuer, format!("the Issuer has the Format '{}'", clip(format))));
    }
    if sp.entity_id.is_empty() {
        let detail = format!("the Issuer is '{}', and no entity id is registered", clip(&request.issuer));
        return Err(RequestError::new(Kind::Issuer, detail));
    }
    if request.issuer == sp.entity_id {
        return Ok(());
    }
    let detail = format!("the Issuer is '{}', registered is '{}'", clip(&request.issuer), sp.entity_id);
    Err(RequestError::new(Kind::Issuer, detail))
}

/// SAML Core §3.2.1: a Destination that is not where the message arrived means it must be discarded.
/// SAML Bindings §3.4.5.2 and §3.5.5.2: a signed message must have one.
fn check_destination(request: &AuthnRequest, signed: bool, context: &VerifyContext<'_>) -> Check {
    match request.destination.as_deref() {
        Some(destination) if context.sso_urls.contains(&destination) => Ok(()),
        Some(destination) => {
            let ours = context.sso_urls.join(", ");
            let detail = format!("the Destination is '{}', ours is {ours}", clip(destination));
            Err(RequestError::new(Kind::Destination, detail))
        }
        None if signed => {
            Err(RequestError::new(Kind::Destination, "the request is signed and has no Destination"))
        }
        None => Ok(()),
    }
}

/// SAML Core §3.4.1: the SP names an endpoint by URL or by index, not both; SAML Profiles §4.1.4.1: it
/// must be proven to belong to the SP. SDP-IDP06: compared as strings, the default when none is named.
fn check_assertion_consumer_service<'s>(
    request: &AuthnRequest,
    sp: &'s ServiceProvider,
) -> Result<&'s AssertionConsumerService, RequestError> {
    let refused = |detail: String| RequestError::new(Kind::AssertionConsumerService, detail);
    match (request.acs_url.as_deref(), request.acs_index.as_deref()) {
        (Some(_), Some(_)) => Err(refused("both AssertionConsumerServiceURL and Index are given".to_owned())),
        (Some(url), None) => sp
            .by_url(url)
            .ok_or_else(|| refused(format!("asked for '{}', on the list: {}", clip(url), sp.listed_urls()))),
        (None, Some(index)) => {
            index.trim().parse::<u16>().ok().and_then(|index| sp.by_index(index)).ok_or_else(|| {
                refused(format!("asked for index '{}', on the list: {}", clip(index), sp.listed_urls()))
            })
        }
        (None, None) => sp
            .default_assertion_consumer_service()
            .ok_or_else(|| refused("no assertion consumer service is registered".to_owned())),
    }
}

/// SAML Core §3.2.1 and §4.1.3.1: the version is 2.0; for others VersionMismatch is answered.
fn check_version(request: &AuthnRequest) -> Check {
    if request.version == "2.0" {
        return Ok(());
    }
    let error = RequestError::new(Kind::Version, format!("the Version is '{}'", clip(&request.version)));
    let major = request.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    Err(match major {
        Some(0..=1) => error.with_second(SecondLevelStatusCode::RequestVersionTooLow),
        Some(_) => error.with_second(SecondLevelStatusCode::RequestVersionTooHigh),
        None => error,
    })
}

/// IIP-G01, S-26: a request is taken for `max_age` from its IssueInstant, give or take the skew.
fn check_issue_instant(request: &AuthnRequest, context: &VerifyContext<'_>) -> Check {
    let age = context.now.signed_duration_since(request.issue_instant);
    if age >= -context.skew && age <= context.max_age + context.skew {
        return Ok(());
    }
    let detail = format!(
        "issued at {}, it is now {}; taken are requests up to {} s old and clocks up to {} s apart",
        request.issue_instant.format("%FT%TZ"),
        context.now.format("%FT%TZ"),
        context.max_age.num_seconds(),
        context.skew.num_seconds()
    );
    Err(RequestError::new(Kind::IssueInstant, detail))
}

/// SAML Profiles §4.1.2: a Response travels by HTTP-POST or HTTP-Artifact; we use the former only (S-21).
fn check_protocol_binding(request: &AuthnRequest) -> Check {
    match request.protocol_binding.as_deref() {
        None | Some(uri::BINDING_HTTP_POST) => Ok(()),
        Some(other) => Err(RequestError::new(
            Kind::ProtocolBinding,
            format!("asked for '{}', we use {}", clip(other), uri::BINDING_HTTP_POST),
        )),
    }
}

/// SAML Bindings §3.4.3 and §3.5.3: at most 80 bytes, where the SP is held to it.
fn check_relay_state(unverified: &UnverifiedAuthnRequest, sp: &ServiceProvider) -> Check {
    match &unverified.relay_state {
        Some(relay_state) if sp.strict_relay_state && !relay_state.is_within_specification() => {
            let detail =
                format!("RelayState has {} bytes, at most 80 are agreed", relay_state.as_str().len());
            Err(RequestError::new(Kind::RelayState, detail))
        }
        _ => Ok(()),
    }
}

/// SAML Core §3.4.1.1: a format we cannot give, or the namespace of another SP, is InvalidNameIDPolicy.
fn check_name_id_policy(request: &AuthnRequest, sp: &ServiceProvider) -> Check {
    let Some(policy) = &request.name_id_policy else {
        return Ok(());
    };
    // An affiliation's identifiers are not ours to give (S-39). SPs also send an empty qualifier.
    if let Some(qualifier) = policy.sp_name_qualifier.as_deref()
        && !qualifier.is_empty()
        && qualifier != sp.entity_id
    {
        let detail =
            format!("asked for an identifier of '{}', the SP is '{}'", clip(qualifier), sp.entity_id);
        return Err(RequestError::new(Kind::NameIdPolicy, detail));
    }
    match &policy.format {
        Some(format) if !can_give(format, sp) && !sp.ignore_name_id_policy_format => {
            let given: Vec<&str> = std::iter::once(&sp.name_id_format)
                .chain(&sp.other_name_id_formats)
                .map(NameIdFormat::uri)
                .collect();
            let detail = format!("asked for '{}', this SP gets {}", clip(format.uri()), given.join(", "));
            Err(RequestError::new(Kind::NameIdPolicy, detail))
        }
        _ => Ok(()),
    }
}

fn can_give(format: &NameIdFormat, sp: &ServiceProvider) -> bool {
    *format == NameIdFormat::Unspecified
        || *format == sp.name_id_format
        || sp.other_name_id_formats.contains(format)
}

/// SAML Core §3.4.1: the assertion must be about the Subject named. We can compare a NameID, nothing more
/// (IIP-SSO07); the comparison itself happens when the assertion is issued.
fn check_subject(request: &AuthnRequest) -> Check {
    match &request.subject {
        RequestedSubject::Unsupported(what) => {
            Err(RequestError::new(Kind::Subject, format!("the request names {what}")))
        }
        RequestedSubject::Absent | RequestedSubject::NameId(_) | RequestedSubject::Encrypted(_) => Ok(()),
    }
}

/// IIP-IDP19: a Subject that is encrypted for us; the answer is the identifier inside. Last of all: whoever needs no signature may
/// send us as many of them as they like.
fn decrypted_subject(
    request: &AuthnRequest,
    sp: &ServiceProvider,
    signed: bool,
    decryption: Decryption<'_>,
) -> Result<Option<NameId>, RequestError> {
    match &request.subject {
        RequestedSubject::Encrypted(encrypted) => {
            decryption.decrypt(encrypted, &sp.blocked_algorithms, signed).map(Some)
        }
        RequestedSubject::Absent | RequestedSubject::NameId(_) | RequestedSubject::Unsupported(_) => Ok(None),
    }
}

/// SAML Core §3.3.2.2.1: what cannot be met is answered with NoAuthnContext (IIP-IDP08, S-38).
fn check_requested_authn_context(request: &AuthnRequest, context: &VerifyContext<'_>) -> Check {
    match &request.requested_authn_context {
        AskedContext::Absent => Ok(()),
        AskedContext::Classes(requested) if requested.can_be_met(context.authn_contexts) => Ok(()),
        AskedContext::Classes(requested) => {
            let asked = clip(&requested.class_refs.join(", "));
            let ours = context.authn_contexts.join(", ");
            let detail = format!("asked for {:?} of {asked}; given can be {ours}", requested.comparison);
            Err(RequestError::new(Kind::RequestedAuthnContext, detail))
        }
        AskedContext::Declarations => Err(RequestError::new(
            Kind::RequestedAuthnContext,
            "asked for authentication context declarations",
        )),
    }
}

/// What of the wishes is carried on: the format to give, and the context to meet.
fn requested_choices(
    request: &AuthnRequest,
    sp: &ServiceProvider,
) -> (NameIdFormat, Option<crate::authn_context::RequestedAuthnContext>) {
    let asked = request.name_id_policy.as_ref().and_then(|policy| policy.format.as_ref());
    let format = match asked {
        Some(format) if *format != NameIdFormat::Unspecified && can_give(format, sp) => format.clone(),
        _ => sp.name_id_format.clone(),
    };
    let context = match &request.requested_authn_context {
        AskedContext::Classes(requested) => Some(requested.clone()),
        AskedContext::Absent | AskedContext::Declarations => None,
    };
    (format, context)
}

/// SAML Core §3.4.1: the assertion is about the Subject asked for, and so its identifier has the format of that one, where the
/// policy leaves the format open and it can be given.
fn follow_subject(verified: &mut VerifiedAuthnRequest, sp: &ServiceProvider) {
    let Some(subject) = &verified.subject else { return };
    let asked = verified.name_id_policy.as_ref().and_then(|policy| policy.format.as_ref());
    let is_open = asked.is_none_or(|format| *format == NameIdFormat::Unspecified);
    if is_open && subject.format != NameIdFormat::Unspecified && can_give(&subject.format, sp) {
        verified.name_id_format = subject.format.clone();
    }
}

/// SAML Core §3.3.4: whether `issued` strongly matches the `asked` subject: the same identifier, and the
/// same format and qualifiers where the request gives them. E-mail addresses that differ in case only are one.
pub(crate) fn subject_matches(asked: &NameId, issued: &NameId) -> bool {
    let agrees = |asked: &Option<String>, issued: &Option<String>| asked.is_none() || asked == issued;
    let is_address = issued.format == NameIdFormat::EmailAddress;
    (asked.value == issued.value || is_address && asked.value.eq_ignore_ascii_case(&issued.value))
        && (asked.format == NameIdFormat::Unspecified || asked.format == issued.format)
        && agrees(&asked.name_qualifier, &issued.name_qualifier)
        && agrees(&asked.sp_name_qualifier, &issued.sp_name_qualifier)
}
