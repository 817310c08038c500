//! The master key and everything under it: sealing, message authentication codes, signing keys ready to sign.
//! Does not own where sealed values are kept (`store`) or when keys change (`service`).

mod certificate;
mod decrypters;
mod envelope;
mod error;
mod key_pair;
mod master_key;
mod preview;
mod secret;
mod signers;
mod upload;

pub use certificate::{CERTIFICATE_YEARS, fingerprint_sha1, fingerprint_sha256};
pub use envelope::Aad;
pub use error::KeyringError;
pub use preview::{throw_away_oidc_signer, throw_away_signer};
pub use secret::{SecretBytes, SecretText, constant_time_eq, secret_hash, secret_matches};
pub use upload::UploadError;

use crate::{
    domain::key::{KeyAlgorithm, KeyState, SigningKey},
    id::{AppId, KeyId},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use decrypters::Decrypters;
use master_key::MasterKeys;
use openssl::pkey::{PKey, Private};
use signers::Signers;
use std::{path::Path, sync::Arc};

/// How far the certificate of a new key reaches into the past, for verifiers whose clocks are slow.
const BACKDATE: TimeDelta = TimeDelta::hours(1);

/// The master keys of this installation, newest first. Cheap to clone; prints nothing of what it holds.
#[derive(Clone)]
pub struct Keyring(Arc<Parts>);

struct Parts {
    keys: MasterKeys,
    signers: Signers,
    decrypters: Decrypters,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring([redacted])")
    }
}

