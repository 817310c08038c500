//! Owns the three parts of a compact JWS (RFC 7515 §7.1).
//!
//! Does not own their meaning.

use crate::encoding::from_base64url;

/// A token taken apart; nothing is verified.
#[derive(Clone)]
pub(crate) struct Compact {
    /// The decoded header.
    pub(crate) header: Vec<u8>,
    /// The decoded payload.
    pub(crate) payload: Vec<u8>,
    /// What was signed: header and payload as they travel.
    pub(crate) message: String,
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

impl Compact {
    /// Takes a token of at most `max_bytes` apart. Each part has one spelling only: padding, foreign characters and
    /// non-zero trailing bits are refused.
    pub(crate) fn parse(token: &str, max_bytes: usize) -> Option<Self> {
        if token.len() > max_bytes {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        Some(Self {
            header: from_base64url(header)?,
            payload: from_base64url(payload)?,
            signature: from_base64url(signature)?,
            message: message.to_owned(),
        })
    }
}
