//! Owns encrypting an assertion for one SP, decrypting an identifier that came encrypted, and the algorithms for both.
//! Does not keep keys.
//!
//! The order is sign, then encrypt, then sign the Response (SAML Core §6; interop XS-05), so the SP
//! finds a signed assertion inside and knows that nobody exchanged what is outside.

mod algorithm;
mod decrypt;
mod encrypt;
mod encrypted_id;

pub use algorithm::{ContentEncryption, KeyTransport};
pub use decrypt::{Decryption, DecryptionKey};
pub use encrypt::{EncryptError, EncryptTo};
pub(crate) use encrypted_id::EncryptedId;
