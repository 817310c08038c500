//! Owns the AuthnRequest: taken in unverified, handed on only verified.
//! Does not own the checks in between (see `checks`) nor what happens with the user.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::authn_context::RequestedAuthnContext;
use crate::binding::{Binding, RelayState, post, redirect};
use crate::checks;
use crate::encryption::Decryption;
use crate::error::{Refusal, RequestError, RequestErrorKind};
use crate::name_id::{NameId, NameIdFormat, NameIdPolicy};
use crate::parse::{AuthnRequest, RequestedSubject};
use crate::service_provider::ServiceProvider;
use crate::signature::{DetachedSignature, VerifiedSignature, has_signature};
use crate::xml::reader::{Document, Limits};

/// An AuthnRequest that came in and of which nothing is proven. It can be asked who claims to have
/// sent it, so that the SP can be looked up, and be verified; nothing else.
#[derive(Debug, Clone)]
pub struct UnverifiedAuthnRequest {
    pub(crate) xml: Vec<u8>,
    pub(crate) claimed: AuthnRequest,
    pub(crate) relay_state: Option<RelayState>,
    pub(crate) signature: ReceivedSignature,
}

/// Where the signature of a request is.
#[derive(Debug, Clone)]
pub(crate) enum ReceivedSignature {
    /// HTTP-Redirect: beside the message, or missing.
    Detached(Option<DetachedSignature>),
    /// HTTP-POST: inside the message, or missing.
    Enveloped(bool),
}

/// What a request is measured against, apart from the SP itself.
#[derive(Debug, Clone, Copy)]
pub struct VerifyContext<'a> {
    /// The addresses at which this SP may reach us: the values accepted as Destination.
    pub sso_urls: &'a [&'a str],
    /// The time.
    pub now: DateTime<Utc>,
    /// How far clocks may differ, in both directions.
    pub skew: TimeDelta,
    /// How long after it was issued a request is taken, skew aside.
    pub max_age: TimeDelta,
    /// The authentication context classes we can give, weakest first.
    pub authn_contexts: &'a [&'a str],
    /// With what encrypted identifiers are read.
    pub decryption: Decryption<'a>,
}

impl<'a> VerifyContext<'a> {
    /// Five minutes for both skew and age (IIP-G01, S-26).
    #[must_use]
    pub const fn new(sso_urls: &'a [&'a str], now: DateTime<Utc>, authn_contexts: &'a [&'a str]) -> Self {
        let five_minutes = TimeDelta::minutes(5);
        let decryption = Decryption::NONE;
        Self { sso_urls, now, skew: five_minutes, max_age: five_minutes, authn_contexts, decryption }
    }
}

impl UnverifiedAuthnRequest {
    /// Takes a request from the query string of a GET, exactly as it came.
    ///
    /// # Errors
    /// [`RequestError`], when the query, the encoding or the XML is not acceptable.
    pub fn from_redirect(raw_query: &str) -> Result<Self, RequestError> {
        let message = redirect::decode(raw_query)?;
        let (claimed, embedded) = read(&message.xml)?;
        // SAML Bindings §3.4.4.1: a signature inside the message is removed before encoding. Only the
        // signature of the query would count, so one inside shows a mistake or a trick (S-16).
        if embedded {
            let detail = "the message in the query holds a Signature of its own";
            return Err(RequestError::new(RequestErrorKind::Signature, detail));
        }
        let signature = ReceivedSignature::Detached(message.signature);
        Ok(Self { xml: message.xml, claimed, relay_state: message.relay_state, signature })
    }

    /// Takes a request from the fields of a form, already decoded. Prefer [`Self::from_post_body`], which
    /// also sees repeated fields.
    ///
    /// # Errors
    /// [`RequestError`], when the encoding or the XML is not acceptable.
    pub fn from_post(saml_request: &str, relay_state: Option<&str>) -> Result<Self, RequestError> {
        Self::from_post_message(post::decode(saml_request, relay_state)?)
    }

    /// Takes a request from the raw body of a form.
    ///
    /// # Errors
    /// [`RequestError`], when the form, the encoding or the XML is not acceptable.
    pub fn from_post_body(raw_body: &str) -> Result<Self, RequestError> {
        Self::from_post_message(post::decode_body(raw_body)?)
    }

    fn from_post_message(message: post::PostMessage) -> Result<Self, RequestError> {
        let (claimed, embedded) = read(&message.xml)?;
        let signature = ReceivedSignature::Enveloped(embedded);
        Ok(Self { xml: message.xml, claimed, relay_state: message.relay_state, signature })
    }

