//! Owns a client's JWK Set: what it may hold, and which key may verify a signature.
//!
//! Does not own fetching it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::ClientAlgorithm;
use super::key::{KeyError, PublicKey};
use super::object;

/// The largest set read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most keys of a set.
pub const MAX_KEYS: usize = 32;

/// The public keys of one client.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<PublicKey>);

/// Why a document is no usable set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// More bytes than [`MAX_BYTES`].
    #[error("the key set has more than {MAX_BYTES} bytes")]
    TooLong,
    /// Not an object with a list `keys`.
    #[error("the key set is not a JSON object with a list \"keys\"")]
    Malformed,
    /// More keys than [`MAX_KEYS`].
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
    /// A private key: whoever can read the document can pose as the client.
    #[error("the key set holds a private key")]
    Private,
    /// None of the keys can be used here.
    #[error("the key set holds no RSA (2048 to 8192 bit), P-256 or Ed25519 key for signatures")]
    NoneUsable,
}

#[derive(Deserialize)]
struct Presented {
    keys: Vec<Map<String, Value>>,
}

impl KeySet {
    /// Reads a set.
    ///
    /// RFC 7517 §5: keys of a kind that is not understood are ignored. A private key is refused as a mistake that must be
    /// seen.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn parse(json: &[u8]) -> Result<Self, KeySetError> {
        if json.len() > MAX_BYTES {
            return Err(KeySetError::TooLong);
        }
        let presented: Presented = object::parse(json).ok_or(KeySetError::Malformed)?;
        if presented.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany);
        }
        let mut keys = Vec::new();
        for jwk in presented.keys {
            let read = serde_json::from_value(Value::Object(jwk)).map_err(|_| KeyError::Malformed);
            match read.and_then(|jwk| PublicKey::from_presented(&jwk)) {
                Ok(key) => keys.push(key),
                Err(KeyError::Private) => return Err(KeySetError::Private),
                Err(KeyError::Malformed | KeyError::Unsupported) => {}
            }
        }
        if keys.is_empty() { Err(KeySetError::NoneUsable) } else { Ok(Self(keys)) }
    }

    /// The keys that may verify a signature by `algorithm`: with a `kid` those of that name, otherwise all.
    pub fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: ClientAlgorithm,
    ) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().filter(move |key| kid.is_none_or(|kid| key.kid() == Some(kid)) && key.serves(algorithm))
    }

    /// The keys in order.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter()
    }
}
