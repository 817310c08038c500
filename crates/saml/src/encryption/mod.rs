//! Owns encrypting an assertion for one SP, and the algorithms for it.
//! Does not decrypt: an identity provider receives nothing encrypted that it would have to read.
//!
//! The order is sign, then encrypt, then sign the Response (SAML Core §6; interop XS-05), so the SP
//! finds a signed assertion inside and knows that nobody exchanged what is outside.

mod algorithm;
mod encrypt;

pub use algorithm::{ContentEncryption, KeyTransport};
pub use encrypt::{EncryptError, EncryptTo};
