//! Owns how messages travel: HTTP-Redirect, HTTP-POST and the RelayState beside them.
//! Does not read the XML inside and does not speak HTTP.

mod form;
pub mod post;
pub mod redirect;
mod relay_state;

pub use relay_state::RelayState;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::error::{RequestError, RequestErrorKind};

/// The largest message, in bytes of XML.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// A SAML binding over which a request can arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// HTTP-Redirect: deflated in the query of a GET, signature beside it.
    HttpRedirect,
    /// HTTP-POST: in a form, signature inside the XML.
    HttpPost,
}

impl Binding {
    /// The identifier of the binding.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::HttpRedirect => crate::uri::BINDING_HTTP_REDIRECT,
            Self::HttpPost => crate::uri::BINDING_HTTP_POST,
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

/// Decodes a message parameter whose decoded size may not exceed [`MAX_MESSAGE`].
fn decode_message(parameter: &str) -> Result<Vec<u8>, RequestError> {
    // Three bytes become four characters, and a line break may follow every 76: 3/2 is room for both.
    if parameter.len() > MAX_MESSAGE / 2 * 3 {
        let detail = format!("SAMLRequest has {} characters", parameter.len());
        return Err(RequestError::new(RequestErrorKind::TooLarge, detail));
    }
    decode_base64(parameter)
        .ok_or_else(|| RequestError::new(RequestErrorKind::Encoding, "SAMLRequest is not base64"))
}