impl Keyring {
    /// Reads the master key file.
    ///
    /// # Errors
    /// It is missing, malformed, or others may read it (D-05).
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        MasterKeys::read(path).map(Self::over)
    }

    /// Reads the master key file, or makes one with a new key and mode 0600 when there is none.
    ///
    /// # Errors
    /// As [`Self::load`], or it can't be made.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyringError> {
        MasterKeys::read_or_create(path).map(Self::over)
    }

    /// A keyring with a new key that is kept nowhere, for tests and benchmarks.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn ephemeral() -> Result<Self, KeyringError> {
        MasterKeys::generate().map(Self::over)
    }

    fn over(keys: MasterKeys) -> Self {
        Self(Arc::new(Parts { keys, signers: Signers::default(), decrypters: Decrypters::default() }))
    }

    /// Seals `plaintext` for one place in the database, under the newest master key.
    ///
    /// # Errors
    /// OpenSSL refused.
    pub fn seal(&self, aad: &Aad<'_>, plaintext: &[u8]) -> Result<String, KeyringError> {
        envelope::seal(self.0.keys.newest(), aad, plaintext)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// It was sealed under another master key, for another place, or was changed since.
    pub fn open(&self, aad: &Aad<'_>, sealed: &str) -> Result<SecretBytes, KeyringError> {
        envelope::open(&self.0.keys, aad, sealed)
    }

    /// Whether a sealed value hangs on a master key that is not the newest.
    pub fn needs_rewrap(&self, sealed: &str) -> bool {
        envelope::key_id(sealed).is_none_or(|id| id != self.0.keys.newest().id())
    }

    /// The same sealed value under the newest master key; its data key stays as it is.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn rewrap(&self, aad: &Aad<'_>, sealed: &str) -> Result<String, KeyringError> {
        envelope::rewrap(&self.0.keys, aad, sealed)
    }

    /// A 32-byte key for one purpose, from the newest master key; other labels tell nothing about it.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        self.0.keys.newest().derive(label)
    }

    /// HMAC-SHA-256 of `data` under the key of a purpose.
    pub fn mac(&self, label: &str, data: &[u8]) -> [u8; 32] {
        master_key::hmac(&self.derive(label), &[data])
    }

    /// Whether `mac` was made by [`Self::mac`], under any of the master keys; in constant time.
    pub fn verify_mac(&self, label: &str, data: &[u8], mac: &[u8]) -> bool {
        self.0
            .keys
            .iter()
            .map(|key| constant_time_eq(&master_key::hmac(&key.derive(label), &[data]), mac))
            .fold(false, |found, matches| found | matches)
    }

    /// A sealed constant for the settings: only the right master key opens it.
    ///
    /// # Errors
    /// OpenSSL refused.
    pub fn check_value(&self) -> Result<String, KeyringError> {
        self.seal(&CHECK_AAD, CHECK_TEXT)
    }

    /// Refuses when the stored check value was made with a master key that is not in the file.
    ///
    /// # Errors
    /// [`KeyringError::WrongMasterKey`].
    pub fn verify_check_value(&self, stored: &str) -> Result<(), KeyringError> {
        match self.open(&CHECK_AAD, stored) {
            Ok(opened) if opened.expose() == CHECK_TEXT => Ok(()),
            _ => Err(KeyringError::WrongMasterKey),
        }
    }

    /// Makes a key pair, sealed for the row `id`; with a `common_name`, a self-signed certificate over five years too.
    /// RSA takes tenths of a second: don't call it on an async thread.
    ///
    /// # Errors
    /// OpenSSL refused.
    pub fn new_signing_key(
        &self,
        id: KeyId,
        app_id: Option<AppId>,
        algorithm: KeyAlgorithm,
        common_name: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<SigningKey, KeyringError> {
        self.new_certified_key(id, app_id, algorithm, common_name.map(|name| (name, CERTIFICATE_YEARS)), now)
    }

    /// Makes a key pair like [`Self::new_signing_key`]; `certificate` is the common name and the years the certificate lasts.
    /// RSA takes up to seconds: don't call it on an async thread.
    ///
    /// # Errors
    /// OpenSSL refused.
    pub fn new_certified_key(
        &self,
        id: KeyId,
        app_id: Option<AppId>,
        algorithm: KeyAlgorithm,
        certificate: Option<(&str, u32)>,
        now: DateTime<Utc>,
    ) -> Result<SigningKey, KeyringError> {
        let pair = key_pair::generate(algorithm)?;
        let certificate = certificate
            .map(|(name, years)| certificate::self_signed(&pair, name, now - BACKDATE, years))
            .transpose()?
            .map(|certificate| (certificate.der, certificate.not_after));
        self.row(id, app_id, algorithm, &pair, certificate, now)
    }

    /// Takes a certificate and private key in PEM form, checked as a pair, and seals the key for the row `id`. Takes tenths
    /// of a second: don't call it on an async thread.
    ///
    /// # Errors
    /// [`UploadError`] inside, when either can't be used; or OpenSSL refused.
    pub fn import_signing_key(
        &self,
        id: KeyId,
        app_id: AppId,
        certificate: &str,
        private_key: &SecretText,
        passphrase: &SecretText,
        now: DateTime<Utc>,
    ) -> Result<Result<SigningKey, UploadError>, KeyringError> {
        let read = match upload::read(certificate, private_key, passphrase, now) {
            Ok(read) => read,
            Err(refused) => return Ok(Err(refused)),
        };
        let certificate = Some((read.certificate, read.not_after));
        self.row(id, Some(app_id), read.algorithm, &read.key, certificate, now).map(Ok)
    }

    /// The row of a key pair: its private half sealed, active, without plans.
    fn row(
        &self,
        id: KeyId,
        app_id: Option<AppId>,
        algorithm: KeyAlgorithm,
        pair: &PKey<Private>,
        certificate: Option<(Vec<u8>, DateTime<Utc>)>,
        now: DateTime<Utc>,
    ) -> Result<SigningKey, KeyringError> {
        let private = SecretBytes::new(pair.private_key_to_pkcs8()?);
        let row = id.to_string();
        Ok(SigningKey {
            id,
            app_id,
            algorithm,
            state: KeyState::Active,
            public_key: STANDARD.encode(pair.public_key_to_der()?),
            not_after: certificate.as_ref().map(|(_, end)| *end),
            certificate: certificate.map(|(der, _)| STANDARD.encode(der)),
            sealed_key: self.seal(&Aad::signing_key(&row), private.expose())?,
            created_at: now,
            switch_at: None,
            retired_at: None,
            published_until: None,
            withdrawn_at: None,
        })
    }

    /// The key, opened once and kept, ready to sign SAML messages.
    ///
    /// # Errors
    /// It can't be opened, or is not of the kind its row says.
    pub fn saml_signer(&self, key: &SigningKey) -> Result<Arc<saml::OpensslSigner>, KeyringError> {
        self.0.signers.saml(self, key)
    }

    /// The key, opened once and kept, ready to sign tokens; its `kid` is the RFC 7638 thumbprint.
    ///
    /// # Errors
    /// It can't be opened, or is not of the kind its row says.
    pub fn oidc_signer(&self, key: &SigningKey) -> Result<Arc<oidc::OpensslSigner>, KeyringError> {
        self.0.signers.oidc(self, key)
    }
}

/// Where the check value stands.
const CHECK_AAD: Aad<'static> = Aad { table: "settings", column: "value", row: "master_key_check" };
const CHECK_TEXT: &[u8] = b"gatehouse";

#[cfg(test)]
mod tests;
