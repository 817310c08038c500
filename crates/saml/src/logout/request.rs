//! Owns the LogoutRequest of an SP: taken in unverified, handed on only verified.
//! Does not end any session.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::checks::{self, LogoutVerifyContext};
use super::error::{LogoutError, LogoutRefusal};
use super::parse::{LogoutRequest, LogoutSubject};
use super::received::{Received, Signed};
use super::target::LogoutResponseTarget;
use crate::binding::{Binding, MessageParameter, RelayState};
use crate::error::RequestErrorKind;
use crate::name_id::{NameId, NameIdFormat};
use crate::service_provider::ServiceProvider;
use crate::signature::VerifiedSignature;

/// A LogoutRequest that came in and of which nothing is proven. It can be asked who claims to have sent
/// it, so that the SP can be looked up, and be verified; nothing else.
#[derive(Debug, Clone)]
pub struct UnverifiedLogoutRequest(Received<LogoutRequest>);

impl UnverifiedLogoutRequest {
    /// Takes a request from the query string of a GET, exactly as it came.
    ///
    /// # Errors
    /// [`LogoutError`], when the query, the encoding or the XML is not acceptable.
    pub fn from_redirect(raw_query: &str) -> Result<Self, LogoutError> {
        Received::from_redirect(raw_query, MessageParameter::Request).map(Self)
    }

    /// Takes a request from the raw body of a form.
    ///
    /// # Errors
    /// [`LogoutError`], when the form, the encoding or the XML is not acceptable.
    pub fn from_post_body(raw_body: &str) -> Result<Self, LogoutError> {
        Received::from_post_body(raw_body, MessageParameter::Request).map(Self)
    }

    /// Takes a request from a SOAP envelope.
    ///
    /// # Errors
    /// [`LogoutError`], when the envelope or the XML is not acceptable. Answer with a
    /// [fault](crate::binding::soap::fault).
    pub fn from_soap(raw_body: &[u8]) -> Result<Self, LogoutError> {
        Received::from_soap(raw_body).map(Self)
    }

    /// The ID it claims.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.claimed.header.id
    }

    /// The entity id it claims to come from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.claimed.header.issuer
    }

    /// How it came.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.0.binding
    }

    /// Whether it names its principal by an identifier that only we can read: then
    /// [`LogoutVerifyContext::decryption`] is needed.
    #[must_use]
    pub const fn has_encrypted_id(&self) -> bool {
        matches!(self.0.claimed.subject, LogoutSubject::Encrypted(_))
    }

    /// Whether it bears a signature, good or bad.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        !matches!(self.0.signature, Signed::No)
    }

    /// Runs every check against the registered `sp`.
    ///
    /// Logic reads only what the signature covers, so the signature comes first; and only after issuer and
    /// destination hold may the SP be told what else is wrong. The caller still owes the one check that
    /// needs memory: [`VerifiedLogoutRequest::replay_key`].
    ///
    /// # Errors
    /// [`LogoutRefusal`]: the first check that failed, and whether the SP may be told.
    pub fn verify(
        &self,
        sp: &ServiceProvider,
        context: &LogoutVerifyContext<'_>,
    ) -> Result<VerifiedLogoutRequest, LogoutRefusal> {
        let received = &self.0;
        let (request, signature) = self.checked(sp, context)?;
        let name_id =
            checks::subject(&request, sp, context).map_err(|error| self.refusal(&request, error, sp))?;
        Ok(VerifiedLogoutRequest {
            remember_until: context.acceptable_until(request.header.issue_instant),
            id: request.header.id,
            issuer: request.header.issuer,
            issue_instant: request.header.issue_instant,
            name_id,
            session_indexes: request.session_indexes,
            not_on_or_after: request.not_on_or_after,
            reason: request.reason,
            asynchronous: request.asynchronous,
            relay_state: received.relay_state.clone(),
            binding: received.binding,
            signature,
        })
    }

    /// Runs every check but reading an encrypted principal, which takes our private keys and their time: the caller then
    /// calls [`verify`](Self::verify) where the time is no harm.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn precheck(
        &self,
        sp: &ServiceProvider,
        context: &LogoutVerifyContext<'_>,
    ) -> Result<(), LogoutRefusal> {
        self.checked(sp, context).map(drop)
    }

    /// The request as the signature covers it, and how it was signed.
    fn checked(
        &self,
        sp: &ServiceProvider,
        context: &LogoutVerifyContext<'_>,
    ) -> Result<(LogoutRequest, VerifiedSignature), LogoutRefusal> {
        let received = &self.0;
        let (request, signature) = checks::check_signature(received, sp)?;
        checks::check_id(&request.header)?;
        checks::check_issuer(&request.header, sp)?;
        checks::check_destination(&request.header, received.binding, context)?;
        let told = checks::check_version(&request.header)
            .and_then(|()| checks::check_issue_instant(&request.header, context))
            .and_then(|()| checks::check_not_on_or_after(&request, context))
            .and_then(|()| checks::check_relay_state(received, sp))
            .and_then(|()| checks::check_subject(&request));
        match told {
            Ok(()) => Ok((request, signature)),
            Err(error) => Err(self.refusal(&request, error, sp)),
        }
    }

    /// A RelayState that was refused is not echoed, and who wants no answer gets none.
    fn refusal(&self, request: &LogoutRequest, error: LogoutError, sp: &ServiceProvider) -> LogoutRefusal {
        let relay_state = match error.kind() {
            super::LogoutErrorKind::Common(RequestErrorKind::RelayState) => None,
            _ => self.0.relay_state.as_ref(),
        };
        let reply_to = if wants_answer(request.asynchronous, self.0.binding) {
            LogoutResponseTarget::answering(sp, self.0.binding, &request.header.id, relay_state)
        } else {
            None
        };
        LogoutRefusal { error, reply_to: reply_to.map(Box::new) }
    }
}

