//! Private keys that were opened once and are kept, ready to sign: opening costs more than signing.
//! Does not own which key signs (`service`).

use super::{Aad, Keyring, KeyringError, key_pair};
use crate::{
    domain::key::{KeyAlgorithm, SigningKey},
    id::KeyId,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::pkey::{PKey, Private};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// Most keys kept; beyond that the one opened first is opened again when needed.
const CAPACITY: usize = 4096;

/// An opened key, and what it hangs on (D-10): every value of the row that goes into it. Re-wrapping changes none of them.
struct Entry<S> {
    algorithm: KeyAlgorithm,
    public_key: String,
    certificate: Option<String>,
    signer: Arc<S>,
}

impl<S> Entry<S> {
    fn is_of(&self, key: &SigningKey) -> bool {
        self.algorithm == key.algorithm
            && self.public_key == key.public_key
            && self.certificate == key.certificate
    }
}

/// The opened keys.
#[derive(Default)]
pub(super) struct Signers {
    saml: Cache<saml::OpensslSigner>,
    oidc: Cache<oidc::OpensslSigner>,
}

impl Signers {
    /// A signer of SAML messages.
    pub(super) fn saml(
        &self,
        ring: &Keyring,
        key: &SigningKey,
    ) -> Result<Arc<saml::OpensslSigner>, KeyringError> {
        self.saml.get(key, || {
            let algorithm = match key.algorithm {
                KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                    saml::SignatureAlgorithm::RsaSha256
                }
                KeyAlgorithm::P256 => saml::SignatureAlgorithm::EcdsaSha256,
                KeyAlgorithm::Ed25519 => return Err(KeyringError::Signer("SAML has no Ed25519".into())),
            };
            let certificate =
                key.certificate.as_deref().ok_or_else(|| refused("the row has no certificate"))?;
            let certificate = STANDARD.decode(certificate).map_err(refused)?;
            saml::OpensslSigner::new(open(ring, key)?, certificate, algorithm).map_err(refused)
        })
    }

    /// A signer of tokens.
    pub(super) fn oidc(
        &self,
        ring: &Keyring,
        key: &SigningKey,
    ) -> Result<Arc<oidc::OpensslSigner>, KeyringError> {
        self.oidc.get(key, || {
            let algorithm = match key.algorithm {
                KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => {
                    oidc::SigningAlgorithm::Rs256
                }
                KeyAlgorithm::P256 => oidc::SigningAlgorithm::Es256,
                KeyAlgorithm::Ed25519 => oidc::SigningAlgorithm::EdDsa,
            };
            let pair = open(ring, key)?;
            let kid = oidc::jwks::thumbprint(&pair, algorithm).map_err(refused)?;
            oidc::OpensslSigner::new(kid, pair, algorithm).map_err(refused)
        })
    }
}

/// Opens the private half and makes sure that it belongs to the public half the row shows to everybody.
fn open(ring: &Keyring, key: &SigningKey) -> Result<PKey<Private>, KeyringError> {
    let row = key.id.to_string();
    let pkcs8 = ring.open(&Aad::signing_key(&row), &key.sealed_key)?;
    let pair = key_pair::parse(pkcs8.expose(), key.algorithm)?;
    if STANDARD.encode(pair.public_key_to_der()?) != key.public_key {
        return Err(KeyringError::WrongPair);
    }
    Ok(pair)
}

fn refused(error: impl std::fmt::Display) -> KeyringError {
    KeyringError::Signer(error.to_string())
}

/// A bounded map; the oldest entry goes first.
struct Cache<S>(Mutex<Entries<S>>);

/// What is kept, and the order in which it came.
struct Entries<S> {
    kept: HashMap<KeyId, Entry<S>>,
    order: VecDeque<KeyId>,
}

impl<S> Default for Cache<S> {
    fn default() -> Self {
        Self(Mutex::new(Entries { kept: HashMap::new(), order: VecDeque::new() }))
    }
}

impl<S> Cache<S> {
    fn get(
        &self,
        key: &SigningKey,
        open: impl FnOnce() -> Result<S, KeyringError>,
    ) -> Result<Arc<S>, KeyringError> {
        // Poisoned or not, the map holds whole entries only.
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.kept.get(&key.id).filter(|entry| entry.is_of(key)) {
            return Ok(found.signer.clone());
        }
        drop(kept);
        let opened = Arc::new(open()?);
        let entry = Entry {
            algorithm: key.algorithm,
            public_key: key.public_key.clone(),
            certificate: key.certificate.clone(),
            signer: opened.clone(),
        };
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { kept, order } = &mut *cache;
        if kept.insert(key.id, entry).is_none() {
            order.push_back(key.id);
        }
        while order.len() > CAPACITY {
            if let Some(oldest) = order.pop_front() {
                kept.remove(&oldest);
            }
        }
        Ok(opened)
    }
}
