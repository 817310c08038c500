//! Owns what can be wrong with a request and how SAML says so: status codes, private detail.
//! Does not decide who is told: `Refusal::reply_to` comes from the checks.

use std::fmt;

use crate::response::ResponseTarget;

/// SAML Core §3.2.2.2: the top-level status codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusCode {
    /// The request succeeded.
    Success,
    /// The requester is to blame.
    Requester,
    /// We are to blame, or do not wish to.
    Responder,
    /// The version of the request is not ours.
    VersionMismatch,
}

impl StatusCode {
    /// The URN.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Success => "urn:oasis:names:tc:SAML:2.0:status:Success",
            Self::Requester => "urn:oasis:names:tc:SAML:2.0:status:Requester",
            Self::Responder => "urn:oasis:names:tc:SAML:2.0:status:Responder",
            Self::VersionMismatch => "urn:oasis:names:tc:SAML:2.0:status:VersionMismatch",
        }
    }
}

/// SAML Core §3.2.2.2: the second-level status codes an identity provider may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecondLevelStatusCode {
    /// The user could not be authenticated.
    AuthnFailed,
    /// The NameIDPolicy cannot be met.
    InvalidNameIdPolicy,
    /// The requested authentication context cannot be met.
    NoAuthnContext,
    /// Passive authentication was asked for and is not possible.
    NoPassive,
    /// We understood and do not wish to answer.
    RequestDenied,
    /// The request is not supported.
    RequestUnsupported,
    /// The version is higher than ours.
    RequestVersionTooHigh,
    /// The version is lower than ours.
    RequestVersionTooLow,
    /// The principal asked for is not known.
    UnknownPrincipal,
    /// The binding asked for is not supported.
    UnsupportedBinding,
}

impl SecondLevelStatusCode {
    /// The URN.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::AuthnFailed => "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
            Self::InvalidNameIdPolicy => "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy",
            Self::NoAuthnContext => "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext",
            Self::NoPassive => "urn:oasis:names:tc:SAML:2.0:status:NoPassive",
            Self::RequestDenied => "urn:oasis:names:tc:SAML:2.0:status:RequestDenied",
            Self::RequestUnsupported => "urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported",
            Self::RequestVersionTooHigh => "urn:oasis:names:tc:SAML:2.0:status:RequestVersionTooHigh",
            Self::RequestVersionTooLow => "urn:oasis:names:tc:SAML:2.0:status:RequestVersionTooLow",
            Self::UnknownPrincipal => "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal",
            Self::UnsupportedBinding => "urn:oasis:names:tc:SAML:2.0:status:UnsupportedBinding",
        }
    }
}

/// The `Status` of an error Response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Who is to blame.
    pub code: StatusCode,
    /// What is wrong, as far as SAML has a name for it.
    pub second: Option<SecondLevelStatusCode>,
    /// A sentence for the operator of the SP. Public: never put private detail here.
    pub message: Option<String>,
}

impl Status {
    /// A status without a message.
    #[must_use]
    pub const fn new(code: StatusCode, second: Option<SecondLevelStatusCode>) -> Self {
        Self { code, second, message: None }
    }
}

/// Which check refused a request. The name is stable and goes into the audit event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestErrorKind {
    /// Parameters missing, repeated or mixed.
    Parameters,
    /// Not base64, not DEFLATE, not percent-encoded.
    Encoding,
    /// Beyond the size limit.
    TooLarge,
    /// Not XML we read.
    Xml,
    /// XML, but not an AuthnRequest as the schema has it.
    Message,
    /// Signature missing, half there, in the wrong place, or not verifying.
    Signature,
    /// A signature or digest algorithm that is not allowed.
    SignatureAlgorithm,
    /// `ID` is not an NCName or too long.
    Id,
    /// The issuer is not the registered SP.
    Issuer,
    /// Addressed to somebody else, or, signed, to nobody.
    Destination,
    /// No registered assertion consumer service fits.
    AssertionConsumerService,
    /// `Version` is not 2.0.
    Version,
    /// Too old or from the future.
    IssueInstant,
    /// A response binding we do not use.
    ProtocolBinding,
    /// RelayState too long or not echoable.
    RelayState,
    /// The NameIDPolicy cannot be met.
    NameIdPolicy,
    /// The Subject in the request cannot be honoured.
    Subject,
    /// The RequestedAuthnContext cannot be met.
    RequestedAuthnContext,
}

impl RequestErrorKind {
    /// The name of the check.
    #[must_use]
    pub const fn check(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Encoding => "encoding",
            Self::TooLarge => "size",
            Self::Xml => "xml",
            Self::Message => "message",
            Self::Signature => "signature",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::Id => "id",
            Self::Issuer => "issuer",
            Self::Destination => "destination",
            Self::AssertionConsumerService => "assertion_consumer_service",
            Self::Version => "version",
            Self::IssueInstant => "issue_instant",
            Self::ProtocolBinding => "protocol_binding",
            Self::RelayState => "relay_state",
            Self::NameIdPolicy => "name_id_policy",
            Self::Subject => "subject",
            Self::RequestedAuthnContext => "requested_authn_context",
        }
    }
}

/// A request that is refused: which check, and privately why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    kind: RequestErrorKind,
    detail: String,
    second: Option<SecondLevelStatusCode>,
}

impl RequestError {
    pub(crate) fn new(kind: RequestErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), second: None }
    }

    /// Gives the second-level status where the kind alone does not say it.
    pub(crate) fn with_second(mut self, second: SecondLevelStatusCode) -> Self {
        self.second = Some(second);
        self
    }

    /// Which check refused.
    #[must_use]
    pub const fn kind(&self) -> RequestErrorKind {
        self.kind
    }

    /// The name of the check, for logs and audit events.
    #[must_use]
    pub const fn check(&self) -> &'static str {
        self.kind.check()
    }

    /// What was asked for and what is on the list. Private: for the audit event and the administrator,
    /// never for the browser. It quotes the request, so it must be escaped wherever it is shown.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What the SP is told, when it may be told anything.
    #[must_use]
    pub fn status(&self) -> Status {
        use SecondLevelStatusCode as Second;
        let (code, second) = match self.kind {
            RequestErrorKind::Version => (StatusCode::VersionMismatch, None),
            RequestErrorKind::ProtocolBinding => (StatusCode::Requester, Some(Second::UnsupportedBinding)),
            // SAML Core §3.4.1.1 names the second-level code only; the conformance kit expects this one above it,
            // since it is we who cannot supply what the SP may well ask for.
            RequestErrorKind::NameIdPolicy => (StatusCode::Responder, Some(Second::InvalidNameIdPolicy)),
            RequestErrorKind::RequestedAuthnContext => (StatusCode::Requester, Some(Second::NoAuthnContext)),
            RequestErrorKind::Subject => (StatusCode::Requester, Some(Second::RequestUnsupported)),
            RequestErrorKind::IssueInstant | RequestErrorKind::RelayState => {
                (StatusCode::Requester, Some(Second::RequestDenied))
            }
            _ => (StatusCode::Requester, None),
        };
        Status::new(code, self.second.or(second))
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.check(), self.detail)
    }
}

impl std::error::Error for RequestError {}

/// Why a request was not accepted, and whether the SP may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub error: RequestError,
    /// Where a SAML error Response may go. `Some` only after the signature (if one is required or
    /// present), the issuer, the destination and the assertion consumer service were verified;
    /// otherwise only an error page may be shown.
    pub reply_to: Option<Box<ResponseTarget>>,
}

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        Self { error, reply_to: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for Refusal {}
