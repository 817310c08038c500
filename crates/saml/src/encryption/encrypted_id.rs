//! Owns reading a `saml:EncryptedID` out of a tree: which algorithms it names, and its ciphertexts.
//! Does not decrypt and does not judge the algorithms.

use crate::error::RequestError;
use crate::parse::{clip, malformed};
use crate::uri::DS;
use crate::xml::reader::Element;

pub(super) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
pub(super) const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// The most copies of the key, one for each recipient.
const MAX_KEYS: usize = 4;
/// The longest ciphertext in bytes: an identifier has at most 2 KiB.
const MAX_VALUE: usize = 8 * 1024;

/// SAML Core §2.2.4: an identifier that only its recipient can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncryptedId {
    /// The URI of the encryption method of the content.
    pub(super) content: String,
    /// The content.
    pub(super) value: Vec<u8>,
    /// Its key, for each recipient.
    pub(super) keys: Vec<EncryptedKey>,
}

/// XML Encryption 1.1 §3.5.1: the key of the content, encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncryptedKey {
    pub(super) transport: String,
    pub(super) digest: Option<String>,
    pub(super) mask: Option<String>,
    /// Whether OAEP has a label, which nobody uses and we don't take.
    pub(super) has_label: bool,
    pub(super) value: Vec<u8>,
}

impl EncryptedId {
    /// SAML Core §2.2.4: one `EncryptedData`; the keys stand inside its `KeyInfo` or beside it.
    pub(crate) fn parse(element: Element<'_, '_>) -> Result<Self, RequestError> {
        let mut children = element.children();
        let data = children
            .next()
            .filter(|child| child.is(XENC, "EncryptedData"))
            .ok_or_else(|| malformed("EncryptedID holds no EncryptedData"))?;
        let mut found: Vec<Element<'_, '_>> = children.collect();
        if let Some(stranger) = found.iter().find(|child| !child.is(XENC, "EncryptedKey")) {
            return Err(malformed(format!("'{}' is not expected in EncryptedID", clip(stranger.name()))));
        }
        if let Some(info) = data.child(DS, "KeyInfo") {
            found.extend(info.children_named(XENC, "EncryptedKey"));
        }
        if found.is_empty() || found.len() > MAX_KEYS {
            return Err(malformed(format!(
                "EncryptedID has {} keys, 1 to {MAX_KEYS} are taken",
                found.len()
            )));
        }
        Ok(Self {
            content: algorithm(data, "EncryptedData")?,
            value: value(data)?,
            keys: found.into_iter().map(EncryptedKey::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl EncryptedKey {
    fn parse(key: Element<'_, '_>) -> Result<Self, RequestError> {
        let method = key.child(XENC, "EncryptionMethod");
        let of = |namespace, name| {
            let child = method.and_then(|method| method.child(namespace, name));
            child.and_then(|child| child.attribute("Algorithm")).map(str::to_owned)
        };
        let label = method.and_then(|method| method.child(XENC, "OAEPparams"));
        Ok(Self {
            transport: algorithm(key, "EncryptedKey")?,
            digest: of(DS, "DigestMethod"),
            mask: of(XENC11, "MGF"),
            has_label: label.is_some(),
            value: value(key)?,
        })
    }
}

fn algorithm(element: Element<'_, '_>, name: &str) -> Result<String, RequestError> {
    let method = element.child(XENC, "EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
    method.map(clip).ok_or_else(|| malformed(format!("{name} names no EncryptionMethod")))
}

/// XML Encryption 1.1 §3.3: the octets themselves; never a reference to somewhere else.
fn value(element: Element<'_, '_>) -> Result<Vec<u8>, RequestError> {
    let refused = || malformed("an encrypted value is no base64 of a moderate size");
    let data = element.child(XENC, "CipherData").and_then(|data| data.child(XENC, "CipherValue"));
    let text = data.and_then(|value| value.text().ok()).ok_or_else(refused)?;
    // Four characters carry three bytes; line ends come on top.
    if text.len() > MAX_VALUE * 2 {
        return Err(refused());
    }
    crate::binding::decode_base64(&text).filter(|value| value.len() <= MAX_VALUE).ok_or_else(refused)
}
