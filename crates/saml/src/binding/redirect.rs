//! Owns the HTTP-Redirect binding: a raw query becomes XML with a detached signature, and XML a signed
//! address. Does not verify signatures: of a received one it only keeps the octets it covers.

use std::cell::RefCell;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use super::form::{RawParameters, percent_decode, push_percent_encoded};
use super::{MAX_MESSAGE, MessageParameter, RelayState, decode_base64, decode_message};
use crate::error::{RequestError, RequestErrorKind};
use crate::signature::{DetachedSignature, SignError, Signer};

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

/// Decodes `raw_query`, the query string exactly as it came, without the question mark, which holds a
/// `SAMLRequest`.
///
/// # Errors
/// [`RequestErrorKind::Parameters`] for missing, repeated or misplaced parameters,
/// [`RequestErrorKind::Encoding`] for anything that does not decode, [`RequestErrorKind::TooLarge`],
/// [`RequestErrorKind::RelayState`], [`RequestErrorKind::Signature`] for half a signature.
pub fn decode(raw_query: &str) -> Result<RedirectMessage, RequestError> {
    decode_of(raw_query, MessageParameter::Request)
}

/// Decodes a query that holds the message of `parameter`.
///
/// # Errors
/// As [`decode`].
pub fn decode_of(raw_query: &str, parameter: MessageParameter) -> Result<RedirectMessage, RequestError> {
    let parameters = RawParameters::split(raw_query, parameter)?;
    let raw_message = parameters.message(parameter)?;
    check_encoding(&parameters)?;
    let relay_state = parameters
        .get("RelayState")
        .filter(|raw| !raw.is_empty())
        .map(|raw| percent_decode(raw, true).and_then(RelayState::new))
        .transpose()?;
    let signature = detached_signature(&parameters, parameter, raw_message)?;
    let deflated = decode_message(&percent_decode(raw_message, false)?, parameter)?;
    let xml = inflate(&deflated)?;
    Ok(RedirectMessage { xml, relay_state, signature })
}

/// SAML Bindings §3.4.4.1: the address at `location` that carries `xml`, which has no signature of its
/// own: the one over `message&RelayState&SigAlg` stands in the query. `RelayState` only if there is one.
///
/// # Errors
/// [`SignError`], when the key refuses.
pub fn signed_url(
    location: &str,
    parameter: MessageParameter,
    xml: &str,
    relay_state: Option<&RelayState>,
    signer: &dyn Signer,
) -> Result<String, SignError> {
    let mut query = format!("{}=", parameter.name());
    push_percent_encoded(&mut query, &STANDARD.encode(deflate(xml)));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        push_percent_encoded(&mut query, relay_state.as_str());
    }
    query.push_str("&SigAlg=");
    push_percent_encoded(&mut query, signer.algorithm().uri());
    let value = signer.sign(query.as_bytes())?;
    query.push_str("&Signature=");
    push_percent_encoded(&mut query, &STANDARD.encode(value));
    // The address may have a query of its own.
    let joint = match location.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, own)) if own.ends_with('&') => "",
        Some(_) => "&",
    };
    Ok(format!("{location}{joint}{query}"))
}

/// RFC 1951, without the header of zlib.
fn deflate(xml: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(xml.len() / 2), Compression::default());
    encoder
        .write_all(xml.as_bytes())
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
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
/// this order (`SAMLResponse` for a response), with the values URL-encoded as the sender wrote them;
/// RelayState only if it is there.
fn detached_signature(
    parameters: &RawParameters<'_>,
    parameter: MessageParameter,
    raw_message: &str,
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
    let mut signed = format!("{}={raw_message}", parameter.name());
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
    thread_local! {
        /// Its work area takes longer to make than a request to inflate.
        static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
    }
    INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        if let Some(xml) = inflate_at_once(inflater, deflated) {
            return Ok(xml);
        }
        inflater.reset(false);
        inflate_with(inflater, deflated)
    })
}

/// The whole stream straight into a buffer that all usual requests fit into, not through a window of 32 KiB. Nothing when it is larger,
/// or there is something wrong with it: going through it in steps tells what.
fn inflate_at_once(inflater: &mut Decompress, deflated: &[u8]) -> Option<Vec<u8>> {
    let mut xml = Vec::with_capacity(deflated.len().saturating_mul(4).clamp(1024, 16 * 1024));
    let status = inflater.decompress_vec(deflated, &mut xml, FlushDecompress::Finish).ok()?;
    let whole = usize::try_from(inflater.total_in()).is_ok_and(|read| read == deflated.len());
    (status == Status::StreamEnd && whole && xml.len() <= MAX_MESSAGE).then_some(xml)
}

fn inflate_with(inflater: &mut Decompress, deflated: &[u8]) -> Result<Vec<u8>, RequestError> {
    let malformed = |detail: &str| RequestError::new(RequestErrorKind::Encoding, detail);
    let mut xml = Vec::with_capacity(deflated.len().saturating_mul(4).clamp(1024, MAX_MESSAGE + 1));
    loop {
        let read = usize::try_from(inflater.total_in()).map_err(|_| malformed("the message is too long"))?;
        let before = (read, xml.len());
        let status = inflater
            .decompress_vec(deflated.get(read..).unwrap_or_default(), &mut xml, FlushDecompress::None)
            .map_err(|_| malformed("the message is not a DEFLATE stream"))?;
        if xml.len() > MAX_MESSAGE {
            return Err(RequestError::new(
                RequestErrorKind::TooLarge,
                format!("the message inflates beyond {MAX_MESSAGE} bytes"),
            ));
        }
        let read = usize::try_from(inflater.total_in()).map_err(|_| malformed("the message is too long"))?;
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
