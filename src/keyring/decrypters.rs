//! Key pairs for what apps encrypt for us: made, sealed, and kept open. Does not own which app has which (`service`).

use super::{Aad, BACKDATE, CERTIFICATE_YEARS, Keyring, KeyringError, SecretBytes, certificate, key_pair};
use crate::{
    domain::key::{KeyAlgorithm, decryption::DecryptionKey},
    id::{AppId, KeyId},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Every one is an RSA key: OAEP is for them.
const ALGORITHM: KeyAlgorithm = KeyAlgorithm::Rsa3072;
/// Most that are kept open.
const CAPACITY: usize = 1024;

/// The opened keys, by every value of the row that goes into them (D-10).
#[derive(Default)]
pub(super) struct Decrypters(Mutex<HashMap<(KeyId, String), Arc<saml::DecryptionKey>>>);

impl Keyring {
    /// Makes a key pair with a self-signed certificate, sealed for the row `id`. Takes up to seconds: don't call it on an async
    /// thread.
    ///
    /// # Errors
    /// OpenSSL refused.
    pub fn new_decryption_key(
        &self,
        id: KeyId,
        app_id: AppId,
        common_name: &str,
        now: DateTime<Utc>,
    ) -> Result<DecryptionKey, KeyringError> {
        let pair = key_pair::generate(ALGORITHM)?;
        let made = certificate::self_signed(&pair, common_name, now - BACKDATE, CERTIFICATE_YEARS)?;
        let private = SecretBytes::new(pair.private_key_to_pkcs8()?);
        Ok(DecryptionKey {
            id,
            app_id,
            public_key: STANDARD.encode(pair.public_key_to_der()?),
            certificate: STANDARD.encode(made.der),
            sealed_key: self.seal(&place(&id.to_string()), private.expose())?,
            not_after: made.not_after,
            created_at: now,
        })
    }

    /// The key, opened once and kept, ready to decrypt identifiers.
    ///
    /// # Errors
    /// It can't be opened, or is not the one its row shows.
    pub fn saml_decrypter(&self, key: &DecryptionKey) -> Result<Arc<saml::DecryptionKey>, KeyringError> {
        let name = (key.id, key.public_key.clone());
        // Poisoned or not, the map holds whole entries only.
        let lock = || self.0.decrypters.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&name) {
            return Ok(found.clone());
        }
        let pkcs8 = self.open(&place(&key.id.to_string()), &key.sealed_key)?;
        let pair = key_pair::parse(pkcs8.expose(), ALGORITHM)?;
        if STANDARD.encode(pair.public_key_to_der()?) != key.public_key {
            return Err(KeyringError::WrongPair);
        }
        let opened =
            saml::DecryptionKey::new(pair).map_err(|error| KeyringError::Signer(error.to_string()))?;
        let opened = Arc::new(opened);
        let mut kept = lock();
        if kept.len() >= CAPACITY {
            kept.clear();
        }
        kept.insert(name, opened.clone());
        Ok(opened)
    }
}

fn place(row: &str) -> Aad<'_> {
    Aad { table: "decryption_keys", column: "sealed_key", row }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn a_key_opens_in_its_own_row_alone() {
        let ring = Keyring::ephemeral().expect("a key");
        let now = DateTime::from_timestamp(1_790_000_000, 0).expect("in range");
        let mut rng = StdRng::seed_from_u64(1);
        let (id, other, app) =
            (KeyId::new(now, &mut rng), KeyId::new(now, &mut rng), AppId::new(now, &mut rng));
        let key = ring.new_decryption_key(id, app, "CRM", now).expect("made");
        assert!(Arc::ptr_eq(
            &ring.saml_decrypter(&key).expect("opens"),
            &ring.saml_decrypter(&key).expect("kept")
        ));
        let moved = DecryptionKey { id: other, ..key.clone() };
        assert!(ring.saml_decrypter(&moved).is_err(), "another row");
        let shown = ring.new_decryption_key(other, app, "CRM", now).expect("made");
        let mixed = DecryptionKey { public_key: shown.public_key, ..key.clone() };
        assert!(matches!(ring.saml_decrypter(&mixed), Err(KeyringError::WrongPair)));
        assert!(Keyring::ephemeral().expect("a key").saml_decrypter(&key).is_err(), "another master key");
    }
}
