//! Owns what other people sign: the algorithms we take, public keys as JWKs, the check of a signature.
//!
//! Does not own our own tokens ([`crate::jws`] in this crate) nor what a signed message must say.

pub mod algorithm;
pub(crate) mod compact;
pub mod key;
pub mod key_set;
pub(crate) mod object;
pub(crate) mod unambiguous;

pub use algorithm::ClientAlgorithm;
pub use key::{KeyError, PublicKey};
pub use key_set::{KeySet, KeySetError};
