//! Owns the Response: an assertion for a user, or a status that says why there is none.
//! Does not deliver it and does not choose what the assertion says.

use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

use crate::assertion::{self, AssertionSpec};
use crate::authn_request::VerifiedAuthnRequest;
use crate::binding::RelayState;
use crate::encryption::EncryptError;
use crate::error::{RequestError, RequestErrorKind, Status, StatusCode};
use crate::id::{new_id, xml_instant};
use crate::name_id::NameId;
use crate::service_provider::ServiceProvider;
use crate::signature::{SignError, Signer, enveloped_signature};
use crate::xml::ForbiddenCharacter;
use crate::xml::writer::{SAML, SAMLP, XmlWriter};

/// Where a Response goes and what it answers. It comes only from a verified request or from the
/// registration of an SP, so nothing can be posted to an address that was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseTarget {
    sp_entity_id: String,
    acs_url: String,
    in_response_to: Option<String>,
    relay_state: Option<RelayState>,
    subject: Option<NameId>,
}

impl ResponseTarget {
    /// The target of an IdP-initiated Response: the default assertion consumer service, answering no
    /// request (S-29). `None`, when the SP has no assertion consumer service, or no entity id: what it got would be for
    /// nobody (S-31).
    #[must_use]
    pub fn unsolicited(sp: &ServiceProvider, relay_state: Option<RelayState>) -> Option<Self> {
        if sp.entity_id.is_empty() {
            return None;
        }
        let service = sp.default_assertion_consumer_service()?;
        Some(Self {
            sp_entity_id: sp.entity_id.clone(),
            acs_url: service.url.clone(),
            in_response_to: None,
            relay_state,
            subject: None,
        })
    }

    /// A RelayState that was refused is not echoed.
    pub(crate) fn for_refusal(request: &VerifiedAuthnRequest, error: &RequestError) -> Self {
        let mut target = Self::from(request);
        if error.kind() == RequestErrorKind::RelayState {
            target.relay_state = None;
        }
        target
    }

    /// The entity id of the SP: the audience of the assertion.
    #[must_use]
    pub fn sp_entity_id(&self) -> &str {
        &self.sp_entity_id
    }

    /// The address to post to: Destination and Recipient.
    #[must_use]
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// The ID of the request, `None` when there was none.
    #[must_use]
    pub fn in_response_to(&self) -> Option<&str> {
        self.in_response_to.as_deref()
    }

    /// What to send along.
    #[must_use]
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.relay_state.as_ref()
    }

    /// The subject the SP insists on, if any.
    #[must_use]
    pub const fn subject(&self) -> Option<&NameId> {
        self.subject.as_ref()
    }
}

impl From<&VerifiedAuthnRequest> for ResponseTarget {
    fn from(request: &VerifiedAuthnRequest) -> Self {
        Self {
            sp_entity_id: request.issuer.clone(),
            acs_url: request.acs_url.clone(),
            in_response_to: Some(request.id.clone()),
            relay_state: request.relay_state.clone(),
            subject: request.subject.clone(),
        }
    }
}

/// A Response with an assertion, ready to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedResponse {
    /// The XML, in canonical form.
    pub xml: String,
    /// The ID of the Response.
    pub response_id: String,
    /// The ID of the Assertion.
    pub assertion_id: String,
    /// The Assertion as it was before it was encrypted; `None` when it stands in the Response in clear.
    pub plain_assertion: Option<String>,
}

