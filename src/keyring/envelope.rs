//! Envelope encryption: each value under a data key of its own, that key under a master key, both bound to one place.
//! Does not own the master keys (`master_key`).
//!
//! `v1.<master key id>.<wrapped data key>.<value>`; the last two are base64url of nonce ‖ ciphertext ‖ tag.

use super::{
    KeyringError, SecretBytes,
    master_key::{MasterKey, MasterKeys},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};

const VERSION: &str = "v1";
const NONCE: usize = 12;
const TAG: usize = 16;
/// Largest sealed text that is looked at, in bytes.
const SEALED_MAX: usize = 1 << 20;

/// The one place where a sealed value may stand: moved elsewhere, it doesn't open (D-03).
#[derive(Debug, Clone, Copy)]
pub struct Aad<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's id.
    pub row: &'a str,
}

impl<'a> Aad<'a> {
    /// The private half of a row of `signing_keys`.
    pub fn signing_key(row: &'a str) -> Self {
        Self { table: "signing_keys", column: "sealed_key", row }
    }

    /// Unambiguous (D-10): each part with its length before it; `purpose` tells the two layers apart.
    fn bytes(&self, purpose: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [purpose, self.table, self.column, self.row] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

/// Seals under one master key.
pub(super) fn seal(key: &MasterKey, aad: &Aad<'_>, plaintext: &[u8]) -> Result<String, KeyringError> {
    let mut data_key = vec![0; 32];
    openssl::rand::rand_priv_bytes(&mut data_key)?;
    let data_key = SecretBytes::new(data_key);
    let value = encrypt(data_key.expose(), &aad.bytes("value"), plaintext)?;
    assemble(key, aad, &data_key, &URL_SAFE_NO_PAD.encode(value))
}

/// Opens with whichever master key it names.
pub(super) fn open(keys: &MasterKeys, aad: &Aad<'_>, sealed: &str) -> Result<SecretBytes, KeyringError> {
    let (data_key, value) = unwrap(keys, aad, sealed)?;
    let value = URL_SAFE_NO_PAD.decode(value).map_err(|_| KeyringError::Malformed)?;
    decrypt(data_key.expose(), &aad.bytes("value"), &value)
}

/// The same value, its data key under the newest master key.
pub(super) fn rewrap(keys: &MasterKeys, aad: &Aad<'_>, sealed: &str) -> Result<String, KeyringError> {
    let (data_key, value) = unwrap(keys, aad, sealed)?;
    assemble(keys.newest(), aad, &data_key, value)
}

/// Which master key a sealed value names.
pub(super) fn key_id(sealed: &str) -> Option<&str> {
    let mut parts = sealed.split('.');
    (parts.next() == Some(VERSION)).then(|| parts.next()).flatten()
}

fn assemble(
    key: &MasterKey,
    aad: &Aad<'_>,
    data_key: &SecretBytes,
    value: &str,
) -> Result<String, KeyringError> {
    let wrapped = encrypt(&key.derive("wrap"), &aad.bytes("data key"), data_key.expose())?;
    Ok(format!("{VERSION}.{}.{}.{value}", key.id(), URL_SAFE_NO_PAD.encode(wrapped)))
}

fn unwrap<'s>(
    keys: &MasterKeys,
    aad: &Aad<'_>,
    sealed: &'s str,
) -> Result<(SecretBytes, &'s str), KeyringError> {
    if sealed.len() > SEALED_MAX {
        return Err(KeyringError::Malformed);
    }
    let parts: Vec<&str> = sealed.split('.').collect();
    let [VERSION, id, wrapped, value] = parts[..] else { return Err(KeyringError::Malformed) };
    let key =
        keys.iter().find(|key| key.id() == id).ok_or_else(|| KeyringError::UnknownKey(id.to_owned()))?;
    let wrapped = URL_SAFE_NO_PAD.decode(wrapped).map_err(|_| KeyringError::Malformed)?;
    let data_key = decrypt(&key.derive("wrap"), &aad.bytes("data key"), &wrapped)?;
    if data_key.expose().len() != 32 {
        return Err(KeyringError::Malformed);
    }
    Ok((data_key, value))
}

fn encrypt(key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyringError> {
    let mut nonce = [0; NONCE];
    openssl::rand::rand_bytes(&mut nonce)?;
    let mut tag = [0; TAG];
    let ciphertext = encrypt_aead(Cipher::aes_256_gcm(), key, Some(&nonce), aad, plaintext, &mut tag)?;
    Ok([&nonce[..], &ciphertext, &tag].concat())
}

fn decrypt(key: &[u8], aad: &[u8], bytes: &[u8]) -> Result<SecretBytes, KeyringError> {
    let (nonce, rest) = bytes.split_at_checked(NONCE).ok_or(KeyringError::Malformed)?;
    let body = rest.len().checked_sub(TAG).ok_or(KeyringError::Malformed)?;
    let (ciphertext, tag) = rest.split_at(body);
    decrypt_aead(Cipher::aes_256_gcm(), key, Some(nonce), aad, ciphertext, tag)
        .map(SecretBytes::new)
        .map_err(|_| KeyringError::Tampered)
}