    /// The ID it claims.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.claimed.id
    }

    /// The entity id it claims to come from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.claimed.issuer
    }

    /// What came along with it.
    #[must_use]
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.relay_state.as_ref()
    }

    /// Whether it names its subject by an identifier that only we can read: then [`VerifyContext::decryption`]
    /// is needed.
    #[must_use]
    pub const fn has_encrypted_subject(&self) -> bool {
        matches!(self.claimed.subject, RequestedSubject::Encrypted(_))
    }

    /// The message as it was decoded, for people to look at: nothing in it is proven.
    #[must_use]
    pub fn into_xml(self) -> Vec<u8> {
        self.xml
    }

    /// How it came.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        match self.signature {
            ReceivedSignature::Detached(_) => Binding::HttpRedirect,
            ReceivedSignature::Enveloped(_) => Binding::HttpPost,
        }
    }

    /// Whether it bears a signature, good or bad.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.signature, ReceivedSignature::Detached(Some(_)) | ReceivedSignature::Enveloped(true))
    }

    /// Runs every check against the registered `service_provider`, in the order of `checks`.
    ///
    /// The caller still owes the one check that needs memory: an ID seen before, from the same issuer,
    /// is a replay (S-26).
    ///
    /// # Errors
    /// [`Refusal`]: the first check that failed, and whether the SP may be told.
    pub fn verify(
        &self,
        service_provider: &ServiceProvider,
        context: &VerifyContext<'_>,
    ) -> Result<VerifiedAuthnRequest, Refusal> {
        checks::verify(self, service_provider, context)
    }

    /// Runs every check but reading an encrypted subject, which takes our private keys and their time. For a request
    /// that [has one](Self::has_encrypted_subject): the caller then bounds who may ask for that, and calls
    /// [`verify`](Self::verify) where the time is no harm.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn precheck(
        &self,
        service_provider: &ServiceProvider,
        context: &VerifyContext<'_>,
    ) -> Result<(), Refusal> {
        checks::precheck(self, service_provider, context)
    }
}

fn read(xml: &[u8]) -> Result<(AuthnRequest, bool), RequestError> {
    let document = Document::read(xml, &Limits::MESSAGE)
        .map_err(|error| RequestError::new(RequestErrorKind::Xml, error.to_string()))?;
    Ok((AuthnRequest::parse(&document)?, has_signature(&document)))
}

/// An AuthnRequest that passed every check. It can be kept between the round trips of a sign-in: only
/// [`UnverifiedAuthnRequest::verify`] makes one, and what is kept must come back from trusted storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedAuthnRequest {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) acs_url: String,
    pub(crate) relay_state: Option<RelayState>,
    pub(crate) binding: Binding,
    pub(crate) signed: bool,
    /// Requests kept by a version that did not know this field have none.
    #[serde(default)]
    pub(crate) signature: Option<VerifiedSignature>,
    pub(crate) issue_instant: DateTime<Utc>,
    pub(crate) force_authn: bool,
    pub(crate) is_passive: bool,
    pub(crate) name_id_policy: Option<NameIdPolicy>,
    pub(crate) name_id_format: NameIdFormat,
    pub(crate) requested_authn_context: Option<RequestedAuthnContext>,
    pub(crate) subject: Option<NameId>,
    /// Requests kept by a version that did not know this field have none.
    #[serde(default)]
    pub(crate) attribute_consuming_service_index: Option<u16>,
}

impl VerifiedAuthnRequest {
    /// Its ID, unique per issuer.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The entity id of the SP.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The registered address the Response goes to.
    #[must_use]
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// What is to be echoed.
    #[must_use]
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.relay_state.as_ref()
    }

    /// How it came.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// Whether it was signed (and then the signature verified).
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.signed
    }

    /// With which algorithm it was signed, and whether SHA-1 was involved, of which the administrator is
    /// to be warned. `None`, when it was not signed.
    #[must_use]
    pub const fn signature(&self) -> Option<VerifiedSignature> {
        self.signature
    }

    /// When the SP made it.
    #[must_use]
    pub const fn issue_instant(&self) -> DateTime<Utc> {
        self.issue_instant
    }

    /// SAML Core §3.4.1: whether the user must prove who they are afresh.
    #[must_use]
    pub const fn force_authn(&self) -> bool {
        self.force_authn
    }

    /// SAML Core §3.4.1: whether nothing may be shown to the user.
    #[must_use]
    pub const fn is_passive(&self) -> bool {
        self.is_passive
    }

    /// The policy as stated, if any.
    #[must_use]
    pub const fn name_id_policy(&self) -> Option<&NameIdPolicy> {
        self.name_id_policy.as_ref()
    }

    /// SAML Core §3.4.1.1: whether an identifier that does not exist yet may be made while answering. A
    /// policy without `AllowCreate="true"` says no.
    ///
    /// It concerns lasting identifiers only. The section leaves an identity provider free to make them
    /// apart from the request, and SPs send `false` without meaning it (interop XQ-04): whether to answer
    /// `InvalidNameIDPolicy` or to go on is for the caller.
    #[must_use]
    pub const fn allows_new_name_id(&self) -> bool {
        match &self.name_id_policy {
            Some(policy) => policy.allow_create || !matches!(self.name_id_format, NameIdFormat::Persistent),
            None => true,
        }
    }

    /// The format the NameID is to have: the one asked for where it can be given, else the SP's own.
    #[must_use]
    pub const fn name_id_format(&self) -> &NameIdFormat {
        &self.name_id_format
    }

    /// What is asked of the authentication. It was checked that it can be met; whether a given session
    /// meets it is decided at issue time.
    #[must_use]
    pub const fn requested_authn_context(&self) -> Option<&RequestedAuthnContext> {
        self.requested_authn_context.as_ref()
    }

    /// The subject the assertion must be about, if the SP named one. Issuing for another one fails.
    #[must_use]
    pub const fn subject(&self) -> Option<&NameId> {
        self.subject.as_ref()
    }

    /// SAML Core §3.4.1: the number of the attribute consuming service in the SP's metadata whose attributes
    /// it asks for; `None` for its default one (IIP-IDP04).
    ///
    /// The section lets an identity provider pass over a number it does not know, and so does this crate:
    /// whether the number exists is for the caller.
    #[must_use]
    pub const fn attribute_consuming_service_index(&self) -> Option<u16> {
        self.attribute_consuming_service_index
    }
}