/// Why a Response was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Neither the assertion nor the response was to be signed.
    #[error("a Response without any signature is not issued")]
    Unsigned,
    /// The SP asked for another subject. Answer with `UnknownPrincipal`.
    #[error("the SP asked for another subject than the one signed in")]
    SubjectMismatch,
    /// A value in the specification of the assertion makes no sense; says which.
    #[error("the assertion cannot be issued: {0}")]
    Specification(&'static str),
    /// One attribute name occurs twice.
    #[error("the attribute '{0}' occurs twice")]
    DuplicateAttribute(String),
    /// A value of the person's holds a character that XML forbids.
    #[error("{what} holds the character U+{:04X}, which XML can’t carry", u32::from(*.character))]
    ForbiddenIn {
        /// What holds it: the NameID, or an attribute by its name.
        what: String,
        /// The character.
        character: char,
    },
    /// Something else holds a character that XML forbids.
    #[error(transparent)]
    Forbidden(#[from] ForbiddenCharacter),
    /// The signature failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The encryption failed.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
}

/// Issues a Response with one assertion, encrypted if the specification says so.
///
/// SAML Profiles §4.1.4.2 and the demands of real SPs decide the shape: Issuer in both, Destination and
/// Recipient the assertion consumer service, InResponseTo in both places when a request is answered,
/// signatures directly after the Issuer.
///
/// # Errors
/// [`IssueError`]; nothing was issued then.
pub fn issue(
    target: &ResponseTarget,
    spec: &AssertionSpec<'_>,
    signer: &dyn Signer,
    now: DateTime<Utc>,
    rng: &mut dyn CryptoRng,
) -> Result<IssuedResponse, IssueError> {
    if !spec.sign.assertion && !spec.sign.response {
        return Err(IssueError::Unsigned);
    }
    let (response_id, assertion_id) = (new_id(rng), new_id(rng));
    let mut assertion = assertion::write(target, spec, &assertion_id, signer, now)?;
    // Sign the assertion, encrypt it, sign the Response: in this order both signatures can be verified.
    let mut plain_assertion = None;
    if let Some(encrypt_to) = spec.encrypt {
        let encrypted = encrypt_to.encrypt_assertion(&assertion, rng)?;
        plain_assertion = Some(std::mem::replace(&mut assertion, encrypted));
    }
    let status = Status::new(StatusCode::Success, None);
    let response = Response { target, id: &response_id, idp_entity_id: spec.idp_entity_id, status: &status };
    let xml = response.write(Some(&assertion), spec.sign.response.then_some(signer), now)?;
    Ok(IssuedResponse { xml, response_id, assertion_id, plain_assertion })
}

/// Issues a Response that says why there is no assertion. It is signed when a `signer` is given.
///
/// # Errors
/// [`IssueError`], when the signature fails or the message holds a character that XML forbids.
pub fn refuse(
    target: &ResponseTarget,
    idp_entity_id: &str,
    status: &Status,
    signer: Option<&dyn Signer>,
    now: DateTime<Utc>,
    rng: &mut dyn CryptoRng,
) -> Result<String, IssueError> {
    if status.code == StatusCode::Success {
        return Err(IssueError::Specification("a refusal cannot have the status Success"));
    }
    let id = new_id(rng);
    Response { target, id: &id, idp_entity_id, status }.write(None, signer, now)
}

struct Response<'a> {
    target: &'a ResponseTarget,
    id: &'a str,
    idp_entity_id: &'a str,
    status: &'a Status,
}

impl Response<'_> {
    /// SAML Core §3.2.2, §3.3.3: Issuer, Signature, Status, Assertion.
    fn write(
        &self,
        assertion: Option<&str>,
        signer: Option<&dyn Signer>,
        now: DateTime<Utc>,
    ) -> Result<String, IssueError> {
        let mut writer = XmlWriter::with_capacity(1024 + assertion.map_or(0, str::len));
        let issue_instant = xml_instant(now);
        let mut attributes = vec![
            ("ID", self.id),
            ("Version", "2.0"),
            ("IssueInstant", issue_instant.as_str()),
            ("Destination", self.target.acs_url()),
        ];
        attributes.extend(self.target.in_response_to().map(|id| ("InResponseTo", id)));
        writer.start(SAMLP, "Response", &mut attributes);
        writer.leaf(SAML, "Issuer", &mut [], self.idp_entity_id);
        let after_issuer = writer.position();
        self.write_status(&mut writer);
        if let Some(assertion) = assertion {
            writer.canonical(assertion);
        }
        let mut xml = writer.finish()?;
        if let Some(signer) = signer {
            insert_signature(&mut xml, after_issuer, self.id, signer)?;
        }
        Ok(xml)
    }

    /// SAML Core §3.2.2.1: a top-level code, a second-level code inside it, then the message.
    fn write_status(&self, writer: &mut XmlWriter) {
        writer.start(SAMLP, "Status", &mut []);
        writer.start(SAMLP, "StatusCode", &mut [("Value", self.status.code.uri())]);
        if let Some(second) = self.status.second {
            writer.leaf(SAMLP, "StatusCode", &mut [("Value", second.uri())], "");
        }
        writer.end();
        if let Some(message) = &self.status.message {
            writer.leaf(SAMLP, "StatusMessage", &mut [], message);
        }
        writer.end();
    }
}

/// Signs the element `xml` and puts the signature at `at`.
pub(crate) fn insert_signature(
    xml: &mut String,
    at: usize,
    id: &str,
    signer: &dyn Signer,
) -> Result<(), SignError> {
    let (before, after) = xml.split_at(at);
    let signature = enveloped_signature(signer, id, before, after)?;
    xml.insert_str(at, &signature);
    Ok(())
}
