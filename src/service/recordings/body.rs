//! What is kept of a sign-on under its seal: made small, bounded, without what could be used again. Does not own the row
//! (`store`) or the seal (`keyring`).

use super::queue::{Content, Request};
use crate::service::ServiceError;
use chrono::{DateTime, Utc};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use saml::{Binding, binding};
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

/// Most bytes of a body, compressed; sealed they are base64, and so at most 64 KiB.
const COMPRESSED_MAX: usize = 47 * 1024;
/// Most bytes of a body, opened.
const OPENED_MAX: u64 = 4 << 20;

/// What is kept of one sign-on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// What the app asked; none for a tile.
    pub request: Option<KeptRequest>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// What the app was answered.
    pub answer: Option<Answer>,
    /// Whether messages were too large to be kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub too_large: bool,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRequest {
    /// `redirect` or `post`.
    pub binding: String,
    /// Whether it bore a signature.
    pub signed: bool,
    /// How long its RelayState was; the value isn't kept.
    pub relay_state_bytes: Option<usize>,
    /// The message; of one that can't be decoded, the parameter as it came.
    pub xml: String,
    /// Whether it could be decoded.
    pub decoded: bool,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code of the audit event.
    pub code: String,
    /// Why, for an admin.
    pub words: String,
    /// The check of the request that failed, if it was one.
    pub check: Option<String>,
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The response, without the values of signatures, certificates and ciphertexts.
    pub response_xml: String,
    /// Of an encrypted one, the assertion as it was before, likewise.
    pub assertion_xml: Option<String>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
}

impl KeptRequest {
    /// From a note.
    pub(super) fn of(request: Request) -> Self {
        let binding = if request.binding == Binding::HttpRedirect { "redirect" } else { "post" };
        let (xml, decoded) = match request.content {
            Content::Xml(xml) => (String::from_utf8_lossy(&xml).into_owned(), true),
            Content::Raw(raw) => decode(request.binding, &raw),
        };
        let relay_state_bytes = request.relay_state_bytes;
        Self { binding: binding.into(), signed: request.signed, relay_state_bytes, xml, decoded }
    }
}

/// The message of a query or form; without one, its parameter.
fn decode(binding: Binding, raw: &str) -> (String, bool) {
    let decoded = if binding == Binding::HttpRedirect {
        binding::redirect::decode(raw).map(|message| message.xml).ok()
    } else {
        binding::post::decode_body(raw).map(|message| message.xml).ok()
    };
    if let Some(xml) = decoded {
        return (String::from_utf8_lossy(&xml).into_owned(), true);
    }
    let parameter = form_urlencoded::parse(raw.as_bytes()).find(|(name, _)| name == "SAMLRequest");
    (parameter.map(|(_, value)| value.into_owned()).unwrap_or_default(), false)
}

impl Answer {
    pub(super) fn of(response: &str, assertion: Option<&str>, issued_at: DateTime<Utc>) -> Self {
        Self { response_xml: redacted(response), assertion_xml: assertion.map(redacted), issued_at }
    }
}

/// A message of ours without the values that verify it. We write these elements in one way only, and escape `<` everywhere
/// else, so that the markup can be found as text.
pub(super) fn redacted(xml: &str) -> String {
    const ELEMENTS: [&str; 3] = ["ds:SignatureValue", "ds:X509Certificate", "xenc:CipherValue"];
    let mut text = xml.to_owned();
    for element in ELEMENTS {
        let (start, end) = (format!("<{element}"), format!("</{element}>"));
        let mut kept = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&start) {
            let inside = rest[at..].find('>').map(|open| at + open + 1);
            let Some((inside, close)) = inside.and_then(|from| Some((from, from + rest[from..].find(&end)?)))
            else {
                break;
            };
            kept.push_str(&rest[..inside]);
            kept.push('…');
            rest = &rest[close..];
        }
        kept.push_str(rest);
        text = kept;
    }
    text
}

impl Body {
    /// Compressed; without its messages, when it would be too large with them.
    pub(super) fn pack(&self) -> Result<Vec<u8>, ServiceError> {
        let packed = compress(self)?;
        if packed.len() <= COMPRESSED_MAX {
            return Ok(packed);
        }
        let without = Self {
            request: self.request.clone().map(|request| KeptRequest { xml: String::new(), ..request }),
            refusal: self.refusal.clone(),
            answer: None,
            too_large: true,
        };
        let packed = compress(&without)?;
        if packed.len() <= COMPRESSED_MAX {
            return Ok(packed);
        }
        compress(&Self { too_large: true, ..Self::default() })
    }

    /// Read back.
    pub(super) fn unpack(packed: &[u8]) -> Result<Self, ServiceError> {
        let mut json = Vec::new();
        DeflateDecoder::new(packed)
            .take(OPENED_MAX)
            .read_to_end(&mut json)
            .map_err(ServiceError::internal)?;
        serde_json::from_slice(&json).map_err(ServiceError::internal)
    }
}

fn compress(body: &Body) -> Result<Vec<u8>, ServiceError> {
    let json = serde_json::to_vec(body).map_err(ServiceError::internal)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&json).map_err(ServiceError::internal)?;
    encoder.finish().map_err(ServiceError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_verify_are_dropped_and_everything_else_stays() {
        let xml = "<a><ds:SignatureValue>AAA</ds:SignatureValue><b>&lt;ds:SignatureValue&gt;</b>\
            <ds:X509Certificate>BBB</ds:X509Certificate><ds:X509Certificate x=\"1\">CCC</ds:X509Certificate></a>";
        let expected = "<a><ds:SignatureValue>…</ds:SignatureValue><b>&lt;ds:SignatureValue&gt;</b>\
            <ds:X509Certificate>…</ds:X509Certificate><ds:X509Certificate x=\"1\">…</ds:X509Certificate></a>";
        assert_eq!(redacted(xml), expected);
        assert_eq!(redacted("<ds:SignatureValue>never closed"), "<ds:SignatureValue>never closed");
    }

    #[test]
    fn a_body_comes_back_and_a_large_one_without_its_messages() {
        let request = |xml: String| KeptRequest {
            binding: "post".into(),
            signed: true,
            relay_state_bytes: Some(7),
            xml,
            decoded: true,
        };
        let small = Body { request: Some(request("<a/>".into())), ..Body::default() };
        assert_eq!(Body::unpack(&small.pack().expect("packed")).expect("read"), small);
        // Repetition is small however long it is.
        let long = Body { request: Some(request("<a/>".repeat(50_000))), ..Body::default() };
        assert_eq!(Body::unpack(&long.pack().expect("packed")).expect("read"), long);
        let mut noise = 1_u64;
        let random: String = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (noise >> 58) as u8)
        })
        .take(100_000)
        .collect();
        let huge = Body { request: Some(request(random)), ..Body::default() };
        let packed = huge.pack().expect("packed");
        assert!(packed.len() <= COMPRESSED_MAX);
        let read = Body::unpack(&packed).expect("read");
        assert!(read.too_large && read.request == Some(request(String::new())), "{read:?}");
    }
}
