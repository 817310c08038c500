//! Owns JWS compact serialisation (RFC 7515 §7.1) of our own tokens, and their verification.
//!
//! Does not own claims. Never verifies a token of someone else.

use serde::{Deserialize, Serialize};

use crate::encoding::{base64url, from_base64url};
use crate::jose::ClientAlgorithm;
use crate::jwks::JwkSet;
use crate::signer::{SignError, Signer, SigningAlgorithm};

/// The longest token looked at, in bytes.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
/// The longest header looked at, in bytes: ours hold three short members.
const MAX_HEADER_BYTES: usize = 512;

#[derive(Serialize)]
struct IssuedHeader<'a> {
    alg: SigningAlgorithm,
    kid: &'a str,
    typ: &'a str,
}

/// The members of a header that are looked at. `jku`, `jwk`, `x5u` and `x5c` are not: keys come from the
/// caller's set and from nowhere else.
#[derive(Deserialize)]
struct PresentedHeader {
    alg: SigningAlgorithm,
    kid: String,
    typ: String,
    #[serde(default)]
    crit: Option<serde_json::Value>,
    #[serde(default)]
    b64: Option<serde_json::Value>,
}

/// Why a token is not one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three canonical base64url parts with a header we could have written, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// `typ` is that of another kind of token.
    #[error("the token is of another type")]
    WrongType,
    /// No key of that `kid` for that algorithm.
    #[error("the signing key is unknown")]
    UnknownKey,
    /// The signature does not verify.
    #[error("the signature is wrong")]
    BadSignature,
}

/// Header, payload and signature of one token.
pub(crate) fn sign(payload: &impl Serialize, typ: &str, signer: &dyn Signer) -> Result<String, SignError> {
    let header = IssuedHeader { alg: signer.algorithm(), kid: signer.kid(), typ };
    let header = base64url(&serde_json::to_vec(&header)?);
    let payload = base64url(&serde_json::to_vec(payload)?);
    let mut token = format!("{header}.{payload}");
    let signature = base64url(&signer.sign(token.as_bytes())?);
    token.push('.');
    token.push_str(&signature);
    Ok(token)
}

/// The payload of a token of ours.
///
/// The order is that of RFC 8725 §3.1: the algorithm is on our list and is the one the key is for, then the
/// signature, and only then does anyone read the payload.
pub(crate) fn verify(token: &str, typ: &str, keys: &JwkSet) -> Result<Vec<u8>, JwsError> {
    if token.len() > MAX_BYTES {
        return Err(JwsError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwsError::Malformed)?;
    let header = from_base64url(header).ok_or(JwsError::Malformed)?;
    let payload = from_base64url(payload).ok_or(JwsError::Malformed)?;
    let signature = from_base64url(signature).ok_or(JwsError::Malformed)?;
    // An object, explicitly: the derived reader would take an array for it.
    if header.len() > MAX_HEADER_BYTES || header.first() != Some(&b'{') {
        return Err(JwsError::Malformed);
    }
    // `alg` none, HS256 and the like fail here: they are no `SigningAlgorithm`.
    let header: PresentedHeader = serde_json::from_slice(&header).map_err(|_| JwsError::Malformed)?;
    // RFC 7515 §4.1.11: extensions that are not understood make the token invalid; we understand none.
    if header.crit.is_some() || header.b64.is_some() {
        return Err(JwsError::Malformed);
    }
    if header.typ != typ {
        return Err(JwsError::WrongType);
    }
    let key = keys.find(&header.kid, header.alg).ok_or(JwsError::UnknownKey)?;
    if ClientAlgorithm::from(header.alg).verifies(key, message.as_bytes(), &signature) {
        Ok(payload)
    } else {
        Err(JwsError::BadSignature)
    }
}
