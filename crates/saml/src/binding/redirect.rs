//! Owns the HTTP-Redirect binding: the raw query becomes deflated XML and a detached signature.
//! Does not verify that signature: it only keeps the octets it covers.

use flate2::{Decompress, FlushDecompress, Status};

use super::form::{RawParameters, percent_decode};
use super::{MAX_MESSAGE, RelayState, decode_base64, decode_message};
use crate::error::{RequestError, RequestErrorKind};
use crate::signature::DetachedSignature;

/// A message taken from a query, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectMessage {
    /// The XML, inflated.
    pub xml: Vec<u8>,
    /// The RelayState, when one came and was not empty.
    pub relay_state: Option<RelayState>,
    /// The signature of the query, when there is one.
    pub signature: Option<DetachedSignature>,
}

/// Decodes `raw_query`, the query string exactly as it came, without the question mark.
///
/// # Errors
/// [`RequestErrorKind::Parameters`] for missing, repeated or misplaced parameters,
/// [`RequestErrorKind::Encoding`] for anything that does not decode, [`RequestErrorKind::TooLarge`],
/// [`RequestErrorKind::RelayState`], [`RequestErrorKind::Signature`] for half a signature.
pub fn decode(raw_query: &str) -> Result<RedirectMessage, RequestError> {
    let parameters = RawParameters::split(raw_query)?;
    let raw_request = parameters
        .get("SAMLRequest")
        .ok_or_else(|| RequestError::new(RequestErrorKind::Parameters, "SAMLRequest is missing"))?;
    check_encoding(&parameters)?;
    let relay_state = parameters
        .get("RelayState")
        .filter(|raw| !raw.is_empty())
        .map(|raw| percent_decode(raw, true).and_then(RelayState::new))
        .transpose()?;
    let signature = detached_signature(&parameters, raw_request)?;
    let deflated = decode_message(&percent_decode(raw_request, false)?)?;
    let xml = inflate(&deflated)?;
    Ok(RedirectMessage { xml, relay_state, signature })
}

/// SAML Bindings §3.4.4: the encoding is DEFLATE unless `SAMLEncoding` names another; we know no other.
fn check_encoding(parameters: &RawParameters<'_>) -> Result<(), RequestError> {
    let Some(raw) = parameters.get("SAMLEncoding") else {
        return Ok(());
    };
    let encoding = percent_decode(raw, true)?;
    if encoding == crate::uri::ENCODING_DEFLATE {
        return Ok(());
    }
    Err(RequestError::new(RequestErrorKind::Encoding, format!("SAMLEncoding '{encoding}' is not known")))
}

/// SAML Bindings §3.4.4.1: the signature covers `SAMLRequest=value&RelayState=value&SigAlg=value`, in
/// this order, with the values URL-encoded as the sender wrote them; RelayState only if it is there.
fn detached_signature(
    parameters: &RawParameters<'_>,
    raw_request: &str,
) -> Result<Option<DetachedSignature>, RequestError> {
    let (raw_algorithm, raw_signature) = match (parameters.get("SigAlg"), parameters.get("Signature")) {
        (None, None) => return Ok(None),
        (Some(algorithm), Some(signature)) => (algorithm, signature),
        _ => {
            return Err(RequestError::new(
                RequestErrorKind::Signature,
                "SigAlg and Signature come only together",
            ));
        }
    };
    let mut signed = format!("SAMLRequest={raw_request}");
    if let Some(raw) = parameters.get("RelayState") {
        signed.push_str("&RelayState=");
        signed.push_str(raw);
    }
    signed.push_str("&SigAlg=");
    signed.push_str(raw_algorithm);
    let value = decode_base64(&percent_decode(raw_signature, false)?)
        .ok_or_else(|| RequestError::new(RequestErrorKind::Signature, "Signature is not base64"))?;
    let algorithm = percent_decode(raw_algorithm, true)?;
    Ok(Some(DetachedSignature { signed_octets: signed.into_bytes(), algorithm, value }))
}

/// RFC 1951: inflates one whole stream. Output stops one byte beyond the limit; a stream without an end
/// and octets after its end are refused.
fn inflate(deflated: &[u8]) -> Result<Vec<u8>, RequestError> {
    let malformed = |detail: &str| RequestError::new(RequestErrorKind::Encoding, detail);
    let mut inflater = Decompress::new(false);
    let mut xml = Vec::with_capacity(deflated.len().saturating_mul(4).clamp(1024, MAX_MESSAGE + 1));
    loop {
        let read = usize::try_from(inflater.total_in()).map_err(|_| malformed("SAMLRequest is too long"))?;
        let before = (read, xml.len());
        let status = inflater
            .decompress_vec(deflated.get(read..).unwrap_or_default(), &mut xml, FlushDecompress::None)
            .map_err(|_| malformed("SAMLRequest is not a DEFLATE stream"))?;
        if xml.len() > MAX_MESSAGE {
            return Err(RequestError::new(
                RequestErrorKind::TooLarge,
                format!("SAMLRequest inflates beyond {MAX_MESSAGE} bytes"),
            ));
        }
        let read = usize::try_from(inflater.total_in()).map_err(|_| malformed("SAMLRequest is too long"))?;
        match status {
            Status::StreamEnd if read == deflated.len() => return Ok(xml),
            Status::StreamEnd => return Err(malformed("octets follow the DEFLATE stream")),
            _ if xml.len() == xml.capacity() => {
                let room = xml.capacity().min(MAX_MESSAGE + 1 - xml.len()).max(1);
                xml.reserve_exact(room);
            }
            _ if before == (read, xml.len()) => return Err(malformed("the DEFLATE stream has no end")),
            _ => {}
        }
    }
}
