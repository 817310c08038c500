//! Owns the LogoutResponse of an SP: taken in unverified, handed on only verified.
//! Does not decide what is done when an SP fails.

use super::checks::{self, LogoutVerifyContext};
use super::error::LogoutError;
use super::parse::LogoutResponse;
use super::received::{Received, Signed};
use super::status::LogoutOutcome;
use crate::binding::{Binding, MessageParameter, RelayState};
use crate::service_provider::ServiceProvider;
use crate::signature::VerifiedSignature;

/// A LogoutResponse that came in and of which nothing is proven.
#[derive(Debug, Clone)]
pub struct UnverifiedLogoutResponse(Received<LogoutResponse>);

impl UnverifiedLogoutResponse {
    /// Takes a response from the query string of a GET, exactly as it came.
    ///
    /// # Errors
    /// [`LogoutError`], when the query, the encoding or the XML is not acceptable.
    pub fn from_redirect(raw_query: &str) -> Result<Self, LogoutError> {
        Received::from_redirect(raw_query, MessageParameter::Response).map(Self)
    }

    /// Takes a response from the raw body of a form.
    ///
    /// # Errors
    /// [`LogoutError`], when the form, the encoding or the XML is not acceptable.
    pub fn from_post_body(raw_body: &str) -> Result<Self, LogoutError> {
        Received::from_post_body(raw_body, MessageParameter::Response).map(Self)
    }

    /// Takes a response from a SOAP envelope: the body of the answer to a request by SOAP.
    ///
    /// # Errors
    /// [`LogoutError`], when the envelope or the XML is not acceptable, or holds a fault.
    pub fn from_soap(raw_body: &[u8]) -> Result<Self, LogoutError> {
        Received::from_soap(raw_body).map(Self)
    }

    /// The entity id it claims to come from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.claimed.header.issuer
    }

    /// The ID of the request it claims to answer.
    #[must_use]
    pub fn in_response_to(&self) -> Option<&str> {
        self.0.claimed.in_response_to.as_deref()
    }

    /// What came along with it.
    #[must_use]
    pub const fn relay_state(&self) -> Option<&RelayState> {
        self.0.relay_state.as_ref()
    }

    /// How it came.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.0.binding
    }

    /// Whether it bears a signature, good or bad.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        !matches!(self.0.signature, Signed::No)
    }

    /// Runs every check against the registered `sp`. `sent` are the IDs of the requests sent to this very SP
    /// that it has not answered yet; an ID must leave that list with its first answer.
    ///
    /// # Errors
    /// [`LogoutError`]: the first check that failed. Nobody is told: a response has no answer.
    pub fn verify(
        &self,
        sp: &ServiceProvider,
        sent: &[&str],
        context: &LogoutVerifyContext<'_>,
    ) -> Result<VerifiedLogoutResponse, LogoutError> {
        let (response, signature) = checks::check_signature(&self.0, sp)?;
        checks::check_id(&response.header)?;
        checks::check_issuer(&response.header, sp)?;
        checks::check_destination(&response.header, self.0.binding, context)?;
        checks::check_version(&response.header)?;
        checks::check_issue_instant(&response.header, context)?;
        let in_response_to = checks::check_in_response_to(response.in_response_to.as_deref(), sent)?;
        Ok(VerifiedLogoutResponse {
            id: response.header.id,
            issuer: response.header.issuer,
            in_response_to,
            outcome: response.outcome,
            status_message: response.status_message,
            relay_state: self.0.relay_state.clone(),
            binding: self.0.binding,
            signature,
        })
    }
}

/// A LogoutResponse that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLogoutResponse {
    id: String,
    issuer: String,
    in_response_to: String,
    outcome: LogoutOutcome,
    status_message: Option<String>,
    relay_state: Option<RelayState>,
    binding: Binding,
    signature: VerifiedSignature,
}

impl VerifiedLogoutResponse {
    /// Its ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The entity id of the SP.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The ID of the request it answers, one of those sent.
    #[must_use]
    pub fn in_response_to(&self) -> &str {
        &self.in_response_to
    }

    /// What became of the request.
    #[must_use]
    pub const fn outcome(&self) -> &LogoutOutcome {
        &self.outcome
    }

    /// What the SP says about it, for the audit event. It quotes the message: escape it wherever it is shown.
    #[must_use]
    pub fn status_message(&self) -> Option<&str> {
        self.status_message.as_deref()
    }

    /// What came along with it.
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
}
