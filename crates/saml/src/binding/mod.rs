//! Owns how messages travel: HTTP-Redirect, HTTP-POST, SOAP and the RelayState beside them.
//! Does not read the XML inside and does not speak HTTP.

mod form;
mod outbound;
pub mod post;
pub mod redirect;
mod relay_state;
pub mod soap;

pub use outbound::OutboundMessage;
pub use relay_state::RelayState;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::{RequestError, RequestErrorKind};

/// The largest message, in bytes of XML.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// A SAML binding over which a message can travel. AuthnRequests never come by SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// HTTP-Redirect: deflated in the query of a GET, signature beside it.
    HttpRedirect,
    /// HTTP-POST: in a form, signature inside the XML.
    HttpPost,
    /// SOAP: from server to server, signature inside the XML, the answer in the same exchange.
    Soap,
}

impl Binding {
    /// The bindings that go through the person's browser, the one deployments agree on first
    /// (SDP-IDP21, IIP-IDP18).
    pub const FRONT_CHANNEL: [Self; 2] = [Self::HttpRedirect, Self::HttpPost];
    /// The binding that needs no browser.
    pub const BACK_CHANNEL: [Self; 1] = [Self::Soap];

    /// The binding with the identifier `uri`, if it is one of ours.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::HttpRedirect, Self::HttpPost, Self::Soap].into_iter().find(|binding| binding.uri() == uri)
    }

    /// The identifier of the binding.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::HttpRedirect => crate::uri::BINDING_HTTP_REDIRECT,
            Self::HttpPost => crate::uri::BINDING_HTTP_POST,
            Self::Soap => soap::BINDING,
        }
    }
}

/// Which message a query or form holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageParameter {
    /// `SAMLRequest`
    Request,
    /// `SAMLResponse`
    Response,
}

impl MessageParameter {
    /// The name of the parameter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }

    /// Looks which of the two the raw query or form body `raw` holds, for an address that takes both.
    ///
    /// # Errors
    /// [`RequestErrorKind::Parameters`], when it holds neither, both, or one of them twice.
    pub fn of(raw: &str) -> Result<Self, RequestError> {
        let parameters = form::RawParameters::split_any(raw)?;
        let held = |parameter: Self| parameters.get(parameter.name()).is_some();
        match (held(Self::Request), held(Self::Response)) {
            (true, false) => Ok(Self::Request),
            (false, true) => Ok(Self::Response),
            _ => Err(RequestError::new(
                RequestErrorKind::Parameters,
                "exactly one of SAMLRequest and SAMLResponse belongs there",
            )),
        }
    }
}

/// Padding may be left out; everything else is strict.
const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 as RFC 2045 writes it: line breaks and blanks between the characters do not count.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return LENIENT_PADDING.decode(compact).ok();
    }
    LENIENT_PADDING.decode(text).ok()
}

/// Decodes a message whose decoded size may not exceed [`MAX_MESSAGE`].
fn decode_message(value: &str, parameter: MessageParameter) -> Result<Vec<u8>, RequestError> {
    let name = parameter.name();
    // Three bytes become four characters, and a line break may follow every 76: 3/2 is room for both.
    if value.len() > MAX_MESSAGE / 2 * 3 {
        let detail = format!("{name} has {} characters", value.len());
        return Err(RequestError::new(RequestErrorKind::TooLarge, detail));
    }
    decode_base64(value)
        .ok_or_else(|| RequestError::new(RequestErrorKind::Encoding, format!("{name} is not base64")))
}