/// SAML V2.0 Asynchronous Single Logout: the extension asks for no answer. An exchange by SOAP ends with
/// one all the same.
fn wants_answer(asynchronous: bool, binding: Binding) -> bool {
    !asynchronous || binding == Binding::Soap
}

/// What must be remembered so that a request is obeyed once (S-26, S-37).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayKey<'a> {
    /// The entity id of the SP.
    pub issuer: &'a str,
    /// The ID of the request, unique per issuer. LogoutRequests and AuthnRequests share the same IDs.
    pub id: &'a str,
    /// Until when it must be remembered, this instant included; afterwards the request is too old anyway.
    pub remember_until: DateTime<Utc>,
}

/// A LogoutRequest that passed every check. It can be kept while other SPs are told: only
/// [`UnverifiedLogoutRequest::verify`] makes one, and what is kept must come back from trusted storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedLogoutRequest {
    id: String,
    issuer: String,
    issue_instant: DateTime<Utc>,
    remember_until: DateTime<Utc>,
    name_id: NameId,
    session_indexes: Vec<String>,
    not_on_or_after: Option<DateTime<Utc>>,
    reason: Option<String>,
    asynchronous: bool,
    relay_state: Option<RelayState>,
    binding: Binding,
    signature: VerifiedSignature,
}

impl VerifiedLogoutRequest {
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

    /// When the SP made it.
    #[must_use]
    pub const fn issue_instant(&self) -> DateTime<Utc> {
        self.issue_instant
    }

    /// Whose sessions are to end. See [`Self::names`].
    #[must_use]
    pub const fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// Which sessions at this SP are to end, as named in its assertions. Empty: all of the principal.
    #[must_use]
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }

    /// When the request expires, if it says so.
    #[must_use]
    pub const fn not_on_or_after(&self) -> Option<DateTime<Utc>> {
        self.not_on_or_after
    }

    /// Why, usually a URI.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Whether the SP wants no answer and leaves the person with us.
    #[must_use]
    pub const fn is_asynchronous(&self) -> bool {
        self.asynchronous
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

    /// How it was signed, for the warning about SHA-1.
    #[must_use]
    pub const fn signature(&self) -> VerifiedSignature {
        self.signature
    }

    /// What to remember, so that the request is obeyed once.
    #[must_use]
    pub fn replay_key(&self) -> ReplayKey<'_> {
        ReplayKey { issuer: &self.issuer, id: &self.id, remember_until: self.remember_until }
    }

    /// SAML Core §3.7.3 and §3.3.4: whether the request is about the principal we named `issued` to this
    /// SP: the same value, and the same format and qualifiers where it gives them. A qualifier we left out
    /// stands for ourselves and the SP (SAML Core §8.3.7); an empty one counts as absent.
    #[must_use]
    pub fn names(&self, issued: &NameId, idp_entity_id: &str) -> bool {
        let agrees = |asked: &Option<String>, issued: &Option<String>, implied: &str| {
            let asked = asked.as_deref().filter(|asked| !asked.is_empty());
            asked.is_none_or(|asked| asked == issued.as_deref().unwrap_or(implied))
        };
        let asked = &self.name_id;
        asked.value == issued.value
            && (asked.format == NameIdFormat::Unspecified || asked.format == issued.format)
            && agrees(&asked.name_qualifier, &issued.name_qualifier, idp_entity_id)
            && agrees(&asked.sp_name_qualifier, &issued.sp_name_qualifier, &self.issuer)
    }

    /// Whether the session `index` at this SP is among those to end.
    #[must_use]
    pub fn ends_session(&self, index: &str) -> bool {
        self.session_indexes.is_empty() || self.session_indexes.iter().any(|named| named == index)
    }

    /// Where the LogoutResponse goes, by the registration as it is now. `None`, when the SP wants no answer
    /// or has no address for one: then the person stays with us.
    #[must_use]
    pub fn response_target(&self, sp: &ServiceProvider) -> Option<LogoutResponseTarget> {
        if sp.entity_id != self.issuer || !wants_answer(self.asynchronous, self.binding) {
            return None;
        }
        LogoutResponseTarget::answering(sp, self.binding, &self.id, self.relay_state.as_ref())
    }
}
